"""Jobs of many patients from 16 stations at once, aborted at random messages: no image and no name on another's film.

The short form runs with the tests; `make soak` does 1 000 jobs.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom.dimse_primitives import N_ACTION, N_SET
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
)

from printmgr.film.identity import IdentityState, Source
from printmgr.ports import Print
from service.spool import load_print
from service.store import identities
from service.store.engine import Store
from tests.service.test_whose_film import open_session, proposed
from tests.serving import Scu, Serving, film_pixels, image_box, scu

STATIONS = 16
PATIENCE_S = 240.0
JUDGED = tuple(state for state in IdentityState if state is not IdentityState.UNKNOWN)


@dataclass
class Plan:
    """What a station does with one patient, and what came of it."""

    number: int
    images: int
    abort_at: int  # number of the message after which it aborts; -1: it does not
    before_the_answer: bool
    again: bool  # the next patient is printed on the same association
    printed: bool = False
    perhaps: bool = False  # N-ACTION was sent and its answer not waited for
    statuses: list[int] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        return f"P{self.number:05}"

    @property
    def name(self) -> str:
        return f"FAMILY{self.number:05}^GIVEN"


def planned(number: int) -> Plan:
    rng = random.Random(number)
    images = rng.randrange(1, 4)
    aborts = rng.random() < 0.5
    return Plan(number, images, rng.randrange(images + 5) if aborts else -1, rng.random() < 0.5, rng.random() < 0.3)


class Aborted(Exception):
    """The station gave up, as it was planned."""


class Station:
    """Prints one patient after the other."""

    def __init__(self, modality: Scu, plan: Plan) -> None:
        self.modality, self.plan, self.sent = modality, plan, 0

    def told(self, status: int) -> None:
        """A message got its answer; here a station may give up."""
        self.plan.statuses.append(status)
        self.sent += 1
        if self.sent - 1 == self.plan.abort_at:
            self.give_up()

    def give_up(self) -> None:
        self.modality.association.abort()
        raise Aborted

    @property
    def is_hasty(self) -> bool:
        """Whether it gives up before the answer to the message that comes now."""
        return self.plan.before_the_answer and self.sent == self.plan.abort_at

    def print(self) -> None:
        plan, modality = self.plan, self.modality
        modality.session = generate_uid()
        sequence = proposed(plan.patient_id, plan.name)
        self.told(open_session(modality, FilmSessionLabel=f"ID: {plan.patient_id}", ProposedStudySequence=sequence))
        status, film, boxes = modality.film_box("STANDARD\\2,2")
        self.told(status)
        for position in range(1, plan.images + 1):
            self.set_image(boxes[position - 1], position)
        self.act(film)
        self.told(modality.delete_film_box(film))
        self.told(
            int(
                modality.association.send_n_delete(
                    BasicFilmSession, modality.session, meta_uid=BasicGrayscalePrintManagementMeta
                ).Status
            )
        )

    def set_image(self, box: str, position: int) -> None:
        said = self.image(position)
        if self.is_hasty:
            request = N_SET()
            request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = BasicGrayscaleImageBox, box
            request.ModificationList = BytesIO(encode(said, *self.how()))
            self.hurry(request)
        status, _ = self.modality.association.send_n_set(
            said, BasicGrayscaleImageBox, box, meta_uid=BasicGrayscalePrintManagementMeta
        )
        self.told(int(status.Status))

    def image(self, position: int) -> Dataset:
        """An image that says whose it is, as some consoles do."""
        said = image_box(position, film_pixels(self.plan.number * 10 + position))
        said.BasicGrayscaleImageSequence[0].PatientID = self.plan.patient_id
        said.PatientName = self.plan.name
        return said

    def act(self, film: str) -> None:
        if self.is_hasty:
            request = N_ACTION()
            request.RequestedSOPClassUID, request.RequestedSOPInstanceUID, request.ActionTypeID = BasicFilmBox, film, 1
            self.plan.perhaps = True
            self.hurry(request)
        status = self.modality.print_film_box(film)
        self.plan.printed = status == 0
        self.told(status)

    def hurry(self, request: N_SET | N_ACTION) -> None:
        request.MessageID = 7
        context = self.modality.association.accepted_contexts[0]
        self.modality.association.dimse.send_msg(request, context.context_id)
        self.give_up()

    def how(self) -> tuple[bool, bool]:
        syntax = self.modality.association.accepted_contexts[0].transfer_syntax[0]
        return syntax.is_implicit_VR, syntax != ExplicitVRLittleEndian or syntax.is_little_endian


def work(port: int, plans: list[Plan], station: int, failures: list[BaseException]) -> None:
    """One station's day."""
    waiting = list(plans)
    try:
        while waiting:
            with scu(port, calling_ae=f"ST{station:02}") as modality:
                assert modality.established
                try:
                    while waiting:
                        plan = waiting.pop(0)
                        Station(modality, plan).print()
                        if not plan.again:
                            break
                except Aborted:
                    pass
    except BaseException as error:  # told to the test
        failures.append(error)


def wait_judged(store: Store, at_least: int, at_most: int) -> list[identities.IdentityRecord]:
    """All prints' identities, once nothing more comes."""
    patience, quiet_since, before = time.monotonic() + PATIENCE_S, time.monotonic(), -1
    while time.monotonic() < patience:
        with store.read() as connection:
            found: list[identities.IdentityRecord] = []
            while page := identities.listed(connection, JUDGED, before=found[-1].print_id if found else "", limit=500):
                found += page
        if len(found) != before:
            before, quiet_since = len(found), time.monotonic()
        if len(found) >= at_most or (len(found) >= at_least and time.monotonic() - quiet_since > 5):
            break
        time.sleep(0.2)
    assert at_least <= len(found) <= at_most
    with store.read() as connection:
        return [identities.one(connection, one.print_id) for one in found]


def pixels_of(print_: Print) -> list[bytes]:
    (film,) = print_.order.films
    stored = [box.image.pixels for box in film.image_boxes if box.image is not None]
    return [(print_.folder / one.file).read_bytes()[one.offset : one.offset + one.length] for one in stored]


def check(data_dir: Path, found: identities.IdentityRecord, plans: dict[str, Plan]) -> Plan:
    """One film: whose it is said to be, everything it was said by, and every image on it are one patient's."""
    assert found.state is IdentityState.IDENTIFIED
    plan = plans[found.identity.patient_id]
    assert found.identity.patient_name == plan.name
    assert {finding.source for finding in found.findings} == {
        Source.PROPOSED_STUDY,
        Source.ATTRIBUTES,
        Source.LABEL,
    }
    for finding in found.findings:
        assert finding.identity.patient_id in ("", plan.patient_id)
        assert finding.identity.patient_name in ("", plan.name)
    expected = [film_pixels(plan.number * 10 + position).tobytes() for position in range(1, plan.images + 1)]
    assert pixels_of(load_print(data_dir / "spool", found.print_id)) == expected
    return plan


@pytest.mark.parametrize("jobs", [48, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_image_and_no_name_is_on_another_s_film(tmp_path, jobs, capsys):
    plans = [planned(number) for number in range(jobs)]
    failures: list[BaseException] = []
    data_dir = tmp_path / "data"
    with Serving(data_dir) as serving:
        stations = [
            threading.Thread(target=work, args=(serving.port, plans[n::STATIONS], n, failures)) for n in range(STATIONS)
        ]
        for station in stations:
            station.start()
        for station in stations:
            station.join()
        assert failures == []
        assert {status for plan in plans for status in plan.statuses} == {0}
        printed, perhaps = sum(plan.printed for plan in plans), sum(plan.perhaps for plan in plans)
        store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
        found = wait_judged(store, printed, printed + perhaps)
        store.close()
        log = serving.log.read_text()
    on_film = [check(data_dir, one, {plan.patient_id: plan for plan in plans}) for one in found]
    assert len({plan.number for plan in on_film}) == len(on_film)
    assert all(plan.printed or plan.perhaps for plan in on_film)
    assert {plan.number for plan in plans if plan.printed} <= {plan.number for plan in on_film}
    assert "FAMILY" not in log
    aborted = sum(plan.abort_at >= 0 for plan in plans)
    assert aborted > jobs / 4 and printed > jobs / 4
    with capsys.disabled():
        print(f"\n{jobs} jobs from {STATIONS} stations, {aborted} aborted: {len(on_film)} films, each its patient's")
