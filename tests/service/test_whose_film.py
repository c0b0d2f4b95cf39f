"""Whose film it is, over the real service: printed with attributes, asked of a worklist, confirmed, undone."""

import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.sop_class import BasicFilmSession, BasicGrayscalePrintManagementMeta

from printmgr.film.identity import Identity, IdentityState, Source
from service.store import identities, jobs, study_queries
from service.store.engine import Store
from tests.commands import printmgr
from tests.receiving import association, instance
from tests.serving import PATIENCE_S, Scu, Serving, film_pixels, free_port, scu
from tests.worklist import AE_TITLE, make_folder, worklist_peer, write_entry


def open_session(one: Scu, **attributes: object) -> int:
    session = Dataset()
    session.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in attributes.items():
        setattr(session, keyword, value)
    status, _ = one.association.send_n_create(
        session, BasicFilmSession, one.session, meta_uid=BasicGrayscalePrintManagementMeta
    )
    return int(status.get("Status", -1))


def proposed(patient_id: str, name: str, **more: str) -> list[Dataset]:
    item = Dataset()
    item.PatientID, item.PatientName = patient_id, name
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return [item]


def identity_of_the_film(data_dir: Path, number: int = 1) -> identities.IdentityRecord:
    """The identity of the only, or the n-th, film once it was looked for."""
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    patience = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < patience:
            with store.read() as connection:
                found = identities.listed(connection)
                if len(found) >= number and not jobs.waiting(connection):
                    return identities.one(connection, found[0].print_id)
            time.sleep(0.05)
    finally:
        store.close()
    raise AssertionError("nobody looked for whose film it is")


def command(data_dir: Path, *arguments: str, fails: bool = False, stdout: bool = False) -> str:
    """What it says; when it is to fail, on standard error unless `stdout`."""
    done = printmgr(*arguments, PRINTMGR_DATA_DIR=data_dir)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stderr if fails and not stdout else done.stdout


def title_of(pdf: Path) -> str:
    with pikepdf.open(pdf) as document:
        return str(document.docinfo.Title)


def check_named_version(data_dir: Path, print_id: str, tmp_path: Path) -> None:
    """A confirmed film has a second PDF that names its patient; the first one stays as it was."""
    folder = data_dir / "spool" / "prints" / print_id
    first = (folder / "film.pdf").read_bytes()
    patience = time.monotonic() + PATIENCE_S
    while len(acts_of(data_dir, print_id)) < 2 and time.monotonic() < patience:
        time.sleep(0.05)
    rendered = acts_of(data_dir, print_id)[1]
    assert rendered.act == "rendered"
    named = folder / rendered.note
    assert (title_of(named), title_of(folder / "film.pdf")) == ("Müller Eva, P77", f"Film {print_id}")
    assert (folder / "film.pdf").read_bytes() == first
    assert "77" not in named.name and "ller" not in named.name
    command(data_dir, "film", "render", print_id, "--named", "--output", str(tmp_path / "again.pdf"))
    assert (tmp_path / "again.pdf").read_bytes() == named.read_bytes()


def acts_of(data_dir: Path, print_id: str) -> tuple[identities.ActRecord, ...]:
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    try:
        with store.read() as connection:
            return identities.one(connection, print_id).acts
    finally:
        store.close()


def test_a_film_with_proposed_study_is_found_confirmed_undone(tmp_path):
    data_dir = tmp_path / "data"
    with Serving(data_dir) as serving, scu(serving.port) as modality:
        sequence = proposed("P77", "Müller^Eva", StudyInstanceUID="1.2.77", PatientSex="F")
        assert open_session(modality, FilmSessionLabel="CT THORAX", ProposedStudySequence=sequence) == 0
        assert modality.print_film(film_pixels(1)) == 0
        found = identity_of_the_film(data_dir)
        assert "confirmed" in command(
            data_dir, "film", "render", found.print_id, "--named", "-o", str(tmp_path / "no.pdf"), fails=True
        )
        command(data_dir, "film", "confirm", found.print_id, "--by", "dr.x")
        check_named_version(data_dir, found.print_id, tmp_path)
        log = serving.log.read_text()
    eva = Identity("P77", "", "Müller^Eva", sex="F", study_uid="1.2.77")
    assert (found.state, found.identity) == (IdentityState.IDENTIFIED, eva)
    assert {finding.source for finding in found.findings} == {Source.PROPOSED_STUDY, Source.LABEL}
    assert "P77" not in log and "Müller" not in log and "THORAX" not in log

    assert "confirmed dr.x" in command(data_dir, "film", "identity", found.print_id)
    assert found.print_id in command(data_dir, "film", "of", "p77")
    assert found.print_id in command(data_dir, "film", "of", "eva")
    told = json.loads(command(data_dir, "film", "identity", found.print_id, "--json"))
    assert (told["state"], told["identity"]["patient_id"]) == ("confirmed", "P77")
    other = ["--patient-id", "2", "--name", "ROE^JANE"]
    assert "undo" in command(data_dir, "film", "confirm", found.print_id, *other, fails=True)
    undone = json.loads(
        command(data_dir, "film", "undo-confirm", found.print_id, "--by", "dr.y", "--why", "typo", "--json")
    )
    assert undone["delivered"] == []  # the folder has it under nobody's name
    told = json.loads(command(data_dir, "film", "identity", found.print_id, "--json"))
    assert told["state"] == "identified"
    acts = [(act["act"], act["by"], act["note"]) for act in told["acts"]]
    assert [acts[0], acts[-1], len(acts)] == [("confirmed", "dr.x", ""), ("undone", "dr.y", "typo"), 3]
    assert "not confirmed" in command(data_dir, "film", "undo-confirm", found.print_id, fails=True)


def with_worklist(port: int) -> dict[str, str]:
    worklist = {"host": "127.0.0.1", "port": port, "ae_title": AE_TITLE, "timeout_s": 3}
    return {"PRINTMGR_IDENTITY": json.dumps({"worklist": worklist})}


@pytest.mark.peer("wlmscpfs")
def test_a_film_that_says_nothing_is_proposed_to_who_is_scheduled(tmp_path):
    folder = make_folder(tmp_path / "worklist")
    just_now = datetime.now() - timedelta(minutes=1)
    times = {"date": f"{just_now:%Y%m%d}", "clock": f"{just_now:%H%M%S}"}
    write_entry(folder, "one", station="CT1", PatientID="W1", PatientName="DOE^JOHN", **times)
    write_entry(folder, "two", station="CT1", PatientID="W2", PatientName="ROE^JANE", **times)
    with worklist_peer(folder) as port, Serving(tmp_path / "data", with_worklist(port)) as serving:
        with scu(serving.port) as modality:
            assert modality.open_session() == 0
            assert modality.print_film(film_pixels(1)) == 0
            found = identity_of_the_film(tmp_path / "data")
        assert found.state is IdentityState.PROPOSED
        assert {candidate.patient_id for candidate in found.candidates} == {"W1", "W2"}
        with scu(serving.port) as modality:
            assert open_session(modality, FilmSessionLabel="KNEE roe jane") == 0
            assert modality.print_film(film_pixels(2)) == 0
            found = identity_of_the_film(tmp_path / "data", 2)
        assert (found.state, found.identity.patient_id) == (IdentityState.PROPOSED, "W2")


def test_a_worklist_that_is_down_holds_no_film_up(tmp_path):
    with Serving(tmp_path / "data", with_worklist(free_port())) as serving, scu(serving.port) as modality:
        assert open_session(modality, ProposedStudySequence=proposed("1", "DOE^JOHN")) == 0
        assert modality.print_film(film_pixels(1)) == 0
        found = identity_of_the_film(tmp_path / "data")
        assert found.state is IdentityState.IDENTIFIED
        (failed,) = [finding for finding in found.findings if finding.source is Source.WORKLIST]
        assert failed.raw.startswith("not asked: ")
        assert len(list((tmp_path / "data" / "films").rglob("*.pdf"))) == 1


def burned_in(*lines: str) -> np.ndarray:
    """Pixels as consoles compose them: text at the top left, light on dark."""
    pixels = np.zeros((1275, 1050), np.uint8)
    for number, line in enumerate(lines, start=1):
        cv2.putText(pixels, line, (30, 45 * number), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 255, 2, cv2.LINE_AA)
    return pixels


@pytest.mark.peer("tesseract")
def test_the_station_s_studies_and_the_text_on_the_film(tmp_path):
    printers = [{"ae_title": "PRINTMGR", "name": "Film", "ocr": [0, 0, 1, 0.2]}]
    sent = [
        instance(study=f"1.2.{number}", series=f"1.2.{number}.1", PatientID=f"S{number}", PatientName=name)
        for number, name in ((1, "DOE^JOHN"), (2, "ROE^JANE"))
    ]
    with Serving(tmp_path / "data", {"PRINTMGR_PRINTERS": json.dumps(printers)}) as serving:
        with association(serving.port, (CTImageStorage, [ExplicitVRLittleEndian])) as archive:
            assert [archive.send_c_store(one).Status for one in sent] == [0, 0]
        wait_received(tmp_path / "data", len(sent))
        with scu(serving.port, calling_ae="MODALITY") as modality:
            assert modality.open_session() == 0
            assert modality.print_film(burned_in("HOSPITAL", "JANE ROE", "CT THORAX")) == 0
        found = identity_of_the_film(tmp_path / "data")
    assert {finding.source for finding in found.findings} == {Source.STATION, Source.OCR}
    assert (found.state, found.identity.patient_id) == (IdentityState.PROPOSED, "S2")
    assert found.identity.study_uid == "1.2.2"


def wait_received(data_dir: Path, count: int) -> None:
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    patience = time.monotonic() + PATIENCE_S
    while time.monotonic() < patience:
        with store.read() as connection:
            if len(study_queries.listed(connection)) >= count:
                break
        time.sleep(0.05)
    store.close()
