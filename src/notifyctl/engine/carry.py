"""Carry one message from its claim to its end: decide, act, record, decide again.

The decisions are `domain/step.py`'s; this is what is done about them. Every turn either ends the message, gives
its job back (delayed), or leads to the next decision.
"""

import asyncio
from dataclasses import replace

from notifyctl.domain.attempt import Attempt, Finish, Look, Record, Send, State, Step, Wait, Why
from notifyctl.domain.errors import InvalidMessage, Unreachable
from notifyctl.domain.outcome import Broken, Certainty, Kind, Outcome, of_broken
from notifyctl.domain.provider import Found
from notifyctl.domain.situation import Situation
from notifyctl.domain.step import after, first_step, next_step, with_outcome
from notifyctl.engine.admit import Admitter, patiently
from notifyctl.engine.render import Errand, Rendered
from notifyctl.engine.settle import Settler, postponement, rejection, settlement, silence
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Admission
from notifyctl.store.jobdata import peek_id
from notifyctl.store.queue import Job

HOLD_MS = 1000  # shorter waits are waited for in memory: giving the job back and claiming it again costs more
STUMBLE_MS = 60_000  # a bug is not mended sooner


class Carrier:
    """Carries messages; any number at once."""

    def __init__(self, tools: Tools, draining: asyncio.Event) -> None:
        self._tools = tools
        self._admitter = Admitter(tools)
        self._settler = Settler(tools)
        self._draining = draining
        self._evidence = {name: provider.capabilities.evidence for name, provider in tools.providers.items()}

    async def carry(self, job: Job, taken_at: float) -> None:
        """Carry the message of a job as far as it goes now; `taken_at` is the loop's clock at the claim."""
        try:
            errand = self._tools.renderer.open(job, taken_at)
        except InvalidMessage as error:
            await self._reject(job, error)
            return
        if job.starts > 1 or job.inherited or job.foreign or job.stalls:
            await self._read(errand)
        step: Step | None = first_step(errand.record, self._situation(errand), started_elsewhere(job, errand.record))
        while step is not None:
            step = await self._take(errand, step)

    async def _take(self, errand: Errand, step: Step) -> Step | None:
        match step:
            case Send():
                return await self._send(errand, step)
            case Look():
                return await self._look(errand, step)
            case Wait() if self._short(step):
                return await self._hold(errand, step)
        return await self._settle(errand, step)

    async def _send(self, errand: Errand, step: Send) -> Step | None:
        """Write the intent, make the one call, record what came of it."""
        started = asyncio.get_running_loop().time()
        rendered = self._tools.renderer.render(errand, self._tools.providers[step.provider])
        suspect = errand.record.suspect
        if step.why is Why.REPLAY and suspect and suspect.digest != rendered.digest:
            return await self._looked(errand)
        intent = self._admitter.intent(errand, step, rendered)
        admission = await self._admitter.admit(intent)
        if admission.code == "ok":
            self._tools.failpoint.reach("after-intent")
            errand.record = _begun(errand.record, self._admitter.attempt(intent, admission), admission, errand.body)
            outcome = await self._call(errand, step.provider, rendered, started)
            return await self._record(errand, intent.attempt, outcome)
        if admission.code == "full":
            errand.full[step.provider] = admission.free_at
            return next_step(errand.record, self._situation(errand))
        return await self._again(errand) if admission.code == "stale" else None

    async def _call(self, errand: Errand, name: str, rendered: Rendered, started: float) -> Outcome:
        """The call itself. It must begin soon after it was admitted, or not at all."""
        provider, tools = self._tools.providers[name], self._tools
        request = provider.request(rendered.document, rendered.envelope, tools.clock.now() / 1000)
        exchange = await tools.wire.send(request, start_by=started + tools.revision.pace.start_by)
        tools.failpoint.reach("after-answer")
        answer = exchange.answer
        outcome = of_broken(answer) if isinstance(answer, Broken) else provider.outcome(answer)
        tools.log.call(errand.message, name, outcome, exchange.seconds)
        return outcome

    async def _record(self, errand: Errand, attempt_id: str, outcome: Outcome) -> Step | None:
        """Record an outcome together with the step that follows from it."""
        errand.record = with_outcome(errand.record, attempt_id, outcome, self._tools.clock.now())
        attempt = next(item for item in errand.record.attempts if item.id == attempt_id)
        await self._hear(errand, attempt.provider, outcome)
        step = after(errand.record, attempt, self._situation(errand))
        return await self._settle(errand, step, attempt)

    async def _hear(self, errand: Errand, provider: str, outcome: Outcome) -> None:
        try:
            closed = await self._tools.limiter.hear(provider, outcome)
        except Unreachable as error:
            self._tools.log.trouble("limit", error)
            return
        if closed:
            errand.full[provider] = closed

    async def _look(self, errand: Errand, step: Look) -> Step | None:
        """Search the provider for a copy; what is found counts as the suspect's acceptance."""
        provider, suspect = self._tools.providers[step.provider], errand.record.suspect
        rendered = self._tools.renderer.render(errand, provider)
        now = self._tools.clock.now() / 1000
        envelope = rendered.envelope
        request = provider.lookup_request(envelope.ref, errand.message.to.email, now, envelope.marketing)
        if request is None or suspect is None:
            return await self._looked(errand)
        answer = (await self._tools.wire.send(request)).answer
        if isinstance(answer, Broken) or (found := provider.lookup(answer)).found is not Found.PRESENT:
            return await self._looked(errand)
        outcome = Outcome(Kind.ACCEPTED, code="found by look-up", provider_id=found.provider_id)
        return await self._record(errand, suspect.id, outcome)

    async def _looked(self, errand: Errand) -> Step | None:
        """A look that brought no evidence."""
        record = errand.record
        seen = replace(record, looks=record.looks + 1, looked_at=self._tools.clock.now())
        step = next_step(seen, self._situation(errand))
        kept = isinstance(step, Send | Look)
        settled = await self._settler.settle(settlement(errand, None if kept else step, looked=True))
        errand.record = replace(seen, version=settled.version)
        return await self._continue(errand, step if kept else None, settled.code)

    async def _hold(self, errand: Errand, step: Wait) -> Step:
        await asyncio.sleep(max(step.until - self._tools.clock.now(), 0) / 1000)
        if any(attempt.outcome is None for attempt in errand.record.attempts):
            return await self._again(errand)  # its worker has told by now, or the call is closed as abandoned
        return next_step(errand.record, self._situation(errand))

    async def _settle(self, errand: Errand, step: Step, attempt: Attempt | None = None) -> Step | None:
        """Write a step, with the outcome that led to it. After an outcome a short wait keeps the job in hand."""
        kept = isinstance(step, Send | Look) or (attempt is not None and isinstance(step, Wait) and self._short(step))
        settled = await self._settler.settle(settlement(errand, None if kept else step, attempt))
        if isinstance(step, Finish) and settled.code == "ok":
            self._tools.log.end(errand.message, step)
            return None
        errand.record = replace(errand.record, version=settled.version)
        return await self._continue(errand, step if kept else None, settled.code)

    async def _continue(self, errand: Errand, step: Step | None, code: str) -> Step | None:
        return await self._again(errand) if code == "stale" else step if code == "ok" else None

    async def _again(self, errand: Errand) -> Step:
        await self._read(errand)
        return next_step(errand.record, self._situation(errand))

    async def _read(self, errand: Errand) -> None:
        """Read the record afresh, again when a worker believed dead told of its call in the meantime."""
        errand.record = await self._current(errand.job, errand.message.id)

    async def _current(self, job: Job, message: str) -> Record:
        """The record of a message, with no attempt open that can no longer be under way."""
        closed = None
        while closed is None:
            record = await patiently(self._tools, "read", lambda: self._tools.attempts.read(message))
            closed = await self._abandon(job, record)
        return closed

    async def _abandon(self, job: Job, record: Record) -> Record | None:
        """Close attempts whose worker did not live to tell; None when one has told by now."""
        now, window = self._tools.clock.now(), self._tools.revision.pace.max_send * 1000
        for attempt in record.attempts:
            if attempt.outcome is None and now >= attempt.intent_at + window:
                settled = await self._settler.settle(silence(job, record.id, attempt, _ABANDONED))
                if settled.code == "stale":
                    return None
                record = replace(with_outcome(record, attempt.id, _ABANDONED, now), version=settled.version)
        return record

    async def _reject(self, job: Job, error: InvalidMessage) -> None:
        """End a job that cannot be read; of many bad ones under one id, each has its turn."""
        code = "stale"
        while code == "stale":
            ending = rejection(job, await self._concerned(job), error)
            code = (await self._settler.settle(ending)).code
        self._tools.log.rejected(job.id, error)

    async def _concerned(self, job: Job) -> Record | None:
        """The record that ends with a job: none without an id, one that has ended, or one that is another job's."""
        message = peek_id(job.data or b"")
        if not message:
            return None
        record = await self._current(job, message)
        elsewhere = record.attempts and record.job != self._tools.queue.key(job.lane, job.id)
        return None if record.ended or elsewhere else record

    async def stumble(self, job: Job) -> None:
        """Give a job back over which this code failed; without a record it will end as unknown, never be sent."""
        until = self._tools.clock.now() + STUMBLE_MS
        await self._settler.settle(postponement(job, until))

    def _short(self, step: Wait) -> bool:
        return step.until - self._tools.clock.now() <= HOLD_MS and not self._draining.is_set()

    def _situation(self, errand: Errand) -> Situation:
        tools = self._tools
        return Situation(
            now=tools.clock.now(),
            enqueued_at=errand.job.timestamp,
            deadline=errand.deadline,
            type=errand.type,
            route=errand.route,
            evidence=self._evidence,
            body=errand.body,
            pace=tools.revision.pace,
            bounds=tools.revision.bounds,
            full=errand.full,
            cannot=errand.cannot,
            job=tools.queue.key(errand.job.lane, errand.job.id),
        )


_ABANDONED = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned", detail="its worker did not live to tell")


def started_elsewhere(job: Job, record: Record) -> bool:
    """True when somebody who keeps no records with us has started the job before."""
    abandoned = bool(job.deferred or job.stalls or job.foreign)
    return abandoned or (job.starts > 1 and record.version == 0 and not job.inherited)


def _begun(record: Record, attempt: Attempt, admission: Admission, body: str) -> Record:
    """The record as `admit` has left it."""
    looked = attempt.why is Why.REPLAY
    return replace(
        record,
        version=admission.version,
        state=State.ATTEMPTING,
        attempts=(*record.attempts, attempt),
        body=body,
        looks=record.looks + 1 if looked else 0,
        looked_at=attempt.intent_at if looked else 0,
    )
