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
8. A provider that the board has shut (breaker, closed sender) is not waited for either. When no other is left the
   message is held, without burning an attempt.
9. A person may give a message that ended another chance, or order a resend of one that is unknown
   (`domain/decide.py`). Until that resend is made, rule 0 does not hold; whatever comes of it, the message is never
   called expired, rejected or dead, since a copy may be out.
"""

from notifyctl.domain import reconcile
from notifyctl.domain.attempt import Attempt, Finish, Record, Send, State, Step, Wait, Why
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.domain.permission import refusal
from notifyctl.domain.situation import Situation, again_at, exhausted, patient, ready_at


def first_step(record: Record, situation: Situation, started_elsewhere: bool) -> Step:
    """The step for a job just claimed or adopted (rule 0, then the others)."""
    if started_elsewhere and not record.ended and not record.ordered:
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
        return _end(record, State.NO_CONSENT, reason)
    if record.suspect:
        return reconcile.next_step(record, record.suspect, situation)
    if situation.now >= situation.deadline:
        return _end(record, State.EXPIRED, "the deadline has passed")
    if other_body:
        return _end(record, State.REJECTED, "the body was changed after an attempt; a new text needs a new id")
    return _first_open_provider(record, situation)


def _end(record: Record, state: State, reason: str) -> Finish:
    """The end without acceptance; whatever the reason, of a message that may be out it is unknown."""
    return Finish(State.UNKNOWN if record.in_doubt else state, reason)


def _first_open_provider(record: Record, situation: Situation) -> Step:
    """Rules 6 and 7."""
    if not situation.route:
        return _end(record, State.REJECTED, situation.cannot or "no provider is configured")
    live = [name for name in situation.route if not exhausted(record, name, situation.bounds)]
    if not live or record.faults() >= situation.bounds.attempts:
        return _end(record, State.DEAD, f"{record.faults()} attempts failed, each surely without a copy")
    waits = {name: ready_at(record, name, situation) for name in live}
    for name in live:
        if waits[name] <= situation.now:
            return Send(name, Why.RESEND if record.ordered else Why.FIRST)
        if patient(record, name, situation):
            return _hold(situation.full[name], situation, f"{name} is at its rate limit")
    soonest = min(waits.values())
    if not situation.shut.keys() & set(live):
        return _hold(soonest, situation, "every provider rests for this message")
    return _hold(again_at(soonest, situation), situation, "no provider may be used now")


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
    if record.allowed:
        return True
    answered = refused.provider if refused.why is Why.REPLAY else ""
    return any(item.unresolved and item.why is not Why.REPLAY and item.provider != answered for item in record.attempts)


def with_outcome(record: Record, attempt_id: str, outcome: Outcome, at: int) -> Record:
    """The record with the outcome of one attempt filled in."""
    attempts = tuple(
        item._replace(outcome=outcome, result_at=at) if item.id == attempt_id else item for item in record.attempts
    )
    return record._replace(attempts=attempts)


def _refused(provider: str, outcome: Outcome) -> str:
    return f"{provider} refused it: {outcome.code or outcome.http} {outcome.detail}".strip()
