"""The outlook of a message: what its next decision depends on, gathered from what this worker knows."""

import asyncio

from notifyctl.domain.attempt import Attempt, Finish, Record, State, Step, Wait, Why
from notifyctl.domain.limit import HOLD
from notifyctl.domain.routing import lane_of
from notifyctl.domain.situation import Situation
from notifyctl.engine.render import Errand
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Admission

HOLD_MS = 1000  # shorter waits are waited for in memory: giving the job back and claiming it again costs more


class Outlook:
    """Looks ahead for the messages of one worker."""

    def __init__(self, tools: Tools, draining: asyncio.Event) -> None:
        self._tools = tools
        self._draining = draining
        self._evidence = {name: provider.capabilities.evidence for name, provider in tools.providers.items()}

    def situation(self, errand: Errand) -> Situation:
        """What a decision depends on now; the errand keeps the board on which it rests."""
        tools, now = self._tools, self._tools.clock.now()
        errand.board = tools.board.board
        return Situation(
            now=now,
            enqueued_at=errand.job.timestamp,
            deadline=errand.record.deadline or errand.deadline,
            type=errand.type,
            route=tools.board.route(errand.route, now),
            evidence=self._evidence,
            body=errand.body,
            pace=tools.revision.pace,
            bounds=tools.revision.bounds,
            full=errand.full,
            cannot=errand.cannot,
            job=tools.queue.key(errand.job.lane, errand.job.id),
            shut=tools.board.shut(tools.providers, errand.type.priority, now),
        )

    def short(self, errand: Errand, step: Wait) -> bool:
        """Whether a wait is short enough to keep the message in hand."""
        longest = HOLD if step.until in errand.full.values() else HOLD_MS  # its turn at a full provider is near
        return step.until - self._tools.clock.now() <= longest and not self._draining.is_set()

    def finding(self, errand: Errand, step: Step) -> str:
        """What is to be said of a job at its end beside its state: somebody changed its data, or its lane is wrong."""
        job, record, queue = errand.job, errand.record, self._tools.queue
        if not isinstance(step, Finish):
            return ""
        if record.attempts and record.body != errand.body and record.job == queue.key(job.lane, job.id):
            return "QUE-EDITED"
        return "QUE-LANE" if job.lane < lane_of(errand.type.priority, len(queue.bases)) else ""


def begun(record: Record, attempt: Attempt, admission: Admission, body: str) -> Record:
    """The record as `admit` has left it."""
    looked = attempt.why is Why.REPLAY
    return record._replace(
        version=admission.version,
        state=State.ATTEMPTING,
        attempts=(*record.attempts, attempt),
        body=body,
        looks=record.looks + 1 if looked else 0,
        looked_at=attempt.intent_at if looked else 0,
    )
