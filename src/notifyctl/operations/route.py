"""The route as people change it: pauses, their end, and the way back to the revision's order.

    plan = paused(look, "queue", until, by, reason, rules)       pure: what holds before and after, from a version
    done = await apply(boards, plan)                             written, and read back

A plan from a version that is not the board's any more is refused, and nothing is changed.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker, Isolated, Phase, Resumed, Rules
from notifyctl.domain.course import Course, Detour, changed, course
from notifyctl.domain.errors import OutcomeUnknown, Refused, Unreachable
from notifyctl.domain.finding import Finding
from notifyctl.domain.route import Override, Route, at
from notifyctl.domain.transition import Move, ask
from notifyctl.store.board import Boards, Look

QUEUE, AUTOMATION = "queue", "automation"


class Plan(NamedTuple):
    """A change that was not made yet: what holds before and after it. `until` is when it ends (epoch ms, 0 = it does
    not), `against` what forbids it, `idle` why there is nothing to do ('' when there is)."""

    verb: str
    look: Look
    after: Route
    moves: tuple[Move, ...]
    by: str
    reason: str
    until: int = 0
    against: Sequence[Finding] = ()
    remarks: Sequence[Finding] = ()
    idle: str = ""
    detours: Sequence[Detour] = ()

    @property
    def before(self) -> Route:
        """What holds now, without what is over."""
        return at(self.look.board.route, self.look.now)

    def courses(self, order: tuple[str, ...]) -> tuple[Course, Course]:
        """Where the mail goes before and after it."""
        board = self.look.board
        later = changed(board, self.after, self.moves)
        return course(board, order, self.look.now), course(later, order, self.look.now)


class Done(NamedTuple):
    """A change that was made: the server's time of the write (epoch ms), and the board as it was read back."""

    plan: Plan
    at: int
    look: Look

    @property
    def holds(self) -> bool:
        """Whether what was read back is what was written; if not, somebody has changed it since."""
        board = self.look.board
        kept = all(board.breaker(move.provider).generation == move.after.generation for move in self.plan.moves)
        return kept and board.route == self.plan.after


async def apply(boards: Boards, plan: Plan) -> Done:
    """Write the plan and read it back. Raises `Refused` when somebody was faster, `OutcomeUnknown` when Redis went
    away: then it may have been written."""
    try:
        version = plan.look.board.version
        written = await boards.change_route(version, plan.after, plan.verb, plan.by, plan.reason, plan.moves)
        if written is None:
            raise Refused("RTE-STALE", "the route or a breaker has changed since this was planned; nothing was written")
        return Done(plan, written, await boards.look())
    except Unreachable as error:
        raise OutcomeUnknown("RTE-UNCONFIRMED", f"{plan.verb} was sent, and then: {error.what}", error.where) from error


def paused(look: Look, what: str, until: int, by: str, reason: str, rules: Rules) -> Plan:
    """Stop the queue, automation, or a provider, until that time (epoch ms)."""
    route = at(look.board.route, look.now)
    if what in (QUEUE, AUTOMATION):
        after = _with(route, what, Override(until, reason, by))
        return Plan(f"pause {what}", look, after, (), by, reason, until)
    moves = _moves((ask(what, look.board.breaker(what), Isolated(until, reason), rules, look.now),))
    return Plan(f"pause {what}", look, route, moves, by, reason, moves[0].after.until)


def resumed(look: Look, what: str, by: str, reason: str, rules: Rules) -> Plan:
    """Take a pause back before its time; a provider's window is over then, too, and it is probed."""
    route = at(look.board.route, look.now)
    if what in (QUEUE, AUTOMATION):
        after = _with(route, what, None)
        idle = f"{what} is not paused" if after == route else ""
        return Plan(f"resume {what}", look, after, (), by, reason, idle=idle)
    breaker = look.board.breaker(what)
    shut = breaker.phase not in (Phase.CLOSED, Phase.HALF_OPEN)
    moves = _moves((_resumed(what, breaker, look, reason, rules),)) if shut else ()
    return Plan(f"resume {what}", look, route, moves, by, reason, idle="" if moves else _not_out(what, breaker))


def restored(look: Look, by: str, reason: str, rules: Rules) -> Plan:
    """Take away all that people have laid over the route: pin, hold, isolations, paused automation."""
    isolated = [name for name, one in look.board.breakers.items() if one.phase is Phase.ISOLATED]
    moves = _moves(_resumed(name, look.board.breaker(name), look, reason, rules) for name in isolated)
    nothing = not moves and at(look.board.route, look.now) == Route()
    idle = "nothing is laid over the revision's order" if nothing else ""
    return Plan("restore", look, Route(), moves, by, reason, idle=idle)


def _with(route: Route, what: str, override: Override | None) -> Route:
    return route._replace(hold=override) if what == QUEUE else route._replace(manual=override)


def _resumed(provider: str, breaker: Breaker, look: Look, reason: str, rules: Rules) -> Move | None:
    return ask(provider, breaker, Resumed(reason), rules, look.now)


def _moves(moves: Iterable[Move | None]) -> tuple[Move, ...]:
    return tuple(move for move in moves if move)


def _not_out(provider: str, breaker: Breaker) -> str:
    return f"{provider} is probed already" if breaker.phase is Phase.HALF_OPEN else f"{provider} is not paused"
