"""The board as one worker knows it, and the decisions about breakers that are due whenever it looks.

The copy is only ever too old, and `admit` refuses what rests on one that is. So nobody asks Redis before a decision;
whoever is refused looks again. A decision that several workers see to be due is made by all and written by one.
"""

import asyncio
from collections.abc import Iterable

from notifyctl.domain.board import Board, calm, carries, probes, shut_until
from notifyctl.domain.breaker import Counted, Minute, Time
from notifyctl.domain.outcome import Outcome
from notifyctl.domain.revision import Priority, Revision
from notifyctl.domain.route import at, ordered
from notifyctl.domain.tally import verdict
from notifyctl.domain.transition import Move, ask
from notifyctl.engine.clock import ServerClock
from notifyctl.store.attempts import Attempts
from notifyctl.store.board import Boards, Look
from notifyctl.telemetry.logs import Log


class KnownBoard:
    """What this worker knows of the board; `board` is replaced, never changed."""

    def __init__(
        self, boards: Boards, attempts: Attempts, revision: Revision, name: str, clock: ServerClock, log: Log
    ) -> None:  # fmt: skip
        self.boards = boards
        self.board = Board()
        self._attempts = attempts
        self._counting = attempts.counting
        self._revision = revision
        self.by = f"worker {name}"
        self._clock = clock
        self._log = log
        self._calm = True
        self._looked = 0
        self._looking = asyncio.Lock()

    async def refresh(self, seen: Board | None = None) -> None:
        """Look again and decide what is due; not when somebody has done so since the caller has `seen` the board.

        Raises `Unreachable`; the same call again is then safe.
        """
        async with self._looking:
            while seen is None or seen.version == self.board.version:
                look = await self.boards.look()
                self._clock.hear(look.now)
                move = self._due(look)
                if move is None:
                    self._looked = look.now
                    self._keep(look.board)
                    return
                await self._make(move, look.board.version)

    @property
    def aged(self) -> bool:
        """Whether something is shut and the last look is older than the pace's `prober`: who sends nothing is not told
        that it may."""
        return not self._calm and not 0 <= self._clock.now() - self._looked < self._revision.pace.prober * 1000

    async def renew(self) -> None:
        """Look again, unless somebody just did. Raises `Unreachable`."""
        await self.refresh(self.board)

    async def judge(self, provider: str, minute: Minute) -> None:
        """Decide on the calls of the last minute. Raises `Unreachable`."""
        board, now = self.board, self._clock.now()
        move = ask(provider, board.breaker(provider), minute, self._revision.rules, now, _automatic(board, now))
        if move and await self._make(move, board.version):
            await self.refresh()

    async def ended(self, provider: str, probe: str, outcome: Outcome) -> None:
        """Report what became of a probe. Raises `Unreachable`; the same call again is then safe."""
        look = await self.boards.look()
        self._clock.hear(look.now)
        move = ask(provider, look.board.breaker(provider), verdict(probe, outcome), self._revision.rules, look.now)
        if move:
            await self._make(move)
        await self.refresh()

    def occupied(self, provider: str, until: int) -> None:
        """Remember that another probe has the place, to that time (epoch ms)."""
        breaker = self.board.breaker(provider)._replace(probe="another", probe_until=until)
        self.board = self.board._replace(breakers={**self.board.breakers, provider: breaker})

    def route(self, able: tuple[str, ...], now: int) -> tuple[str, ...]:
        """Providers in order of preference, as a pin has it."""
        return able if self._calm else ordered(able, at(self.board.route, now).pin)

    def shut(self, able: Iterable[str], priority: str, now: int) -> dict[str, int]:
        """Until when (epoch ms) those of the providers are shut that are, for messages of that priority."""
        if self._calm:
            return {}
        waits = {name: self._shut_until(name, priority == Priority.CRITICAL, now) for name in able}
        return {name: until for name, until in waits.items() if until > now}

    def lease(self, board: Board, provider: str) -> float:
        """For how long (s) a call there would have the place of the probe; 0 when it needs none."""
        return self._revision.rules.lease if probes(board, provider, self._clock.now()) else 0.0

    def opens(self, able: Iterable[str], now: int, critical: bool = False) -> int:
        """From when anything (or anything critical) may be sent at all, epoch ms; 0 or a time that is over = now."""
        if self._calm:
            return 0
        lease = self._revision.rules.lease
        return min((shut_until(self.board, name, "", now, critical, lease) for name in able), default=0)

    def only_probes(self, able: Iterable[str], now: int) -> bool:
        """Whether there is room for no more than a probe."""
        return not self._calm and not any(carries(self.board, name, now) for name in able)

    def _shut_until(self, provider: str, critical: bool, now: int) -> int:
        sender = self._revision.sender_for(provider)
        email = sender.email if sender else ""
        return shut_until(self.board, provider, email, now, critical, self._revision.rules.lease)

    def _due(self, look: Look) -> Move | None:
        """What the counts call for, or the end of a window; after it one looks again."""
        automatic, rules = _automatic(look.board, look.now), self._revision.rules
        asked = (
            ask(name, breaker, event, rules, look.now, automatic)
            for name, breaker in look.board.breakers.items()
            for event in (Counted(), Time())
        )
        return next((move for move in asked if move), None)

    async def _make(self, move: Move, version: int | None = None) -> bool:
        """What automation decides by itself rests on a version of the board: a person may have paused it since."""
        made = await self.boards.move(move, self.by, version)
        if made:
            self._log.moved(move.provider, move.after)
        return made

    def _keep(self, board: Board) -> None:
        """While automation is paused no counts are reached, so that acceptances still end the row; one that stands when
        automation goes on trips then."""
        self.board, self._calm = board, calm(board)
        paused = not _automatic(board, self._clock.now())
        self._attempts.counting = self._counting._replace(faults=0) if paused else self._counting


def _automatic(board: Board, now: int) -> bool:
    return at(board.route, now).manual is None
