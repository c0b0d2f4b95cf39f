"""Mutated bytes into everything that reads bytes from outside; `python -m tests.attacks.guided` does it by coverage."""

import time

import pytest

from tests.attacks import mutate
from tests.attacks.mutate import Frame, Mutator, Part
from tests.attacks.readers import READERS, run
from tests.attacks.target import seeded


@pytest.mark.parametrize("number", [1000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", READERS)
def test_only_its_own_errors(name: str, number: int) -> None:
    reader = READERS[name]
    mutator = Mutator(seeded(40 + len(name)))
    slowest = 0.0
    for _ in range(number):
        seed = mutator.chance.choice(reader.seeds)
        if name == "association request":
            tree = mutate.read_pdu(seed)
        else:
            tree = Part(Frame.NONE, parts=mutate.read_data_set(seed, reader.explicit))
        data = mutator.changed(tree, [tree])
        began = time.process_time()
        run(reader, data)
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 2
