"""Print jobs of the real service: told by events on the association, asked for by N-GET at any time."""

import json
import os
import subprocess
import sys
import time

import pytest
from pydicom.datadict import tag_for_keyword

from printmgr.scp.contexts import (
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINTER_CONFIGURATION_INSTANCE,
    SOPClass,
)
from service.print_uids import print_id_of, print_job_uid
from tests.console import BOX, FILM, JOB, PRINTER, Console, console
from tests.printmgr.scp import requests
from tests.serving import Serving

META, COLOR = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META
PENDING, PRINTING, DONE, FAILURE = 1, 2, 3, 4
WARNING, PRINTER_FAILURE, NORMAL = 2, 3, 1
QUIRKS = {
    "SLOW": ["no-job-events"],
    "SIEMENS": ["no-print-job"],
    "WAITS": ["done-when-ordered"],
    "TWICE": ["print-once"],
    "UIH": ["printer-create"],
    "STRICT": ["warnings-as-success", "no-printer-events"],
}
PARTNERS = [{"ae_title": title, "address": "127.0.0.1", "quirks": quirks} for title, quirks in QUIRKS.items()]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    environment = {"PRINTMGR_PARTNERS": json.dumps(PARTNERS)}
    with Serving(tmp_path_factory.mktemp("jobs") / "data", environment) as serving:
        yield serving


def printed(scu: Console, meta: str = META) -> tuple[int, str]:
    """A film with an image, ordered: status and the print job's UID."""
    scu.open_session()
    _, film, boxes = scu.film()
    assert scu.set(BOX, boxes[0], requests.image_box(requests.image())) == 0
    return scu.order(FILM, film)


def job_events(scu: Console) -> list[int]:
    return [event_type for sop_class, event_type, _ in scu.events if sop_class == JOB]


@pytest.mark.parametrize("meta", [META, COLOR])
def test_a_job_is_told_as_pending_printing_done(service, meta):
    with console(service.port, classes=(meta, JOB)) as scu:
        status, uid = printed(scu)
        assert status == 0 and uid
        scu.wait_for_event(JOB, DONE)
        assert job_events(scu) == [PENDING, PRINTING, DONE]
        assert [info.ExecutionStatusInfo for _, _, info in scu.events] == ["QUEUED", "NORMAL", "NORMAL"]
        assert {info.PrinterName for _, _, info in scu.events} == {"Film"}


def test_a_session_is_one_job(service):
    with console(service.port, classes=(META, JOB)) as scu:
        scu.open_session()
        scu.film()
        scu.film()
        status, uid = scu.order("1.2.840.10008.5.1.1.1", scu.session)
        assert (status, bool(uid)) == (0xB602, True)
        scu.wait_for_event(JOB, DONE)
        assert job_events(scu) == [PENDING, PRINTING, DONE]


def test_a_job_is_found_on_a_later_association_and_on_its_own_context(service):
    with console(service.port, classes=(META, JOB)) as scu:
        _, uid = printed(scu)
        assert scu.get(JOB, uid)[1].ExecutionStatus in ("PENDING", "PRINTING", "DONE")
    with console(service.port, classes=(JOB,)) as later:
        patience = time.monotonic() + 30
        while (said := later.get(JOB, uid))[1].get("ExecutionStatus") != "DONE" and time.monotonic() < patience:
            time.sleep(0.05)
        status, job = said
        assert (status, job.ExecutionStatus, job.ExecutionStatusInfo) == (0, "DONE", "NORMAL")
        assert (job.PrintPriority, job.PrinterName, job.Originator) == ("MED", "Film", "CT1")
        assert job.CreationDate == time.strftime("%Y%m%d") or time.strftime("%H") == "00"
        wanted = [int(tag_for_keyword("ExecutionStatus")), 0x00100010, 0x00091001]
        assert [element.keyword for element in later.get(JOB, uid, wanted)[1]] == ["ExecutionStatus"]


@pytest.mark.parametrize("uid", ["1.2.3", "2.25.1", "2.25.99999999999999999999999999999999999999999", "2.25.x"])
def test_a_job_that_never_was_is_no_instance(service, uid):
    with console(service.port, classes=(JOB,)) as scu:
        assert scu.get(JOB, uid)[0] == 0x0112


def test_an_id_and_its_uid_are_the_same_thing():
    for print_id in ("20261231-235959-999999-ffffffff", "20240101-000000-000000-00000000"):
        uid = print_job_uid(print_id)
        assert print_id_of(uid) == print_id and len(uid) <= 64


def test_no_job_is_referred_to_without_its_class(service):
    with console(service.port) as scu:
        assert printed(scu) == (0, "")
    assert scu.events == []


def test_one_that_never_answers_an_event_holds_up_nobody(service):
    with console(service.port, classes=(META, JOB)) as silent, console(service.port, classes=(META, JOB)) as other:
        silent.answers_events.clear()
        began = time.monotonic()
        for _ in range(3):
            assert printed(silent)[0] == 0
            assert silent.delete("1.2.840.10008.5.1.1.1", silent.session) == 0
        assert printed(other)[0] == 0
        other.wait_for_event(JOB, DONE)
        assert time.monotonic() - began < 20
        silent.wait_for_event(JOB, DONE)
        silent.association.abort()


def test_one_that_leaves_at_once_leaves_its_job(service):
    scu = Console(service.port, classes=(META, JOB))
    _, uid = printed(scu)
    scu.association.abort()
    with console(service.port, classes=(JOB,)) as later:
        patience = time.monotonic() + 30
        while later.get(JOB, uid)[1].get("ExecutionStatus") != "DONE":
            assert time.monotonic() < patience
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("calling_ae", "refers", "events"),
    [("SLOW", True, []), ("SIEMENS", False, []), ("WAITS", True, [PENDING, PRINTING, DONE])],
)
def test_quirks_of_print_jobs(service, calling_ae, refers, events):
    with console(service.port, classes=(META, JOB), calling_ae=calling_ae) as scu:
        status, uid = printed(scu)
        assert (status, bool(uid)) == (0, refers)
        if events:
            scu.wait_for_event(JOB, DONE)
        else:
            time.sleep(1.0)
        assert job_events(scu) == events


def test_print_once_makes_no_second_print_of_a_session(service):
    with console(service.port, classes=(META, JOB), calling_ae="TWICE") as scu:
        _, first = printed(scu)
        status, again = scu.order("1.2.840.10008.5.1.1.1", scu.session)
        assert (status, again) == (0, first)
        scu.film()
        status, third = scu.order("1.2.840.10008.5.1.1.1", scu.session)
        assert status == 0 and third != first


def test_a_printer_may_be_created_by_those_that_must(service):
    with console(service.port, calling_ae="UIH") as scu:
        status, made = scu.create(PRINTER, None, "1.2.840.10008.5.1.1.17")
        assert (status, made.PrinterStatus) == (0, "NORMAL")
    with console(service.port) as scu:
        assert scu.create(PRINTER, None, "1.2.840.10008.5.1.1.17")[0] == 0x0211


def test_warnings_are_success_for_those_that_want_it(service):
    with console(service.port, calling_ae="STRICT") as scu:
        assert scu.open_session(MemoryAllocation=100) == 0
        _, film, _ = scu.film(MaxDensity=900)
        assert scu.act(FILM, film) == 0


def switch(service: Serving, way: str) -> None:
    subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main()", "printer", way, "PRINTMGR"],
        env=os.environ | {"PRINTMGR_DATA_DIR": str(service.data_dir)},
        check=True,
        timeout=60,
    )


def test_a_printer_that_is_switched_off_says_so_and_takes_nothing(service):
    with (
        console(service.port) as scu,
        console(service.port, classes=(PRINTER,)) as watcher,
        console(service.port, calling_ae="STRICT") as deaf,
    ):
        scu.open_session()
        _, film, _ = scu.film()
        time.sleep(2.5)  # the state before has been seen
        switch(service, "off")
        try:
            scu.wait_for_event(PRINTER, PRINTER_FAILURE)
            watcher.wait_for_event(PRINTER, PRINTER_FAILURE)
            assert [info.PrinterStatusInfo for _, _, info in watcher.events] == ["PRINTER OFFLINE"]
            _, printer = watcher.get(PRINTER)
            assert (printer.PrinterStatus, printer.PrinterStatusInfo) == ("FAILURE", "PRINTER OFFLINE")
            assert scu.act(FILM, film) == 0xC602
            assert scu.act("1.2.840.10008.5.1.1.1", scu.session) == 0xC601
        finally:
            switch(service, "on")
        watcher.wait_for_event(PRINTER, NORMAL)
        assert scu.act(FILM, film) == 0xB603
        assert deaf.events == []


def test_the_configuration_is_what_the_printer_does(service):
    configuration_class = str(SOPClass.PRINTER_CONFIGURATION)
    with console(service.port, classes=(configuration_class,)) as scu:
        status, said = scu.get(configuration_class, PRINTER_CONFIGURATION_INSTANCE)
        assert status == 0
        (item,) = said.PrinterConfigurationSequence
        assert (item.PrinterName, item.PrintingBitDepth, item.MediaInstalledSequence[0].MaxDensity) == ("Film", 8, 320)
        assert scu.get(configuration_class, "1.2.840.10008.5.1.1.17")[0] == 0x0112
        formats = item.SupportedImageDisplayFormatsSequence
    with console(service.port) as scu:
        scu.open_session()
        small = [one for one in formats if "Rows" in one and one.Rows * one.Columns < 400_000]
        assert len(small) >= 4
        for one in small[:4]:
            asked = {
                "FilmOrientation": one.FilmOrientation,
                "FilmSizeID": one.FilmSizeID,
                "RequestedResolutionID": one.PrinterResolutionID,
            }
            status, _, boxes = scu.film(one.ImageDisplayFormat, **asked)
            assert status == 0
            image = requests.image_box(requests.image(int(one.Rows), int(one.Columns)), MagnificationType="NONE")
            assert scu.set(BOX, boxes[0], image) == 0  # exactly as many printer pixels as the box has
