"""A message: one e-mail to one recipient, and the rules that it must keep at the door.

The rules, in the order in which they are checked:

- the `id` names the business event, 1 to 200 printable characters, unique for ever;
- exactly one recipient, an address that survives as a header, a local part of at most 64 characters;
- subject, names, reply-to, header names and values carry no control character, so nothing can add a header;
- custom headers may not set what the engine or the provider sets (From, To, Subject, Message-ID ...);
- a body: HTML, text or both, valid Unicode without NUL or lone surrogates, 5 MB at most each
  (Postmark's limit, the smallest of the three);
- no attachments in version 1; no template until templates exist.

A broken rule raises `InvalidMessage` with the field as `where`.
"""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from notifyctl.domain.errors import InvalidMessage

MAX_ID = 200
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
MAX_LOCAL_PART = 64  # RFC 5321, 4.5.3.1.1
MAX_SUBJECT = 998  # RFC 5322, 2.1.1: the longest line
MAX_NAME = 200
MAX_HEADERS = 15  # Amazon SES, Simple.Headers
MAX_HEADER_VALUE = 995  # Amazon SES, Simple.Headers
MAX_BODY = 5_000_000  # Postmark, each body
MAX_METADATA = 10
MAX_METADATA_KEY = 20  # Postmark, field names
MAX_METADATA_VALUE = 80  # Postmark, field values

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
_LOCAL_PART = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
_DOMAIN_LABEL = re.compile(r"(?!-)[^\s@<>()\[\],;:\\\".\x00-\x1f\x7f]{1,63}(?<!-)")
_ENGINE_HEADER = re.compile(
    r"(resent-)?(from|to|cc|bcc|sender|date|message-id)|subject|reply-to|return-path|received|mime-version"
    r"|content-(type|transfer-encoding)|dkim-signature|x-notify-ref",
    re.IGNORECASE,
)


class Address(NamedTuple):
    """A mailbox: `email` as given, `name` a display name or None."""

    email: str
    name: str | None = None


class Message(NamedTuple):
    """A message that passed the door.

    `html` and `text` are JSON string literals in UTF-8, quotes included, exactly as the producer wrote
    them: bodies pass through to the provider without being decoded. `deadline` is epoch milliseconds.
    """

    id: str
    type: str
    to: Address
    subject: str
    html: bytes | None = None
    text: bytes | None = None
    customer: str | None = None
    reply_to: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    deadline: int | None = None
    metadata: tuple[tuple[str, str], ...] = ()


def check_id(value: str) -> str:
    """Return the id, or raise: it must be printable, without space at the ends, 1 to 200 characters."""
    if not value or len(value) > MAX_ID or value != value.strip():
        raise InvalidMessage("MSG-ID", f"the id must have 1 to {MAX_ID} characters and no space at its ends", "id")
    return check_text(value, "id", MAX_ID)


def check_text(value: str, where: str, longest: int) -> str:
    """Return a one-line text without control characters and lone surrogates, or raise."""
    if not value.isprintable():  # nearly always it is, and nothing else need be searched for
        _refuse_characters(value, where)
    if len(value) > longest:
        raise InvalidMessage("MSG-SIZE", f"has {len(value)} characters, {longest} is the most", where)
    return value


def _refuse_characters(value: str, where: str) -> None:
    if _CONTROL.search(value):
        raise InvalidMessage("MSG-HEADER-INJECTION", "holds a line break or another control character", where)
    if _SURROGATE.search(value):
        raise InvalidMessage("MSG-UNICODE", "holds a lone surrogate, which is no character", where)


def check_email(value: str, where: str) -> str:
    """Return one address, or raise; lists, display forms, quoted local parts and line breaks are refused."""
    check_text(value, where, MAX_ADDRESS)
    local, at, domain = value.rpartition("@")
    if "," in value or ";" in value or "@" in local:
        raise InvalidMessage(
            "MSG-RECIPIENTS", "must be exactly one address", where, "enqueue one message for each recipient"
        )
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > MAX_LOCAL_PART or not _is_domain(domain):
        raise InvalidMessage("MSG-ADDRESS", "is not a usable e-mail address", where)
    return value


@lru_cache(maxsize=1024)  # most recipients share a few domains
def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) >= 2 and all(_DOMAIN_LABEL.fullmatch(label) for label in labels)


def check_headers(items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the custom headers, or raise: at most 15, no reserved name, no name twice, no injection."""
    headers = tuple(items)
    if len(headers) > MAX_HEADERS:
        raise InvalidMessage("MSG-SIZE", f"has {len(headers)} headers, {MAX_HEADERS} is the most", "headers")
    names = [name.lower() for name, _ in headers]
    for name, value in headers:
        check_header(name, value)
        if names.count(name.lower()) > 1:
            raise InvalidMessage("MSG-HEADER", "is given twice", f"headers.{name}")
    return headers


def check_header(name: str, value: str) -> None:
    """Raise unless one custom header has a free, well-formed name and a one-line value."""
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidMessage("MSG-HEADER-INJECTION", "a header name must be printable ASCII without colon", "headers")
    if _ENGINE_HEADER.fullmatch(name):
        raise InvalidMessage("MSG-HEADER", "is set by the engine and cannot be given", f"headers.{name}")
    check_text(value, f"headers.{name}", MAX_HEADER_VALUE)


def check_metadata(items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the metadata, or raise: at most 10 pairs, keys of [A-Za-z0-9_-] up to 20, values up to 80."""
    metadata = tuple(items)
    if len(metadata) > MAX_METADATA:
        raise InvalidMessage("MSG-SIZE", f"has {len(metadata)} entries, {MAX_METADATA} is the most", "metadata")
    for key, value in metadata:
        if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MAX_METADATA_KEY}}}", key) or key.startswith("nf_"):
            raise InvalidMessage("MSG-METADATA", "a key must match [A-Za-z0-9_-]{1,20}, not nf_...", "metadata")
        check_text(value, f"metadata.{key}", MAX_METADATA_VALUE)
    return metadata


def check_body(literal: bytes | None, where: str) -> bytes | None:
    """Return a JSON string literal that can be passed on, or raise when it is too long.

    That it is a string of real characters is known to whoever cut it out of the job (`store/jobdata.py`).
    """
    if literal is not None and len(literal) - 2 > MAX_BODY:
        raise InvalidMessage("MSG-SIZE", f"has {len(literal) - 2} bytes, {MAX_BODY} is the most", where)
    return literal


def check_deadline(value: str) -> int:
    """Epoch milliseconds of an RFC 3339 time with a zone, or raise; other forms of ISO 8601 are refused."""
    try:
        moment = datetime.fromisoformat(value.upper()) if _RFC3339.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidMessage(
            "MSG-DEADLINE", "is not a time with a zone", "deadline", "write it as 2026-11-24T09:00:00Z"
        )
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def build(message: Message, known_types: Collection[str]) -> Message:
    """Return the message when every rule holds, or raise `InvalidMessage` for the first that does not."""
    check_id(message.id)
    check_type(message.type, known_types)
    check_email(message.to.email, "to.email")
    check_text(message.to.name or "", "to.name", MAX_NAME)
    check_text(message.subject, "subject", MAX_SUBJECT)
    check_text(message.customer or "", "customer", MAX_ID)
    if message.reply_to is not None:
        check_email(message.reply_to, "reply_to")
    check_headers(message.headers)
    check_metadata(message.metadata)
    if check_body(message.html, "html") is None and check_body(message.text, "text") is None:
        raise InvalidMessage("MSG-BODY", "has neither html nor text", "html")
    check_body(message.text, "text")
    return message


def check_type(value: str, known_types: Collection[str]) -> str:
    """Return the type when the registry knows it: an unknown type has no purpose, so no permission."""
    if value not in known_types:
        raise InvalidMessage(
            "MSG-TYPE",
            f"unknown type {value[:60]!r}: its purpose is unknown",
            "type",
            f"use one of {', '.join(sorted(known_types))}, or add it to [types] of notifyctl.toml",
        )
    return value
