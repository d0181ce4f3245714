"""A person takes on a second copy: through real workers it goes out once more, and everybody can see who decided."""

import uuid

import pytest
import redis

from conftest import Valkey
from endings import Past, the_past
from house import House, Ran, eventually, everything
from notifyctl.domain.attempt import State


@pytest.fixture
def past(house: House, valkey: Valkey, monkeypatch):
    with the_past(house, valkey, monkeypatch) as past:
        yield past


def named() -> str:
    """An id that no test before has used: a provider would know it."""
    return uuid.uuid4().hex


def resend(house: House, name: str, *arguments: str) -> Ran:
    said = ("--reason", "she has no ticket", "--yes", *arguments)
    return house.run("message", "resend", name, *said, "-o", "json", NOTIFYCTL_ACTOR="ada")


@pytest.mark.parametrize("kind", ["booking.confirmation", "booking.reminder"])
def test_an_unknown_message_is_sent_once_more_which_is_on_record(house: House, past: Past, emulator, kind: str) -> None:
    name = past.ended(named(), State.UNKNOWN, kind)
    ran = resend(house, name)
    assert (ran.code, ran.document["outcome"], ran.data["state"]) == (0, "done", "queued")
    assert (ran.data["verb"], ran.data["second_copy_possible"]) == ("resend", True)
    house.start("worker")
    eventually(lambda: house.state(name) == "accepted")
    story = house.ask("message", "show", name).data
    assert [(one["why"], one["by"]) for one in story["attempts"]] == [("first", None), ("resend", "ada")]
    assert [(one["verb"], one["by"], one["reason"]) for one in story["decisions"]] == [
        ("resend", "ada", "she has no ticket")
    ]
    assert (story["ambiguous_resends"], emulator.copies(f"{name}@customers.example")) == (1, 1)
    assert house.ask("queue", "unknown").data["total"] == 0


def test_a_second_doubt_ends_as_unknown_and_is_not_sent_a_third_time(house: House, past: Past, emulator) -> None:
    name = past.ended(named(), State.UNKNOWN)
    house.environ |= {"RESEND_API_KEY": "", "POSTMARK_API_KEY": ""}
    emulator.fault("ses", action="hang", times=-1)
    assert resend(house, name).code == 0
    house.start("worker")
    eventually(lambda: house.state(name) == "unknown")
    story = house.ask("message", "show", name).data
    assert ([one["why"] for one in story["attempts"]], story["ambiguous_resends"]) == (["first", "resend"], 1)
    assert emulator.copies(f"{name}@customers.example") == 1


@pytest.mark.parametrize("kind", ["event.cancelled", "newsletter"])
def test_bulk_and_marketing_mail_is_refused_and_nothing_changes(
    house: House, past: Past, valkey: Valkey, kind: str
) -> None:
    name = past.ended(named(), State.UNKNOWN, kind)
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        ran = resend(house, name, "--deadline", "2h")
        assert everything(client) == before
    assert (ran.code, ran.codes) == (4, ["RTY-BULK"])
    assert "look it up at ses" in ran.document["findings"][0]["hint"]


def test_a_dead_message_is_retried_which_is_no_second_copy(house: House, past: Past) -> None:
    ran = resend(house, past.ended(named(), State.DEAD))
    assert (ran.data["verb"], ran.data["second_copy_possible"], ran.data["ambiguous_resends"]) == ("retry", False, 0)


def test_the_risk_is_told_before_anything_is_asked(house: House, past: Past) -> None:
    told = house.run("message", "resend", past.ended(named(), State.UNKNOWN), "--dry-run")
    assert told.code == 0
    assert "Risk: a copy may be out already, so that this may be a second one." in told.out


def test_the_same_decision_twice_changes_nothing_the_second_time(house: House, past: Past) -> None:
    name = past.ended(named(), State.UNKNOWN)
    assert [resend(house, name).code for _ in range(2)] == [0, 4]
    assert len(house.ask("message", "show", name).data["decisions"]) == 1


def test_an_id_that_nobody_knows(house: House) -> None:
    ran = resend(house, "nobody")
    assert (ran.code, ran.codes) == (1, ["MSG-NOT-FOUND"])
