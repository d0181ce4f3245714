"""A quarter of traffic with two outages, as the archive keeps it; the same for the same seed."""

import random
from collections.abc import Iterator
from pathlib import Path

from notifyctl.domain.archive import Call, Row
from notifyctl.domain.period import Cycle, parse
from notifyctl.evidence import archive

TYPES = (("booking.confirmation", "service", "critical"), ("booking.reminder", "service", "standard"),
         ("newsletter", "marketing", "bulk"))  # fmt: skip
HOUR = 3_600_000  # ms


def traffic(month: str, count: int, seed: int = 7) -> Iterator[Row]:
    """Messages that ended in a month. On the 10th Resend fails for 12 hours, on the 20th Postmark refuses our account
    for 2: then mail goes to the next provider, and some of it is lost. What happens depends on the seed alone, so that
    a test of the last month finds the same in each."""
    period, dice = parse(Cycle.MONTHLY, month), random.Random(seed)
    for number in range(count):
        at = period.start + int(dice.random() * (period.end - period.start - 60_000))
        yield message(f"{month}/{number}", at, dice, at - period.start)


def message(identity: str, at: int, dice: random.Random, within: int) -> Row:
    """One message; `within` is how far it lies in its month, ms."""
    kind, purpose, priority = dice.choice(TYPES)
    state, reason = dice.choices(
        (("accepted", ""), ("suppressed", "on the list"), ("rejected", "MSG-ADDRESS: is no address (to.email)"),
         ("rejected", "http_422"), ("expired", "deadline"), ("unknown", "no evidence")),
        (970, 8, 6, 2, 1, 1),
    )[0]  # fmt: skip
    calls = [] if state in ("suppressed", "expired") or reason.startswith("MSG") else _calls(identity, at, dice, within)
    if state != "accepted" and calls:
        end = {"rejected": ("rejected", "definite", 422, "http_422"), "unknown": ("fault", "ambiguous", 0, "timeout")}
        calls[-1] = calls[-1]._replace(**dict(zip(("kind", "certainty", "http", "code"), end[state], strict=True)))
    took = dice.randrange(40, 900) if state == "accepted" else -1
    return Row(
        identity, kind, purpose, priority, state, reason, at, at - took - 5000, at - took, at if took >= 0 else 0, took,
        calls[-1].provider if took >= 0 else "", f"id-{identity}" if took >= 0 else "", 3, tuple(calls),
    )  # fmt: skip


def _calls(identity: str, at: int, dice: random.Random, within: int) -> list[Call]:
    resend_down = 9 * 24 * HOUR <= within < 9 * 24 * HOUR + 12 * HOUR
    postmark_out = 19 * 24 * HOUR <= within < 19 * 24 * HOUR + 2 * HOUR
    calls = []
    if resend_down:
        calls.append(_call(identity, 0, "resend", at, dice, ("fault", "definite", 503, "http_503")))
    elif dice.random() < 0.01:
        calls.append(_call(identity, 0, "resend", at, dice, ("throttled", "definite", 429, "rate_limit_exceeded")))
    if postmark_out and (resend_down or dice.random() < 0.3):
        calls.append(_call(identity, 1, "postmark", at, dice, ("account", "definite", 401, "10")))
    where = "ses" if postmark_out else "postmark" if calls else "resend"
    return [*calls, _call(identity, 2, where, at, dice, ("accepted", "definite", 200, ""))]


def _call(
    identity: str, place: int, provider: str, at: int, dice: random.Random, end: tuple[str, str, int, str]
) -> Call:  # fmt: skip
    took = dice.randrange(20, 700)
    return Call(f"{identity}.{place}", provider, at - took, at, *end, "first", 1, 1)


def seeded(home: Path, months: tuple[str, ...] = ("2026-07", "2026-08", "2026-09"), count: int = 2000) -> list[Row]:
    """Write the archive of some months; returns what is in it."""
    rows = [row for place, month in enumerate(months) for row in traffic(month, count, 7 + place)]
    archive.write(home, rows)
    return rows
