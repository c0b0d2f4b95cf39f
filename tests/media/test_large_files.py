"""An instance of more than 4 GiB (a sparse file): refused by name where the medium holds no such file."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from media.fileset.model import Plan, Reason
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, draft
from samples.make import ct_image

FRAGMENT_BYTES, FRAGMENTS = 0x6000_0000, 3
ITEM, END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    ds = ct_image(0, 1, 64)
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    ds.PixelData = encapsulate([bytes(100)])
    ds["PixelData"].VR = "OB"
    stream = BytesIO()
    dcmwrite(stream, ds, enforce_file_format=True)
    whole = stream.getvalue()
    head = whole[: whole.rindex(b"\xe0\x7f\x10\x00OB") + 12] + ITEM + bytes(4)
    with (folder / "large.dcm").open("wb") as file:
        file.write(head)
        for number in range(FRAGMENTS):
            file.seek(len(head) + number * (8 + FRAGMENT_BYTES))
            file.write(ITEM + struct.pack("<I", FRAGMENT_BYTES))
        file.seek(len(head) + FRAGMENTS * (8 + FRAGMENT_BYTES))
        file.write(END)
    return folder


def planned(source: Path, medium: str) -> Plan:
    order = BuildOrder((str(source),), "", DiscOrder(created="2026-11-26T01:00:00+00:00", medium=medium))
    return draft(order, lambda _what, _done, _total: None)


@pytest.mark.parametrize(("medium", "holds"), [("CD-R-700", 4294965248), ("USB-8G", 4294967294)])
def test_where_files_have_at_most_4_gib_it_is_refused(source: Path, medium: str, holds: int) -> None:
    (refused,) = planned(source, medium).refusals
    assert refused.reason is Reason.TOO_LARGE
    assert refused.detail.endswith(f"holds files up to {holds}")


def test_on_udf_it_is_taken(source: Path) -> None:
    plan = planned(source, "DVD-DL")
    assert [len(volume.files) for volume in plan.volumes] == [1]
    assert plan.volumes[0].estimated_bytes > FRAGMENT_BYTES * FRAGMENTS
