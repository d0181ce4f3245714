"""Validation after a deployment: the success criteria, held against the mail that ended since then.

Policy:

- delivery: of what was to be sent, at most 0.1 % failed (counted as in `figures.py`). It is judged by its interval:
  without a failure it takes 3,838 mails to be met, and fewer than 3 failures are never called too many. Wrong addresses
  are no failures, but when more than 10 % are wrong, judged likewise, it is missed: then the producer is broken.
- processing: below 500 ms on average, of 20 mails at least.
- permission: no marketing mail is out, or may be, since consent cannot be recorded in this version. copies: no call was
  accepted beyond the first of its message but for a recorded ambiguous resend, and none of bulk or marketing but by a
  person. Both are counts of all mail, no samples, so one mail is enough to say none; the rate of copies is shown, and
  has no limit of its own.
- The rest has no source yet. It is named each time and is never counted as met.
- A criterion that is missed is an answer, and it is no, whichever it is. One that cannot be judged weighs when it is
  required; where nobody says what is, those that have a source are. Otherwise no installation of this version could
  ever be validated, and who learns to pass over "cannot tell" passes over too few as well.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import NamedTuple

from notifyctl.domain import exits
from notifyctl.domain.archive import Call, Row
from notifyctl.domain.attempt import Why
from notifyctl.domain.errors import Usage
from notifyctl.domain.figures import OBJECTIVE, WRONG, Figures, told
from notifyctl.domain.looked import ENOUGH
from notifyctl.domain.outcome import Certainty, Kind
from notifyctl.domain.rate import Judged, Rate
from notifyctl.domain.rate import told as rate_told
from notifyctl.domain.remark import SLOW
from notifyctl.domain.report import NO_SOURCE
from notifyctl.domain.revision import Priority, Purpose


class Verdict(StrEnum):
    """What a criterion came to, in words that are printed."""

    MET = "met"
    MISSED = "missed"
    TOO_FEW = Judged.TOO_FEW.value
    UNSEEN = NO_SOURCE


class Criterion(NamedTuple):
    """One criterion of success. `seen` are the counts in words, `hint` is what to do unless it is met."""

    name: str
    title: str
    target: str
    verdict: Verdict = Verdict.UNSEEN
    seen: str = ""
    hint: str = ""


NAMES = (
    *("delivery", "processing", "permission", "copies"),
    *("delivered", "consent", "requests", "unsubscribe", "withdrawal", "complaints"),
)
_UNSEEN = (
    Criterion("delivered", "Delivered, as providers tell later", "99.9 %"),
    Criterion("consent", "Consent proven, each marketing mail", "all"),
    Criterion("requests", "Requests and complaints in time", "all"),
    Criterion("unsubscribe", "Steps to unsubscribe", "1"),
    Criterion("withdrawal", "From withdrawal to silence, p95", "5 min"),
    Criterion("complaints", "Complaints, of what was delivered", "0.08 %"),
)


class Measures:
    """What is counted of the mail: the figures of a report, marketing mail that went out, and copies."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.out = self.marketing = self.copies = self.unrecorded = 0

    def take(self, row: Row) -> None:
        """Count one message."""
        self.figures.take(row)
        accepted = sum(call.kind == Kind.ACCEPTED and call.why != Why.REPLAY for call in row.attempts)
        copies = max(accepted - 1, 0)
        self.out += any(call.kind == Kind.ACCEPTED for call in row.attempts)
        self.marketing += row.purpose == Purpose.MARKETING and any(map(_perhaps_out, row.attempts))
        self.copies += copies
        self.unrecorded += max(copies - _meant(row), 0)


def _perhaps_out(call: Call) -> bool:
    return call.kind == Kind.ACCEPTED or call.certainty == Certainty.AMBIGUOUS or not call.kind


def _meant(row: Row) -> int:
    """Copies of a message that somebody answers for."""
    once = row.priority == Priority.BULK or row.purpose == Purpose.MARKETING
    return sum(call.why == Why.RESEND and bool(call.by or not once) for call in row.attempts)


def judged(found: Measures) -> list[Criterion]:
    """Every criterion with its verdict, in the order of `NAMES`; the policy stands at the top of this module."""
    return [_delivery(found), _processing(found), _permission(found), _copies(found), *_UNSEEN]


def answer(criteria: Sequence[Criterion], required: Collection[str] = ()) -> int:
    """The exit code: 1 when a criterion is missed, 3 when a required one could not be judged. Raises `Usage` for a
    name that no criterion has."""
    if any(one.verdict is Verdict.MISSED for one in criteria):
        return exits.BAD
    return exits.DEGRADED if open_(criteria, required) else exits.OK


def open_(criteria: Sequence[Criterion], required: Collection[str] = ()) -> list[Criterion]:
    """Required criteria that could not be judged; without names those that have a source are required. Raises as
    `answer`."""
    strange = [name for name in required if name not in NAMES]
    if strange:
        raise Usage("CLI-USAGE", f"no criterion is called {strange[0]!r}", "--require", f"name: {', '.join(NAMES)}")
    asked = [one for one in criteria if (one.name in required if required else one.verdict is not Verdict.UNSEEN)]
    return [one for one in asked if one.verdict in (Verdict.TOO_FEW, Verdict.UNSEEN)]


def _delivery(found: Measures) -> Criterion:
    rate, wrong = Rate(found.figures.failed, found.figures.finalised), found.figures.wrong
    words = {Judged.WITHIN: Verdict.MET, Judged.ABOVE: Verdict.MISSED, Judged.TOO_FEW: Verdict.TOO_FEW}
    hint = "see what failed, and why: notifyctl queue failed"
    title, verdict, seen = "Failed, of what was to be sent", words[rate.judged(OBJECTIVE)], rate_told(rate)
    if wrong.judged(WRONG) is Judged.ABOVE:
        verdict, seen = Verdict.MISSED, f"{seen}; wrong addresses {rate_told(wrong)}"
    return Criterion("delivery", title, "0.1 %", verdict, seen, hint)


def _processing(found: Measures) -> Criterion:
    times = told(found.figures)["processing"]
    title, hint = "Processing latency, mean", "see which provider is slow: notifyctl provider list"
    if times["calls"] < ENOUGH:
        return Criterion(
            "processing", title, f"< {SLOW} ms", Verdict.TOO_FEW, f"{times['calls']} mails of {ENOUGH}", hint
        )
    seen = f"mean {times['mean']:g} ms, p95 {times['p95']:g} ms, {times['calls']:,} mails"
    verdict = Verdict.MET if times["mean"] < SLOW else Verdict.MISSED
    return Criterion("processing", title, f"< {SLOW} ms", verdict, seen, hint)


def _permission(found: Measures) -> Criterion:
    seen = f"{found.marketing:,} of {found.out:,} mails"
    hint = "stop it first: notifyctl pause queue; then see who added it: notifyctl message find"
    return Criterion("permission", "Marketing without consent", "0", _none(found.marketing, found.out), seen, hint)


def _copies(found: Measures) -> Criterion:
    seen = f"{found.unrecorded:,} of {found.copies:,} copies"
    if found.out:
        low, high = (1e4 * end for end in Rate(found.copies, found.out).interval)
        seen += f"; {found.copies / found.out * 1e4:.1f} per 10,000, 95 % {low:.1f}-{high:.1f}"
    hint = "two accepted attempts tell whose: notifyctl message show; report it, it must not happen"
    return Criterion("copies", "Copies that nobody decided", "0", _none(found.unrecorded, found.out), seen, hint)


def _none(count: int, of: int) -> Verdict:
    """Whether a count of all mail is none."""
    if count:
        return Verdict.MISSED
    return Verdict.MET if of else Verdict.TOO_FEW
