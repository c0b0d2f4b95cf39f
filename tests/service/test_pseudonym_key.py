"""The service's key of pseudonyms: one for all its discs."""

from pathlib import Path

from media.pseudonym_key import KEYS, key_of
from service.config import Settings
from service.settings.discs import PixelMask
from service.wiring.presets import order_by_preset
from service.wiring.privacy import KEY, deidentification, offer_pseudonym_key


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    try:
        offer_pseudonym_key(settings)
        first = key_of(KEY)
        assert len(first) == 32
        offer_pseudonym_key(settings)
        assert key_of(KEY) == first
        offer_pseudonym_key(Settings(data_dir=tmp_path / "other"))
        assert key_of(KEY) != first
    finally:
        KEYS.pop(KEY, None)


def test_presets_de_identify_with_the_masks_of_the_settings(tmp_path: Path) -> None:
    mask = PixelMask(rectangles=((0, 0, 10, 5),), modality="US")
    settings = Settings(data_dir=tmp_path, masks=[mask])
    try:
        order = order_by_preset(settings, "teaching", [str(tmp_path)], "2026-01-05T10:15:00+00:00", str(tmp_path))
        assert order.deidentify is not None
        assert order.deidentify.key == KEY
        assert order.deidentify.masks[0].rectangles == ((0, 0, 10, 5),)
        assert type(order).from_json(order.to_json()) == order
        assert deidentification(settings, "") is None
    finally:
        KEYS.pop(KEY, None)
