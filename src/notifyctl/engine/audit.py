"""The audit: a duty that notices what others do to the queues, and ends the records of jobs that are lost.

It looks at each queue once in the pace's `audit`, and never spends more than a hundredth of its time: after a pass over
very many jobs the next one comes later.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from notifyctl.domain.attempt import Record
from notifyctl.domain.audit import WAIT, Pass, Verdict, judge, mixed_pause, obliterated
from notifyctl.domain.counted import counted
from notifyctl.domain.errors import Degraded
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Settlement
from notifyctl.store.census import PART, Lane, LeaseLost, Trace
from notifyctl.store.clients import strangers
from notifyctl.store.findings import How

SHARE = 100  # a pass that took so long is followed by a hundred times as much rest,
REST = 10  # but by no more than so many times the pace's
ENDED = 100  # records that one script ends: a few milliseconds of the server
SAMPLE = 10  # of many orphans that are counted already, so many say that they are still there


class Auditor:
    """The audit of one worker, which does nothing while another worker holds the lease."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._rests_until = 0.0

    async def audit(self) -> None:
        """Look at every queue, unless it is another's task or too early. Raises `Unreachable`."""
        pace, clock = self._tools.revision.pace, asyncio.get_running_loop().time
        lease = await self._tools.lease("audit", pace.audit)
        if not lease or clock() < self._rests_until:
            return
        began = clock()
        with suppress(LeaseLost):
            for lane in range(1, len(self._tools.queue.bases) + 1):
                await self._look_at(lane, lease)
            await self._strangers()
        self._rests_until = began + min((clock() - began) * SHARE, pace.audit * REST)

    async def _look_at(self, lane: int, lease: int) -> None:
        """One lane; one that is not as BullMQ made it does not keep us from the others."""
        queue = self._tools.queue
        try:
            await self._pass(queue.names[lane - 1], queue.bases[lane - 1], lease)
        except Degraded as error:
            self._tools.log.trouble(f"audit of {queue.names[lane - 1]}", error)

    async def _pass(self, name: str, base: str, lease: int) -> None:
        census = self._tools.census
        lane = await census.begin(base, lease)
        await self._note_state(name, lane)
        tail = await census.tail(base, lease, lane.number)
        if tail.gap:
            await self._note("QUE-EVENTS-GAP", [name])
        ghosts = await census.mark(base, lease, lane.number)
        await self._note("QUE-GHOST", [base + ghost for ghost in ghosts], "new")
        look = Pass(lane.number, lane.began_at, int(self._tools.revision.pace.max_send * 1000))
        for at in range(0, len(tail.removed), PART):
            removed = await census.traces(base, lane.number, tail.removed[at : at + PART])
            await self._keep(lease)
            await self._judge(base, [trace for trace in removed if not trace.job.there], look)
        async for traces in census.missing(base, lane.number):
            await self._keep(lease)
            await self._judge(base, traces, look)

    async def _keep(self, lease: int) -> None:
        """Renew the lease; there may be more to judge than it would last for. Raises `LeaseLost`."""
        if await self._tools.lease("audit", self._tools.revision.pace.audit) != lease:
            raise LeaseLost

    async def _note_state(self, name: str, lane: Lane) -> None:
        if obliterated(lane.before, lane.counter, lane.anew):
            await self._note("QUE-OBLITERATED", [name])
        if mixed_pause(lane.paused, lane.waiting, lane.parked):
            await self._note("QUE-PAUSE-MIXED", [name], "new")

    async def _judge(self, base: str, traces: Sequence[Trace], look: Pass) -> None:
        """Judge missing jobs, end the records of those that are lost, and say so."""
        found: dict[tuple[str, bool], list[Trace]] = defaultdict(list)
        done = []
        for trace, verdict in zip(traces, await self._verdicts(traces, look), strict=True):
            if verdict.finding:
                found[verdict.finding, trace.job.counted].append(trace)
            if verdict.forget:
                done.append(trace.id)
        for (code, known), those in found.items():
            places = [base + trace.job.id for trace in (those[:SAMPLE] if known else those)]
            await self._note(code, places, "known" if known else "each")
        await self._tools.census.count(base, [trace.id for trace in found["QUE-ORPHAN", False]])
        await self._tools.census.forget(base, done)

    async def _verdicts(self, traces: Sequence[Trace], look: Pass) -> list[Verdict]:
        """The verdicts, carried out; one whose record has moved on meanwhile is left to the next pass."""
        records = iter(await self._tools.attempts.read_all([trace.message for trace in traces if trace.message]))
        verdicts = [_verdict(trace, next(records) if trace.message else None, look) for trace in traces]
        ending = [at for at, verdict in enumerate(verdicts) if verdict.state]
        for first in range(0, len(ending), ENDED):
            part = ending[first : first + ENDED]
            endings = [_ending(traces[at], verdicts[at]) for at in part]
            settled = await self._tools.attempts.settle(self._tools.token, endings)
            for at, answer in zip(part, settled, strict=True):
                verdicts[at] = verdicts[at] if answer.code == "ok" else WAIT
        return verdicts

    async def _strangers(self) -> None:
        """Workers that are not ours, by the names of their connections and by the locks of active jobs."""
        queue = self._tools.queue
        names = await strangers(queue.link, queue.names) or []
        held = [item for item in await queue.active() if item.lock and not item.lock.startswith("nf.")]
        places = [*names, *(queue.key(item.lane, item.id) for item in held)]
        await self._note("QUE-FOREIGN-WORKER", places, "new")

    async def _note(self, code: str, places: Sequence[str], how: How = "each") -> None:
        count = await self._tools.findings.note(code, places, how)
        if count and counted(code).severity != "info":
            self._tools.log.found(code, count, places)


def _verdict(trace: Trace, record: Record | None, look: Pass) -> Verdict:
    if record and record.version != trace.version:
        return WAIT
    return judge(replace(trace.job, record=record), look)


def _ending(trace: Trace, verdict: Verdict) -> Settlement:
    return Settlement(
        lane=0, job="", message=trace.message, version=trace.version, provider=verdict.provider, state=verdict.state,
        reason=verdict.reason,
    )  # fmt: skip
