"""Random histories of a queue: what workers do to it, what others do, and passes of an audit in between.

`play(seed, lane)` does the same to any lane (a real one, or a model of it) and keeps its own account of what was lost;
`check` compares that with what the audit has found.
"""

import random
from dataclasses import dataclass, field
from typing import Protocol

NAMES = tuple(f"m{number}" for number in range(8))
ENDS = ("hold", "doubt", "keep", "rule", "alone", "alone-rule")
OTHERS = ("remove", "drain", "adrift", "put back", "retry", "obliterate", "trim")


class Lane(Protocol):
    """A queue of one lane. Jobs are named after their messages."""

    def add(self, name: str) -> None: ...
    def work(self, ends: dict[str, str]) -> None: ...
    def remove(self, name: str) -> None: ...
    def drain(self) -> None: ...
    def adrift(self, name: str) -> None: ...
    def put_back(self, name: str) -> None: ...
    def retry(self, name: str) -> None: ...
    def obliterate(self) -> None: ...
    def trim(self) -> None: ...
    def look(self) -> None: ...
    def lost(self) -> set[str]: ...
    def orphans(self) -> set[str]: ...
    def state(self, name: str) -> str: ...


@dataclass
class Account:
    """What surely happened: where each job is, and what an audit must or may have found.

    A job is `known` when a pass has seen it, or will read the event of its addition or removal.
    """

    place: dict[str, str] = field(default_factory=dict)
    record: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    ever_lost: set[str] = field(default_factory=set)
    ever_adrift: set[str] = field(default_factory=set)

    def of(self, *places: str) -> list[str]:
        return [name for name in NAMES if self.place.get(name) in places]

    def lose(self, names: list[str]) -> None:
        """Jobs are gone; those whose message has ended are no loss."""
        for name in names:
            ended = self.record.get(name) == "ended"
            self.place[name] = "gone" if ended else "lost"
            self.ever_lost |= set() if ended else {name}


def play(seed: int, lane: Lane) -> Account:
    """One history; at its end the audit looks often enough to have found everything."""
    account, dice = Account(), random.Random(seed)
    for _ in range(dice.randrange(5, 40)):
        _step(dice, lane, account)
    for _ in range(4):
        _look(lane, account)
    return account


def check(lane: Lane, account: Account) -> list[str]:
    """What the audit missed, and what it found that did not happen."""
    lost, orphans = lane.lost(), lane.orphans()
    wrong = [f"{name} was lost, unnoticed" for name in account.of("lost") if name in account.known and name not in lost]
    wrong += [f"{name} was never lost" for name in lost - account.ever_lost]
    stray = {name for name in account.of("adrift") if name in account.known and account.record.get(name) != "ended"}
    wrong += [f"{name} is adrift, unnoticed" for name in stray - orphans]
    wrong += [f"{name} was never adrift" for name in orphans - account.ever_adrift]
    states = {name: (lane.state(name), _expected(name, account)) for name in account.record}
    return wrong + [
        f"{name} is {state}, not {expected}" for name, (state, expected) in states.items() if state != expected
    ]


def _expected(name: str, account: Account) -> str:
    """The state in which the record of a message must be."""
    record = account.record[name]
    if record == "ended":
        return "accepted"
    if account.place[name] == "lost" and name in account.known:
        return "unknown" if record == "doubt" else "cancelled"
    return "held"


def _step(dice: random.Random, lane: Lane, account: Account) -> None:
    what = dice.choice(("add", "add", "add", "work", "work", "look", "look", "other", "other"))
    if what == "add":
        _add(dice.choice(NAMES), lane, account)
    elif what == "work":
        _work(dice, lane, account)
    elif what == "look":
        _look(lane, account)
    else:
        _other(dice.choice(OTHERS), dice, lane, account)


def _add(name: str, lane: Lane, account: Account) -> None:
    if account.place.get(name) in (None, "gone") and name not in account.ever_lost:
        lane.add(name)
        account.place[name] = "open"
        account.known.add(name)
        account.seen.discard(name)


def _work(dice: random.Random, lane: Lane, account: Account) -> None:
    ends = {name: _end(dice, account.record.get(name)) for name in account.of("open")}
    for name, end in ends.items():
        if end in ("hold", "doubt"):
            account.record[name] = end
            continue
        account.place[name] = "gone" if end.endswith("rule") else "done"
        if not end.startswith("alone"):
            account.record[name] = "ended"
    lane.work(ends)


def _end(dice: random.Random, recorded: str | None) -> str:
    """How a job leaves the hands of a worker; a message that has a record never ends without it."""
    if recorded == "ended":
        return "keep"
    return dice.choice((recorded, "rule", "keep") if recorded else ENDS)


def _look(lane: Lane, account: Account) -> None:
    lane.look()
    account.seen |= set(account.of("open")) | account.known
    account.known |= account.seen


def _other(what: str, dice: random.Random, lane: Lane, account: Account) -> None:
    places = {"remove": ("open", "done"), "adrift": ("open",), "put back": ("adrift",), "retry": ("done",)}
    candidates = account.of(*places.get(what, ()))
    if what == "drain":
        account.lose(account.of("open"))
        lane.drain()
    elif what == "obliterate":
        account.lose(account.of("open", "adrift"))
        account.place |= dict.fromkeys(account.of("done"), "gone")
        account.known &= account.seen  # with the events
        lane.obliterate()
    elif what == "trim":
        account.known &= account.seen
        lane.trim()
    elif candidates:
        _to_one(what, dice.choice(candidates), lane, account)


def _to_one(what: str, name: str, lane: Lane, account: Account) -> None:
    if what == "remove":
        if account.place[name] == "open":
            account.lose([name])
            account.known.add(name)  # an event says so
        else:
            account.place[name] = "gone"
        lane.remove(name)
    elif what == "adrift":
        account.place[name] = "adrift"
        account.ever_adrift.add(name)
        lane.adrift(name)
    elif what == "put back":
        account.place[name] = "open"
        lane.put_back(name)
    else:
        account.place[name] = "open"
        account.known.add(name)
        account.seen.discard(name)  # it had left the census when it ended
        lane.retry(name)
