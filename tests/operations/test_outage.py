"""What the records and the log of transitions tell of an outage."""

from notifyctl.domain.attempt import Attempt, Record, Why
from notifyctl.domain.breaker import Breaker, Phase, Rules, Time
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.transition import Entry, Move
from notifyctl.operations.outage import outage

FAULT = Outcome(Kind.FAULT, Certainty.DEFINITE, http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS)
ABANDONED = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned")
ACCEPTED = Outcome(Kind.ACCEPTED, Certainty.DEFINITE)


def call(provider: str, at: int, outcome: Outcome | None, ended: int = 0) -> Attempt:
    return Attempt(f"{provider}{at}", provider, Why.FIRST, at, "", "w", outcome, ended)


def record(*calls: Attempt) -> Record:
    return Record("m", 1, attempts=calls)


def entry(at: int, phase: Phase, rule: str, provider: str = "resend") -> Entry:
    move = Move(provider, Breaker(), Time(), Rules(), True, at, Breaker(phase, rule=rule))
    return Entry(str(at), at, "", move, rule)


def test_the_switch_lasts_from_the_first_settled_fault_to_the_first_call_elsewhere():
    told = outage(
        "resend",
        [
            record(call("resend", 100, FAULT, 300), call("postmark", 340, ACCEPTED, 400)),
            record(call("resend", 90, DOUBT, 310)),
            record(call("postmark", 200, ACCEPTED, 260)),  # went there before anything had failed
        ],
        [],
    )
    assert (told.fault_at, told.elsewhere_at, told.switch_ms) == (300, 340, 40)


def test_only_faults_that_were_settled_when_the_breaker_opened_count():
    calls = [call("resend", 100, FAULT, at) for at in (200, 210, 220, 500)]
    calls += [call("resend", 100, ABANDONED, 205), call("resend", 100, None), call("ses", 100, FAULT, 200)]
    told = outage("resend", [record(*calls)], [entry(150, Phase.OPEN, "T1", "ses"), entry(220, Phase.OPEN, "T1")])
    assert (told.opened_at, told.faults) == (220, 3)


def test_the_way_back_ends_with_the_first_call_after_the_closing():
    log = [entry(2, Phase.OPEN, "T1"), entry(8, Phase.HALF_OPEN, "T4"), entry(9, Phase.OPEN, "T7")]
    log += [entry(20, Phase.HALF_OPEN, "T4"), entry(22, Phase.HALF_OPEN, "T5"), entry(25, Phase.CLOSED, "T6")]
    told = outage("resend", [record(call("resend", 21, ACCEPTED, 22), call("resend", 27, ACCEPTED, 29))], log[::-1])
    assert (told.opened_at, told.half_open_at, told.closed_at, told.back_at) == (2, 20, 25, 27)
    assert [step.verb for step in told.steps] == ["T1", "T4", "T7", "T4", "T5", "T6"]


def test_without_a_fault_there_is_nothing_to_tell():
    told = outage("resend", [record(call("resend", 1, ACCEPTED, 2), call("ses", 3, ACCEPTED, 4))], [])
    assert (told.switch_ms, told.opened_at, told.faults, told.back_at) == (None, 0, 0, 0)
