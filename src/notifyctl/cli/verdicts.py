"""The answers of checks for people: what needs them first, and in few words what does not.

What could not be looked at is an `error` for machines. Here it is UNSEEN: at a glance it must not read like a failure.
"""

from collections.abc import Iterator, Sequence

from notifyctl.cli.envelope import Line, Marked
from notifyctl.domain.check import Report, Verdict

_FIRST = {  # in this order, each with its word and the severity of its colour
    Verdict.FAIL: ("FAIL", "error"),
    Verdict.ERROR: ("UNSEEN", "warning"),
    Verdict.WARN: ("WARN", "warning"),
    Verdict.ATTESTED: ("ATTESTED", ""),
}
_INDENT = " " * 10


def lines(reports: Sequence[Report], each: bool) -> Iterator[Line]:
    """Failures, what was not seen, warnings, what is waived or attested; then who was skipped because of what, and how
    many passed in each category, or with `each` all of them."""
    for verdict, (word, severity) in _FIRST.items():
        for one in reports:
            if one.seen.verdict is verdict and not one.waiver:
                yield _line(word, severity, one, one.seen.hint)
    for one in reports:
        if one.waiver:
            yield _line("WAIVED", "", one, f"by {one.waiver.owner} until {one.waiver.expires}: {one.waiver.reason}")
    yield from _skipped(reports)
    passed = [one for one in reports if one.seen.verdict is Verdict.PASS]
    if each:
        yield from (_line("PASS", "", one, "") for one in passed)
    elif passed:
        yield Marked("PASS", "", f"      {_counted(passed)}; -v lists them")


def _line(word: str, severity: str, one: Report, hint: str) -> Marked:
    text = f"{one.check.id} {one.check.title}: {one.seen.observed}"
    return Marked(word, severity, f"{' ' * (10 - len(word))}{text}" + (f"\n{_INDENT}{hint}" if hint else ""))


def _skipped(reports: Sequence[Report]) -> Iterator[Marked]:
    """One line for each reason."""
    skipped = [one for one in reports if one.seen.verdict is Verdict.SKIP]
    for reason in dict.fromkeys(one.seen.observed for one in skipped):
        names = ", ".join(one.check.id for one in skipped if one.seen.observed == reason)
        yield Marked("SKIP", "", f"      {reason}: {names}")


def _counted(reports: Sequence[Report]) -> str:
    categories = [one.check.category for one in reports]
    return ", ".join(f"{name} {categories.count(name)}" for name in dict.fromkeys(categories))
