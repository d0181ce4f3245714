"""Random histories with moves to the archive in between, killed anywhere: no copy more than was risked, one line each.

Workers decide on what they read, sometimes on what they read long ago; dashboards retry and remove jobs, producers add
them again, people give dead messages another chance, journals tell late, and Redis forgets that it forgot. What a
provider gets is counted. After every step copies are <= 1 + recorded ambiguous resends, and no message has two lines.
"""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from deadly import PLACES, Deadly, Killed
from lab import NOON, W1, W2, Lab, decision, intent, outcome_of
from notifyctl.domain.archive import Facts, Row
from notifyctl.domain.attempt import Record, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.revision import Revision
from notifyctl.engine.retention import Retention
from notifyctl.evidence import archive
from notifyctl.evidence.batch import Batches
from notifyctl.store.decisions import Order, decide
from notifyctl.store.queue import Job

FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
FACTS = Facts(NOON, NOON, 300, "booking.confirmation", "critical")
MESSAGES = ("m0", "m1", "m2", "m3")
ENDINGS = ("accepted", "dead", "rejected", "doubt", "dies")
messages = st.sampled_from(MESSAGES)
endings = st.sampled_from(ENDINGS)


class Histories(RuleBasedStateMachine):
    """Four messages, two workers, one archive."""

    lab: Lab

    def __init__(self) -> None:
        super().__init__()
        self.lab.redis("FLUSHALL")
        self.lab.now = NOON
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.copies: Counter[str] = Counter()
        self.delivered: dict[str, str] = {}  # attempts of which a copy is out, by the message
        self.serial = 0
        self.forgotten: set[str] = set()

    def teardown(self) -> None:
        self.move("")
        self.no_message_has_two_lines()
        for name in MESSAGES:
            self.check_the_end_of(name)
        self.folder.cleanup()

    def check_the_end_of(self, name: str) -> None:
        record, lines = self.lab.record(name), [row for row in self.lines() if row.id == name]
        assert (record.archived is not None) == (record.version > 0 and bool(lines) and record.ended)
        if record.archived:
            assert (lines[-1].state, lines[-1].provider_id) == (record.state.value, record.provider_id)

    # -- what others do

    @rule(name=messages)
    def give_a_dead_one_another_chance(self, name: str) -> None:
        record = self.lab.record(name)
        if record.state is not State.DEAD or self.lab.place(name) != "failed":
            return
        self.serial += 1
        order = Order(
            f"d{self.serial}", 1, name, name, record.version, "retry", "ada", "why", record.state, State.QUEUED,
            spent=len(record.attempts),
        )  # fmt: skip
        (answer,) = self.lab.run(decide(self.lab.store.queue, [order]))
        assert answer.code == ("stale" if record.archived else "ok")
        self.work_on(name, "accepted")

    @rule(name=messages)
    def tell_late_of_a_copy(self, name: str) -> None:
        for attempt in [attempt for attempt, of in self.delivered.items() if of == name]:
            self.lab.settle(W2, self.acceptance(name, attempt, lane=0))

    # -- what workers do

    @rule(name=messages, ending=endings, retry=st.booleans())
    def add_it_once_more_or_retry_it_and_work(self, name: str, ending: str, retry: bool) -> None:
        self.bring(name, retry)
        self.work_on(name, ending)

    @rule(name=messages, ending=endings, place=st.sampled_from(("", *PLACES)), retry=st.booleans())
    def decide_on_what_was_read_before_a_move(self, name: str, ending: str, place: str, retry: bool) -> None:
        self.bring(name, retry)
        jobs = [(job, self.lab.record(job.id)) for job in self.lab.claim(W2).jobs]
        self.move(place)
        for job, record in jobs:
            self.carry(job, record, ending, W2)

    @rule(name=messages)
    def adopt_what_a_dead_worker_left(self, name: str) -> None:
        if lock := self.lab.lock(name):
            self.lab.adopt(W1, (1, name, lock))
            self.carry(Job(1, name, 2, "", 0, NOON, ""), self.lab.record(name), "accepted", W1)

    def bring(self, name: str, retry: bool) -> None:
        """Have its job in the queue: added, retried, or removed and added again."""
        if self.lab.place(name) in ("completed", "failed"):
            (self.lab.retry if retry else self.lab.remove)(name)
        self.lab.enqueue(name)

    def work_on(self, name: str, ending: str) -> None:
        for job in self.lab.claim(W1).jobs:
            self.carry(job, self.lab.record(job.id), ending, W1)

    def carry(self, job: Job, record: Record, ending: str, worker: str) -> None:
        """Decide on that record; on a fresh one when it is stale."""
        for _ in range(3):
            if self.step(record, ending, worker):
                return
            record = self.lab.record(job.id)

    def step(self, record: Record, ending: str, worker: str) -> bool:
        name = record.id
        if record.ended:
            return self.finish(name, record, record.state, worker)
        if record.suspect and record.suspect.outcome is None:
            self.lab.settle(worker, outcome_of(name, record.suspect.id, DOUBT))
            return False
        if record.suspect and record.ambiguous_resends:
            return self.finish(name, record, State.UNKNOWN, worker)
        return self.call(name, record, Why.RESEND if record.suspect else Why.FIRST, ending, worker)

    def finish(self, name: str, record: Record, state: State, worker: str) -> bool:
        action = "complete" if state is State.ACCEPTED else "fail"
        told = decision(name, record.version, state, action, state.value, facts=FACTS)
        return self.lab.settle(worker, told)[0].code != "stale"

    def call(self, name: str, record: Record, why: Why, ending: str, worker: str) -> bool:
        self.serial += 1
        attempt = f"a{self.serial}"
        (answer,) = self.lab.admit(worker, intent(name, attempt, record.version, why=why))
        if answer.code != "ok":
            return answer.code == "lost"
        if ending in ("accepted", "doubt", "dies"):
            self.copies[name] += 1
            self.delivered[attempt] = name
        if ending == "accepted":
            self.lab.settle(worker, self.acceptance(name, attempt))
        elif ending == "doubt":
            self.lab.settle(worker, outcome_of(name, attempt, DOUBT))
            return False
        elif ending != "dies":
            state = State.UNKNOWN if record.suspect else State(ending)
            end = outcome_of(name, attempt, FAULT, state=state, action="fail", value=ending, facts=FACTS)
            self.lab.settle(worker, end)
        return True

    def acceptance(self, name: str, attempt: str, lane: int = 1):
        outcome = Outcome(Kind.ACCEPTED, provider_id=f"p-{attempt}")
        state, value = State.ACCEPTED, "{}"
        return outcome_of(
            name, attempt, outcome, lane=lane, state=state, action="complete", value=value, facts=FACTS
        )  # fmt: skip

    # -- the archive

    @rule(place=st.sampled_from(("", "", *PLACES)))
    def move(self, place: str) -> None:
        self.lab.now += 1
        try:
            self.lab.run(self.mover(place).move(self.lab.now))
        except Killed:
            assert place

    @rule(place=st.sampled_from(("", "", "", *PLACES)), again=st.booleans())
    def move_and_have_redis_forget_it(self, place: str, again: bool) -> None:
        """It was restored from a backup, or crashed before its disk had the last second."""
        before = self.lab.run(self.dump())
        self.move(place)
        after = self.lab.run(self.dump())
        self.forgotten |= {key.decode().rpartition(":")[2] for key in before if before[key] != after.get(key)}
        self.lab.run(self.restore(before))
        if again:
            self.move("")

    async def dump(self) -> dict[bytes, bytes]:
        redis = self.lab.link.redis
        keys = [key for part in ("msg", "att") for key in await redis.keys(f"nf:{{bull}}:{part}:*")]
        return {key: await redis.dump(key) for key in keys}

    async def restore(self, before: dict[bytes, bytes]) -> None:
        for key, text in before.items():
            await self.lab.link.redis.restore(key, 0, text, replace=True)

    def mover(self, place: str) -> Retention:
        store = self.lab.store
        return Retention(store.retired, self.home, Revision().types, "host", store.boards, Deadly(place))

    def lines(self) -> list[Row]:
        return [row for month in archive.months(self.home) for row in archive.rows(self.home, month)]

    def rows(self) -> list[Row]:
        """Everything on the disk, what is on its way, too."""
        left = Batches(self.home, self.lab.store.retired.realm).kept() if (self.home / "archive").exists() else None
        return [*self.lines(), *(left.rows if left else ())]

    # -- what holds after every step

    @invariant()
    def copies_are_no_more_than_were_risked(self) -> None:
        rows = self.rows()
        for name in MESSAGES:
            told = [row.resends for row in rows if row.id == name]
            resends = sum(one.why is Why.RESEND for one in self.lab.record(name).attempts)
            assert self.copies[name] <= 1 + max([resends, *told]), (name, self.copies)

    @invariant()
    def no_message_has_two_lines(self) -> None:
        counts = Counter((row.id, row.version) for row in self.lines())
        assert not counts or max(counts.values()) == 1
        ids = Counter(row.id for row in self.lines() if row.id not in self.forgotten)
        assert not ids or max(ids.values()) == 1

    @invariant()
    def nothing_that_redis_forgot_is_nowhere(self) -> None:
        there = {row.id for row in self.rows()}
        assert all(name in there for name in MESSAGES if self.lab.record(name).archived)


def test_histories(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Histories, "lab", lab, raising=False)
    budget = settings(
        max_examples=30, stateful_step_count=20, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Histories, settings=budget)
