"""The next step for one message: send, look, wait or finish.

Policy, in the order in which it is applied:

0. A job that another worker has started, and of which we have no record, is never sent: that worker may have
   sent it. It ends as unknown, for a human.
1. A message that has ended stays ended: whoever enqueues, retries or re-adds it sends nothing. One that
   ended without any attempt (rejected at the door, no consent, expired) is looked at afresh.
2. Without permission it ends as no_consent, or as unknown when an attempt is unresolved.
3. While an attempt is unresolved the message is *reconciled* (see `domain/reconcile.py`), never simply sent.
4. After its deadline it ends as expired.
5. Another body under the same id after an attempt is refused: the id names one event for ever. In another job than
   the one that made the attempt it is refused before rule 2, and ends that job alone: the first one goes on.
6. Otherwise it goes to the first provider of the route that can carry it, is not resting for it and has
   room. A definite fault rests that provider for this message by 5 s, 30 s, 2 min, 5 min, 15 min; a refusal of our
   sender or account by 300 s. Three answered faults at a provider or five in all, with no provider left: dead. A
   provider that is not reached burns no attempt: when all are out of reach the message is held to its deadline.
7. A provider without room (rate limit): a critical message waits 2 s for it, a standard one 60 s, then goes
   to the next; bulk waits. One that rests for the message is not waited for. No wait is longer than the deadline.
"""

from dataclasses import replace

from notifyctl.domain import reconcile
from notifyctl.domain.attempt import Attempt, Finish, Record, Send, State, Step, Wait, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.permission import refusal
from notifyctl.domain.situation import Situation, exhausted, patient, ready_at


def first_step(record: Record, situation: Situation, started_elsewhere: bool) -> Step:
    """The step for a job just claimed or adopted (rule 0, then the others)."""
    if started_elsewhere and not record.ended:
        return Finish(State.UNKNOWN, "another worker started this job and may have sent it")
    return next_step(record, situation)


def next_step(record: Record, situation: Situation) -> Step:
    """Decide; the policy stands at the top of this module."""
    if record.ended:
        return Finish(record.state, record.reason, record.provider, record.provider_id)
    other_body = bool(record.attempts) and record.body != situation.body
    if other_body and record.job != situation.job:
        return Finish(
            State.REJECTED, "another job with another body has this id; a new text needs a new id", alone=True
        )
    if reason := refusal(situation.type):
        return Finish(State.UNKNOWN if record.suspect else State.NO_CONSENT, reason)
    if record.suspect:
        return reconcile.next_step(record, record.suspect, situation)
    if situation.now >= situation.deadline:
        return Finish(State.EXPIRED, "the deadline has passed")
    if other_body:
        return Finish(State.REJECTED, "the body was changed after an attempt; a new text needs a new id")
    return _first_open_provider(record, situation)


def _first_open_provider(record: Record, situation: Situation) -> Step:
    """Rules 6 and 7."""
    if not situation.route:
        return Finish(State.REJECTED, situation.cannot or "no provider is configured")
    live = [name for name in situation.route if not exhausted(record, name, situation.bounds)]
    if not live or record.faults() >= situation.bounds.attempts:
        return Finish(State.DEAD, f"{record.faults()} attempts failed, each surely without a copy")
    waits = {name: ready_at(record, name, situation) for name in live}
    for name in live:
        if waits[name] <= situation.now:
            return Send(name, Why.FIRST)
        if patient(record, name, situation):
            return _hold(situation.full[name], situation, f"{name} is at its rate limit")
    return _hold(min(waits.values()), situation, "every provider rests for this message")


def _hold(until: int, situation: Situation, reason: str) -> Wait:
    return Wait(min(until, situation.deadline), State.HELD, reason)


def after(record: Record, attempt: Attempt, situation: Situation) -> Step:
    """The step after an attempt has an outcome; `record` holds it already.

    Accepted ends the message. Rejected ends it too, as suppressed when the provider refuses the recipient. But a
    refusal says nothing about an unresolved call of another copy, so that message is unknown; only a refused
    *replay* tells that its own provider never took the original.
    """
    outcome = attempt.outcome
    if outcome is None or outcome.kind not in (Kind.ACCEPTED, Kind.REJECTED) or outcome.ambiguous:
        return next_step(record, situation)
    if outcome.kind is Kind.ACCEPTED:
        return Finish(State.ACCEPTED, "", attempt.provider, outcome.provider_id)
    if _in_doubt(record, attempt):
        return Finish(State.UNKNOWN, f"the resend was refused ({outcome.code}); the first copy may be out")
    return Finish(State.SUPPRESSED if outcome.suppressed else State.REJECTED, _refused(attempt.provider, outcome))


def _in_doubt(record: Record, refused: Attempt) -> bool:
    """Whether another call than the refused one, or than the one that it replayed, may have left a copy."""
    answered = refused.provider if refused.why is Why.REPLAY else ""
    return any(item.unresolved and item.why is not Why.REPLAY and item.provider != answered for item in record.attempts)


def with_outcome(record: Record, attempt_id: str, outcome: Outcome, at: int) -> Record:
    """The record with the outcome of one attempt filled in."""
    attempts = tuple(
        replace(item, outcome=outcome, result_at=at) if item.id == attempt_id else item for item in record.attempts
    )
    return replace(record, attempts=attempts)


def _refused(provider: str, outcome: Outcome) -> str:
    return f"{provider} refused it: {outcome.code or outcome.http} {outcome.detail}".strip()
