"""What is never sent by us: what another worker may have sent, and what cannot be read."""

import asyncio
import hashlib
import json
import math
from dataclasses import replace

import pytest
from msgspec import structs

from lab import NOON, W1, Lab, intent, outcome_of
from notifyctl.domain.attempt import Record, State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome, Request
from notifyctl.domain.pace import Pace
from notifyctl.domain.provider import Provider
from notifyctl.engine.audit import Auditor
from notifyctl.engine.carry import Carrier, started_elsewhere
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.net.wire import Exchange, Wire
from notifyctl.providers.resend import Resend
from notifyctl.store.attempts import Attempts
from notifyctl.store.queue import Job
from peers import answering, serve

FRESH, KNOWN = Record("m"), Record("m", version=1)


def job(starts: int = 1, deferred: str = "", stalls: int = 0, inherited: bool = False) -> Job:
    return Job(1, "m", starts, deferred, stalls, NOON, "", b"{}", inherited)


def text(message: str) -> dict[str, object]:
    to = {"email": "ann@customers.example"}
    return {"v": 1, "id": message, "type": "booking.confirmation", "to": to, "subject": "another", "text": "t"}


@pytest.mark.parametrize(
    ("job", "record", "elsewhere"),
    [
        (job(), FRESH, False),
        (job(), KNOWN, False),
        (job(starts=2), FRESH, True),
        (job(starts=2), KNOWN, False),
        (job(starts=9, inherited=True), FRESH, False),
        (job(deferred="job stalled more than allowable limit"), FRESH, True),
        (job(stalls=1), FRESH, True),
        (job(starts=2, stalls=1, inherited=True), FRESH, True),
    ],
)
def test_a_job_was_started_elsewhere_when_nobody_of_us_kept_a_record_or_bullmq_found_it_abandoned(
    job, record, elsewhere
):
    assert started_elsewhere(job, record) is elsewhere


def test_another_text_in_a_second_job_does_not_end_a_message_that_waits_for_its_next_try(lab: Lab, tools: Tools):
    lab.sending("m")
    lab.settle(W1, outcome_of("m", "a1", Outcome(Kind.FAULT), state=State.HELD, action="delay", value=str(NOON + 5000)))
    lab.enqueue("second", data=json.dumps(text("m")).encode())
    (claimed,) = lab.claim(W1).jobs

    async def story() -> None:
        await Carrier(tools, asyncio.Event()).carry(claimed, 0.0)
        tools.log.flush()

    tools.clock.hear(NOON)
    lab.run(story())
    assert (lab.place("second"), lab.hash("second")["failedReason"].partition(":")[0]) == ("failed", "rejected")
    assert (lab.record("m").state, lab.place("m")) == (State.HELD, "delayed")


class Interrupted(Attempts):
    """The records of a lab, in which something happens right after the first look."""

    async def read(self, message: str) -> Record:
        record = await super().read(message)
        happen, self.happen = self.happen, None
        if happen:
            await happen()
        return record


def test_two_jobs_of_a_message_that_find_the_same_abandoned_call_do_not_both_go_on(lab: Lab, tools: Tools):
    """The first closes it and sends once more between the second one's look at the record and its word."""
    data = json.dumps(text("m")).encode()
    call = intent("m", "a1", provider="ses", body=hashlib.sha256(data).hexdigest())
    lab.claimed("m")
    lab.admit(W1, call)
    lab.enqueue("second", lane=2, data=data)
    (second,) = lab.claim(W1).jobs
    lab.now += 60_000
    store = lab.store.attempts
    attempts = Interrupted(store.link, store.scripts, store.own, store.keys[1:], store.keep)
    lost = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned", detail="its worker did not live to tell")

    async def first_goes_on() -> None:
        (settled,) = await store.settle(W1, [outcome_of("m", "a1", lost)])
        resend = structs.replace(call, attempt="a2", version=settled.version, why=Why.RESEND)
        assert (await store.admit(W1, [resend]))[0].code == "ok"

    attempts.happen = first_goes_on
    tools.clock.hear(lab.now)
    carrier = Carrier(replace(tools, attempts=attempts), asyncio.Event())
    lab.run(carrier.carry(structs.replace(second, starts=2, inherited=True), 0.0))
    assert [attempt.id for attempt in lab.record("m").attempts] == ["a1", "a2"]
    assert lab.place("second", lane=2) == "delayed"


class TestDataThatBecameUnreadable:
    """Somebody edits the data of a delayed job, which a dashboard lets one do."""

    def carry(self, lab: Lab, tools: Tools, job: str, outcome: Outcome, data: str = '{"id":"m","v":2}') -> None:
        """The message `m` had a call and waits in its job `m`; then `job` comes with data that cannot be read."""
        lab.sending("m")
        wait = outcome_of("m", "a1", outcome, state=State.HELD, action="delay", value=str(NOON + 60_000))
        lab.settle(W1, wait)
        lab.enqueue(job)
        lab.redis("HSET", lab.bases[0] + job, "data", data, "timestamp", NOON)
        lab.now += 60_000 if job == "m" else 0
        (claimed,) = lab.claim(W1).jobs

        async def story() -> None:
            await Carrier(tools, asyncio.Event()).carry(claimed, 0.0)
            tools.log.flush()

        lab.run(story())
        assert (claimed.id, lab.place(job)) == (job, "failed")

    @pytest.mark.parametrize(
        ("outcome", "state"),
        [
            (Outcome(Kind.FAULT, Certainty.AMBIGUOUS), State.UNKNOWN),
            (Outcome(Kind.FAULT), State.REJECTED),
            (Outcome(Kind.THROTTLED), State.REJECTED),
        ],
    )
    def test_ends_the_message_as_unknown_when_a_copy_may_be_out(self, lab: Lab, tools: Tools, outcome, state):
        self.carry(lab, tools, "m", outcome)
        assert (lab.record("m").state, lab.hash("m")["failedReason"].partition(":")[0]) == (state, state)

    def test_in_another_job_of_the_message_leaves_the_message_to_its_own(self, lab: Lab, tools: Tools):
        self.carry(lab, tools, "other", Outcome(Kind.FAULT))
        assert (lab.record("m").state, lab.place("m")) == (State.HELD, "delayed")
        assert lab.run(lab.store.attempts.findings()) == {}

    @pytest.mark.parametrize("data", ['{"id":"m","v":2}', '{"id":', "", '{"id":"m"}'])
    def test_is_a_finding_and_ends_the_message_even_when_its_id_is_gone(self, lab: Lab, tools: Tools, data: str):
        self.carry(lab, tools, "m", Outcome(Kind.FAULT), data)
        assert lab.record("m").state is State.REJECTED
        assert lab.run(lab.store.attempts.findings()) == {"QUE-EDITED": 1}


class TestDataThatBecameAnotherText:
    """The same edit, with data that can be read."""

    def carry(self, lab: Lab, tools: Tools, outcome: Outcome, message: str = "m") -> None:
        """The message `m` had a call and waits in its job `m`; then its text, or its id, is another."""
        lab.sending("m")
        wait = outcome_of("m", "a1", outcome, state=State.HELD, action="delay", value=str(NOON + 60_000))
        lab.settle(W1, wait)
        data = {"v": 1, "id": message, "type": "booking.confirmation", "to": {"email": "ann@customers.example"}}
        text = json.dumps({**data, "subject": "another", "text": "t"})
        lab.redis("HSET", lab.bases[0] + "m", "data", text, "timestamp", NOON)
        lab.now += 120_000
        (claimed,) = lab.claim(W1).jobs
        tools.clock.hear(lab.now)

        async def story() -> None:
            await Carrier(tools, asyncio.Event()).carry(claimed, 0.0)
            tools.log.flush()

        lab.run(story())

    @pytest.mark.parametrize(
        ("outcome", "state"),
        [(Outcome(Kind.FAULT), State.REJECTED), (Outcome(Kind.FAULT, Certainty.AMBIGUOUS), State.UNKNOWN)],
    )
    def test_ends_job_and_message_and_is_a_finding(self, lab: Lab, tools: Tools, outcome: Outcome, state: State):
        self.carry(lab, tools, outcome)
        assert (lab.record("m").state, lab.place("m")) == (state, "failed")
        assert lab.hash("m")["failedReason"].startswith(f"{state}: ")
        assert lab.run(lab.store.attempts.findings()) == {"QUE-EDITED": 1}
        assert lab.run(lab.store.findings.where("QUE-EDITED")) == [lab.bases[0] + "m"]

    def test_of_another_message_leaves_the_first_to_the_audit(self, lab: Lab, tools: Tools):
        lab.run(Auditor(tools).audit())
        self.carry(lab, tools, Outcome(Kind.FAULT), "another")
        assert (lab.record("m").state, lab.record("another").state) == (State.HELD, State.UNKNOWN)
        lab.run(Auditor(tools).audit())
        assert (lab.record("m").state, lab.run(lab.store.attempts.findings())) == (State.UNKNOWN, {"QUE-EDITED": 1})


@pytest.mark.parametrize(("lane", "findings"), [(1, {"QUE-LANE": 1}), (2, {"QUE-LANE": 1}), (3, {})])
def test_a_newsletter_in_the_lane_of_tickets_is_a_finding(lab: Lab, tools: Tools, lane: int, findings: dict[str, int]):
    data = {"v": 1, "id": "n", "type": "newsletter", "to": {"email": "ann@customers.example"}, "subject": "s"}
    lab.enqueue("n", lane, data=json.dumps({**data, "text": "t"}).encode())
    tools.clock.hear(NOON)

    async def story() -> None:
        for job in (await tools.queue.claim(W1, 60, W1, 9, (9, 9, 9))).jobs:
            await Carrier(tools, asyncio.Event()).carry(job, 0.0)
        tools.log.flush()

    lab.run(story())
    assert (lab.record("n").state, lab.run(lab.store.attempts.findings())) == (State.NO_CONSENT, findings)


class Attentive(Limiter):
    """A limiter that notes how far the record of `m` has got when it is told of an outcome."""

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab.store.limits)
        self._attempts = lab.store.attempts
        self.states: list[State] = []

    async def hear(self, provider: str, outcome: Outcome) -> int:
        self.states.append((await self._attempts.read("m")).state)
        return await super().hear(provider, outcome)


def test_an_acceptance_is_on_record_before_anything_else_is_asked_of_redis(lab: Lab, tools: Tools):
    lab.enqueue("m", data=json.dumps(text("m")).encode())
    (claimed,) = lab.claim(W1).jobs
    limiter = Attentive(lab)
    tools.clock.hear(NOON)
    with serve(answering) as peer:
        providers = {"resend": Resend("re_test", f"http://127.0.0.1:{peer.port}")}
        renderer = Renderer(tools.revision, "bull", providers)
        own = replace(tools, providers=providers, renderer=renderer, limiter=limiter)
        lab.run(Carrier(own, asyncio.Event()).carry(claimed, 0.0))
    assert (limiter.states, lab.place("m")) == ([State.ACCEPTED], "completed")


class Noting(Wire):
    """A wire that notes how long (s) a call may wait for its first byte."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(pace)
        self.waits: list[float] = []

    async def send(self, request: Request, start_by: float | None = None) -> Exchange:
        self.waits.append((start_by or math.inf) - asyncio.get_running_loop().time())
        return await super().send(request, start_by)


def test_a_call_begins_soon_after_its_admission_or_not_at_all(lab: Lab, tools: Tools):
    """A worker that slept between the two must not send: another one may have gone on with the message by now."""
    lab.enqueue("m", data=json.dumps(text("m")).encode())
    (claimed,) = lab.claim(W1).jobs
    tools.clock.hear(NOON)

    async def story(providers: dict[str, Provider]) -> list[float]:
        async with Noting(tools.revision.pace) as wire:
            renderer = Renderer(tools.revision, "bull", providers)
            own = replace(tools, wire=wire, providers=providers, renderer=renderer)
            await Carrier(own, asyncio.Event()).carry(claimed, 0.0)
            return wire.waits

    with serve(answering) as peer:
        (wait,) = lab.run(story({"resend": Resend("re_test", f"http://127.0.0.1:{peer.port}")}))
    assert wait <= tools.revision.pace.start_by
