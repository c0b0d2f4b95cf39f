"""Data sets as the flight recorder keeps them: same form, no pixels, no texts."""

import base64
import hashlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.dsutils import decode

from printmgr.recording import DataSet, Pixels
from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.recorded import recorded
from tests.printmgr.scp.requests import SYNTAXES, encoded, film_box, image, item

PIXELS = bytes(range(256)) * 16
SECRETS = [b"MUSTERMANN", b"Erika", b"4711", b"LABELTEXT", b"PRIVATETEXT", b"DEEP", b"19640812", b"WARD7"]


def revealing() -> Dataset:
    """A data set that says whose it is in every place that comes to mind."""
    box = film_box("1.2.3", "STANDARD\\2,2", FilmSizeID="14INX17IN", ConfigurationInformation="ANNOTATION1=WARD7")
    box.PatientName, box.PatientID, box.PatientBirthDate = "MUSTERMANN^Erika", "4711", "19640812"
    box.FilmSessionLabel = "LABELTEXT"
    box.add_new(0x00091010, "LO", "PRIVATETEXT")
    box.add_new(0x00091011, "UN", b"MUSTERMANN")
    box.ProposedStudySequence = Sequence([item(PatientID="4711", StudyDescription="DEEP")])
    box.BasicGrayscaleImageSequence = Sequence([image(64, 64, PIXELS, PatientID="4711")])
    return box


def bytes_of(found: DataSet, pixels: bytes = PIXELS) -> bytes:
    return found.encoded(lambda size: pixels[:size])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_kept_has_the_form_and_nothing_else(syntax):
    data = encoded(revealing(), syntax)
    found = recorded(data, ENCODINGS[syntax])
    (pixels,) = [part for part in found.parts if isinstance(part, Pixels)]
    assert pixels == Pixels(len(PIXELS), hashlib.sha256(PIXELS).hexdigest())
    kept = bytes_of(found)
    assert len(kept) == len(data) == found.size_bytes
    for secret in SECRETS:
        assert secret in data and secret not in kept
    how = ENCODINGS[syntax]
    read = decode(BytesIO(kept), how.implicit, not how.big_endian)
    assert (read.ImageDisplayFormat, read.FilmSizeID) == ("STANDARD\\2,2", "14INX17IN")
    assert read.ReferencedFilmSessionSequence[0].ReferencedSOPInstanceUID == "1.2.3"
    assert (str(read.PatientName), read.PatientID) == ("XXXXXXXXXX^XXXXX", "9999")
    assert read.BasicGrayscaleImageSequence[0].Rows == 64


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_plain_keeps_every_byte_but_the_pixels(syntax):
    data = encoded(revealing(), syntax)
    assert bytes_of(recorded(data, ENCODINGS[syntax], plain=True)) == data
    assert not any(
        PIXELS[:64] in base64.b64decode(p) for p in recorded(data, ENCODINGS[syntax]).parts if isinstance(p, str)
    )


def test_an_attribute_that_comes_twice_is_masked_twice():
    once = encoded(item(PatientID="4711"))
    kept = bytes_of(recorded(once + once, ENCODINGS[SYNTAXES[1]]))
    assert b"4711" not in kept and kept.count(b"9999") == 2


def test_of_what_does_not_add_up_only_size_and_hash_are_kept():
    data = encoded(item(PatientID="4711"))[:-1]
    found = recorded(data, ENCODINGS[SYNTAXES[1]])
    assert found.unreadable and not found.parts
    assert (found.size_bytes, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert bytes_of(found) == bytes(len(data))


@given(st.binary(max_size=200), st.sampled_from(SYNTAXES))
def test_any_bytes_can_be_recorded(data, syntax):
    found = recorded(data, ENCODINGS[syntax])
    assert len(bytes_of(found)) == len(data)
    plain = recorded(data, ENCODINGS[syntax], plain=True)
    assert plain.unreadable or bytes_of(plain) == data
