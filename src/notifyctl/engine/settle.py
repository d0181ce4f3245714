"""Settle: record what happened and act on the job, in one script. What Redis cannot take goes to the journal."""

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import structs

from notifyctl.domain.archive import Facts
from notifyctl.domain.attempt import Attempt, Finish, Record, State, Step, Wait
from notifyctl.domain.errors import Degraded, InvalidMessage, Misconfigured, Unreachable
from notifyctl.domain.metric import bucket
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.engine.batch import Batcher
from notifyctl.engine.render import Errand
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Settled, Settlement
from notifyctl.store.queue import Job

_COMPLETED = (
    *(State.ACCEPTED, State.SUPPRESSED, State.NO_CONSENT, State.CANCELLED),
    *(State.DELIVERED, State.BOUNCED, State.COMPLAINED),
)


_TAKEN = ("ok", "late")


class Settler:
    """Settles in batches; while Redis is away the results are on disk, and the same call is made until it is back."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._batcher: Batcher[Settlement, Settled] = Batcher(self._flush)
        self._away = False
        self._unsettled = tools.memory.unsettled
        self._on_disk: set[int] = set()

    async def settle(self, settlement: Settlement) -> Settled:
        """Record and act; returns what came of it. Raises `Degraded` where the queue is not as BullMQ made it."""
        self._tools.failpoint.reach("before-settle")
        self._unsettled[id(settlement)] = settlement
        if self._away:
            self._keep((settlement,))
        try:
            settled = await self._batcher.submit(settlement)
        except Exception:
            # Redis refuses it, and the number is another's soon. One that is cut off keeps its line until it is taken.
            self._on_disk.discard(id(settlement))
            raise
        finally:
            del self._unsettled[id(settlement)]
        self._tools.failpoint.reach("after-settle")
        self._tools.clock.hear(settled.now)
        if settled.trouble:
            raise broken_queue(self._tools.queue.names[settlement.lane - 1], settled.trouble)
        return settled

    async def _flush(self, settlements: Sequence[Settlement]) -> Sequence[Settled]:
        while True:
            try:
                answers = await self._tools.attempts.settle(self._tools.token, self._marked(settlements))
            except Unreachable as error:
                self._away = True
                self._keep(tuple(self._unsettled.values()))  # those that wait for their turn, too
                self._tools.log.trouble("settle", error)
                await asyncio.sleep(self._tools.revision.pace.outage_poll)
                continue
            self._away = False
            self._forget(settlements)
            self._remember(settlements, answers)
            return answers

    def _marked(self, settlements: Sequence[Settlement]) -> list[Settlement]:
        """The same; those of calls whose intent the server had lost say so."""
        restored = self._tools.memory.restored
        return [structs.replace(item, restored=True) if restored(item.attempt) else item for item in settlements]

    def _remember(self, settlements: Sequence[Settlement], answers: Sequence[Settled]) -> None:
        for item, answer in zip(settlements, answers, strict=True):
            if item.outcome:
                self._tools.memory.ended(item, answer.code in _TAKEN)

    def _keep(self, settlements: Sequence[Settlement]) -> None:
        """Put on disk what is not there yet; when the disk is full it stays in memory, and is tried again."""
        new, deed = [item for item in settlements if id(item) not in self._on_disk], self._tools.memory.deed
        try:
            self._tools.journal.append([structs.replace(item, deed=deed(item.attempt)) for item in new])
        except Misconfigured as error:
            self._tools.log.trouble("journal", error)
            return
        self._on_disk.update(map(id, new))

    def _forget(self, settlements: Sequence[Settlement]) -> None:
        """Redis has these; the journal is emptied when it has everything."""
        if self._on_disk:
            self._on_disk.difference_update(map(id, settlements))
            if not self._on_disk:
                self._tools.journal.clear()


def broken_queue(queue: str, words: str) -> Degraded:
    """What to say of a queue of which the server says that a key is not BullMQ's."""
    return Degraded("QUE-BROKEN", f"a key of {queue} is not BullMQ's: {words}", queue)


def settlement(
    errand: Errand, step: Step | None, attempt: Attempt | None = None, looked: bool = False, finding: str = ""
) -> Settlement:
    """What is to be written for a step (None keeps the job), and for the outcome of an attempt when one is given."""
    action, value, state, reason, provider, provider_id = _effect(step)
    return Settlement(
        lane=errand.job.lane,
        job=errand.job.id,
        message="" if isinstance(step, Finish) and step.alone else errand.message.id,
        version=None if attempt and step else errand.record.version,
        attempt=attempt.id if attempt else "",
        outcome=attempt.outcome if attempt else None,
        provider=provider or (attempt.provider if attempt else ""),
        provider_id=provider_id,
        state=state,
        reason=reason,
        action=action,
        value=value,
        looked=looked,
        finding=finding,
        sender=errand.sender,
        bucket=bucket(errand.took) if attempt and _accepted(attempt) else -1,
        facts=_facts(errand, attempt) if isinstance(step, Finish) and not step.alone else None,
    )


def _facts(errand: Errand, attempt: Attempt | None) -> Facts:
    measured = errand.took > 0 and attempt is not None and _accepted(attempt)
    took = int(errand.took * 1000) if measured else -1
    enqueued = errand.job.timestamp
    return Facts(enqueued, errand.claimed_at, took, errand.message.type, errand.type.priority.value)


def rejection(job: Job, record: Record | None, error: InvalidMessage) -> Settlement:
    """What is to be written for a job that cannot be read; without a record the job alone ends.

    One whose data were changed after a call that may have left a copy ends as unknown. A job of a kind that is not
    ours to run is a finding too: a producer must be changed. So is one that could be read at an earlier attempt.
    """
    state = State.UNKNOWN if record and record.suspect else State.REJECTED
    return Settlement(
        lane=job.lane,
        job=job.id,
        message=record.id if record else "",
        version=record.version if record else 0,
        state=state if record else None,
        reason=str(error),
        action="fail",
        value=f"{state}: {error}",
        finding=error.code if error.code.startswith("QUE-") else "QUE-EDITED" if record and record.attempts else "",
    )


def silence(job: Job, message: str, attempt: Attempt, outcome: Outcome) -> Settlement:
    """What is to be written of an attempt whose worker did not live to tell; the job is kept."""
    return Settlement(
        lane=job.lane,
        job=job.id,
        message=message,
        version=None,
        attempt=attempt.id,
        outcome=outcome,
        provider=attempt.provider,
        action="keep",
    )


def postponement(job: Job, until: int) -> Settlement:
    """What is to be written for a job over which we stumbled: it comes back later, its record untouched."""
    return Settlement(job.lane, job.id, "", 0, action="delay", value=str(until))


def _accepted(attempt: Attempt) -> bool:
    return attempt.outcome is not None and attempt.outcome.kind is Kind.ACCEPTED


def _effect(step: Step | None) -> tuple[str, str, State | None, str, str, str]:
    """Action, its value, new state, reason, provider and provider id of a step."""
    if isinstance(step, Wait):
        return "delay", str(step.until), step.state, step.reason, "", ""
    if not isinstance(step, Finish):
        return "keep", "", None, "", "", ""
    if step.state in _COMPLETED:
        value = {"state": step.state.value, "provider": step.provider, "provider_id": step.provider_id}
        text = msgspec.json.encode(value).decode()
        return "complete", text, step.state, step.reason, step.provider, step.provider_id
    return "fail", f"{step.state}: {step.reason}", step.state, step.reason, step.provider, step.provider_id
