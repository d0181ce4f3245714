"""Claim, admit, settle and adopt against a model in plain Python, in any order that two workers may call them.

The model knows where each job is, who holds it, and what is on record of each message. After every step the server
must show the same. Rules that aim at one corner (a stale worker, late news, a lost reply) stand beside random ones.
"""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from lab import NOON, W1, W2, Lab, decision, intent, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.store.attempts import Settlement
from notifyctl.store.records import rank

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
FAULT = Outcome(Kind.FAULT, code="503")
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
OPEN = (State.QUEUED, State.ATTEMPTING, State.HELD)
DOOR = (State.REJECTED, State.NO_CONSENT, State.EXPIRED)
JOBS = {"j1": (1, "m1"), "j2": (2, "m1"), "j3": (1, "m2")}  # two jobs, in two lanes, carry one message
PLACES = {"complete": "completed", "fail": "failed", "delay": "delayed"}
workers = st.sampled_from((W1, W2))
jobs = st.sampled_from(sorted(JOBS))


@dataclass
class Place:
    """Where a job is and whose it is."""

    name: str | None = None
    lock: str | None = None
    due: int = 0
    starts: int = 0


@dataclass
class Book:
    """What is on record of a message."""

    version: int = 0
    state: State = State.QUEUED
    outcomes: dict[str, Outcome | None] = field(default_factory=dict)
    looks: int = 0

    @property
    def ended(self) -> bool:
        return self.state not in OPEN and not (self.state in DOOR and not self.outcomes)


class Machine(RuleBasedStateMachine):
    """Two workers, three jobs, two messages."""

    lab: Lab

    def __init__(self) -> None:
        super().__init__()
        self.lab.redis("FLUSHALL")
        self.lab.now = NOON
        self.places = {name: Place() for name in JOBS}
        self.books = {message: Book() for _, message in JOBS.values()}
        self.waiting: dict[int, list[str]] = {1: [], 2: [], 3: []}
        self.owners: dict[str, tuple[str, str]] = {}  # attempt -> worker, job
        self.last: tuple[str, Settlement] | None = None

    # -- what producers and people do

    @rule(job=jobs)
    def enqueue(self, job: str) -> None:
        lane, _ = JOBS[job]
        fresh = self.places[job].name is None
        assert self.lab.enqueue(job, lane) == fresh
        if fresh:
            self.places[job] = Place("wait")
            self.waiting[lane].append(job)

    @rule(job=jobs, removed=st.booleans())
    def retry_or_remove_a_finished_job(self, job: str, removed: bool) -> None:
        place, lane = self.places[job], JOBS[job][0]
        if place.name not in ("completed", "failed"):
            return
        if removed:
            self.lab.remove(job, lane)
            self.places[job] = Place()
        else:
            self.lab.retry(job, lane)
            place.name = "wait"
            self.waiting[lane].append(job)

    @rule(job=jobs, off=st.sampled_from((-1, 0, 1)))
    def go_to_the_moment_at_which_a_job_is_due(self, job: str, off: int) -> None:
        if self.places[job].name == "delayed":
            self.lab.now = max(self.lab.now, self.places[job].due + off)

    # -- claim and adopt

    @rule(worker=workers, most=st.integers(1, 3))
    def claim(self, worker: str, most: int) -> None:
        claim = self.lab.claim(worker, most)
        due = sorted((place.due, job) for job, place in self.places.items() if place.name == "delayed")
        for at, job in due:
            if at <= self.lab.now:
                self.places[job].name = "wait"
                self.waiting[JOBS[job][0]].append(job)
        taken = [job for lane in (1, 2, 3) for job in self.waiting[lane]][:most]
        assert sorted(job.id for job in claim.jobs) == sorted(taken)
        for job in claim.jobs:
            place = self.places[job.id]
            self.waiting[job.lane].remove(job.id)
            place.name, place.lock, place.starts = "active", worker, place.starts + 1
            assert job.starts == place.starts

    @rule(worker=workers, job=jobs, stale=st.booleans())
    def adopt(self, worker: str, job: str, stale: bool) -> None:
        place = self.places[job]
        seen = "nf.somebody.else" if stale else place.lock or ""
        adopted = self.lab.adopt(worker, (JOBS[job][0], job, seen))
        right = place.name == "active" and not stale
        assert [item.id for item in adopted] == ([job] if right else [])
        if right:
            place.lock = worker

    # -- admit

    def _admit(self, worker: str, job: str, attempt: str, version: int) -> None:
        lane, message = JOBS[job]
        book = self.books[message]
        (answer,) = self.lab.admit(worker, intent(message, attempt, version, lane, job=job))
        if attempt in book.outcomes:
            expected = "ok"
        elif self.places[job].lock != worker:
            expected = "lost"
        else:
            expected = "ok" if version == book.version else "stale"
        assert answer.code == expected
        if expected == "ok" and attempt not in book.outcomes:
            book.version = max(book.version + 1, self.lab.now)
            book.state, book.looks = State.ATTEMPTING, 0
            book.outcomes[attempt] = None
            self.owners[attempt] = (worker, job)
        if expected == "ok":
            assert answer.version == book.version

    @rule(worker=workers, job=jobs, off=st.sampled_from((-1, 0, 0, 1)))
    def admit(self, worker: str, job: str, off: int) -> None:
        """An intent made on some version; the caller asks for messages that have not ended only."""
        book = self.books[JOBS[job][1]]
        if not book.ended or off:
            self._admit(worker, job, f"a{len(self.owners)}", book.version + off)

    @precondition(lambda self: self.owners)
    @rule(data=st.data())
    def admit_again_after_a_lost_reply(self, data: st.DataObject) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.owners)))
        worker, job = self.owners[attempt]
        self._admit(worker, job, attempt, 0)

    # -- settle

    def _settle(self, worker: str, told: Settlement) -> str:
        (answer,) = self.lab.settle(worker, told)
        assert answer.code == self._expect(worker, told)
        if answer.code in ("ok", "late"):
            assert answer.version == self.books[told.message].version
        self.last = (worker, told)
        return answer.code

    def _expect(self, worker: str, told: Settlement) -> str:
        """The rules of settle, in their order: whose job, what outcome, which version, what end."""
        place, book = self.places[told.job], self.books[told.message]
        mine = place.lock == worker
        good = told.outcome is not None and rank(told.outcome) == "2"
        if not mine and not good:
            return "lost"
        if told.attempt:
            before = book.outcomes[told.attempt]
            if before not in (None, told.outcome) and (not good or rank(before) == "2"):
                return "stale"
            book.outcomes[told.attempt] = told.outcome
        elif told.version != book.version:
            return "stale"
        if not self._move(book, told, good):
            return "stale"
        book.version = max(book.version + 1, self.lab.now)
        book.looks += told.looked
        if not mine:
            return "late"
        self._leave(place, told)
        return "ok"

    def _move(self, book: Book, told: Settlement, good: bool) -> bool:
        """A terminal state is left for accepted only; the same end again is no contradiction."""
        if book.ended and book.state is not told.state and not good:
            return False
        if told.state and book.state is not State.ACCEPTED:
            book.state = told.state
        return True

    def _leave(self, place: Place, told: Settlement) -> None:
        if told.action in PLACES:
            place.name, place.lock = PLACES[told.action], None
            place.due = int(told.value) if told.action == "delay" else 0

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), foreign=st.booleans())
    def an_answer_comes(self, data: st.DataObject, foreign: bool) -> None:
        """From the worker that made the call, or from another that found evidence."""
        attempt = data.draw(st.sampled_from(sorted(self.owners)))
        owner, job = self.owners[attempt]
        worker = (self.places[job].lock or owner) if foreign else owner
        lane, message = JOBS[job]
        due = str(self.lab.now + data.draw(st.sampled_from((1, 1000))))
        outcome, state, action, value = data.draw(
            st.sampled_from(
                [
                    (ACCEPTED, State.ACCEPTED, "complete", "{}"),
                    (DOUBT, State.ATTEMPTING, "delay", due),
                    (DOUBT, None, "keep", ""),
                    (FAULT, State.HELD, "delay", due),
                    (FAULT, None, "keep", ""),
                    (FAULT, State.DEAD, "fail", "dead: why"),
                ]
            )
        )
        told = outcome_of(message, attempt, outcome, state=state, action=action, value=value, lane=lane, job=job)
        self._settle(worker, told)

    @rule(data=st.data(), worker=workers, job=jobs, off=st.sampled_from((-1, 0, 0, 0, 1)))
    def a_decision_is_made(self, data: st.DataObject, worker: str, job: str, off: int) -> None:
        lane, message = JOBS[job]
        book = self.books[message]
        due = str(self.lab.now + 500)
        state, action, value, looked = data.draw(
            st.sampled_from(
                [
                    (State.HELD, "delay", due, False),
                    (State.UNKNOWN, "fail", "unknown: why", False),
                    (State.EXPIRED, "fail", "expired: why", False),
                    (State.NO_CONSENT, "complete", "{}", False),
                    (None, "keep", "", True),
                    (book.state if book.ended else State.HELD, "complete" if book.ended else "delay", due, False),
                ]
            )
        )
        told = decision(message, book.version + off, state, action, value, lane=lane, job=job, looked=looked)
        self._settle(worker, told)

    @precondition(lambda self: self.last)
    @rule()
    def settle_again_after_a_lost_reply(self) -> None:
        self._settle(*self.last)

    # -- corners

    @rule(job=jobs)
    def a_worker_is_given_up_and_comes_back_with_bad_news_and_then_good(self, job: str) -> None:
        """Adopted by another, who waits; the bad news is dropped, the good news is taken, whatever was decided."""
        lane, message = JOBS[job]
        place, book = self.places[job], self.books[message]
        if place.name != "active" or book.ended:
            return
        first = place.lock
        second = W2 if first == W1 else W1
        attempt = f"a{len(self.owners)}"
        self._admit(first, job, attempt, book.version)
        assert self.lab.adopt(second, (lane, job, first))
        place.lock = second
        bad = outcome_of(message, attempt, FAULT, state=State.DEAD, action="fail", value="x", lane=lane, job=job)
        assert self._settle(first, bad) == "lost"
        end = decision(message, book.version, State.UNKNOWN, "fail", "unknown: why", lane=lane, job=job)
        assert self._settle(second, end) == "ok"
        good = outcome_of(
            message, attempt, ACCEPTED, state=State.ACCEPTED, action="complete", value="{}", lane=lane, job=job
        )
        assert self._settle(first, good) == "late"
        assert book.state is State.ACCEPTED

    # -- what the server must show

    @invariant()
    def every_job_is_where_the_model_says_and_whose(self) -> None:
        seen = self.lab.places([(job, JOBS[job][0]) for job in self.places])
        assert seen == [(place.name, place.lock) for place in self.places.values()]

    @invariant()
    def every_record_says_what_the_model_says(self) -> None:
        for message, book in self.books.items():
            record = self.lab.record(message)
            assert (record.version, record.state, record.looks) == (book.version, book.state, book.looks)
            assert {item.id: item.outcome for item in record.attempts} == book.outcomes
            assert record.ended == book.ended

    @invariant()
    def the_books_add_up(self) -> None:
        attempts, books = self.lab.store.attempts, self.books
        states = [book.state for book in books.values() if book.state not in OPEN]
        totals, _ = self.lab.run(attempts.totals())
        assert {name: count for name, count in totals.items() if count} == {
            state.value: states.count(state) for state in set(states)
        }
        unknown = {message for message, book in books.items() if book.state is State.UNKNOWN}
        assert {name for name, _ in self.lab.run(attempts.unknown())} == unknown
        open_calls = sum(outcome is None for book in books.values() for outcome in book.outcomes.values())
        assert self.lab.run(attempts.in_flight()) == open_calls


def test_the_scripts_do_what_the_model_says(lab: Lab):
    Machine.lab = lab
    budget = settings(
        max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Machine, settings=budget)
