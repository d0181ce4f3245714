"""What holds in every history of the engine, with a simulated server, network and clock.

Each is a minute of trouble for two to four workers and a handful of messages, and then calm. A history that went wrong
is printed whole, with the seed that plays it again: `PYTHONPATH=src:tests python -m simulation.play SEED`. The session
`simulation` plays two thousand.
"""

from collections import Counter

import pytest

from simulation.judge import History
from simulation.play import histogram, say, told
from simulation.town import play

SEEDS, PART = range(200), 50
PLAYED: dict[int, History] = {}


def played(seed: int) -> History:
    """The history of a seed, played once."""
    if seed not in PLAYED:
        PLAYED[seed] = play(seed)
    return PLAYED[seed]


@pytest.mark.parametrize("first", SEEDS[::PART])
def test_nothing_is_lost_nothing_is_doubled_silently_and_the_books_are_right(first):
    for seed in SEEDS[first : first + PART]:
        if played(seed).wrong:
            pytest.fail(told(played(seed)), pytrace=False)


def test_the_histories_reach_every_corner():
    histories = [played(seed) for seed in SEEDS]
    say(histogram(histories))
    states = Counter(state for history in histories for state in history.states)
    events: Counter[str] = sum((history.events for history in histories), Counter())
    copies = Counter(number for history in histories for number in history.copies)
    assert min(states[name] for name in ("accepted", "unknown", "no_consent", "rejected", "expired")) >= 3, states
    happened = ("is killed", "is stopped", "is told to end", "is away", "loses replies", "adopted", "changed", "person")
    assert min(events[name] for name in happened) >= 30, events
    assert events["replayed"] >= 1, events
    assert copies[2] >= 30
    assert sum(history.resends for history in histories) >= 100


def test_a_seed_gives_the_same_history_again():
    assert play(11, keep=True).text == play(11, keep=True).text
