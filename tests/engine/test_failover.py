"""Several workers on one board: where mail goes when a provider fails, and how the provider comes back.

The providers are the emulator's, the server's clock is the test's.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from house import Emulator, emulated
from lab import NOON, Lab
from notifyctl.domain.attempt import Record, State
from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Minute, Phase
from notifyctl.domain.message import Address
from notifyctl.domain.pace import PRODUCTION
from notifyctl.domain.revision import PROVIDERS, ProviderRules, Revision
from notifyctl.domain.route import Override, Pin, Route
from notifyctl.engine.board import KnownBoard
from notifyctl.engine.carry import Carrier
from notifyctl.engine.clock import ProviderClocks, ServerClock
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.journal import Journal
from notifyctl.engine.limiter import Limiter
from notifyctl.engine.prober import Prober
from notifyctl.engine.render import Renderer
from notifyctl.engine.tools import Tools
from notifyctl.net.wire import Wire
from notifyctl.providers.postmark import Postmark
from notifyctl.providers.resend import Resend
from notifyctl.store.board import Boards, Look
from notifyctl.store.presence import Presence
from notifyctl.telemetry.logs import Log

TOKENS = ("nf.host.1.a", "nf.host.2.b", "nf.host.3.c")
DOWN = {"status": 503, "times": -1}
NAMES = ("resend", "postmark")
FROM = {
    "resend": {"status": 403, "body": {"name": "validation_error", "message": "The domain is not verified."}},
    "postmark": {"status": 422, "body": {"ErrorCode": 400, "Message": "Sender signature not found"}},
}


class Crew:
    """Three workers; `send` lets them carry messages at the same time."""

    def __init__(self, lab: Lab, emulator: Emulator, folder: Path, stack: ExitStack) -> None:
        self.lab = lab
        self.emulator = emulator
        unlimited = {name: ProviderRules(rate=1e6, burst=10**6) for name in PROVIDERS}  # tokens need a clock that runs
        self.revision = Revision(sender=Address("tickets@venue.example"), pace=PRODUCTION, providers=unlimited)
        self.providers = {
            "resend": Resend("re_emulator", emulator.urls["resend"]),
            "postmark": Postmark("postmark-emulator", emulator.urls["postmark"]),
        }
        self.serial, self.run_id = 0, secrets.token_hex(4)  # the emulator knows the keys of earlier tests
        file = stack.enter_context((folder / "log").open("wb"))
        self.wires = [Wire(PRODUCTION) for _ in TOKENS]
        parts = zip(TOKENS, self.wires, strict=True)
        self.tools = [self._tools(token, wire, folder, file.fileno()) for token, wire in parts]
        self.carriers = [Carrier(tools, asyncio.Event()) for tools in self.tools]
        for wire in self.wires:
            lab.run(wire.__aenter__())

    def _tools(self, token: str, wire: Wire, folder: Path, log_to: int) -> Tools:
        store, clock, log = self.lab.store, ServerClock(), Log(token, b"pepper", log_to)
        clock.hear(self.lab.now)
        return Tools(
            token=token, name=token, revision=self.revision, providers=self.providers, queue=store.queue,
            attempts=store.attempts, workers=store.workers, census=store.census, findings=store.findings,
            presence=Presence(self.lab.settings.redis, (), token), limiter=Limiter(store.limits),
            renderer=Renderer(self.revision, "bull", self.providers), wire=wire, journal=Journal(folder / token, token),
            log=log, clock=clock, clocks=ProviderClocks(clock), failpoint=Failpoint(),
            board=KnownBoard(store.boards, store.attempts, self.revision, token, clock, log),
        )  # fmt: skip

    def close(self) -> None:
        for tools in self.tools:
            tools.log.flush()
            tools.journal.close()
        for wire in self.wires:
            self.lab.run(wire.__aexit__(None, None, None))

    def strike(self, *providers: str, **fault: object) -> None:
        for name in providers:
            self.emulator.fault(name, **fault)

    def pass_time(self, ms: int) -> None:
        """Everybody hears of it, as with the next answer of the server."""
        self.lab.now += ms
        for tools in self.tools:
            tools.clock.hear(self.lab.now)

    def send(self, count: int, kind: str = "booking.reminder", lane: int = 2) -> list[str]:
        """So many messages, carried by all workers as far as they go now."""
        names = []
        for _ in range(count):
            self.serial += 1
            name = f"m{self.serial}-{self.run_id}"
            to = {"email": f"{name}@customers.example"}
            text = {"v": 1, "id": name, "type": kind, "to": to, "subject": "Hi", "text": "t"}
            self.lab.enqueue(name, lane, data=json.dumps(text).encode())
            names.append(name)
        self.lab.run(self._carry(count))
        return names

    async def _carry(self, count: int) -> None:
        share, carries = -(-count // len(self.tools)), []
        for tools, carrier in zip(self.tools, self.carriers, strict=True):
            claim = await self.lab.store.queue.claim(tools.token, 90_000.0, tools.token, share, (share,) * 3)
            now = asyncio.get_running_loop().time()
            carries += [carrier.carry(job, now) for job in claim.jobs]
        await asyncio.gather(*carries)

    def probe(self) -> None:
        self.lab.run(Prober(self.tools[0]).probe())

    def records(self, names: list[str]) -> list[Record]:
        return self.lab.run(self.lab.store.attempts.read_all(names))

    def tried(self, names: list[str]) -> set[str]:
        return {attempt.provider for record in self.records(names) for attempt in record.attempts}

    def states(self, names: list[str]) -> set[State]:
        return {record.state for record in self.records(names)}

    @property
    def board(self) -> Board:
        return self.lab.run(self.lab.store.boards.look()).board

    def lay(self, route: Route) -> None:
        assert self.lab.run(self.lab.store.boards.change_route(self.board.version, route, "test", "ann", "why"))

    def trip(self) -> None:
        """Resend fails until its breaker is open; then it works again."""
        self.strike("resend", **DOWN)
        self.send(6)
        assert self.board.breaker("resend").phase is Phase.OPEN
        self.emulator.call("DELETE", "/faults")

    def half_open(self) -> None:
        """The sink has gone well."""
        self.trip()
        self.pass_time(300_000)
        self.probe()
        breaker = self.board.breaker("resend")
        assert (breaker.phase, breaker.successes) == (Phase.HALF_OPEN, 1)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with emulated() as emulator:
        emulator.call("PUT", "/settings", {"resend": {"rate": None}, "ses": {"rate": None}})
        yield emulator


@pytest.fixture
def crew(lab: Lab, emulator: Emulator, tmp_path: Path) -> Iterator[Crew]:
    emulator.call("DELETE", "/faults")
    with ExitStack() as stack:
        crew = Crew(lab, emulator, tmp_path, stack)
        yield crew
        crew.close()


def test_a_provider_that_fails_three_times_gets_no_more_mail_from_anybody(crew: Crew):
    crew.strike("resend", **DOWN)
    first = crew.send(30)
    breaker = crew.board.breaker("resend")
    assert (breaker.phase, breaker.rule, breaker.until) == (Phase.OPEN, "T1", NOON + 300_000)
    assert crew.states(first) == {State.ACCEPTED}
    later = crew.send(12) + crew.send(3, "booking.confirmation", 1)
    assert crew.tried(later) == {"postmark"}
    assert len(crew.lab.run(crew.lab.store.boards.history())) == 1, "one of the three has moved it"


def test_no_call_goes_there_before_300_seconds_are_over(crew: Crew):
    crew.trip()
    crew.pass_time(299_998)
    crew.probe()
    assert crew.tried(crew.send(3)) == {"postmark"}
    assert crew.emulator.copies("delivered@resend.dev") == 0
    assert crew.board.breaker("resend").phase is Phase.OPEN


def test_it_comes_back_by_a_sink_and_two_messages_one_at_a_time(crew: Crew):
    before = crew.emulator.copies("delivered@resend.dev")
    crew.half_open()
    assert crew.emulator.copies("delivered@resend.dev") == before + 1
    assert crew.states(crew.send(9)) == {State.ACCEPTED}
    for _ in range(3):
        crew.send(1)
    assert crew.board.breaker("resend").phase is Phase.CLOSED
    rules = [entry.verb for entry in reversed(crew.lab.run(crew.lab.store.boards.history()))]
    assert rules == ["T1", "T4", "T5", "T5", "T6"]
    assert crew.tried(crew.send(3)) == {"resend"}


def test_a_critical_message_is_no_probe(crew: Crew):
    crew.half_open()
    assert crew.tried(crew.send(6, "booking.confirmation", 1)) == {"postmark"}
    assert crew.board.breaker("resend").successes == 1


def test_a_probe_that_fails_opens_it_for_another_window(crew: Crew):
    crew.half_open()
    crew.strike("resend", **DOWN)
    names = crew.send(6)
    assert crew.states(names) == {State.ACCEPTED}
    breaker = crew.board.breaker("resend")
    assert (breaker.phase, breaker.rule, breaker.until) == (Phase.OPEN, "T7", crew.lab.now + 300_000)
    assert sum(len(record.attempts) - 1 for record in crew.records(names)) == 1, "one message alone met the fault"


def test_without_traffic_the_sink_brings_it_back(crew: Crew):
    crew.trip()
    crew.pass_time(300_000)
    for _ in range(3):
        crew.probe()
        crew.pass_time(60_001)
    assert crew.board.breaker("resend").phase is Phase.CLOSED


def test_one_worker_probes_for_all(crew: Crew):
    crew.trip()
    crew.pass_time(300_000)
    crew.lab.run(crew.tools[1].lease("prober", 5.0))
    crew.probe()
    assert crew.board.breaker("resend").phase is Phase.OPEN


def test_when_all_are_down_messages_are_held_without_an_attempt_and_nothing_is_claimed(crew: Crew):
    crew.strike(*NAMES, **DOWN)
    for _ in range(3):
        crew.send(6)
    assert {crew.board.breaker(name).phase for name in NAMES} == {Phase.OPEN}
    held = crew.send(6)
    assert (crew.states(held), crew.tried(held)) == ({State.HELD}, set())
    assert {crew.lab.place(name, 2) for name in held} == {"delayed"}
    board, now = crew.tools[0].board, crew.lab.now
    assert now < board.opens(NAMES, now) <= now + 300_000


def test_a_refused_account_trips_at_once_and_its_message_goes_elsewhere(crew: Crew):
    crew.strike("resend", status=401, body={"name": "restricted_api_key", "message": "no"}, times=1)
    names = crew.send(1)
    assert (crew.states(names), crew.board.breaker("resend").rule) == ({State.ACCEPTED}, "T3")


def test_one_bad_release_leaves_every_breaker_closed(crew: Crew):
    for name, fault in FROM.items():
        crew.strike(name, times=-1, **fault)
    names = crew.send(12)
    board = crew.board
    assert {board.breaker(name).phase for name in NAMES} == {Phase.CLOSED}
    assert set(board.senders) == {f"{name}|tickets@venue.example" for name in NAMES}
    assert crew.states(names) == {State.HELD}
    more = crew.send(3)
    assert (crew.states(more), crew.tried(more)) == ({State.HELD}, set())


def test_a_closed_sender_takes_the_other_way(crew: Crew):
    crew.strike("resend", times=-1, **FROM["resend"])
    assert crew.states(crew.send(6)) == {State.ACCEPTED}
    assert crew.tried(crew.send(6)) == {"postmark"}


def test_an_alternating_provider_trips_by_its_rate(crew: Crew):
    for number in range(1, 21, 2):
        crew.strike("resend", times=1, status=503, match={"recipient": f"m{number}-{crew.run_id}@customers.example"})
    for _ in range(19):
        crew.send(1)
    crew.probe()
    assert crew.board.breaker("resend").phase is Phase.CLOSED
    crew.send(1)
    crew.probe()
    breaker = crew.board.breaker("resend")
    assert (breaker.rule, breaker.reason) == ("T2", "10 of 20 calls in a minute failed")


def test_a_pin_is_followed_by_everybody_and_taken_out_when_it_is_over(crew: Crew):
    crew.lay(Route(pin=Pin("postmark", "prefer", crew.lab.now + 1000, "why", "ann")))
    assert crew.tried(crew.send(6)) == {"postmark"}
    crew.pass_time(1000)
    crew.probe()
    assert crew.board.route == Route()
    assert crew.tried(crew.send(3)) == {"resend"}


def test_a_forced_pin_sends_although_the_breaker_is_open(crew: Crew):
    crew.trip()
    crew.lay(Route(pin=Pin("resend", "force", crew.lab.now + 60_000, "why", "ann")))
    assert crew.tried(crew.send(3)) == {"resend"}
    assert crew.board.breaker("resend").phase is Phase.OPEN


def test_under_a_hold_nothing_is_sent_and_afterwards_everything(crew: Crew):
    crew.lay(Route(hold=Override(crew.lab.now + 60_000, "bad release", "ann")))
    held = crew.send(3)
    assert (crew.states(held), crew.tried(held)) == ({State.HELD}, set())
    crew.lay(Route())
    crew.pass_time(5000)
    assert crew.states(crew.send(3)) == {State.ACCEPTED}


def test_while_automation_is_paused_nothing_trips(crew: Crew):
    crew.lay(Route(manual=Override(crew.lab.now + 60_000, "watching", "ann")))
    crew.send(1)  # the workers hear of it
    crew.strike("resend", **DOWN)
    assert crew.states(crew.send(12)) == {State.ACCEPTED}
    assert crew.board.breaker("resend").phase is Phase.CLOSED


class Interrupted(Boards):
    """A board that `meanwhile` happens to, once, after somebody has looked at it."""

    def __init__(self, boards: Boards, meanwhile: Callable[[Look], Awaitable[object]]) -> None:
        super().__init__(boards.link, boards.scripts, boards.own)
        self.meanwhile: Callable[[Look], Awaitable[object]] | None = meanwhile

    async def look(self) -> Look:
        seen = await super().look()
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile(seen)
        return seen


@pytest.mark.parametrize("rule", ["T1", "T2"])
def test_a_trip_that_was_decided_before_automation_was_paused_is_not_made_after(crew: Crew, rule: str):
    boards, until = crew.lab.store.boards, crew.lab.now + 60_000
    manual = Route(manual=Override(until, "watching", "ann"))

    async def pause(seen: Look) -> None:
        assert await boards.change_route(seen.board.version, manual, "pause automation", "ann", "watching")

    known = crew.tools[0].board
    if rule == "T1":
        crew.lab.redis("HSET", f"{boards.own}breaker:resend", "faults", 3, "messages", 2)
        known.boards = Interrupted(boards, pause)
        crew.lab.run(known.refresh())
    else:
        crew.lab.run(known.refresh())
        crew.lab.run(pause(Look(crew.board, crew.lab.now)))
        crew.lab.run(known.judge("resend", Minute(20, 20)))
    assert crew.board.breaker("resend").phase is Phase.CLOSED
    assert crew.board.route == manual


def test_a_clock_that_was_set_back_keeps_no_sender_closed(crew: Crew):
    crew.strike("resend", **FROM["resend"])
    crew.send(3)
    assert crew.board.senders
    crew.emulator.call("DELETE", "/faults")
    crew.pass_time(-3_600_000)
    crew.probe()
    assert crew.board.senders == {}


def test_a_standby_gets_a_real_message_once_a_day_whoever_has_the_duty(crew: Crew):
    sink, day, minute = "test@blackhole.postmarkapp.com", 86_400_000, 60_000
    crew.emulator.call("DELETE", "/mailbox")

    def copies_after(ms: int, worker: int = 0) -> int:
        crew.pass_time(ms)
        crew.lab.run(Prober(crew.tools[worker]).probe())
        return crew.emulator.copies(sink)

    assert copies_after(0) == 0  # it was seen for the first time
    assert copies_after(day - minute) == 0  # a worker's clock runs on while it looks
    assert copies_after(2 * minute) == 1
    assert [copies_after(3_600_000, worker) for worker in (1, 2, 0)] == [1, 1, 1]
    assert copies_after(day) == 2
    assert crew.emulator.copies("delivered@resend.dev") == 0  # who gets the mail needs no such message
    assert crew.lab.run(crew.lab.store.boards.sinks())["postmark"].kind == "accepted"


def test_one_that_does_not_take_it_has_a_fault_in_its_row(crew: Crew):
    crew.probe()
    crew.strike("postmark", status=503, times=-1)
    for day in (1, 2, 3):
        assert crew.board.breaker("postmark").phase is Phase.CLOSED
        crew.pass_time(86_460_000)
        crew.probe()
        assert crew.lab.redis("HGET", f"{crew.lab.store.boards.own}breaker:postmark", "faults") == str(day)
    assert crew.lab.run(crew.lab.store.boards.sinks())["postmark"].kind == "fault"
    crew.probe()
    assert crew.board.breaker("postmark").phase is Phase.OPEN


def test_a_key_that_was_revoked_takes_a_standby_out_before_it_is_needed(crew: Crew):
    crew.probe()
    crew.strike("postmark", status=401, body={"ErrorCode": 10, "Message": "Bad or missing API token."}, times=-1)
    crew.pass_time(86_460_000)
    crew.probe()
    crew.probe()
    assert crew.board.breaker("postmark").phase is Phase.OPEN


def test_the_account_of_a_standby_is_asked_and_trips_nothing(crew: Crew):
    wrong = Postmark("wrong", crew.emulator.urls["postmark"])
    crew.tools[0] = replace(crew.tools[0], providers={**crew.providers, "postmark": wrong})
    crew.probe()
    health = crew.lab.run(crew.lab.store.boards.health())
    assert (set(health), health["postmark"].state) == ({"postmark"}, "misconfigured")
    assert crew.board.breaker("postmark").phase is Phase.CLOSED
