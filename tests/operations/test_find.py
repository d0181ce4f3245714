"""Messages are found by what people know of them, wherever their jobs are, and addresses stay where they are."""

import hashlib
import json

import pytest
import redis

from conftest import Valkey
from endings import the_past
from house import House, Ran, eventually, mail
from notifyctl.domain.attempt import State

ADA = "ada@customers.example"


@pytest.fixture
def evening(house: House, valkey: Valkey, monkeypatch) -> House:
    """Three mails to Ada, one that waits, one that failed and one for later; and one to somebody else."""
    with the_past(house, valkey, monkeypatch) as past:
        past.ended("missed", State.DEAD, "event.cancelled", to={"email": ADA})
    lines = [
        mail("waits", to={"email": "Ada@Customers.example", "name": "Ada"}),
        mail("another", to={"email": "b" + ADA}),
    ]
    house.run("send", "-", stdin=b"\n".join(lines))
    house.run("send", "-", "--delay", "1h", stdin=mail("later", "booking.reminder", to={"email": ADA}))
    return house


def find(house: House, *arguments: str, stdin: bytes = b"") -> Ran:
    return house.run("message", "find", *arguments, "-o", "json", stdin=stdin)


def names(ran: Ran) -> list[str]:
    return sorted(one["id"] for one in ran.data["messages"])


def test_by_the_recipient_however_it_is_written(evening: House) -> None:
    ran = find(evening, "ADA@customers.example")
    assert (ran.code, names(ran), ran.data["whole"]) == (0, ["later", "missed", "waits"], True)
    states = {one["id"]: (one["state"], one["job_state"], one["queue"]) for one in ran.data["messages"]}
    assert states == {
        "missed": ("dead", "failed", "email-bulk"),
        "later": ("queued", "delayed", "email-standard"),
        "waits": ("queued", "waiting", "email-critical"),
    }


def test_by_a_recipient_that_stays_out_of_the_history(evening: House) -> None:
    assert names(find(evening, "-", stdin=ADA.encode() + b"\n")) == ["later", "missed", "waits"]


def test_no_address_is_shown_unless_asked_for(evening: House) -> None:
    assert "customers.example" not in find(evening, ADA).out + evening.run("message", "find", ADA).out
    shown = find(evening, ADA, "--show-address")
    assert {one["recipient"].lower() for one in shown.data["messages"]} == {ADA}
    assert ADA in evening.run("message", "find", ADA, "--show-address").out


def test_as_json_lines_each_message_is_a_line(evening: House) -> None:
    ran = evening.run("message", "find", ADA, "-o", "jsonl")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert sorted(line["data"]["id"] for line in lines) == ["later", "missed", "waits"]
    assert {line["exit"] for line in lines} == {ran.code} == {0}
    none = evening.run("message", "find", "nobody@customers.example", "-o", "jsonl")
    assert (none.code, none.data["messages"]) == (1, [])


def test_by_type_and_time_too(evening: House) -> None:
    assert names(find(evening, ADA, "--type", "booking.reminder")) == ["later"]
    assert names(find(evening, ADA, "--since", "30s")) == ["later", "waits"]
    assert names(find(evening, "--type", "event.cancelled")) == ["missed"]
    assert names(find(evening, "--type", "event.cancelled", "--since", "30s")) == []


def test_by_what_its_provider_calls_it_and_by_our_reference(house: House, emulator) -> None:
    house.run("send", "-", stdin=b"\n".join([mail("found/1", to={"email": ADA}), mail("found/2")]))
    house.start("worker")
    eventually(lambda: house.state("found/1") == house.state("found/2") == "accepted")
    story = house.ask("message", "show", "found/1").data
    ref = hashlib.sha256(b"nf:{bull}:found/1").hexdigest()[:32]
    for flags in (["--provider-id", story["provider_id"]], ["--ref", ref], ["--ref", f"nf1-{ref}"], [ADA]):
        ran = find(house, *flags)
        assert (names(ran), ran.data["messages"][0]["state"]) == (["found/1"], "accepted"), flags
    assert names(find(house, "--ref", ref, "--type", "newsletter")) == []
    assert find(house, "--provider-id", "none").code == 1


def test_a_message_whose_job_is_gone_is_found_on_record(house: House, valkey: Valkey, emulator) -> None:
    house.run("send", "-", stdin=mail("gone"))
    house.start("worker")
    eventually(lambda: house.state("gone") == "accepted")
    identity = house.ask("message", "show", "gone").data["provider_id"]
    with redis.Redis(port=valkey.port) as client:
        client.delete("bull:email-critical:gone")
        client.zrem("bull:email-critical:completed", "gone")
    (one,) = find(house, "--provider-id", identity).data["messages"]
    assert (one["state"], one["job_state"]) == ("accepted", "missing")
    assert find(house, "gone@customers.example").code == 1


@pytest.mark.parametrize("flags", [["--limit", "1"], ["--most", "1"]])
def test_a_search_that_ends_early_says_so(evening: House, flags: list[str]) -> None:
    ran = find(evening, ADA, *flags)
    assert (ran.code, ran.codes, ran.data["whole"]) == (3, ["MSG-FOUND-IN-PART"], False)


@pytest.mark.parametrize("arguments", [[], ["ada"], ["--since"]])
def test_what_to_find_must_be_said(house: House, arguments: list[str]) -> None:
    assert find(house, *arguments).code == 2


def test_many_jobs_and_large_ones_are_all_seen(house: House, valkey: Valkey) -> None:
    """More than one part of each place, and texts that fill a part alone."""
    lines = [mail(f"m{number}", to={"email": ADA if number % 400 == 0 else "x@y.example"}) for number in range(1201)]
    lines += [mail(f"large{number}", text="x" * 3_000_000, to={"email": ADA}) for number in range(2)]
    house.run("send", "-", stdin=b"\n".join(lines))
    ran = find(house, ADA)
    assert names(ran) == ["large0", "large1", "m0", "m1200", "m400", "m800"]
    assert ran.data["looked_at"] == 1203
