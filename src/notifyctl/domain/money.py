"""Money: US dollars as whole micro-dollars (1 $ = 1,000,000), so that the price of one mail is exact."""

import re

MICRO = 1_000_000  # of a dollar; Amazon's cheapest mail costs 100
CENT = 10_000
_WRITTEN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")


def micros(text: str) -> int:
    """The amount of `20`, `16.50` or `0.00016` dollars; raises ValueError for anything else, negative ones included."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no amount")
    return int(match[1]) * MICRO + int((match[2] or "").ljust(6, "0"))


def dollars(amount: int) -> str:
    """The amount for people: `$20.00`; below a cent as exact as it is, `$0.00016`."""
    sign, size = "-" * (amount < 0), abs(amount)
    if 0 < size < CENT:
        return f"{sign}${size / MICRO:.6f}".rstrip("0")
    cents = (size + CENT // 2) // CENT
    return f"{sign}${cents // 100:,}.{cents % 100:02}"


def exact(amount: int) -> str:
    """The amount for machines, a decimal number of dollars without rounding: `20.00`, `0.00016`."""
    sign, size = "-" * (amount < 0), abs(amount)
    part = f"{size % MICRO:06}".rstrip("0").ljust(2, "0")
    return f"{sign}{size // MICRO}.{part}"


def share(amount: int, count: int) -> int:
    """What one of so many (at least 1) costs, rounded to the nearest micro-dollar."""
    return (2 * amount + count) // (2 * count)
