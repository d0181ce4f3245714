"""The prober: a duty that brings providers back, also those without traffic, and watches them meanwhile.

It ends windows that are over and sends a real message to the provider's sink address as the first probe; the next two
are messages from the queue, or sinks again when none came within a lease. It judges the calls of the last minute, asks
the accounts of standbys now and then, sends each of them a real message once a day, and takes out what a person has
laid over the route when its time is over.
"""

import asyncio
import itertools

from notifyctl.domain.board import Board, in_use
from notifyctl.domain.breaker import Breaker, Phase, alone
from notifyctl.domain.message import Address
from notifyctl.domain.provider import health_of
from notifyctl.domain.route import at
from notifyctl.engine.sink import deliver
from notifyctl.engine.tools import Tools

DAY_MS = 86_400_000  # between two messages to the sink of a standby


class Prober:
    """The prober of one worker, which does nothing while another worker holds the lease."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._serial = itertools.count(1)
        self._asked: dict[str, int] = {}
        self._sunk: dict[str, int] = {}

    async def probe(self) -> None:
        """Look after every provider once, unless it is another's task. Raises `Unreachable`."""
        tools = self._tools
        fence = await tools.lease("prober", tools.revision.pace.prober)
        if not fence:
            return
        await tools.board.refresh()
        board = tools.board.board
        await self._tidy(board)
        done = [self._look_after(name, board, fence) for name in tools.providers]
        for failure in await asyncio.gather(*done, return_exceptions=True):
            if failure:
                raise failure

    async def _look_after(self, name: str, board: Board, fence: int) -> None:
        breaker, now = board.breaker(name), self._tools.clock.now()
        if breaker.phase is Phase.CLOSED:
            await self._judge(name, breaker)
        elif self._sinks(name, breaker, now):
            await self._sink(name, breaker, fence)
        if name != in_use(board, tuple(self._tools.providers), now):
            await self._ask(name, now)
            if breaker.phase is Phase.CLOSED:
                await self._daily(name, breaker.generation, now)

    def _sinks(self, name: str, breaker: Breaker, now: int) -> bool:
        """Whether to probe now. A sink that told nothing is not repeated before a lease is over."""
        rules = self._tools.revision.rules
        rested = not 0 <= now - self._sunk.get(name, 0) < rules.lease * 1000
        return alone(breaker, rules, now) and (rested or breaker.since > self._sunk.get(name, 0))

    async def _daily(self, name: str, generation: int, now: int) -> None:
        """Send a standby a real message once a day, the first one a day after it was seen first.

        It counts in the breaker as any message does: a key that was revoked is found before somebody needs it. That its
        time has come is on record before it is sent: whoever takes over sends no second one.
        """
        tools, boards = self._tools, self._tools.board.boards
        last = (await boards.sinks()).get(name)
        if last and 0 <= now - last.at < DAY_MS:
            return
        await boards.note_sink(name, now)
        if last:
            sender, probe = self._sender(name), f"daily.{name}.{now}"
            outcome = await deliver(tools.wire, tools.providers[name], sender, probe, tools.clocks)
            tools.log.say("sink", provider=name, outcome=outcome.kind, code=outcome.code, http=outcome.http)
            await boards.note_sink(name, now, outcome.kind, outcome.code or str(outcome.http or ""))
            await tools.attempts.weigh(name, generation, probe, outcome, sender.email)

    def _sender(self, name: str) -> Address:
        sender = self._tools.revision.sender_for(name)
        assert sender, "a worker without a sender does not start"
        return sender

    async def _judge(self, name: str, breaker: Breaker) -> None:
        board = self._tools.board
        await board.judge(name, await board.boards.minute(name, breaker.generation))

    async def _sink(self, name: str, breaker: Breaker, fence: int) -> None:
        """A probe with a real message that ends in the provider's sink."""
        tools = self._tools
        probe = f"{tools.token[3:]}.sink.{next(self._serial)}"
        lease = tools.revision.rules.lease
        taken = await tools.board.boards.take_place(name, breaker.generation, probe, lease, fence)
        if not taken:
            return
        self._sunk[name] = taken
        tools.board.occupied(name, taken + int(lease * 1000))
        outcome = await deliver(tools.wire, tools.providers[name], self._sender(name), probe, tools.clocks)
        tools.log.say("probe", provider=name, outcome=outcome.kind, code=outcome.code, http=outcome.http)
        await tools.board.ended(name, probe, outcome)

    async def _ask(self, name: str, now: int) -> None:
        """Ask a standby's account; what it says is told, and trips nothing."""
        tools = self._tools
        if 0 <= now - self._asked.get(name, 0) < tools.revision.pace.account * 1000:
            return
        self._asked[name] = now
        provider = tools.providers[name]
        exchange = await tools.wire.send(provider.probe_request(tools.clocks.now(name)))
        tools.clocks.hear(name, exchange.answer)
        health = health_of(provider, exchange.answer)
        await tools.board.boards.note_health(name, health.state, health.detail, tools.clock.now())

    async def _tidy(self, board: Board) -> None:
        """Take out what is over: it has no effect any more, but whoever looks should not have to reckon."""
        known, now = self._tools.board, self._tools.clock.now()
        boards, rest = known.boards, at(board.route, now)
        if rest != board.route:
            await boards.change_route(board.version, rest, "expire", known.by, "its time is over")
        latest = now + int(self._tools.revision.pace.sender_rest * 1000)  # later: the server's clock was set back
        await boards.forget_senders([name for name, until in board.senders.items() if not now < until <= latest])
