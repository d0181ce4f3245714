"""The log at a terminal: short lines that a person reads."""

import asyncio
import os
import re

from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.message import Address, Message
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.telemetry.logs import Log
from notifyctl.telemetry.plain import line

MAIL = Message("booking/1", "booking.confirmation", Address("ann@customers.example"), "Hi", text="See you")


def test_a_call_is_told_by_what_came_of_which_mail():
    call = {
        "ts": 0.0, "level": "info", "event": "call", "worker": "w", "message": "b/1", "provider": "resend",
        "outcome": "accepted", "certainty": "definite", "code": "", "http": 200, "detail": "", "ms": 141.7,
    }  # fmt: skip
    assert line(call) == "00:00:00Z accepted b/1 by resend in 142 ms"
    late = {**call, "level": "warning", "outcome": "fault", "certainty": "ambiguous", "code": "total", "http": 0}
    assert line(late) == "00:00:00Z warning: fault (in doubt) b/1 by resend in 142 ms: total"


def test_anything_else_is_told_with_what_is_known_of_it():
    moved = {"ts": 61.0, "level": "warning", "event": "breaker", "worker": "w", "provider": "ses", "until": 0}
    assert line(moved) == "00:01:01Z warning: breaker: provider ses"


def test_a_log_writes_so_without_what_could_reprogram_the_terminal():
    there, here = os.pipe()
    log = Log("w", b"pepper", here, plain=True)

    async def told() -> None:
        log.call(MAIL, "resend", Outcome(Kind.ACCEPTED, Certainty.DEFINITE, http=200), 0.1, 0.2)
        log.call(MAIL._replace(id="x\x1b[2J"), "ses", Outcome(Kind.FAULT, Certainty.DEFINITE, http=503), 0.1, 0.2)
        log.moved("ses", Breaker(Phase.OPEN, rule="T1", reason="3 faults in a row"))
        log.flush()

    asyncio.run(told())
    os.close(here)
    first, second, third = os.read(there, 65_536).decode().splitlines()
    os.close(there)
    assert re.fullmatch(r"[\d:]{8}Z accepted booking/1 by resend in 100 ms", first)
    assert "\x1b" not in second
    assert "breaker: provider ses, phase open, rule T1, reason 3 faults in a row" in third
    assert "customers.example" not in first
