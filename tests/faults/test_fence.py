"""Workers that stand still while a provider is taken out and comes back: their results are of another age.

What they bring is taken as evidence about their messages, and no breaker hears of it.
"""

import signal
import subprocess
from collections.abc import Sequence

from faults.arena import Arena, Mail, arena
from faults.checker import OWN, check
from faults.trail import phase, shut, trail

SLOW = {"provider": "postmark", "delay_s": 1.2}  # a call may take 1.5 s
REFUSED = {**SLOW, "status": 503}
FAILS = {"provider": "postmark", "status": 503}


def test_results_of_workers_that_slept_through_a_trip_and_a_recovery_move_nothing() -> None:
    """F20: one of them was believed dead, and its message is another's; the other one still holds its two.

    Of those, the one that fails is bulk: a resend could reach Postmark again, and its acceptance would end the faults.
    """
    with arena(("postmark", "resend"), breaker=True) as field:
        held, awake = asleep(field, [field.mail("held", "standard", SLOW), field.mail("refused", "bulk", REFUSED)])
        keep_alive(field, awake)
        taken, dead = asleep(field, [field.mail("taken", "standard", SLOW)])
        field.start(2)
        out_and_back(field)
        two_faults(field)
        before = board(field)
        for process in (dead, awake):
            process.send_signal(signal.SIGCONT)
            field.eventually("it is back", lambda process=process: process.pid in field.workers())
            process.terminate()
            assert process.wait(30) == 0
        assert board(field) == before
        field.end_workers()
        verdict, seen = check(field, "F20 asleep during a trip"), trail(field)
    assert seen.rules("postmark") == ["T1", "T4", "T5", "T5", "T6"]
    first, refused = held
    assert [verdict.of(mail).told for mail in (first, *taken)] == [("accepted", 1)] * 2
    assert verdict.of(refused).told == ("unknown", 0)
    assert {verdict.of(mail).requests["postmark"] for mail in (first, refused, *taken)} == {1}
    assert verdict.of(refused).requests["resend"] == 0
    assert [call.generation for call in seen.calls["postmark"][:3]] == [0] * 3


def asleep(field: Arena, mails: Sequence[Mail]) -> "tuple[Sequence[Mail], subprocess.Popen[bytes]]":
    """A worker that is stopped while the calls for these messages are under way."""
    already, process = field.in_flight(), field.start()
    field.eventually("calls met by their faults", lambda: not field.emulator.call("GET", "/faults")["faults"])
    process.send_signal(signal.SIGSTOP)
    assert field.in_flight() == already + len(mails)
    return mails, process


def keep_alive(field: Arena, process: "subprocess.Popen[bytes]") -> None:
    """Let its last heartbeat live on, so that nobody takes over its messages."""
    for key in field.redis.scan_iter(f"{OWN.replace('{', '[{]')}worker:*"):
        if f".{process.pid}." in key.decode():
            field.redis.persist(key)


def out_and_back(field: Arena) -> None:
    """Postmark fails until its breaker is open, works again, and is taken back."""
    (number,) = field.strike({**FAILS, "times": -1})
    down = field.burst("down", 10)
    field.eventually("postmark taken out", lambda: shut(field, "postmark"))
    field.emulator.call("DELETE", f"/faults?id={number}")
    field.eventually("postmark taken back", lambda: probed(field, down))
    field.await_end(down)


def probed(field: Arena, mails: list[Mail]) -> bool:
    """Send more mail, for a provider on its way back is probed with it; whether it is back."""
    mails += field.burst("probe", 1)
    return phase(field, "postmark") == "closed"


def two_faults(field: Arena) -> None:
    """One fewer than it takes."""
    field.await_end([field.mail("fault", "standard", FAILS) for _ in range(2)])
    assert field.redis.hget(f"{OWN}breaker:postmark", "faults") == b"2"


def board(field: Arena) -> dict[str, object]:
    """All that is known of breakers, and the log of their moves."""
    names = ("breaker:postmark", "breaker:resend", "board", "senders", "transitions")
    return {name: field.redis.dump(OWN + name) for name in names}
