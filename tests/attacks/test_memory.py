"""Many associations that each send a long data set slowly: a service with little memory for them stays small."""

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.attacks.target import BAD, serving, under_attack
from tests.service.node import wire
from tests.service.node.wire import Peer

BUDGET_BYTES = 16 << 20  # the least that can be set
AN_ASSOCIATION = 1_400_000  # its threads, and room for a PDU of the longest kind
MARGIN = 40_000_000
NO_SUCH_INSTANCE = 0x0112
TURN = 131_072
HANDLES = 160


@pytest.mark.parametrize(
    ("associations", "size_bytes", "long"),
    [
        pytest.param(60, 3_000_000, False, id="short"),
        pytest.param(200, 16_000_000, True, id="long", marks=pytest.mark.slow),
    ],
)
def test_many_long_data_sets_at_once(tmp_path, associations, size_bytes, long):
    """All are served in the end; what they sent was never all in memory."""
    dicom = f', "max_associations": 250, "max_memory_bytes": {BUDGET_BYTES}'
    with few_handles():
        service = serving(tmp_path, dicom, quota=1000)
    with service, under_attack(service, long=long) as target:
        before = sum(one.rss_bytes for one in target.lasting())
        request = memoryview(wire.set_(1, wire.IMAGE_BOX, "1.2", bytes(size_bytes)))
        with ThreadPoolExecutor(associations) as pool:
            peers = list(pool.map(lambda _: attacker(target), range(associations)))
            for start in range(0, size_bytes - TURN, TURN):  # in step: none is done before all nearly are
                piece = request[start : start + TURN]
                list(pool.map(lambda peer, piece=piece: peer.send(piece), peers))
                target.lasting()
            rest = request[start + TURN :]
            answers = list(pool.map(lambda peer: peer.ask(rest)[0]["Status"], peers))
            target.lasting()
            list(pool.map(lambda peer: peer.release(), peers))
        more = target.highest_rss - before
        print(f"{associations} x {size_bytes / 1e6:.0f} MB: {more / 1e6:.0f} MB more than before")
        assert answers == [NO_SUCH_INSTANCE] * associations
        assert more < BUDGET_BYTES + associations * AN_ASSOCIATION + MARGIN
        assert more < associations * size_bytes / 1.5


@contextmanager
def few_handles():
    """Who starts in here may have few file handles, until it asks for more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (HANDLES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def attacker(target) -> Peer:
    peer = Peer(target.address, next(target.sources), timeout=60)
    peer.associate(called="PRINTMGR", calling=BAD)
    return peer
