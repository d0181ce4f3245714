"""The figures of a period, as one pass over the messages that ended in it. Nothing but counters is kept.

Policy (the delivery failure rate, counted when a message ends):

- failed: dead, expired, unknown, and rejected, unless the recipient's address is none. Any other address that is none,
  such as one to reply to, is the producer's fault, and counts.
- finalised: all that ended, but for those that were not to be sent (suppressed, no_consent, cancelled) and those whose
  address is at fault (bounced, rejected for their address). These are in neither number. Their own part has a
  limit, 10 % (our choice): people mistype a few of a hundred, and more is a producer that writes nonsense.
- error rate of a provider: faults, ambiguous answers and refusals of our account or sender, of all calls. It says
  nothing about mail, which goes elsewhere; it feeds the review of the provider.
- processing latency: from the claim to the acceptance, by one worker's clock; it counts for the provider that took the
  mail.
- call time: from the intent to the answer of an accepted call, both by the clock of Redis; it tells a slow provider
  from slow workers. Time to accept: from the enqueueing, by its producer's clock, so it is shown and never judged.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from notifyctl.domain.archive import Call, Row
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.metric import bucket, latency
from notifyctl.domain.outcome import Certainty, Kind
from notifyctl.domain.rate import Rate

LIMIT = 0.005  # delivery failures above which a person is told
OBJECTIVE = 0.001  # what 99.9 % delivery leaves to fail
DAY = 86_400_000  # ms
FAILED = {State.DEAD, State.EXPIRED, State.UNKNOWN, State.REJECTED}
NOT_MEANT = {State.SUPPRESSED, State.NO_CONSENT, State.CANCELLED}
WRONG = 0.1  # wrong addresses, of all that was to be sent, above which it is no longer people who mistype
RECIPIENT = ("MSG-ADDRESS: ", "(to.email)")  # how the reason begins and ends where the recipient's address is none
TROUBLE = {Kind.FAULT, Kind.ACCOUNT, Kind.SENDER}


@lru_cache(10_000)
def _bucket(ms: int) -> int:
    """The bucket of a time; most times of a month were there before."""
    return bucket(ms / 1000)


class Calls:
    """The calls of one provider."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.took: Counter[int] = Counter()
        self.processing: Counter[int] = Counter()
        self.count = self.troubled = self.throttled = 0

    def take(self, call: Call) -> None:
        """Count one."""
        self.count += 1
        self.outcomes[f"{call.kind}|{call.certainty}" if call.kind else "none"] += 1
        self.troubled += call.kind in TROUBLE or call.certainty == Certainty.AMBIGUOUS or not call.kind
        self.throttled += call.http == 429
        if call.kind != Kind.ACCEPTED:
            self.errors[call.code or (f"http_{call.http}" if call.http else call.kind or "no answer")] += 1
        elif call.why != Why.REPLAY and call.result_at:
            self.took[_bucket(call.result_at - call.at)] += 1


class Figures:
    """The counters of a period."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.types: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.priorities: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.days: dict[int, list[int]] = {}  # failed, finalised
        self.providers: defaultdict[str, Calls] = defaultdict(Calls)
        self.processing: Counter[int] = Counter()
        self.to_accept: Counter[int] = Counter()
        self.sum_ms = 0
        self.failed = self.finalised = self.addresses = self.resends = self.twice = 0

    def take(self, row: Row) -> None:
        """Count one message with its calls."""
        state = row.state
        self.states[state] += 1
        self.types[row.type or "-"][state] += 1
        self.priorities[row.priority or "-"][state] += 1
        self._ended(row)
        accepted = 0
        for call in row.attempts:
            self.providers[call.provider].take(call)
            self.resends += call.why == Why.RESEND
            accepted += call.kind == Kind.ACCEPTED and call.why != Why.REPLAY
        self.twice += accepted > 1
        if row.took_ms >= 0:
            self._took(row)

    @property
    def wrong(self) -> Rate:
        """Wrong addresses, of all that was to be sent."""
        return Rate(self.addresses, self.addresses + self.finalised)

    def _took(self, row: Row) -> None:
        place = _bucket(row.took_ms)
        self.processing[place] += 1
        self.sum_ms += row.took_ms
        self.providers[row.provider].processing[place] += 1
        if row.enqueued_at and row.accepted_at >= row.enqueued_at:
            self.to_accept[_bucket(row.accepted_at - row.enqueued_at)] += 1

    def _ended(self, row: Row) -> None:
        wrong = row.state == State.BOUNCED or (row.state == State.REJECTED and _no_address(row.reason))
        self.addresses += wrong
        if wrong or row.state in NOT_MEANT:
            return
        failed = row.state in FAILED
        self.finalised += 1
        self.failed += failed
        day = self.days.setdefault(row.ended_at // DAY, [0, 0])
        day[0] += failed
        day[1] += 1


def _no_address(reason: str) -> bool:
    begins, ends = RECIPIENT
    return reason.startswith(begins) and reason.endswith(ends)


def fold(rows: Iterable[Row]) -> Figures:
    """The figures of some messages, each of them once; their order does not matter."""
    figures = Figures()
    for row in rows:
        figures.take(row)
    return figures


def told(figures: Figures) -> dict[str, Any]:
    """The figures for the report; rates 0 to 1, times in ms."""
    rate = Rate(figures.failed, figures.finalised)
    return {
        "messages": sum(figures.states.values()),
        "states": _sorted(figures.states),
        "failure": {**counted(rate), "limit": LIMIT, "judged": rate.judged(LIMIT)},
        "budget": budget(rate),
        "processing": {**times(figures.processing), "mean": _mean(figures)},
        "time_to_accept": times(figures.to_accept),
        "wrong_addresses": figures.addresses,
        "addresses": {**counted(figures.wrong), "limit": WRONG, "judged": figures.wrong.judged(WRONG)},
        "resends": figures.resends,
        "accepted_twice": figures.twice,
        "types": {name: _sorted(figures.types[name]) for name in sorted(figures.types)},
        "priorities": {name: _sorted(figures.priorities[name]) for name in sorted(figures.priorities)},
        "providers": {name: _provider(figures.providers[name]) for name in sorted(figures.providers)},
        "days": [
            {"day": f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", "failed": failed, "of": of}
            for day, (failed, of) in sorted(figures.days.items())
        ],
    }


def counted(rate: Rate) -> dict[str, Any]:
    """A rate with all that belongs to it."""
    low, high = rate.interval
    return {
        "count": rate.cases,
        "of": rate.of,
        "part": _rounded(rate.part),
        "low": _rounded(low),
        "high": _rounded(high),
    }


def budget(rate: Rate) -> dict[str, Any]:
    """What 99.9 % leaves to fail, and how much of it is left: 1 = all, below 0 = overdrawn, None = of nothing."""
    allowed = rate.of * OBJECTIVE
    return {"objective": 1 - OBJECTIVE, "allowed": round(allowed, 3), "used": rate.cases,
            "left": round(1 - rate.cases / allowed, 4) if allowed else None}  # fmt: skip


def times(histogram: Counter[int]) -> dict[str, Any]:
    """What a histogram tells, in ms."""
    return {
        name: value if name == "calls" else _rounded(value, 1) for name, value in latency(histogram)._asdict().items()
    }


def _provider(calls: Calls) -> dict[str, Any]:
    rate = Rate(calls.troubled, calls.count)
    return {
        "calls": calls.count, "outcomes": _sorted(calls.outcomes), "errors": _sorted(calls.errors),
        "http_429": calls.throttled, "error_rate": counted(rate), "call_time": times(calls.took),
        "processing": times(calls.processing),
    }  # fmt: skip


def _mean(figures: Figures) -> float | None:
    """Of the times themselves, not of their buckets: the success criterion is a mean."""
    count = sum(figures.processing.values())
    return _rounded(figures.sum_ms / count, 1) if count else None


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {str(name): counts[name] for name in sorted(counts)}


def _rounded(value: float | None, digits: int = 6) -> float | None:
    return None if value is None else round(value, digits)
