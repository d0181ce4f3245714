"""A person decides about a mail in doubt: record, job and review queue agree, and it can be taken back."""

import uuid

import pytest
import redis

from conftest import Valkey
from endings import Past, the_past
from house import House, Ran, eventually, everything
from notifyctl.domain.attempt import State
from notifyctl.domain.review import FINAL, decided, item
from notifyctl.domain.review import Decision as Verb


@pytest.fixture
def past(house: House, valkey: Valkey, monkeypatch):
    with the_past(house, valkey, monkeypatch) as past:
        yield past


def review(house: House, *arguments: str) -> Ran:
    return house.run("queue", "review", *arguments, "-o", "json", NOTIFYCTL_ACTOR="ada")


def decide(house: House, name: str, word: str, *more: str) -> Ran:
    return review(house, name, "--decide", word, "--reason", "looked it up", *more)


def waiting(house: House) -> list[str]:
    return [one["id"] for one in review(house).data["waiting"]]


def test_what_waits_is_listed_with_its_due_time(house: House, past: Past) -> None:
    assert review(house).code == 0
    past.ended("one", State.UNKNOWN)
    past.ended("dead", State.DEAD)
    ran = review(house)
    assert (ran.code, ran.data["unknown"]) == (8, 1)
    (row,) = ran.data["waiting"]
    assert (row["id"], row["provider"], row["overdue"]) == ("one", "ses", False)
    assert row["due"] > ran.document["at"]


@pytest.mark.parametrize(("word", "state"), [("delivered", "delivered"), ("drop", "cancelled"), ("ignore", "unknown")])
def test_a_decision_ends_the_question_and_can_be_taken_back(house: House, past: Past, word: str, state: str) -> None:
    past.ended("one", State.UNKNOWN, "event.cancelled")
    ran = decide(house, "one", word)
    assert (ran.code, ran.data["state"], ran.data["reversible"]) == (0, state, True)
    assert (house.state("one"), waiting(house)) == (state, [])
    again = review(house, "one", "--undo", "--reason", "it was another one")
    assert (again.code, again.data["state"]) == (0, "unknown")
    assert (house.state("one"), waiting(house)) == ("unknown", ["one"])
    assert house.ask("queue", "unknown").data["total"] == 1


def test_a_resend_is_carried_out_at_once_and_cannot_be_taken_back(house: House, past: Past, emulator) -> None:
    name = past.ended(uuid.uuid4().hex, State.UNKNOWN)
    assert decide(house, name, "resend").codes == ["CLI-NEEDS-YES"]
    assert decide(house, name, "resend", "--yes").data["state"] == "queued"
    house.start("worker")
    eventually(lambda: house.state(name) == "accepted")
    assert emulator.copies(f"{name}@customers.example") == 1
    assert review(house, name, "--undo", "--reason", "x").codes == ["REV-EXECUTED"]


def test_the_same_decision_again_is_the_same(house: House, past: Past) -> None:
    past.ended("one", State.UNKNOWN)
    assert [decide(house, "one", "delivered").code for _ in range(2)] == [0, 0]
    assert len(house.ask("message", "show", "one").data["decisions"]) == 1


@pytest.mark.parametrize(
    ("state", "kind", "word", "code"),
    [
        (State.UNKNOWN, "event.cancelled", "resend", "RTY-BULK"),
        (State.DEAD, "booking.confirmation", "delivered", "RTY-FINAL"),
        (State.REJECTED, "booking.confirmation", "drop", "RTY-OPEN"),
    ],
)
def test_what_may_not_be_decided_changes_nothing(
    house: House, past: Past, valkey: Valkey, state: State, kind: str, word: str, code: str
) -> None:
    past.ended("one", state, kind)
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        ran = decide(house, "one", word, "--yes")
        assert everything(client) == before
    assert (ran.code, ran.codes) == (4, [code])


def test_a_decision_that_stands_for_a_day_is_final_and_another_one_changes_nothing(
    house: House, past: Past, valkey: Valkey
) -> None:
    past.lab.now -= FINAL
    past.ended("one", State.UNKNOWN)
    asked = item("unknown", "one", "may be out", past.lab.now)
    ignored = decided(asked, Verb.IGNORE, "may stay", "bob", past.lab.now)
    assert past.lab.run(past.lab.store.reviews.save(ignored))
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        for word in ("resend", "delivered", "drop", "ignore"):
            ran = decide(house, "one", word, "--yes")
            assert (ran.code, ran.codes) == (4, ["REV-EXECUTED"])
        assert everything(client) == before


def test_a_resend_that_ends_in_doubt_again_is_asked_about_again(house: House, past: Past) -> None:
    past.ended("one", State.UNKNOWN)
    assert decide(house, "one", "resend", "--yes").data["state"] == "queued"
    assert waiting(house) == []
    past.in_doubt_again("one")
    assert (house.state("one"), waiting(house)) == ("unknown", ["one"])
    assert decide(house, "one", "delivered").code == 0
    assert (house.state("one"), waiting(house)) == ("delivered", [])


@pytest.mark.parametrize("arguments", [["--undo"], ["one"], ["one", "--decide", "perhaps", "--reason", "x"]])
def test_a_decision_must_be_one(house: House, arguments: list[str]) -> None:
    assert review(house, *arguments).code == 2
