"""Many associations at the same time, each printing a film of four images: none lost, none mixed, each in its place.

The short form runs with the tests; `make slow` has 200 associations.
"""

import statistics
import threading
import time

import pytest

from service.config import load
from tests.serving import Serving
from tests.soak.checks import Checks
from tests.soak.films import Kind, film
from tests.soak.ledger import Ledger
from tests.soak.modalities import Service, ordering

FOUR = Kind("four", "STANDARD\\2,2", 4, 160, 120)
N_ACTION = b"\x00\x00\x00\x01\x02\x00\x00\x00\x30\x01"  # (0000,0100), 2 bytes


def print_one(service, number, together, waits, wrong):
    """A film on an association of its own; its messages go out while all the others' do."""
    request = film(number, FOUR)
    talk = ordering(request, service.ledger, number)
    try:
        with service.associated() as peer:
            together.wait(60)
            message = next(talk)
            while message:
                began = time.monotonic()
                answer = peer.ask(message)
                if N_ACTION in message[:200]:
                    waits.append(time.monotonic() - began)
                message = next_of(talk, answer)
            peer.release()
    except Exception as error:  # the top of the thread; the test looks at it
        wrong.append(f"film {number}: {error!r}")
        together.abort()


def next_of(talk, answer):
    try:
        return talk.send(answer)
    except StopIteration:
        return b""


@pytest.mark.parametrize("associations", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_every_film_of_simultaneous_associations(tmp_path, associations):
    environment = {
        "PRINTMGR_DICOM": '{"port": 0}',
        "PRINTMGR_PARTNERS": '[{"ae_title": "CT1", "address": "127.0.0.1", "quota": 1000}]',
    }
    data_dir, ledger = tmp_path / "data", Ledger()
    with Serving(data_dir, environment) as serving:
        service = Service(serving.port, data_dir, {}, ledger, seed=1)
        together, waits, wrong = threading.Barrier(associations), [], []
        threads = [
            threading.Thread(target=print_one, args=(service, number, together, waits, wrong))
            for number in range(associations)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
        assert wrong == []
        checks = Checks(load(data_dir=data_dir), ledger, keep_s=3600)
        checks.at_the_end(time.sleep)
        checks.close()
    assert ledger.faults == []
    assert ledger.counts["films answered"] == ledger.counts["films checked"] == associations
    assert list(data_dir.glob("spool/associations/*")) == []
    p95 = statistics.quantiles(waits, n=20)[-1]
    print(f"{associations} associations: N-ACTION answered in {p95:.2f} s (95 %), {max(waits):.2f} s at most")
