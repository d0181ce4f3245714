"""`message`: what happened to one mail."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli.envelope import Result
from notifyctl.cli.words import instant, many, stamp

if TYPE_CHECKING:
    from notifyctl.domain.attempt import Attempt
    from notifyctl.domain.outcome import Outcome
    from notifyctl.operations.message import Story
    from notifyctl.store.lanes import JobLook

_WHYS = {"first": "", "replay": " (a replay: no second copy)", "resend": " (after doubt: perhaps a second copy)"}


def show(
    identity: Annotated[str, typer.Argument(metavar="ID", help="The id of the message, such as booking-confirm/8731.")],
) -> Result:
    """Tell everything that happened to one message.

    A month after its end a message is archived: its attempts are then told on the host that has its line on disk.
    """
    from notifyctl import settings
    from notifyctl.cli.running import with_store
    from notifyctl.operations.message import story

    home = settings.load().evidence
    return _told(with_store(lambda store: story(store.queue, store.attempts, identity, home)))


def _told(story: "Story") -> Result:
    record = story.record
    first = f"{record.id}: {record.state}{f', {record.reason}' if record.reason else ''}."
    lines = [first, *_summary(story), "", *(f"{instant(at)}  {text}" for at, text in sorted(_timeline(story)))]
    data = {
        "id": record.id, "state": record.state.value, "final": record.state.terminal, "reason": record.reason,
        "provider": record.provider, "provider_id": record.provider_id,
        "ambiguous_resends": record.ambiguous_resends, "looks": record.looks,
        "attempts": [_attempt(attempt) for attempt in record.attempts], "job": _job(story.job),
        "archived": _archived(story),
        "decisions": [
            {**one._asdict(), "at": stamp(one.at), "state": one.state.value} for one in record.decisions
        ],
    }  # fmt: skip
    return Result(data, lines)


def _summary(story: "Story") -> list[str]:
    record, job, lines = story.record, story.job, []
    if record.provider_id:
        lines.append(f"{record.provider} calls it {record.provider_id}")
    if job:
        lines.append(f"job {job.id} in {job.queue}: {job.state}")
    if record.archived:
        where = f"archive/{record.archived.month}.jsonl on {record.archived.host}"
        lines.append(
            f"archived in {where}" if story.line else f"its attempts are archived in {where}, not on this host"
        )
    if record.ambiguous_resends:
        lines.append(
            f"sent {many(record.ambiguous_resends, 'time')} more after doubt: so many copies too many may be out"
        )
    return lines


def _timeline(story: "Story") -> list[tuple[int, str]]:
    """What happened, with its time in epoch ms."""
    job, record, line = story.job, story.record, story.line
    events = [
        (item.intent_at, f"{item.provider}: {_outcome(item)}{_WHYS[item.why]}{_by(item)}") for item in record.attempts
    ]
    events += [(one.at, f"{one.by} decided: {one.verb} ({one.reason}); it was {one.state}") for one in record.decisions]
    if record.looked_at:
        events.append((record.looked_at, f"looked for evidence, {many(record.looks, 'time')} so far"))
    if line:
        events.append((line.ended_at, f"ended as {record.state}"))
        events += [(line.enqueued_at, "enqueued")] if line.enqueued_at and not job else []
    if job and job.enqueued_at:
        events.append((job.enqueued_at, f"enqueued in {job.queue}"))
    if job and job.due_at:
        events.append((job.due_at, "due again"))
    if job and job.finished_at and not line:
        events.append((job.finished_at, f"ended as {record.state}"))
    return events


def _by(attempt: "Attempt") -> str:
    return f", decided by {attempt.by}" if attempt.by else ""


def _outcome(attempt: "Attempt") -> str:
    outcome = attempt.outcome
    if outcome is None:
        return "no outcome is recorded"
    doubt = ", ambiguous" if outcome.ambiguous else ""
    answer = " ".join(str(part) for part in (outcome.http or "", outcome.code) if part)
    return f"{outcome.kind}{doubt}{f' ({answer})' if answer else ''}, {attempt.result_at - attempt.intent_at:,} ms"


def _attempt(attempt: "Attempt") -> dict[str, Any]:
    return {
        "id": attempt.id, "provider": attempt.provider, "why": attempt.why.value, "intent_at": stamp(attempt.intent_at),
        "result_at": stamp(attempt.result_at), "owner": attempt.owner,
        "by": attempt.by or None,
        "duration_ms": attempt.result_at - attempt.intent_at if attempt.result_at else None,
        "outcome": _outcome_data(attempt.outcome) if attempt.outcome else None,
    }  # fmt: skip


def _outcome_data(outcome: "Outcome") -> dict[str, Any]:
    names = ("code", "http", "detail", "provider_id")
    told = {name: getattr(outcome, name) for name in names}
    return {"kind": outcome.kind.value, "certainty": outcome.certainty.value, **told}


def _archived(story: "Story") -> dict[str, Any] | None:
    where = story.record.archived
    return {**where._asdict(), "here": story.line is not None} if where else None


def _job(job: "JobLook | None") -> dict[str, Any] | None:
    if job is None:
        return None
    times = {name: stamp(getattr(job, name)) for name in ("enqueued_at", "due_at", "finished_at")}
    return {"queue": job.queue, "id": job.id, "state": job.state, **times, "starts": job.starts}
