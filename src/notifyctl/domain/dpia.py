"""The assessment of what mail does to the people who get it (DPIA; UK GDPR, Article 35).

The words stand in `dpia.md` under the seven steps of the ICO's template; what a machine can weigh in `dpia.toml`:

    owner = "J. Smith"      # keeps it under review
    reviewed = 2026-11-24

    [[risk]]
    what = "A ticket reaches somebody else"
    likelihood = 1          # 1 remote, 2 possible, 3 probable
    severity = 3            # 1 minimal, 2 significant, 3 severe
    measures = ["one recipient in each message"]
    residual = "low"        # low, medium, high: what is left after the measures

    [sign_off]              # leave it out until it is signed
    by = "J. Smith"
    on = 2026-11-24
    advice = "the data-protection officer agrees"
    covers = "..."          # the fingerprint that `dpia check` prints: what was assessed, and what was said of it
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.register import Sheet

STEPS = (
    "Why an assessment", "What is done", "Who was asked", "Necessity and proportionality", "Risks", "Measures",
    "Sign-off",
)  # fmt: skip
OLD, SOON = 365, 304  # days after a review: a year is our policy, two months before it is time to begin
_LEVELS = ("low", "medium", "high")
_STEP = re.compile(r"^## (\d)\.? .*$", re.MULTILINE)


class Trouble(StrEnum):
    """What can be wrong; `draft` and `gap` stop a deployment, the others ask for a review."""

    GAP = "gap"
    DRAFT = "draft"
    OLD = "old"
    DUE = "due"
    DRIFT = "drift"


class Finding(NamedTuple):
    """One thing that is wrong, in words for people."""

    trouble: Trouble
    what: str


class Risk(NamedTuple):
    """A risk to people; likelihood and severity from 1 to 3."""

    what: str
    likelihood: int
    severity: int
    measures: tuple[str, ...]
    residual: str


class SignOff(NamedTuple):
    """Who took the responsibility, when, with whose advice; `covers` is what `covered` gave on that day."""

    by: str
    on: date
    advice: str
    covers: str


class Dpia(NamedTuple):
    """The whole of `dpia.toml`."""

    owner: str
    reviewed: date
    risks: tuple[Risk, ...]
    signed: SignOff | None


class Facts(NamedTuple):
    """What was assessed: a change of any of it asks for a new look. `types` maps types of mail to their purposes."""

    providers: Sequence[str]
    countries: Sequence[str]
    types: Mapping[str, str]
    notice: str

    @property
    def fingerprint(self) -> str:
        """16 hex digits; the order of anything does not matter."""
        told = [sorted(self.providers), sorted(self.countries), sorted(self.types.items()), self.notice]
        return _digest(told)


def covered(dpia: Dpia, prose: str, facts: Facts) -> str:
    """What a sign-off of today covers: the fingerprint of the facts, a hyphen, and that of what is said of them.

    Of dpia.toml every value but those under [sign_off] counts, of dpia.md every line. What does not: comments and
    layout of the TOML, the order of risks and of measures, white space at the ends of lines, empty lines at both ends.
    """
    risks = sorted((*risk[:3], sorted(risk.measures), risk.residual) for risk in dpia.risks)
    lines = "\n".join(line.rstrip() for line in prose.splitlines()).strip("\n")
    return f"{facts.fingerprint}-{_digest([dpia.owner, dpia.reviewed.isoformat(), risks, lines])}"


def read(text: str, where: str) -> Dpia:
    """The assessment of a TOML text; raises `Misconfigured`."""
    sheet = register.parse(text, where)
    risks = tuple(map(_risk, sheet.sheets("risk")))
    signed = _sign_off(sheet.sheet("sign_off")) if sheet.has("sign_off") else None
    return sheet.end(Dpia(sheet.text("owner"), sheet.day("reviewed"), risks, signed))


def steps(prose: str) -> dict[int, str]:
    """What stands under each `## 1. ...` of the words, by number."""
    heads = list(_STEP.finditer(prose))
    ends = [*(head.start() for head in heads[1:]), len(prose)]
    return {int(head[1]): prose[head.end() : end].strip() for head, end in zip(heads, ends, strict=True)}


def examine(dpia: Dpia, prose: str, facts: Facts, today: date) -> list[Finding]:
    """What is wrong with an assessment on that day.

    It has gaps unless each of the seven steps says something that is not TODO, there is a risk, and each risk has a
    measure. A risk that stays high must go to the regulator first, so the sign-off must say so. Unsigned it is a
    draft, and so it is when what it says is not what was signed: nobody answers for these words. It is due after 10
    months and old after 12. It has drifted when the facts are not those that were signed.
    """
    told = steps(prose)
    empty = [f"step {number}, {name}" for number, name in enumerate(STEPS, 1) if _empty(told.get(number, ""))]
    bare = [f"no measure against: {risk.what}" for risk in dpia.risks if not risk.measures]
    high = [risk.what for risk in dpia.risks if risk.residual == "high"]
    gaps = [
        *(f"nothing is said under {name}" for name in empty),
        *(bare if dpia.risks else ["no risk is named"]),
        *(f"stays high, and the regulator was not consulted: {what}" for what in high if not _consulted(dpia)),
    ]
    return [*(Finding(Trouble.GAP, gap) for gap in gaps), *_signature(dpia, prose, facts), *_age(dpia, today)]


def _signature(dpia: Dpia, prose: str, facts: Facts) -> Iterator[Finding]:
    if dpia.signed is None:
        yield Finding(Trouble.DRAFT, "nobody has signed it")
        return
    signed, today = (text.partition("-") for text in (dpia.signed.covers, covered(dpia, prose, facts)))
    if signed[2] != today[2]:
        yield Finding(Trouble.DRAFT, "nobody has signed it as it stands: dpia.toml or dpia.md changed since")
    if signed[0] != today[0]:
        yield Finding(Trouble.DRIFT, "providers, countries, types of mail or the notice are not those that it covers")


def _age(dpia: Dpia, today: date) -> list[Finding]:
    days = (today - dpia.reviewed).days
    if days > OLD:
        return [Finding(Trouble.OLD, f"last reviewed {days} days ago")]
    return [Finding(Trouble.DUE, f"last reviewed {days} days ago")] if days >= SOON else []


def _digest(told: object) -> str:
    return sha256(json.dumps(told).encode()).hexdigest()[:16]


def _empty(text: str) -> bool:
    return len(text) < 20 or "TODO" in text  # characters; less is no answer


def _consulted(dpia: Dpia) -> bool:
    return bool(dpia.signed and "ICO" in dpia.signed.advice)


def _risk(sheet: Sheet) -> Risk:
    likelihood, severity = (sheet.number(key, 1, 3) for key in ("likelihood", "severity"))
    what, measures, residual = sheet.text("what"), sheet.texts("measures"), sheet.word("residual", _LEVELS)
    return sheet.end(Risk(what, likelihood, severity, measures, residual))


def _sign_off(sheet: Sheet) -> SignOff:
    return sheet.end(SignOff(sheet.text("by"), sheet.day("on"), sheet.text("advice"), sheet.text("covers")))
