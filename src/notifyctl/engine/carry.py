"""Carry one message from its claim to its end: decide, act, record, decide again.

The decisions are `domain/step.py`'s; this is what is done about them. Every turn either ends the message, gives
its job back (delayed), or leads to the next decision.
"""

import asyncio

from notifyctl.domain.attempt import Attempt, Finish, Look, Record, Send, Step, Wait, Why
from notifyctl.domain.errors import InvalidMessage, Unreachable
from notifyctl.domain.outcome import Broken, Certainty, Kind, Outcome
from notifyctl.domain.provider import Found
from notifyctl.domain.step import after, first_step, next_step, with_outcome
from notifyctl.engine.admit import Admitter, patiently
from notifyctl.engine.outlook import Outlook, begun
from notifyctl.engine.render import Errand, Rendered
from notifyctl.engine.settle import Settler, postponement, rejection, settlement, silence
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Admission, Intent
from notifyctl.store.jobdata import peek_id
from notifyctl.store.queue import Job

STUMBLE_MS = 60_000  # a bug is not mended sooner


class Carrier:
    """Carries messages; any number at once."""

    def __init__(self, tools: Tools, draining: asyncio.Event) -> None:
        self._tools = tools
        self._admitter = Admitter(tools)
        self._settler = Settler(tools)
        self._outlook = Outlook(tools, draining)

    async def carry(self, job: Job, taken_at: float) -> None:
        """Carry the message of a job as far as it goes now; `taken_at` is the loop's clock at the claim."""
        try:
            errand = self._tools.renderer.open(job, taken_at)
        except InvalidMessage as error:
            await self._reject(job, error)
            return
        errand.claimed_at = self._tools.clock.now()
        if job.starts > 1 or job.inherited or job.foreign or job.stalls:
            await self._read(errand)
        if self._tools.board.aged:
            await patiently(self._tools, "board", self._tools.board.renew)
        elsewhere = started_elsewhere(job, errand.record)
        step: Step | None = first_step(errand.record, self._outlook.situation(errand), elsewhere)
        try:
            while step is not None:
                step = await self._take(errand, step)
        finally:
            errand.leave()

    async def _take(self, errand: Errand, step: Step) -> Step | None:
        match step:
            case Send():
                return await self._send(errand, step)
            case Look():
                return await self._look(errand, step)
            case Wait() if self._outlook.short(errand, step):
                return await self._hold(errand, step)
        return await self._settle(errand, step)

    async def _send(self, errand: Errand, step: Send) -> Step | None:
        """Write the intent, make the one call, record what came of it."""
        if not await self._enter(errand, step.provider):
            return next_step(errand.record, self._outlook.situation(errand))
        started = asyncio.get_running_loop().time()
        rendered = self._tools.renderer.render(errand, self._tools.providers[step.provider])
        suspect = errand.record.suspect
        if step.why is Why.REPLAY and suspect and suspect.digest != rendered.digest:
            return await self._looked(errand)
        intent = self._admitter.intent(errand, step, rendered)
        admission = await self._admitter.admit(intent)
        self._tools.limiter.admitted(step.provider, errand.job.lane, admission)
        if admission.code == "ok":
            errand.leave()
            self._tools.failpoint.reach("after-intent")
            errand.record = begun(errand.record, self._admitter.attempt(intent, admission), admission, errand.body)
            if intent.lease:
                self._tools.board.occupied(step.provider, admission.now + int(intent.lease * 1000))
            errand.sender = rendered.envelope.sender.email
            outcome = await self._call(errand, step.provider, rendered, started)
            following = await self._record(errand, intent.attempt, outcome)
            if intent.lease:
                await self._probed(intent, outcome)
            return following
        return await self._refused(errand, step.provider, admission)

    async def _refused(self, errand: Errand, provider: str, admission: Admission) -> Step | None:
        """What to do without leave: decide again on what is known now, unless the job is not ours any more."""
        match admission.code:
            case "full":
                errand.full[provider] = admission.free_at
            case "shut":
                self._tools.board.occupied(provider, admission.free_at)
            case "moved":
                await patiently(self._tools, "board", lambda: self._tools.board.refresh(errand.board))
            case "stale":
                await self._read(errand)
            case _:
                return None
        return next_step(errand.record, self._outlook.situation(errand))

    async def _enter(self, errand: Errand, provider: str) -> bool:
        """Be one of the few of this worker who ask. False when the decision must be made again: that took time, or the
        message may rather go elsewhere than stand in line."""
        limiter, priority = self._tools.limiter, errand.type.priority
        door = limiter.door(provider, priority)
        if errand.door is door:
            return True
        errand.leave()
        if door.enter():
            errand.door = door
            return True
        errand.full[provider] = self._tools.clock.now() + limiter.wait(provider, priority, self._tools.clock.now())
        step = next_step(errand.record, self._outlook.situation(errand))
        if isinstance(step, Wait) and self._outlook.short(errand, step):
            await door.stand(errand.job.lane)
            errand.door = door
            del errand.full[provider]
        return False

    async def _call(self, errand: Errand, name: str, rendered: Rendered, started: float) -> Outcome:
        """The call itself. It must begin soon after it was admitted, or not at all."""
        provider, tools = self._tools.providers[name], self._tools
        now = tools.clocks.now(name)
        request = provider.request(rendered.document, rendered.envelope, now)
        exchange = await tools.wire.send(request, start_by=started + tools.revision.pace.start_by)
        tools.failpoint.reach("after-answer")
        outcome = tools.clocks.judged(provider, exchange.answer, now + exchange.seconds)
        if outcome.kind is Kind.ACCOUNT:
            tools.follow()  # a key that was revoked in a hurry has a successor by now
        errand.took = asyncio.get_running_loop().time() - errand.taken_at
        tools.log.call(errand.message, name, outcome, exchange.seconds, errand.took)
        return outcome

    async def _record(self, errand: Errand, attempt_id: str, outcome: Outcome) -> Step | None:
        """Record an outcome together with the step that follows from it.

        What an acceptance tells of the limit comes after: should Redis be away, its result is on disk by then.
        """
        errand.record = with_outcome(errand.record, attempt_id, outcome, self._tools.clock.now())
        attempt = next(item for item in errand.record.attempts if item.id == attempt_id)
        accepted = outcome.kind is Kind.ACCEPTED
        if not accepted:
            await self._hear(errand, attempt.provider, outcome)
        step = await self._settle(errand, after(errand.record, attempt, self._outlook.situation(errand)), attempt)
        if accepted:
            await self._hear(errand, attempt.provider, outcome)
        return step

    async def _probed(self, intent: Intent, outcome: Outcome) -> None:
        """The call was a probe: let everybody know what it tells."""
        board = self._tools.board
        await patiently(self._tools, "probe", lambda: board.ended(intent.provider, intent.attempt, outcome))

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
        now = self._tools.clocks.now(step.provider)
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
        seen = record._replace(looks=record.looks + 1, looked_at=self._tools.clock.now())
        step = next_step(seen, self._outlook.situation(errand))
        kept = isinstance(step, Send | Look)
        settled = await self._settler.settle(
            settlement(errand, None if kept else step, looked=True, finding=self._outlook.finding(errand, step))
        )
        errand.record = seen._replace(version=settled.version)
        return await self._continue(errand, step if kept else None, settled.code)

    async def _hold(self, errand: Errand, step: Wait) -> Step:
        await asyncio.sleep(max(step.until - self._tools.clock.now(), 0) / 1000)
        if any(attempt.outcome is None for attempt in errand.record.attempts):
            return await self._again(errand)  # its worker has told by now, or the call is closed as abandoned
        return next_step(errand.record, self._outlook.situation(errand))

    async def _settle(self, errand: Errand, step: Step, attempt: Attempt | None = None) -> Step | None:
        """Write a step, with the outcome that led to it. After an outcome a short wait keeps the job in hand."""
        waits = attempt is not None and isinstance(step, Wait) and self._outlook.short(errand, step)
        kept = isinstance(step, Send | Look) or waits
        settled = await self._settler.settle(
            settlement(errand, None if kept else step, attempt, finding=self._outlook.finding(errand, step))
        )
        if isinstance(step, Finish) and settled.code == "ok":
            self._tools.log.end(errand.message, step)
            return None
        errand.record = errand.record._replace(version=settled.version)
        return await self._continue(errand, step if kept else None, settled.code)

    async def _continue(self, errand: Errand, step: Step | None, code: str) -> Step | None:
        return await self._again(errand) if code == "stale" else step if code == "ok" else None

    async def _again(self, errand: Errand) -> Step:
        await self._read(errand)
        return next_step(errand.record, self._outlook.situation(errand))

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
        """Close attempts whose worker did not live to tell; None when the record must be read again.

        It must after each: the worker may have told, or another job of the message has closed it first and gone on.
        """
        now, window = self._tools.clock.now(), self._tools.revision.pace.max_send * 1000
        for attempt in record.attempts:
            if attempt.outcome is None and now >= attempt.intent_at + window:
                settled = await self._settler.settle(silence(job, record.id, attempt, _ABANDONED))
                if settled.code != "lost":
                    return None
                record = with_outcome(record, attempt.id, _ABANDONED, now)
        return record

    async def _reject(self, job: Job, error: InvalidMessage) -> None:
        """End a job that cannot be read; of many bad ones under one id, each has its turn."""
        code = "stale"
        while code == "stale":
            ending = rejection(job, await self._concerned(job), error)
            code = (await self._settler.settle(ending)).code
        self._tools.log.rejected(job.id, error)

    async def _concerned(self, job: Job) -> Record | None:
        """The record that ends with a job, if it has one: never one that has ended, or that is another job's.

        Data without an id may have had one before somebody changed them; then the record may be under the job's.
        """
        message = peek_id(job.data or b"")
        record = await self._current(job, message or job.id)
        elsewhere = record.job != self._tools.queue.key(job.lane, job.id)
        return None if record.ended or (elsewhere and (record.attempts or not message)) else record

    async def stumble(self, job: Job) -> None:
        """Give a job back over which this code failed; without a record it will end as unknown, never be sent."""
        until = self._tools.clock.now() + STUMBLE_MS
        await self._settler.settle(postponement(job, until))


_ABANDONED = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned", detail="its worker did not live to tell")


def started_elsewhere(job: Job, record: Record) -> bool:
    """True when somebody who keeps no records with us has started the job before."""
    abandoned = bool(job.deferred or job.stalls or job.foreign)
    return abandoned or (job.starts > 1 and record.version == 0 and not job.inherited)
