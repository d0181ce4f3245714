"""Refusals as data: a table of rows, and the interpreter that reads it.

A row says which statuses, error names and wordings mean which kind and certainty; the first row that
matches decides. Each provider has its own table; the rows of `COMMON` follow for what it does not name.
The policy behind all tables:

- a readable refusal is definite; an answer that may hide an acceptance (500, 502, 504) is ambiguous;
- what is wrong with our key, account or URL is `account`; with From, domain, stream or configuration set `sender`;
- what only a bug of ours can cause is `rejected` with a code that begins with `bad_request:`, never `account`.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from notifyctl.domain.outcome import Certainty, Kind, Limits, Outcome, Response
from notifyctl.providers import answers

OURS = "bad_request:"  # such a code is a finding: the request itself was wrong
ANY_STATUS = range(1000)
_AMBIGUOUS = Certainty.AMBIGUOUS


@dataclass(frozen=True, slots=True)
class Row:
    """`statuses` and `names` the row is about (no names = all), `wording` a pattern searched in the message."""

    statuses: Container[int]
    names: tuple[str, ...]
    wording: str
    kind: Kind
    certainty: Certainty = Certainty.DEFINITE
    ours: bool = False
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a provider said: its error name (empty when it gave none) and its message."""

    response: Response
    name: str
    message: str


COMMON = (
    Row(range(300, 400), (), "", Kind.ACCOUNT),  # an API does not redirect: the base URL is wrong
    Row((401, 403, 404, 405, 407), (), "", Kind.ACCOUNT),
    Row((408, 425, 429), (), "", Kind.THROTTLED),
    Row((406, 411, 415), (), "", Kind.REJECTED, ours=True),
    Row(range(400, 500), (), "", Kind.REJECTED),
    Row((503,), (), "", Kind.FAULT),
    Row(ANY_STATUS, (), "", Kind.FAULT, _AMBIGUOUS),
)
_ANYTHING_ELSE = COMMON[-1]


def classify(rows: tuple[Row, ...], refusal: Refusal, limits: Limits | None = None) -> Outcome:
    """The outcome of a refusal: what its first matching row says."""
    row = next(_matching((*rows, *COMMON), refusal), _ANYTHING_ELSE)
    response = refusal.response
    name = answers.code(refusal.name) or f"http_{response.status}"
    return Outcome(
        row.kind,
        row.certainty,
        code=f"{OURS}{name}" if row.ours else name,
        http=response.status,
        detail=answers.detail(refusal.message),
        retry_after_ms=answers.retry_after_ms(response.headers),
        limits=limits,
        suppressed=row.suppressed,
    )


def _matching(rows: tuple[Row, ...], refusal: Refusal) -> Iterator[Row]:
    for row in rows:
        named = not row.names or refusal.name in row.names
        if named and refusal.response.status in row.statuses and _worded(row, refusal):
            yield row


def _worded(row: Row, refusal: Refusal) -> bool:
    return not row.wording or bool(re.search(row.wording, refusal.message[:2000], re.IGNORECASE))
