"""Reconciliation: what happens to a message that has an unresolved attempt.

An attempt is unresolved when its outcome is ambiguous, or when its worker died before it could say.

1. Nothing at all before `max_send` after the intent, or after that of a replay without an outcome: until then the
   old call may still be leaving. The model check shows that without this wait a paused worker makes a silent second
   copy.
2. Then evidence is sought when the attempt is 30 s, 2 min, 5 min and 15 min old, and in any case once before rule 3:
   - Resend: the same key and the same bytes again, for 23 hours; the original answer comes back, and no
     second copy can leave. Only when the message renders to the same bytes as before, and never while the breaker is
     open: then it waits, bulk no longer than for the last look, the others no longer than rule 3 says.
   - Postmark: a search by our metadata.
   - Amazon SES: nothing can be asked; it waits 5 minutes for an event.
3. Without evidence the priority decides:
   - critical: after min(5 min, half of its time to the deadline) it is sent once more, the same provider
     first (at Resend the replays were that), then another; a recorded ambiguous resend;
   - standard: the same after 15 minutes;
   - bulk: never again; it ends as unknown when the search has ended.
4. One ambiguous resend at most, and those that a person decided on: such a one waits for rule 1 alone, and may also
   go through the provider that was asked before, last of all. Bulk is never sent again, whoever decides. Whatever is
   still unresolved after that, or at the deadline, is unknown: never dead, never expired, since a copy may be out.
"""

from notifyctl.domain.attempt import Attempt, Finish, Look, Record, Send, State, Step, Wait, Why
from notifyctl.domain.provider import Evidence
from notifyctl.domain.revision import Priority
from notifyctl.domain.situation import Situation, again_at, exhausted, ready_at

REPLAY_MS = 23 * 3600 * 1000  # Resend keeps a key for 24 h; one hour of margin


def next_step(record: Record, suspect: Attempt, situation: Situation) -> Step:
    """Decide for a message whose latest call may have left a copy."""
    now, quiet = situation.now, quiet_until(record, suspect, situation)
    end = suspect.intent_at + end_of_search(suspect, situation)
    look_at = next_look(record, suspect, situation, end)
    if now < quiet:
        return _wait(max(quiet, min(end if look_at is None else look_at, situation.deadline)))
    if now >= situation.deadline:
        return _unknown(suspect, "the deadline has passed")
    if record.ordered and situation.type.priority is not Priority.BULK:
        return resend(record, suspect, situation)
    if look_at is not None:
        return seek(suspect, situation) if look_at <= now else _wait(min(look_at, situation.deadline))
    if now < end:
        return _wait(min(end, situation.deadline))
    if _bulk(situation):
        return _unknown(suspect, "no evidence was found")
    return resend(record, suspect, situation)


def quiet_until(record: Record, suspect: Attempt, situation: Situation) -> int:
    """Until when a call that nobody answered may still be leaving, in epoch milliseconds."""
    leaving = [suspect.intent_at, *(item.intent_at for item in record.attempts if item.outcome is None)]
    return max(leaving) + int(situation.pace.max_send * 1000)


def end_of_search(suspect: Attempt, situation: Situation) -> int:
    """The age in milliseconds at which waiting for evidence ends (bulk: when the looks do), never below `max_send`."""
    pace, wait = situation.pace, 0.0
    if situation.type.priority is Priority.STANDARD:
        wait = pace.standard_resend * 1000
    if situation.type.priority is Priority.CRITICAL:
        wait = min(pace.critical_resend * 1000, (situation.deadline - situation.enqueued_at) / 2)
    if evidence_of(suspect, situation) is Evidence.EVENTS:
        wait = max(wait, pace.events_wait * 1000)
    return int(max(wait, pace.max_send * 1000))


def next_look(record: Record, suspect: Attempt, situation: Situation, end: int) -> int | None:
    """When evidence is sought next, or None when there is nothing (more) to look at before the end."""
    ages, looks = situation.pace.reconcile, record.looks
    if looks >= len(ages) or not can_seek(record, suspect, situation):
        return None
    planned, bulk = suspect.intent_at + int(ages[looks] * 1000), _bulk(situation)
    given_up = suspect.intent_at + int(ages[-1] * 1000) if bulk else end
    if situation.now >= given_up and _unanswering(suspect, situation):
        return None
    if not looks:
        return planned if bulk else min(planned, end)
    look_at = max(planned, record.looked_at + int((ages[looks] - ages[looks - 1]) * 1000))
    return look_at if look_at <= end or bulk else None


def _bulk(situation: Situation) -> bool:
    return situation.type.priority is Priority.BULK


def _unanswering(suspect: Attempt, situation: Situation) -> bool:
    """Whether only a call could tell, and none may go there."""
    replays = evidence_of(suspect, situation) is Evidence.REPLAY
    return replays and situation.shut.get(suspect.provider, 0) > situation.now


def can_seek(record: Record, suspect: Attempt, situation: Situation) -> bool:
    """Whether the suspect's provider can be asked; a replay needs the same body and a key that still lives."""
    evidence = evidence_of(suspect, situation)
    young = situation.now - suspect.intent_at < REPLAY_MS
    return evidence is Evidence.LOOKUP or (evidence is Evidence.REPLAY and young and record.body == situation.body)


def seek(suspect: Attempt, situation: Situation) -> Step:
    """Seek evidence in the way that the suspect's provider offers."""
    if evidence_of(suspect, situation) is Evidence.LOOKUP:
        return Look(suspect.provider)
    full, shut = situation.full.get(suspect.provider, 0), situation.shut.get(suspect.provider, 0)
    if max(full, shut) <= situation.now:
        return Send(suspect.provider, Why.REPLAY)
    return _wait(min(max(full, again_at(shut, situation) if shut else 0), situation.deadline))


def resend(record: Record, suspect: Attempt, situation: Situation) -> Step:
    """The one ambiguous resend: the same provider first unless its replays were that, then another; a person's, too."""
    most = record.allowed or situation.bounds.ambiguous_resends
    if record.ambiguous_resends >= most or record.body != situation.body:
        return _unknown(suspect, "no evidence was found, and a further copy is not risked")
    replayed = evidence_of(suspect, situation) is Evidence.REPLAY
    able = sorted(situation.route, key=lambda name: name != suspect.provider)  # the same first, the others as they are
    if replayed:
        again = [name for name in able if name == suspect.provider and record.ordered]
        able = [*(name for name in able if name != suspect.provider), *again]
    live = [name for name in able if not exhausted(record, name, situation.bounds)]
    if not live or record.faults() >= situation.bounds.attempts:
        return _unknown(suspect, "no evidence was found, and no provider is left for a resend")
    ready = {name: ready_at(record, name, situation) for name in live}
    for name in live:
        if ready[name] <= situation.now:
            return Send(name, Why.RESEND)
    soonest = min(ready.values())
    shut = situation.shut.keys() & set(live)
    return _wait(min(again_at(soonest, situation) if shut else soonest, situation.deadline))


def evidence_of(suspect: Attempt, situation: Situation) -> Evidence:
    """How the truth about the suspect can be learnt; a provider that was unplugged tells nothing."""
    return situation.evidence.get(suspect.provider, Evidence.EVENTS)


def _wait(until: int) -> Wait:
    return Wait(until, State.ATTEMPTING, "waiting for reconciliation")


def _unknown(suspect: Attempt, reason: str) -> Finish:
    return Finish(State.UNKNOWN, f"{reason}; a copy may be out through {suspect.provider}", suspect.provider)
