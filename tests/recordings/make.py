"""Makes the recordings of this folder: `python -m tests.recordings.make`; then read the difference.

DCMTK's print SCU and pynetdicom's print synthetic images on the real service, whose flight recorder writes them down.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pynetdicom.sop_class import BasicFilmBox, BasicGrayscaleImageBox

from printmgr.recording import read
from tests.console import console
from tests.fakes import FakePort
from tests.peers import test_print_dcmtk as dcmtk
from tests.printmgr.scp import requests
from tests.service.test_recorder import recordings, wait_ended
from tests.service.test_whose_film import open_session, proposed
from tests.serving import Serving, film_pixels, scu

HERE = Path(__file__).parent
OF_DCMTK = (
    "one film of 12 bits",
    "a MONOCHROME1 image",
    "2 x 2 on landscape with trim",
    "a sheet partly filled",
    "the session printed",
    "LIN OD",
    "densities",
    "requested size, crop",
    "label, owner, medium",
    "implicit VR, small PDUs",
    "LUT in the session",
)


def two_films_with_identity(port: int) -> None:
    """Proposed Study Sequence, label, two films of different formats, one of them printed twice."""
    with scu(port, called_ae="PRINTER") as modality:
        sequence = proposed("4711", "MUSTERMANN^ERIKA", StudyInstanceUID="1.2.3.4711")
        open_session(modality, FilmSessionLabel="CT THORAX", ProposedStudySequence=sequence)
        modality.print_film(film_pixels(1), film_pixels(2), display_format="STANDARD\\1,2")
        _, film, boxes = modality.film_box("ROW\\1,2")
        for position, box in enumerate(boxes[:2], start=1):
            modality.set_image(box, position, film_pixels(position))
        modality.print_film_box(film)
        modality.print_film_box(film)
        modality.delete_film_box(film)


def what_is_refused(port: int) -> None:
    """Requests that fail, between those that do not: no session, unknown instances, a format that is none."""
    with console(port, called_ae="PRINTER") as talk:
        talk.film()
        talk.open_session(NumberOfCopies=1)
        talk.open_session()
        talk.film("NONSENSE\\1")
        _, film, _ = talk.film("STANDARD\\1,1", BorderDensity="PURPLE", FilmSizeID="99X99")
        talk.set(BasicGrayscaleImageBox, "1.2.3", requests.image_box())
        talk.act(BasicFilmBox, film)
        talk.act(BasicFilmBox, film, action_type=2)
        talk.delete(BasicFilmBox, "1.2.3")


def given_up(port: int) -> None:
    """A console that aborts between its image and the print."""
    with scu(port, called_ae="PRINTER") as modality:
        modality.open_session()
        _, _, boxes = modality.film_box()
        modality.set_image(boxes[0], 1, film_pixels(1))
        modality.association.abort()


OF_PYNETDICOM: tuple[Callable[[int], None], ...] = (two_films_with_identity, what_is_refused, given_up)


def images(folder: Path) -> None:
    rows, columns = np.mgrid[0:300, 0:200]
    ramp = (columns * 4095 // 199).astype(np.uint16)
    for name, photometric in (("deep", "MONOCHROME2"), ("deep1", "MONOCHROME1")):
        dcmtk.save(folder / name, ramp, 12, photometric)
    for number, name in enumerate(dcmtk.GRAYS):
        stripes = ((rows[:128, :128] + columns[:128, :128] + number) % 256).astype(np.uint8)
        dcmtk.save(folder / name, stripes, 8, "MONOCHROME2")


def keep(data_dir: Path, name: str) -> None:
    """Take the one recording there is."""
    wait_ended(data_dir, 1)
    (file,) = recordings(data_dir)
    assert read(file).ended in ("released", "aborted")
    shutil.move(file, HERE / f"{name}.jsonl")


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "images").mkdir()
        images(folder / "images")
        wanted = [{"ae_title": name, "address": "127.0.0.1", "record": "masked"} for name in ("PEER", "CT1")]
        environment = {
            "PRINTMGR_PARTNERS": json.dumps(wanted),
            "PRINTMGR_PRINTERS": json.dumps([{"ae_title": "PRINTER", "name": "Film"}]),
        }
        with Serving(folder / "data", environment) as serving:
            site = dcmtk.Site(FakePort(folder / "spool"), serving.port, folder / "images")
            for job in dcmtk.JOBS:
                if job.name in OF_DCMTK:
                    place = folder / f"job{len(list(folder.iterdir()))}"
                    place.mkdir()
                    dcmtk.run(site, job, place)
                    keep(folder / "data", "dcmtk_" + "_".join(job.name.replace(",", "").split()))
            for play in OF_PYNETDICOM:
                play(serving.port)
                keep(folder / "data", f"pynetdicom_{play.__name__}")


if __name__ == "__main__":
    main()
