"""Admit: get leave for a provider call. Nothing may be sent without it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from notifyctl.domain.attempt import Attempt, Send
from notifyctl.domain.budget import cost
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.revision import ProviderRules
from notifyctl.engine.batch import Batcher
from notifyctl.engine.render import Errand, Rendered
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Admission, Intent

_Answer = TypeVar("_Answer")


class Admitter:
    """Asks for leave in batches, again and again while Redis is away; an intent is the same intent each time."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._serial = itertools.count(1)
        self._batcher: Batcher[Intent, Admission] = Batcher(self._flush)

    def intent(self, errand: Errand, step: Send, rendered: Rendered) -> Intent:
        """A new intent, not yet written; its attempt id is unique among all workers."""
        rules = self._tools.revision.providers.get(step.provider, ProviderRules())
        return Intent(
            lane=errand.job.lane,
            job=errand.job.id,
            message=errand.message.id,
            version=errand.record.version,
            attempt=f"{self._tools.token[3:]}.{next(self._serial)}",
            provider=step.provider,
            why=step.why,
            digest=rendered.digest,
            body=errand.body,
            revision=self._tools.revision.number,
            type=errand.message.type,
            priority=errand.type.priority,
            rate=rules.rate,
            burst=rules.burst,
            trial=rules.rate is None,
            board=errand.board.version,
            lease=self._tools.board.lease(errand.board, step.provider),
            cost=cost(errand.record, step.provider, step.why),
        )

    async def admit(self, intent: Intent) -> Admission:
        """Leave to make the call, or why not."""
        admission = await self._batcher.submit(intent)
        self._tools.clock.hear(admission.now)
        return admission

    def attempt(self, intent: Intent, admission: Admission) -> Attempt:
        """The attempt that an admitted intent has become."""
        return Attempt(intent.attempt, intent.provider, intent.why, admission.now, intent.digest, self._tools.token)

    async def _flush(self, intents: Sequence[Intent]) -> Sequence[Admission]:
        attempts, token = self._tools.attempts, self._tools.token
        admissions = await patiently(self._tools, "admit", lambda: attempts.admit(token, intents))
        for intent, admission in zip(intents, admissions, strict=True):
            if admission.code == "ok":
                self._tools.memory.began(intent, admission.now)
        return admissions


async def patiently(tools: Tools, what: str, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """The answer of an idempotent call, asked for again and again while Redis is away."""
    while True:
        try:
            return await call()
        except Unreachable as error:
            tools.log.trouble(what, error)
            await asyncio.sleep(tools.revision.pace.outage_poll)
