"""Small verified volumes, as the product builds them."""

import json
from pathlib import Path

import pytest

from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
from media.report import regions_of
from samples.make import ct_image, secondary_capture
from samples.phantoms import test_pattern as smpte

CREATED = "2026-01-05T10:15:00+00:00"


class Built:
    """A volume and what its report says of it."""

    def __init__(self, output: Path) -> None:
        self.image = output / "volume_1.iso"
        self.report = json.loads((output / "report.json").read_text())
        self.regions = regions_of(self.report, self.image.name)


def write_studies(folder: Path) -> None:
    for patient in ("Anna", "Bert"):
        for series in (2, 3):
            for number in range(2):
                ct_image(number, 2, 48, patient, series).save_as(
                    folder / f"{patient}_{series}_{number}.dcm", enforce_file_format=True
                )
    secondary_capture("pattern", smpte(64), 8).save_as(folder / "pattern.dcm", enforce_file_format=True)


def make_volume(folder: Path, **order: object) -> Built:
    sources, output = folder / "in", folder / "out"
    sources.mkdir(parents=True)
    write_studies(sources)
    disc = DiscOrder(created=CREATED, **order)
    build(BuildOrder((str(sources),), str(output), disc), output / ".job", lambda *_: None)
    return Built(output)


@pytest.fixture(scope="session")
def cd(tmp_path_factory) -> Built:
    """ISO 9660 level 1 alone."""
    return make_volume(tmp_path_factory.mktemp("cd"))


@pytest.fixture(scope="session")
def dvd(tmp_path_factory) -> Built:
    """ISO 9660, Joliet and UDF."""
    return make_volume(tmp_path_factory.mktemp("dvd"), profile="STD-GEN-DVD-JPEG", joliet=True)


@pytest.fixture(params=["cd", "dvd"])
def volume(request) -> Built:
    return request.getfixturevalue(request.param)
