"""Which provider may carry a message, and which lane.

Policy: a provider that would drop, cut or alter any field of a message is never chosen for it. What it
can carry are its capabilities, so that the answer is known before anything is sent:

- local parts of recipient and reply-to, where only ASCII ones are taken;
- custom headers: their number, and the length and characters of their values;
- metadata: number, keys and values (some providers have only tags, with a small alphabet);
- each body, and the whole document once it was rendered, by size in bytes.
"""

import re
from collections.abc import Iterator

from notifyctl.domain.message import Message
from notifyctl.domain.provider import Capabilities
from notifyctl.domain.revision import Priority

_PRINTABLE_ASCII = re.compile(r"[ -~]+")


def cannot_carry(message: Message, capabilities: Capabilities, document_size: int | None = None) -> str | None:
    """Why the provider cannot carry the message, as `field: reason`, or None when it can.

    `document_size` is in bytes, None while the document was not rendered. Values are never quoted.
    """
    return next(_reasons(message, capabilities, document_size), None)


def _reasons(message: Message, can: Capabilities, document_size: int | None) -> Iterator[str]:
    yield from _address_reasons(message, can)
    yield from _header_reasons(message, can)
    yield from _metadata_reasons(message, can)
    yield from _size_reasons(message, can, document_size)


def _address_reasons(message: Message, can: Capabilities) -> Iterator[str]:
    if not can.ascii_local_part_only:
        return
    for where, email in (("to.email", message.to.email), ("reply_to", message.reply_to or "")):
        if not email.rpartition("@")[0].isascii():
            yield f"{where}: the part before the @ is not ASCII"


def _header_reasons(message: Message, can: Capabilities) -> Iterator[str]:
    if can.max_headers is not None and len(message.headers) > can.max_headers:
        yield f"headers: {len(message.headers)} given, {can.max_headers} is the most"
    for name, value in message.headers:
        if can.header_value_max is not None and len(value) > can.header_value_max:
            yield f"headers.{name}: {len(value)} characters, {can.header_value_max} is the most"
        if can.header_value_ascii and not _PRINTABLE_ASCII.fullmatch(value):
            yield f"headers.{name}: is empty or not printable ASCII"


def _metadata_reasons(message: Message, can: Capabilities) -> Iterator[str]:
    if can.max_metadata is not None and len(message.metadata) > can.max_metadata:
        yield f"metadata: {len(message.metadata)} entries, {can.max_metadata} is the most"
    for key, value in message.metadata:
        if not _fits(key, can.metadata_key_max, can.metadata_key_pattern):
            yield f"metadata.{key}: the key is too long or outside the alphabet"
        if not _fits(value, can.metadata_value_max, can.metadata_value_pattern):
            yield f"metadata.{key}: the value is too long or outside the alphabet"


def _size_reasons(message: Message, can: Capabilities, document_size: int | None) -> Iterator[str]:
    for where, literal in (("html", message.html), ("text", message.text)):
        if can.max_body is not None and literal is not None and len(literal) - 2 > can.max_body:
            yield f"{where}: {len(literal) - 2} bytes, {can.max_body} is the most"
    if document_size is not None and document_size > can.max_document:
        yield f"document: {document_size} bytes, {can.max_document} is the most"


def _fits(value: str, longest: int | None, pattern: str | None) -> bool:
    return (longest is None or len(value) <= longest) and (pattern is None or bool(re.fullmatch(pattern, value)))


def lane_of(priority: Priority, lanes: int) -> int:
    """The lane, from 1, in which a producer puts a message when there are so many: critical first, bulk last.

    With fewer lanes than priorities the last one takes the rest; a single one takes all.
    """
    return min(list(Priority).index(priority) + 1, lanes)
