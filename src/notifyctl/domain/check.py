"""Checks: what is asked of an installation, what was seen, and what the answers add up to.

A verdict is never better than what was looked at: what could not be seen is an `error`, what rests on it is a `skip`,
and neither is green. A waiver takes the weight from a failure for a while; it never hides it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.waiver import Waiver

PROFILES = ("ci", "deploy", "live")  # each asks what the one before asks, and more


class Verdict(StrEnum):
    """The answer of a check, in words that a report prints."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    ERROR = "error"
    ATTESTED = "attested"  # nobody can measure it from here, and a person answers for it


SEEN = (Verdict.PASS, Verdict.WARN, Verdict.ATTESTED)  # what others may rest on


class Check(NamedTuple):
    """A question. `profile` is the first that asks it, `needs` are the ids of checks that it rests on."""

    id: str
    title: str
    expected: str
    profile: str
    needs: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """The part of the installation that it is about, such as RDS."""
        return self.id.partition("-")[0]


class Seen(NamedTuple):
    """What a check saw: words without secrets or addresses, and what to do about it."""

    verdict: Verdict
    observed: str
    hint: str = ""


class Report(NamedTuple):
    """A check with its answer; `ms` is how long it took, `waiver` is who answers for a failure until when."""

    check: Check
    seen: Seen
    ms: int = 0
    waiver: Waiver | None = None

    @property
    def weighs(self) -> bool:
        """Whether it is a failure that nobody has taken upon themselves."""
        return self.seen.verdict is Verdict.FAIL and self.waiver is None


def passed(observed: str) -> Seen:
    """Looked, and it is as it should be."""
    return Seen(Verdict.PASS, observed)


def warned(observed: str, hint: str) -> Seen:
    """Looked, and it will do for now."""
    return Seen(Verdict.WARN, observed, hint)


def failed(observed: str, hint: str) -> Seen:
    """Looked, and it is not as it must be."""
    return Seen(Verdict.FAIL, observed, hint)


def unfinished(production: bool, observed: str, hint: str) -> Seen:
    """Looked, and it is a draft: production must not go out with one, anybody else may."""
    return failed(observed, hint) if production else warned(observed, hint)


def rehearsed(told: str, days: int, within: int, hint: str) -> Seen:
    """Somebody has tried it, so many days ago; `within` is after how many it is to be tried again."""
    observed = f"{told}, rehearsed {days} days ago"
    return passed(observed) if days <= within else warned(observed, hint)


def attested(words: str) -> Seen:
    """Not looked at; a person says so."""
    return Seen(Verdict.ATTESTED, words)


def unseen(why: str, hint: str = "") -> Seen:
    """Could not look."""
    return Seen(Verdict.ERROR, why, hint)


def unset() -> Seen:
    """There is no secret to look at."""
    return unseen("no secret is set here", "run preflight where the workers run")


def chosen(
    checks: Mapping[str, Check], profile: str, only: Collection[str] = (), skip: Collection[str] = ()
) -> list[Check]:
    """The checks of a profile in the order of the registry; `only` and `skip` name ids or categories.

    What a wanted check rests on is asked, too. Raises `Usage` for a name that fits nothing.
    """
    for name in (*only, *skip):
        if not any(_named(check, (name,)) for check in checks.values()):
            categories = ", ".join(dict.fromkeys(check.category for check in checks.values()))
            raise Usage("CLI-USAGE", f"no check is called {name!r}", "--only, --skip", f"name an id or {categories}")
    asked = [check for check in checks.values() if PROFILES.index(check.profile) <= PROFILES.index(profile)]
    wanted = {check.id for check in asked if (not only or _named(check, only)) and not _named(check, skip)}
    for check in reversed(asked):
        if check.id in wanted:
            wanted.update(check.needs)
    return [check for check in asked if check.id in wanted]


def blocked(check: Check, reports: Iterable[Report]) -> Seen | None:
    """The answer to a check that rests on one which was not well; None when it can be asked."""
    unwell = (one.check.id for one in reports if one.check.id in check.needs and one.seen.verdict not in SEEN)
    cause = next(unwell, "")
    return Seen(Verdict.SKIP, f"not asked, because of {cause}") if cause else None


def answer(reports: Sequence[Report], fail_on: Verdict = Verdict.FAIL) -> int:
    """The exit code: 1 for a failure (or a warning, when that is asked for), 3 when something was not seen."""
    warned_ = fail_on is Verdict.WARN and any(one.seen.verdict is Verdict.WARN for one in reports)
    if warned_ or any(one.weighs for one in reports):
        return exits.BAD
    return exits.OK if all(one.seen.verdict in SEEN or one.waiver for one in reports) else exits.DEGRADED


def _named(check: Check, names: Collection[str]) -> bool:
    return any(name.upper() in (check.id, check.category) for name in names)
