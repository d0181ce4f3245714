"""Duties: heartbeats, the adoption of jobs whose worker is gone, and the replay of what it left on disk."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import free_port
from lab import W1, W2, Lab, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.engine.claim import Claimer
from notifyctl.engine.duties import Duties
from notifyctl.engine.journal import Journal
from notifyctl.engine.tools import Tools
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.presence import Presence
from notifyctl.store.queue import Job
from notifyctl.store.server import Server
from notifyctl.store.workers import Beat

GONE = "nf.gone.9.z"
RESULT = outcome_of(
    "m", "a1", Outcome(Kind.ACCEPTED, provider_id="p-1"), state=State.ACCEPTED, action="complete", value="{}"
)


class Crew:
    """A worker's duties and claimer, without its carriers; `taken` is what they would carry."""

    def __init__(self, tools: Tools, lab: Lab) -> None:
        self.taken: list[Job] = []
        self.draining = asyncio.Event()
        self.claimer = Claimer(tools, lab.link, self.taken.append, self.draining)
        self.duties = Duties(tools, self.claimer, self.draining, "host", 1)

    @property
    def ids(self) -> list[str]:
        return sorted(job.id for job in self.taken)


@pytest.fixture
def crew(tools: Tools, lab: Lab) -> Crew:
    return Crew(tools, lab)


def living(lab: Lab, token: str) -> None:
    lab.run(lab.store.workers.beat(Beat(token, token, "host", 1, "0", "demo", 0, 0, 0, 0), 60))


def rested(lab: Lab, crew: Crew) -> None:
    """The worker has been beating for longer than a heartbeat lasts, so whoever is silent now is gone."""
    lab.run(crew.duties.beat())
    lab.run(asyncio.sleep(0.005))


def test_a_heartbeat_tells_what_the_worker_is_doing(lab: Lab, tools: Tools):
    crew = Crew(
        replace(tools, revision=replace(tools.revision, pace=replace(tools.revision.pace, heartbeat_ttl=60))), lab
    )
    crew.claimer.held.add((1, "m"))
    crew.draining.set()
    lab.run(crew.duties.beat())
    (beat,) = lab.run(lab.store.workers.list())
    assert (beat.token, beat.name, beat.in_flight, beat.draining, beat.pace) == (W1, "one", 1, True, "demo")


def test_what_only_looks_after_things_ends_no_worker(lab: Lab, crew: Crew):
    lab.redis("SET", f"{lab.store.attempts.own}fences", "which is no hash")
    lab.run(crew.duties.audit())
    lab.run(crew.duties.allowance())


def test_a_heartbeat_waits_for_nothing_that_is_only_for_the_eye(lab: Lab, tools: Tools):
    """Connections of their own show a worker to BullMQ's tools; here nobody answers on them."""

    async def beat() -> None:
        while not await lab.store.workers.list():  # noqa: ASYNC110 - a key in Redis is no event
            await asyncio.sleep(0.01)

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            server = Server(directory=Path("unused"), host="127.0.0.1", port=silent.getsockname()[1])
            presence = Presence(server, lab.settings.queues, W1)
            pace = replace(tools.revision.pace, heartbeat=0.01, heartbeat_ttl=60)
            late = replace(tools, presence=presence, revision=replace(tools.revision, pace=pace))
            duties = asyncio.create_task(Crew(late, lab).duties.run())
            async with asyncio.timeout(8) as patience:  # on each connection an answer is waited for longer than that
                await beat()
                await lab.store.workers.leave(W1)
                await beat()
            duties.cancel()
            await asyncio.gather(duties, return_exceptions=True)
            await presence.close()
        assert not patience.expired()  # Python 3.11 may swallow the cancellation, and with it the TimeoutError

    lab.run(story())


@contextmanager
def unreachable(lab: Lab) -> Iterator[None]:
    """Scripts go to a port where nobody listens."""
    nowhere = Server(directory=lab.link.server.directory, host="127.0.0.1", port=free_port())
    scripts, dead = lab.store.attempts.scripts, Link(connect(nowhere, start=False, name="lab"), nowhere)
    scripts.link = dead
    yield
    scripts.link = lab.link
    lab.run(dead.redis.aclose())


class TestAdoption:
    def test_takes_the_jobs_of_the_gone_and_leaves_those_of_the_living(self, lab: Lab, crew: Crew):
        lab.claimed("gone", lane=1, worker=GONE)
        lab.claimed("gone3", lane=3, worker=GONE)
        lab.claimed("living", worker=W2)
        living(lab, W2)
        rested(lab, crew)
        lab.run(crew.duties.adopt())
        assert crew.ids == ["gone", "gone3"]
        assert (lab.lock("gone"), lab.lock("living")) == (W1, W2)
        assert all(job.inherited for job in crew.taken)
        assert crew.claimer.held == {(1, "gone"), (3, "gone3")}

    def test_takes_our_own_of_a_claim_whose_reply_was_lost_but_not_what_is_in_hand(self, lab: Lab, crew: Crew):
        lab.claimed("lost", worker=W1)
        lab.claimed("held", worker=W1)
        crew.claimer.held.add((1, "held"))
        rested(lab, crew)
        lab.run(crew.duties.adopt())
        assert crew.ids == ["lost"]

    def test_takes_a_job_without_any_lock_and_leaves_one_that_a_foreign_worker_holds(self, lab: Lab, crew: Crew):
        lab.claimed("loose")
        lab.redis("DEL", lab.bases[0] + "loose:lock")
        lab.claimed("foreign", worker="9ab1c2d3:4")
        rested(lab, crew)
        lab.run(crew.duties.adopt())
        assert crew.ids == ["loose"]
        assert not crew.taken[0].inherited

    def test_takes_of_many_only_what_can_be_carried_and_the_rest_when_that_is_done(self, lab: Lab, crew: Crew):
        names = [f"gone{number:02}" for number in range(20)]
        for name in names:
            lab.enqueue(name)
        lab.claim(GONE, 20, (20, 0, 0))
        crew.claimer.held = {(2, f"claimed{number}") for number in range(8)}  # as many as may be in flight
        rested(lab, crew)
        for _ in range(2):
            lab.run(crew.duties.adopt())
            assert len(crew.taken) == 8
        while len(crew.taken) < len(names):
            for job in crew.taken[-8:]:
                lab.redis("LREM", f"{lab.bases[0]}active", 1, job.id)
                crew.claimer.release(job)
            lab.run(crew.duties.adopt())
        assert crew.ids == names

    def test_waits_until_the_others_had_time_to_beat(self, lab: Lab, tools: Tools):
        slow = replace(tools.revision, pace=replace(tools.revision.pace, heartbeat_ttl=3600))
        crew = Crew(replace(tools, revision=slow), lab)
        lab.claimed("gone", worker=GONE)
        lab.run(crew.duties.adopt())
        lab.run(crew.duties.beat())
        lab.run(crew.duties.adopt())
        assert (crew.ids, lab.lock("gone")) == ([], GONE)

    def test_is_one_workers_at_a_time_but_each_looks_after_its_own(self, lab: Lab, crew: Crew):
        lab.claimed("gone", worker=GONE)
        lab.claimed("lost", worker=W1)
        lab.run(lab.store.workers.lease("adopt", W2, 60))
        rested(lab, crew)
        lab.run(crew.duties.adopt())
        assert crew.ids == []
        crew.claimer.lost_reply = True
        lab.run(crew.duties.adopt())
        assert (crew.ids, lab.lock("gone"), crew.claimer.lost_reply) == (["lost"], GONE, False)

    def test_whose_own_reply_is_lost_is_made_again(self, lab: Lab, crew: Crew):
        lab.claimed("lost", worker=W1)
        lab.run(lab.store.workers.lease("adopt", W2, 60))
        rested(lab, crew)
        crew.claimer.lost_reply = True
        with unreachable(lab), pytest.raises(Unreachable):
            lab.run(crew.duties.adopt())
        lab.run(crew.duties.adopt())
        assert crew.ids == ["lost"]

    def test_is_left_to_others_while_this_worker_drains(self, lab: Lab, crew: Crew):
        lab.claimed("gone", worker=GONE)
        rested(lab, crew)
        crew.draining.set()
        lab.run(crew.duties.adopt())
        assert (crew.ids, lab.lock("gone")) == ([], GONE)


class TestReplay:
    @pytest.fixture
    def left(self, lab: Lab, tmp_path: Path) -> Path:
        """The journal of a worker that is gone; a provider took its message, and Redis does not know it yet."""
        lab.sending("m", worker=GONE)
        journal = Journal(tmp_path / "journal", GONE)
        journal.append([RESULT])
        journal.close()
        return tmp_path / "journal" / GONE

    def test_gives_redis_what_the_gone_knew_before_their_jobs_are_adopted(self, lab: Lab, crew: Crew, left: Path):
        rested(lab, crew)
        lab.run(crew.duties.adopt())
        record = lab.record("m")
        assert (record.state, record.provider_id, lab.place("m")) == (State.ACCEPTED, "p-1", "completed")
        assert (crew.ids, left.exists()) == ([], False)

    def test_is_good_news_even_when_the_job_was_adopted_before(self, lab: Lab, crew: Crew, left: Path):
        lab.adopt(W2, (1, "m", GONE))
        lab.run(crew.duties.replay_journals())
        assert (lab.record("m").state, lab.lock("m"), left.exists()) == (State.ACCEPTED, W2, False)

    def test_leaves_the_journal_of_the_living_alone(self, lab: Lab, crew: Crew, tmp_path: Path):
        lab.sending("m", worker=W2)
        journal = Journal(tmp_path / "journal", W2)
        journal.append([RESULT])
        lab.run(crew.duties.replay_journals())
        assert lab.record("m").attempts[0].outcome is None
        assert (tmp_path / "journal" / W2).exists()
        journal.close()

    def test_keeps_the_file_until_redis_has_it(self, lab: Lab, crew: Crew, left: Path):
        with unreachable(lab), pytest.raises(Unreachable):
            lab.run(crew.duties.replay_journals())
        assert left.exists()
        lab.run(crew.duties.replay_journals())
        assert (lab.record("m").state, left.exists()) == (State.ACCEPTED, False)

    def test_sets_a_file_aside_that_it_cannot_read_and_says_so(self, lab: Lab, crew: Crew, left: Path, tmp_path: Path):
        strange = tmp_path / "journal" / "nf.a.newer.version"
        strange.write_bytes(b'{"lane":"first"}\n')
        lab.run(crew.duties.replay_journals())
        assert (lab.record("m").state, left.exists(), strange.exists()) == (State.ACCEPTED, False, False)
        lab.run(crew.duties.replay_journals())
        assert lab.run(lab.store.attempts.findings()) == {"WRK-JOURNAL": 1}


def test_told_to_end_they_end_whatever_they_are_doing(lab: Lab, tools: Tools):
    """Cancelled at every point of a beat: while it is written to Redis, Python 3.11 may swallow that."""

    async def story() -> None:
        crew = Crew(tools, lab)
        for turns in range(40):
            duties = asyncio.create_task(crew.duties.run())
            for _ in range(turns):
                await asyncio.sleep(0)
            duties.cancel()
            done, _ = await asyncio.wait({duties}, timeout=20)
            assert done, f"still running after it was cancelled {turns} turns of the loop into its life"

    lab.run(story())
