"""Settle: record what happened and act on the job, in one script. What Redis cannot take goes to the journal."""

import asyncio
from collections.abc import Sequence

import msgspec

from notifyctl.domain.attempt import Attempt, Finish, State, Step, Wait
from notifyctl.domain.errors import Unreachable
from notifyctl.engine.batch import Batcher
from notifyctl.engine.render import Errand
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Settled, Settlement
from notifyctl.store.queue import Job

_COMPLETED = (
    *(State.ACCEPTED, State.SUPPRESSED, State.NO_CONSENT, State.CANCELLED),
    *(State.DELIVERED, State.BOUNCED, State.COMPLAINED),
)


class Settler:
    """Settles in batches; while Redis is away the results are on disk, and the same call is made until it is back."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._batcher: Batcher[Settlement, Settled] = Batcher(self._flush)

    async def settle(self, settlement: Settlement) -> Settled:
        """Record and act; returns what came of it."""
        self._tools.failpoint.reach("before-settle")
        settled = await self._batcher.submit(settlement)
        self._tools.failpoint.reach("after-settle")
        self._tools.clock.hear(settled.now)
        return settled

    async def _flush(self, settlements: Sequence[Settlement]) -> Sequence[Settled]:
        journalled = False
        while True:
            try:
                answers = await self._tools.attempts.settle(self._tools.token, settlements)
            except Unreachable as error:
                if not journalled:
                    self._tools.journal.append(settlements)
                    journalled = True
                self._tools.log.trouble("settle", error)
                await asyncio.sleep(self._tools.revision.pace.outage_poll)
                continue
            if journalled:
                self._tools.journal.clear()
            return answers


def settlement(errand: Errand, step: Step | None, attempt: Attempt | None = None, looked: bool = False) -> Settlement:
    """What is to be written for a step (None keeps the job), and for the outcome of an attempt when one is given."""
    action, value, state, reason, provider, provider_id = _effect(step)
    return Settlement(
        lane=errand.job.lane,
        job=errand.job.id,
        message=errand.message.id,
        version=None if attempt else errand.record.version,
        attempt=attempt.id if attempt else "",
        outcome=attempt.outcome if attempt else None,
        provider=provider or (attempt.provider if attempt else ""),
        provider_id=provider_id,
        state=state,
        reason=reason,
        action=action,
        value=value,
        looked=looked,
    )


def rejection(job: Job, message: str, version: int, reason: str) -> Settlement:
    """What is to be written for a job that cannot be read; `message` '' writes no record."""
    text = f"{State.REJECTED}: {reason}"
    state = State.REJECTED if message else None
    return Settlement(job.lane, job.id, message, version, state=state, reason=reason, action="fail", value=text)


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
