"""One bad release: a worker with a From address that nobody verified, beside two good ones, at full traffic.

It is the sender that is shut, and no provider: the mail of that worker goes elsewhere or is held, all other mail flows.
"""

import json
import subprocess
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from faults.arena import PROVIDERS, Arena, arena
from faults.checker import OWN, check
from faults.trail import Call, trail

GOOD, BAD = "tickets@venue.example", "tickets@unverified.example"


def test_refused_by_one_provider_its_mail_goes_to_the_next() -> None:
    with arena(breaker=True, in_flight=16) as field:
        released(field, ("resend",))
        field.end_workers()
        check(field, "bad release, refused by Resend")
        sent = {(copy["sender"], copy["provider"]) for copy in mailbox(field)}
        assert not trail(field).entries
    assert (BAD, "resend") not in sent
    assert {(GOOD, "resend"), (BAD, "postmark")} <= sent


def test_refused_by_all_its_mail_is_held_and_somebody_is_told() -> None:
    """The other workers, which have the old sender, take it up in the end."""
    with arena(breaker=True, in_flight=16) as field:
        pager = field.house.home / "pager"
        field.house.environ["NOTIFYCTL_NOTIFY_COMMAND"] = f"tee -a {pager}"
        release = released(field, PROVIDERS)
        field.eventually("a page", lambda: pager.exists() and pager.read_text().endswith("\n"))
        release.terminate()
        field.end_workers()
        verdict, seen = check(field, "bad release, refused by all"), trail(field)
        told = json.loads(pager.read_text().splitlines()[0])
        assert {copy["sender"] for copy in mailbox(field)} == {GOOD}
    assert (told["type"], told["data"]["key"]) == ("incident.opened", f"sender/{BAD}")
    assert not seen.entries
    assert verdict.states == {"accepted": len(field.sent)}
    assert {name for name in PROVIDERS if any(map(refused, seen.calls[name]))} == set(PROVIDERS)


def released(field: Arena, refusing: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Two good workers and a bad one at full traffic, until those providers have refused its sender; the bad one."""
    field.emulator.call("PUT", "/settings", {name: {"verified": ["venue.example"]} for name in refusing})
    *_, release = [field.start(), field.start(), field.start(NOTIFYCTL_FROM=BAD)]
    field.await_workers(3)
    field.eventually("the sender shut", lambda: field.burst("traffic", 2) and closed(field) == set(refusing))
    field.burst("during", 40)
    return release


def refused(call: Call) -> bool:
    return call.told.get("kind") == "sender"


def closed(field: Arena) -> set[str]:
    """Where the sender of the release is shut."""
    resting = [name.decode().partition("|") for name in field.redis.hkeys(f"{OWN}senders")]
    return {provider for provider, _, sender in resting if sender == BAD}


def mailbox(field: Arena) -> list[dict[str, Any]]:
    """All copies, with bare senders."""
    copies: list[dict[str, Any]] = field.emulator.call("GET", "/mailbox?limit=100000")["copies"]
    return [{**copy, "sender": parseaddr(copy["sender"])[1]} for copy in copies]
