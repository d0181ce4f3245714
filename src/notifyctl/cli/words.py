"""Numbers and times as people read them."""

from datetime import UTC, datetime


def span(ms: int) -> str:
    """A length of time, two units at most: `0 s`, `1 min 5 s`, `2 h`, `3 d 4 h`."""
    seconds = ms // 1000
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    at = next((place for place, (_, size) in enumerate(units) if seconds >= size), 3)
    parts: list[str] = []
    for name, size in units[at : at + 2]:
        count, seconds = divmod(seconds, size)
        if count or not parts:
            parts.append(f"{count} {name}")
    return " ".join(parts)


def moment(ms: int) -> str:
    """A time in UTC to the second: `2026-11-24 09:00:00Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def instant(ms: int) -> str:
    """A time in UTC to the millisecond: `2026-11-24 09:00:00.000Z`."""
    return f"{moment(ms)[:-1]}.{ms % 1000:03}Z"


def stamp(ms: int) -> str | None:
    """A time for machines, `2026-11-24T09:00:00.000Z`; None when there is none (0)."""
    return instant(ms).replace(" ", "T") if ms else None


def many(count: int, noun: str) -> str:
    """A number of things: `1 message`, `2,000 messages`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def hour(ms: int, now: int) -> str:
    """A time in UTC, without its day where that is within 12 hours of `now`: `09:00:00Z`."""
    return moment(ms)[11:] if abs(now - ms) < 12 * 3_600_000 else moment(ms)
