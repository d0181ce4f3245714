"""Causes: what is wrong now, in words that help at night.

Policy:
- A provider that gets no more mail is one cause, whatever tripped it. Half-open is still down when it was down before;
  one that a person has isolated is not down, but worth a note.
- When nobody takes mail, that is the one cause, and what follows from it (providers, old mail) is none of its own. A
  provider that has not been back since is one half an hour after its end. Mail that waited meanwhile has three times as
  long to catch up as that lasted, half an hour at most; later mail, and a lane that is an incident, are seen as ever.
- The same holds of mail that waits because a person holds all of it: the hold is the cause, as grave as the lane that
  waits too long under it, and what is to be done is to resume.
- A sender is a cause only when every provider refuses it that is not out: as long as one takes it, its mail flows.
- Mail to do and nobody at work; mail of a lane that waits too long (critical 5 min, standard 30 min, bulk 6 h; one
  lane alone counts as standard); mail in doubt for 15 min on which nobody has decided.
- What a person laid over the route: a hold is worth a note as long as no mail waits too long under it, an end within
  5 min is a warning.

A cause says what happened, what the tool has done already, and what a person may need to do. It harms as long as mail
is held up or doubted because of it; a provider whose mail goes elsewhere harms nobody.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from notifyctl.domain.board import Board, carries, in_use
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.route import Override, at

ALL = "providers"  # the key of the cause that nobody takes mail
HOLD = "hold"  # that of the cause that a person holds it
NAMES = {"resend": "Resend", "postmark": "Postmark", "ses": "Amazon SES"}
PATIENCE = (300, 1800, 21_600)  # seconds that mail may wait in the lanes of critical, standard, bulk
DOUBT = 900  # seconds after which somebody must decide on a mail in doubt
EXPIRING = 300  # seconds before its end at which an override is told
CATCH_UP = 3  # times as long as no mail went out: with a third more than comes in, what waited is out by then
AFTERMATH = 1800  # seconds after an outage of everything in which what is left of it is no cause of its own


class Waiting(NamedTuple):
    """One lane: open jobs, and when the one that waits longest was enqueued (epoch ms, 0 = none waits)."""

    queue: str
    open: int
    oldest: int


class Sight(NamedTuple):
    """What is looked at, at one time (`now`, the server's, epoch ms).

    `senders` are the providers with a key, in order of the revision, each with the address that we send from there;
    `working` counts workers; `doubtful` mails in doubt for longer than DOUBT that nobody has decided on, the oldest of
    them since `doubtful_since`.
    """

    now: int
    board: Board
    senders: Mapping[str, str]
    lanes: Sequence[Waiting]
    working: int
    doubtful: int = 0
    doubtful_since: int = 0

    @property
    def order(self) -> tuple[str, ...]:
        """The providers alone."""
        return tuple(self.senders)

    @property
    def open(self) -> int:
        """Messages that are not done."""
        return sum(lane.open for lane in self.lanes)


class Outage(NamedTuple):
    """The last time that mail went nowhere: from, to (epoch ms; 0 = it goes on, or there was none)."""

    opened_at: int = 0
    ended_at: int = 0


_NONE = Outage()


class Cause(NamedTuple):
    """Something wrong. `key` names it for as long as it lasts; `since` is epoch ms; `harm` says that mail suffers.

    `what` is '' where nothing new is known since it began.
    """

    key: str
    severity: str
    title: str
    what: str
    done: str
    todo: str
    since: int
    harm: bool = True


def causes(sight: Sight, held: Collection[str] = (), outage: Outage = _NONE, hold: Outage = _NONE) -> list[Cause]:
    """What is wrong, gravest first; `held` are the keys of open incidents, `outage` is the last one of everything, and
    `hold` the last one that a person has made."""
    found = [*_mail_flow(sight, held, outage, hold), *_senders(sight), *_doubt(sight), *_overrides(sight)]
    return sorted(found, key=lambda one: ("critical", "error", "warning", "info").index(one.severity))


def time_of(ms: int) -> str:
    """A time as it is told: `2026-11-24 14:02:11Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _mail_flow(sight: Sight, held: Collection[str], outage: Outage, hold: Outage) -> Iterator[Cause]:
    if _nobody(sight):
        yield _idle(sight)
    if _all_down(sight):
        yield _everything(sight)
        return
    yield from _providers(sight, held, outage)
    if not _nobody(sight) and not at(sight.board.route, sight.now).hold:
        yield from _lanes(sight, held, (outage, hold))


def _nobody(sight: Sight) -> bool:
    return bool(sight.open) and not sight.working


def _all_down(sight: Sight) -> bool:
    """No provider takes mail, and that is not because a person holds it."""
    held = at(sight.board.route, sight.now).hold
    return bool(sight.order) and held is None and in_use(sight.board, sight.order, sight.now) is None


def _lately(outage: Outage, now: int) -> bool:
    return bool(outage.opened_at) and now - (outage.ended_at or now) < AFTERMATH * 1000


def _idle(sight: Sight) -> Cause:
    since = min((lane.oldest for lane in sight.lanes if lane.oldest), default=sight.now)
    return Cause(
        "workers", "critical", "nobody sends mail", "Mail is to be sent, and no worker lives.",
        "It stays in its queues; nothing is lost.", "Start a worker: notifyctl worker", since,
    )  # fmt: skip


def _everything(sight: Sight) -> Cause:
    breakers = [(name, sight.board.breaker(name)) for name in sight.order]
    reasons = "; ".join(f"{NAMES.get(name, name)}: {_why(breaker)}" for name, breaker in breakers)
    since = max((breaker.since for _, breaker in breakers), default=0) or sight.now
    return Cause(
        ALL, "critical", "no provider takes mail", f"{reasons}.",
        "All mail is held: no attempt is counted, nothing is lost. Each provider is probed, and what is held goes out "
        "by itself, the oldest first, as soon as one is back.",
        f"{_resuming(sight)}See why: notifyctl probe. Leave the workers running.", since,
    )  # fmt: skip


def _resuming(sight: Sight) -> str:
    """How to put back a provider that a person took out: no probe does it before the pause is over."""
    paused = [name for name in sight.order if sight.board.breaker(name).phase is Phase.ISOLATED]
    return f"Paused by a person; to put it back: notifyctl resume {paused[0]}. " if paused else ""


def _providers(sight: Sight, held: Collection[str], outage: Outage) -> Iterator[Cause]:
    for name in sight.order:
        breaker, key = sight.board.breaker(name), f"provider/{name}"
        if breaker.phase is Phase.ISOLATED:
            yield from _isolated(name, breaker, sight.now)
        left_over = _lately(outage, sight.now) and breaker.closed_at < outage.opened_at
        new = breaker.phase is Phase.OPEN and not left_over
        if new or (key in held and breaker.phase in (Phase.OPEN, Phase.HALF_OPEN)):
            yield _down(name, breaker, sight)


def _down(name: str, breaker: Breaker, sight: Sight) -> Cause:
    label, other = NAMES.get(name, name), in_use(sight.board, sight.order, sight.now)
    account = breaker.rule == "T3"
    if other == name:
        done = f"Mail still goes to {label}: a person has forced it."
    elif other:
        done = f"Its mail goes to {NAMES.get(other, other)}. {label} is probed, and gets mail again when it answers."
    else:
        done = "A person holds all mail."
    todo = (
        f"Repair our account at {label}: notifyctl probe {name}"
        if account
        else "Nothing, as long as the others carry the mail: notifyctl status"
    )
    return Cause(
        f"provider/{name}", "critical" if account else "error", f"{label} gets no more mail",
        "" if breaker.phase is Phase.HALF_OPEN else f"{_why(breaker)}.", done, todo, breaker.since, harm=other == name,
    )  # fmt: skip


def _why(breaker: Breaker) -> str:
    return (breaker.reason or "shut")[:300]


def _isolated(name: str, breaker: Breaker, now: int) -> Iterator[Cause]:
    label = NAMES.get(name, name)
    if 0 < breaker.until - now <= EXPIRING * 1000:
        yield _ending(f"isolation/{name}", f"the isolation of {label}", Override(breaker.until, breaker.reason, ""))


def _lanes(sight: Sight, held: Collection[str], ends: Iterable[Outage]) -> Iterator[Cause]:
    for lane, patience in _late(sight):
        key = f"lane/{lane.queue}"
        if key not in held and any(_waited(end, lane.oldest, sight.now) for end in ends):
            continue
        yield Cause(
            key, _gravity(patience), f"mail waits too long in {lane.queue}",
            f"The oldest was enqueued at {time_of(lane.oldest)}; the limit is {patience // 60} min.",
            "Nothing is lost. Critical mail is always taken first.",
            "See what holds it up: notifyctl status. More workers: notifyctl worker --processes 4", lane.oldest,
        )  # fmt: skip


def _waited(outage: Outage, oldest: int, now: int) -> bool:
    """Whether mail so old waited while none went out, which ended a moment ago: it has that cause."""
    end = outage.ended_at or now
    return _lately(outage, now) and oldest <= end and now - end <= CATCH_UP * (end - outage.opened_at)


def _late(sight: Sight) -> Iterator[tuple[Waiting, int]]:
    """The lanes whose oldest mail waits for too long, each with what it may wait (s)."""
    for place, lane in enumerate(sight.lanes):
        patience = _patience(place, len(sight.lanes))
        if lane.oldest and sight.now - lane.oldest > patience * 1000:
            yield lane, patience


def _gravity(patience: int) -> str:
    return "error" if patience == PATIENCE[0] else "warning"


def _patience(place: int, lanes: int) -> int:
    return PATIENCE[1] if lanes == 1 else PATIENCE[min(place, 2)]


def _senders(sight: Sight) -> Iterator[Cause]:
    """Senders whose rest is not over at any provider; where another address is ours, also while that one rests."""
    resting = [key.partition("|") for key, until in sight.board.senders.items() if until > sight.now]
    taking = [name for name in sight.order if carries(sight.board, name, sight.now)]
    for sender in sorted({address for _, _, address in resting}):
        refusing = {name for name, _, address in resting if address in (sender, sight.senders.get(name))}
        if taking and refusing.issuperset(taking):
            yield Cause(
                f"sender/{sender}", "critical", f"every provider refuses the sender {sender}",
                f"Refused by {', '.join(NAMES.get(name, name) for name in sight.order)}: domain, stream or "
                "configuration set is not set up there.",
                "Its mail is held up to its deadline. Other senders go on; no provider was shut.",
                "Take back the release that brought the sender, or set it up: notifyctl probe", sight.now,
            )  # fmt: skip


def _doubt(sight: Sight) -> Iterator[Cause]:
    if sight.doubtful:
        mails = "1 mail" if sight.doubtful == 1 else f"{sight.doubtful:,} mails"
        yield Cause(
            "unknown", "warning", "mail of which nobody knows if it is out",
            f"{mails} may or may not be out, the oldest since {time_of(sight.doubtful_since)}.",
            "Evidence was sought, and none was found. None is sent again by itself.",
            "Decide on each: notifyctl incident review", sight.doubtful_since,
        )  # fmt: skip


def _overrides(sight: Sight) -> Iterator[Cause]:
    route = at(sight.board.route, sight.now)
    if route.hold:
        yield _hold(sight, route.hold)
    pin = Override(route.pin.until, route.pin.reason, route.pin.by) if route.pin else None
    said = {"pin": "the pin", "hold": "the hold", "manual": "the pause of automation"}
    for name, override in (("pin", pin), ("hold", route.hold), ("manual", route.manual)):
        if override and override.until - sight.now <= EXPIRING * 1000:
            yield _ending(f"override/{name}", said[name], override)


def _hold(sight: Sight, hold: Override) -> Cause:
    late = [] if _nobody(sight) else [*_late(sight)]
    told = f"{_by(hold)}, until {time_of(hold.until)}: {hold.reason}."
    if late:
        lanes, oldest = ", ".join(lane.queue for lane, _ in late), min(lane.oldest for lane, _ in late)
        told = f"{told} Mail waits too long in {lanes}, the oldest since {time_of(oldest)}."
    return Cause(
        HOLD, _gravity(min(patience for _, patience in late)) if late else "info", "a person holds all mail", told,
        "Mail waits; nothing is lost. It goes out by itself when the hold ends.",
        "To let it go before that: notifyctl resume queue", sight.now, harm=bool(late),
    )  # fmt: skip


def _ending(key: str, name: str, override: Override) -> Cause:
    what = f"{name.capitalize()} ends at {time_of(override.until)} ({override.reason})."
    return Cause(
        key, "warning", f"{name} ends soon", what,
        "It ends by itself.", "Set it again if it is still needed: notifyctl status", override.until - EXPIRING * 1000,
        harm=False,
    )  # fmt: skip


def _by(override: Override) -> str:
    return f"By {override.by}" if override.by else "By somebody"
