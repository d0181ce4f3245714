"""The books for the night, walked through under the fault that they are for, which is over at the end.

Workers and providers are processes; a walk is `notifyctl runbook run`, as somebody types it, without a terminal.
"""

import signal
from collections.abc import Iterator, Sequence

import pytest

from faults.arena import PROVIDERS, Arena, arena
from faults.checker import check
from house import Ran

WHY = "resend is in trouble tonight"


@pytest.fixture
def night() -> Iterator[Arena]:
    with arena(breaker=True) as built:
        built.start(1)
        built.await_workers(1)
        yield built
        built.emulator.call("DELETE", "/faults")


def walk(night: Arena, *arguments: str, **values: str) -> Ran:
    """Run or resume a book with these values."""
    given = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    return night.house.ask("runbook", *arguments, "--yes", *given)


def states(ran: Ran) -> Sequence[str]:
    return [step["state"] for step in ran.data["steps"]]


def open_causes(night: Arena) -> list[str]:
    """What is wrong now, by its key."""
    return [cause["key"] for cause in night.house.ask("incident", "detect").data["causes"]]


def refuse(night: Arena, *providers: str) -> None:
    for name in providers:
        night.emulator.call("POST", f"/providers/{name}/refuse")


def restore(night: Arena, *providers: str) -> None:
    for name in providers:
        night.emulator.call("POST", f"/providers/{name}/restore")


def moved(night: Arena) -> None:
    """Send until the mail has been moved away from resend by itself."""
    night.burst("moved", 2)
    night.eventually("resend taken out", lambda: "provider/resend" in open_causes(night))


def back(night: Arena, provider: str) -> bool:
    """Send, for a provider on its way back is probed with mail; whether it gets the mail again."""
    night.burst("probe", 1)
    return f"provider/{provider}" not in open_causes(night)


def all_out(night: Arena) -> None:
    """Everything came to a good end, and each mail is in its mailbox; probes went to the providers' own sinks."""
    night.end_workers()
    check(night, "runbooks")
    assert {mail.recipient for mail in night.sent} <= set(night.copies())


def test_provider_down_is_mitigated_before_the_book_is_opened(night: Arena) -> None:
    refuse(night, "resend")
    moved(night)
    ran = walk(night, "run", "provider-down", PROVIDER="resend", REASON=WHY)
    assert (ran.code, set(states(ran))) == (0, {"done"}), ran.out
    assert ran.data["steps"][1]["document"]["outcome"] == "nothing to do"
    night.burst("after", 2)
    all_out(night)


def test_all_providers_down_stops_where_it_is_not_over_and_goes_on_when_it_is(night: Arena) -> None:
    refuse(night, *PROVIDERS)
    night.burst("held", 3)
    night.eventually("all taken out", lambda: "providers" in open_causes(night))
    ran = walk(night, "run", "all-providers-down", WHAT="nothing can be reached")
    assert (ran.code, states(ran)) == (1, [*["done"] * 4, "failed", "to_do"]), ran.out
    restore(night, *PROVIDERS)
    night.await_end()
    night.eventually("nothing wrong", lambda: not open_causes(night))
    ran = walk(night, "resume")
    assert (ran.code, set(states(ran))) == (0, {"done"}), ran.out
    all_out(night)


def test_bad_key_ends_with_the_new_key_in_the_workers(night: Arena) -> None:
    night.emulator.call("PUT", "/settings", {"resend": {"keys": ["re_new"]}})
    moved(night)
    ran = walk(night, "run", "bad-key", PROVIDER="resend", REASON=WHY)
    assert (ran.code, states(ran)[:3]) == (1, ["done", "done", "failed"]), ran.out
    night.house.environ["RESEND_API_KEY"] = "re_new"
    ran = walk(night, "resume")
    assert (ran.code, set(states(ran))) == (0, {"done"}), ran.out
    night.start(1)
    night.eventually("resend back", lambda: back(night, "resend"))
    all_out(night)


def test_incident_response_takes_all_five_steps(night: Arena) -> None:
    refuse(night, "resend")
    moved(night)
    ran = walk(night, "run", "incident-response", WHAT=WHY)
    assert (ran.code, set(states(ran))) == (0, {"done"}), ran.out
    assert WHY in night.house.run("incident", "show").out
    all_out(night)


def test_a_run_that_is_killed_at_the_switch_does_not_switch_twice(night: Arena) -> None:
    refuse(night, "resend")
    given = ("--yes", "--set", "PROVIDER=resend", "--set", f"REASON={WHY}")
    died = night.house.run("runbook", "run", "provider-down", *given, NOTIFYCTL_FAILPOINT="step-over:2")
    assert died.code == -signal.SIGKILL
    looked = walk(night, "resume")
    assert (looked.code, looked.codes) == (8, ["RBK-DOUBT"])
    ran = walk(night, "resume", "--skip")
    assert (ran.code, states(ran)[1]) == (0, "skipped"), ran.out
    assert night.house.run("history").out.count(WHY) == 1
    night.burst("after", 2)
    all_out(night)
