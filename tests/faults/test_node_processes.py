"""Several node processes on one port: quotas of all, the death of one, and films of all."""

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.store import jobs
from service.store.engine import Store
from tests.serving import Scu, Serving, film_pixels, scu

PROCESSES = 3
PATIENCE_S = 60.0


def serving(folder: Path, **dicom: object) -> Serving:
    told = {"port": 0, "processes": PROCESSES, "open": True} | dicom
    parts = ", ".join(f'"{key}": {str(value).lower()}' for key, value in told.items())
    return Serving(folder / "data", {"PRINTMGR_DICOM": "{" + parts + "}"})


def nodes(service: Serving) -> dict[int, int]:
    """Node processes: pid by number, in the order they were started."""
    found = []
    for pid in Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"node" in words:
            found.append(int(pid))
    return dict(enumerate(sorted(found)))


def pid_of(modality: Scu, pids: dict[int, int]) -> int:
    """The process that has the other end of an association's connection."""
    local = modality.association.dul.socket.socket.getsockname()[1]
    wanted = f":{local:04X}"
    for pid in pids.values():
        inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
            words = line.split()
            if words[2].endswith(wanted) and f"socket:[{words[9]}]" in inodes:
                return pid
    raise AssertionError(f"no process has the connection from port {local}")


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def job_states(data_dir: Path) -> list[str]:
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    with store.read() as connection:
        found = [str(job.state) for job in jobs.listed(connection, limit=1000)]
    store.close()
    return found


def test_a_process_dies_while_the_others_print(tmp_path):
    with ExitStack() as opened:
        service = opened.enter_context(serving(tmp_path, max_associations=12))
        pids = nodes(service)
        assert len(pids) == PROCESSES
        modalities = [opened.enter_context(scu(service.port, calling_ae=f"CT{number}")) for number in range(12)]
        assert all(each.established and each.open_session() == 0 for each in modalities)
        by_pid: dict[int, list[Scu]] = {}
        for modality in modalities:
            by_pid.setdefault(pid_of(modality, pids), []).append(modality)
        assert len(by_pid) > 1, "the kernel spreads twelve connections over more than one process"
        with scu(service.port) as thirteenth:
            assert not thirteenth.established, "the limit is that of all processes together"

        printed = [modality.print_film(film_pixels(number)) for number, modality in enumerate(modalities)]
        victim, lost = min(by_pid.items(), key=lambda item: len(item[1]))
        half_done = {each: each.film_box() for each in modalities}
        os.kill(victim, signal.SIGKILL)
        alive = [each for each in modalities if each not in lost]
        assert [each.set_image(half_done[each][2][0], 1, film_pixels(100)) for each in alive] == [0] * len(alive)
        until(lambda: len(nodes(service)) == PROCESSES and victim not in nodes(service).values())
        until(lambda: len(job_states(service.data_dir)) == 12 and set(job_states(service.data_dir)) == {"done"})
        assert [each.print_film_box(half_done[each][1]) for each in alive] == [0] * len(alive), "recovery took nothing"

        def room_again() -> bool:
            with scu(service.port) as new:
                return new.established and new.open_session() == 0 and new.print_film(film_pixels(200)) == 0

        until(room_again)
        number = len(job_states(service.data_dir))
        until(lambda: set(job_states(service.data_dir)) == {"done"})
        assert printed == [0] * 12 and number >= 12 + len(alive) + 1
    assert list(service.data_dir.glob("spool/associations*/*")) == []


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partner")
    partner = folder / "settings.toml"
    partner.write_text(
        f'data_dir = "{folder / "data"}"\n[dicom]\nport = 0\nprocesses = {PROCESSES}\n'
        '[[partners]]\nae_title = "CT1"\naddress = "127.0.0.1"\nquota = 5\n'
    )
    with Serving(folder / "data", {"PRINTMGR_DICOM": '{"open": false}'}, "--settings", str(partner)) as running:
        yield running


def test_a_partners_quota_holds_over_all_processes(service):
    with ExitStack() as opened:
        modalities = [opened.enter_context(scu(service.port, calling_ae="CT1")) for _ in range(8)]
        assert sum(each.established for each in modalities) == 5
        first = next(each for each in modalities if each.established)
        first.release()

        def one_more() -> bool:
            return opened.enter_context(scu(service.port, calling_ae="CT1")).established

        until(one_more)


def test_silent_connections_of_one_address_are_limited_over_all_processes(service):
    with ExitStack() as opened:
        idle = []
        for _ in range(100):
            idle.append(opened.enter_context(socket.create_connection(("127.0.0.1", service.port), 10)))
        for sock in idle:
            sock.setblocking(False)

        def open_ones() -> int:
            number = 0
            for sock in idle:
                try:
                    number += sock.recv(1) != b""
                except BlockingIOError:
                    number += 1
                except OSError:
                    pass
            return number

        until(lambda: open_ones() <= 64)
        assert open_ones() == 64
        with scu(service.port) as modality:
            assert modality.established and modality.open_session() == 0


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_process_that_starts_again_has_the_same_port(tmp_path, processes):
    with serving(tmp_path, processes=processes) as service:
        before = nodes(service)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)

        def answers() -> bool:
            with scu(service.port) as modality:
                return modality.established and modality.open_session() == 0

        until(answers)
        until(lambda: len(nodes(service)) == processes)
        assert not set(before.values()) & set(nodes(service).values())
