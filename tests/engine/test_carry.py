"""What is never sent by us: what another worker may have sent, and what cannot be read."""

import asyncio
import json

import pytest

from lab import NOON, W1, Lab, outcome_of
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.engine.carry import Carrier, started_elsewhere
from notifyctl.engine.tools import Tools
from notifyctl.store.queue import Job

FRESH, KNOWN = Record("m"), Record("m", version=1)


def job(starts: int = 1, deferred: str = "", stalls: int = 0, inherited: bool = False) -> Job:
    return Job(1, "m", starts, deferred, stalls, NOON, "", b"{}", inherited)


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
    to = {"email": "ann@customers.example"}
    data = {"v": 1, "id": "m", "type": "booking.confirmation", "to": to, "subject": "another", "text": "t"}
    lab.enqueue("second", data=json.dumps(data).encode())
    (claimed,) = lab.claim(W1).jobs

    async def story() -> None:
        await Carrier(tools, asyncio.Event()).carry(claimed, 0.0)
        tools.log.flush()

    tools.clock.hear(NOON)
    lab.run(story())
    assert (lab.place("second"), lab.hash("second")["failedReason"].partition(":")[0]) == ("failed", "rejected")
    assert (lab.record("m").state, lab.place("m")) == (State.HELD, "delayed")


class TestDataThatBecameUnreadable:
    """Somebody edits the data of a delayed job, which a dashboard lets one do."""

    def carry(self, lab: Lab, tools: Tools, job: str, outcome: Outcome) -> None:
        """The message `m` had a call and waits in its job `m`; then `job` comes with data that cannot be read."""
        lab.sending("m")
        wait = outcome_of("m", "a1", outcome, state=State.HELD, action="delay", value=str(NOON + 60_000))
        lab.settle(W1, wait)
        lab.enqueue(job)
        lab.redis("HSET", lab.bases[0] + job, "data", '{"id":"m","v":2}', "timestamp", NOON)
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
