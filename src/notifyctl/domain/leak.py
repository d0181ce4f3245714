"""Secrets that stand where anybody can read them, told by their shape.

The shapes are few and exact: what is found is one. What is not found may be one all the same.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_VALUE = r"\s*[=:]\s*[\"']?"
_RANDOM = r"(?=[\w-]{0,99}\d)[\w-]{16,}"
_SHAPES = {
    "a key of Resend": r"\bre_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{20,32}\b",
    "a token of Postmark": rf"(?i:postmark\w*){_VALUE}[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b(?<!EXAMPLE)",
    "a secret key of AWS": rf"(?i:aws\w*secret\w*){_VALUE}(?![A-Za-z0-9/+]*EXAMPLE)[A-Za-z0-9/+]{{40}}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "an identity of age": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    "a signing secret of webhooks": r"\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a webhook of Slack": r"https://hooks\.slack\.com/services/T\w+/B\w+/\w{20,}",
    "a password of Redis": r"\brediss?://[^\s:/@]*:[^\s:/@${}<]{8,}@",
    "a secret of ours": rf"\b(?:BULLMQ_REDIS_PASSWORD|NOTIFYCTL_(?:PEPPER|\w+_KEY|\w+_SECRET|\w+_PASSWORD|\w+_TOKEN))"
    rf"{_VALUE}(?=\S*\d)[A-Za-z0-9+/=_-]{{16,}}",
    "an address of ours that is secret": rf"\b(?:NOTIFYCTL_(?:WEBHOOK|HEARTBEAT)_URL|SENTRY_DSN){_VALUE}"
    rf"https://(?:{_RANDOM}[^\s/]*@|[^\s/]+/\S{{0,200}}?(?<![\w{{-]){_RANDOM})",
}  # fmt: skip
# A part of each shape, in lower case: a line without any of them needs no closer look, which takes 30 times as long.
_MARKS = (
    "re_", "postmark", "akia", "asia", "secret", "private key", "whsec_", "hooks.slack", "redis", "notifyctl_",
    "sentry_dsn",
)  # fmt: skip
_ANY = re.compile("|".join(f"(?P<s{number}>{shape})" for number, shape in enumerate(_SHAPES.values())))
_KINDS = tuple(_SHAPES)


class Leak(NamedTuple):
    """What stands on a line, numbered from 1. What it is, is said; it itself never is."""

    line: int
    kind: str


def leaks(text: str) -> Iterator[Leak]:
    """Every secret of a text."""
    for number, line in enumerate(text.splitlines(), 1):
        if _suspect(line.lower()) and (found := _ANY.search(line)):
            yield Leak(number, _KINDS[int(str(found.lastgroup)[1:])])


def _suspect(line: str) -> bool:
    return any(mark in line for mark in _MARKS)
