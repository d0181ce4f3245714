"""The wire format of a job: BullMQ's `data`, JSON version 1, to a message.

The bodies are left as the JSON literals that they are; everything else is decoded and checked. Whatever is
wrong raises `InvalidMessage`, so a bad job can be rejected with its reason and never harms its neighbours.
"""

import contextlib
import re
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.message import MAX_BODY, Address, Message, build, check_deadline, check_id

MAX_DATA = 2 * MAX_BODY + 100_000
VERSION = 1


class _To(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    name: str | None = None


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    id: str
    type: str
    to: _To
    subject: str | None = None
    html: msgspec.Raw = msgspec.Raw()
    text: msgspec.Raw = msgspec.Raw()
    template: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()
    customer: str | None = None
    reply_to: str | None = None
    headers: dict[str, str] | None = None
    deadline: str | None = None
    metadata: dict[str, str] | None = None


class _Id(msgspec.Struct):
    id: str


class _Glance(msgspec.Struct):
    id: Any = None
    type: Any = None
    to: Any = None


class Glance(NamedTuple):
    """What a job seems to be, checked by nobody; empty texts for what is not there."""

    id: str
    type: str
    email: str


class _Version(msgspec.Struct):
    v: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(_Data)
_version_decoder = msgspec.json.Decoder(_Version)
_glance_decoder = msgspec.json.Decoder(_Glance)
_text_decoder = msgspec.json.Decoder(str)
_id_decoder = msgspec.json.Decoder(_Id)


def read(data: bytes, known_types: Collection[str]) -> Message:
    """The message in a job's data; raises `InvalidMessage` naming the field."""
    if len(data) > MAX_DATA:
        raise InvalidMessage("MSG-SIZE", f"the job has {len(data)} bytes, {MAX_DATA} is the most", "data")
    try:
        if not data.isascii():
            data.decode()  # msgspec passes raw bodies on unread
        return build(_message(_decoder.decode(data)), known_types)
    except UnicodeDecodeError as error:
        raise InvalidMessage("MSG-UNICODE", f"is not UTF-8 at byte {error.start}", "data") from None
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None
    except msgspec.DecodeError as error:
        raise _unreadable(data, error) from None
    except RecursionError:
        raise InvalidMessage("MSG-JSON", "is nested too deeply", "data") from None


def peek_id(data: bytes) -> str:
    """The id of a message that cannot be read otherwise, or an empty text."""
    try:
        return check_id(_id_decoder.decode(data).id)
    except (msgspec.DecodeError, InvalidMessage, UnicodeDecodeError, RecursionError):
        return ""


def glance(data: bytes) -> Glance:
    """Id, type and recipient of whatever a job carries; of an id only what could be one."""
    try:
        seen = _glance_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Glance("", "", "")
    email = seen.to.get("email") if isinstance(seen.to, dict) else None
    return Glance(peek_id(data), *(text if isinstance(text, str) else "" for text in (seen.type, email)))


def versioned(data: bytes) -> bytes:
    """The data with `v` where it is left out; what is no JSON object stays as it is, for `read` to refuse."""
    try:
        if bytes(_version_decoder.decode(data).v):
            return data
    except msgspec.DecodeError:
        return data
    rest = data.lstrip()[1:].lstrip()
    return b'{"v":%d%s%s' % (VERSION, b"" if rest.startswith(b"}") else b",", rest)


def write(fields: dict[str, object]) -> bytes:
    """Job data version 1 from plain fields, as a producer would write it."""
    return msgspec.json.encode({"v": VERSION, **{name: value for name, value in fields.items() if value is not None}})


def same(one: bytes, other: bytes) -> bool:
    """Whether two texts are the same JSON, however it is written."""
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return one == other


def _message(data: _Data) -> Message:
    if data.v != VERSION:
        raise InvalidMessage("MSG-VERSION", f"job data version {data.v} is unknown", "v", f"write {VERSION}")
    if data.template or data.data:
        raise InvalidMessage(
            "MSG-TEMPLATE",
            "templates do not exist yet",
            "template",
            "render the mail yourself: send subject, html, text",
        )
    if data.subject is None:
        raise InvalidMessage("MSG-SHAPE", "is missing", "subject")
    return Message(
        id=data.id,
        type=data.type,
        to=Address(data.to.email, data.to.name),
        subject=data.subject,
        html=_literal(data.html, "html"),
        text=_literal(data.text, "text"),
        customer=data.customer,
        reply_to=data.reply_to,
        headers=tuple((data.headers or {}).items()),
        deadline=None if data.deadline is None else check_deadline(data.deadline),
        metadata=tuple((data.metadata or {}).items()),
    )


def _literal(raw: msgspec.Raw, where: str) -> bytes | None:
    """The literal of a body, which msgspec has seen to be JSON; it is read only when NUL seems to hide in it."""
    literal = bytes(raw)
    if literal in (b"", b"null"):
        return None
    if literal[:1] != b'"':
        raise InvalidMessage("MSG-SHAPE", "must be a string", where)
    # Looking for one byte first is 50 times faster; an escaped backslash before the escape is harmless.
    if b"\\" in literal and b"\\u0000" in literal and "\x00" in _text_decoder.decode(literal):
        raise InvalidMessage("MSG-UNICODE", "holds NUL", where)
    return literal


def _unreadable(data: bytes, error: msgspec.DecodeError) -> InvalidMessage:
    """Not JSON at all, or JSON whose text holds half a surrogate pair, which only a lenient reader takes."""
    import json

    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(data)
        fields = document.items() if isinstance(document, dict) else ()
        named = [(name, json.dumps(value, ensure_ascii=False)) for name, value in fields if _is_text(name)]
        broken = [name for name, value in named if not _is_text(value)]
        return InvalidMessage("MSG-UNICODE", "holds a lone surrogate, which is no character", (*broken, "data")[0])
    return InvalidMessage("MSG-JSON", f"is not JSON: {error}", "data")


def _is_text(text: str) -> bool:
    return text.encode("utf-8", "ignore").decode() == text


def _explain(text: str) -> InvalidMessage:
    """Turn msgspec's words into a code, a field and a fix."""
    place = re.search(r"`\$\.?([^`]*)`$", text)
    where = place[1] if place and place[1] else "data"
    unknown = re.search(r"unknown field `([^`]+)`", text)
    if unknown and unknown[1] == "attachments":
        fix = "attachments are not in version 1: link to the ticket instead"
        return InvalidMessage("MSG-ATTACHMENTS", "attachments are not carried", "attachments", fix)
    if unknown and unknown[1] in ("cc", "bcc"):
        fix = "enqueue one message for each recipient"
        return InvalidMessage("MSG-RECIPIENTS", "has exactly one recipient, in `to`", unknown[1], fix)
    if unknown:
        return InvalidMessage("MSG-UNKNOWN-FIELD", f"unknown field {unknown[1][:60]!r}", where[:60])
    if where == "to" and "array" in text:
        fix = "enqueue one message for each recipient"
        return InvalidMessage("MSG-RECIPIENTS", "must be one recipient, not a list", "to", fix)
    if "UTF-8" in text or "surrogate" in text:
        return InvalidMessage("MSG-UNICODE", "holds characters that are none", where)
    return InvalidMessage("MSG-SHAPE", text.partition(" - at")[0], where)
