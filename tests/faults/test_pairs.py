"""Random pairs of all faults, each pair in an installation of its own, while a burst of all priorities is carried.

A pair depends on the seed and its number alone: `--seed 4711 --pair 17 -k random_pair` repeats one.
"""

import random
import time
from contextlib import ExitStack

from faults.arena import PROVIDERS, Arena, arena
from faults.checker import check
from faults.conftest import Extent
from faults.troubles import TROUBLES, draw


def test_a_random_pair(extent: Extent, pair: int) -> None:
    chance = extent.chance("pair", pair)
    names, order = draw(chance), chance.sample(PROVIDERS, 3)
    with arena(order, by_proxy=True, seed=chance.randrange(10**6), in_flight=32) as field:
        for _ in range(3):
            field.start()
        field.await_workers(3)
        burst_among(field, chance, names)
        field.end_workers()
        check(field, f"{pair:2} {' + '.join(names)}", late=True)


def burst_among(field: Arena, chance: random.Random, names: list[str]) -> None:
    """Mail before, between, during and after the two."""
    field.burst("before", 6)
    with ExitStack() as troubles:
        for name in names:
            time.sleep(chance.uniform(0, 0.4))
            troubles.enter_context(TROUBLES[name](field, chance))
            field.burst("during", 6)
        time.sleep(chance.uniform(0.3, 1.0))
        field.burst("during", 6)
    field.burst("after", 3)
