"""Reading an answer without trusting it: JSON or not, compressed or not, and the headers that mean time.

Nothing here raises, whatever the bytes are.
"""

import re
import zlib
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec

from notifyctl.domain.outcome import Certainty, Kind, Limits, Outcome, Response
from notifyctl.domain.redact import redact

_GZIP = b"\x1f\x8b"
_MAX_INFLATED = 4_000_000  # an answer is a few hundred bytes; a bomb is not
_MAX_WAIT_MS = 86_400_000
_READ_TEXT = 2_000
_MAX_DETAIL = 200
_MAX_CODE = 64
_TAG = re.compile(r"<[^<>]*>")
_SECONDS = re.compile(r"(\d{1,9})(?:\.\d{0,9})?")


def parse(response: Response) -> dict[str, object] | None:
    """The JSON object of the body, or None when there is none: HTML, truncated, empty, another JSON type."""
    try:
        value = msgspec.json.decode(_inflated(response.body))
    except (ValueError, RecursionError, msgspec.MsgspecError, zlib.error):
        return None
    return value if isinstance(value, dict) else None


def text(response: Response) -> str:
    """The beginning of a body that is no JSON object, without markup."""
    try:
        body = _inflated(response.body)
    except zlib.error:
        return ""
    return _TAG.sub(" ", body[:_READ_TEXT].decode("utf-8", "replace"))


def detail(message: str) -> str:
    """A short text that may be shown: one line, at most 200 characters, no address, no key."""
    # The last word of a cut text may be half an address, which redaction would not know.
    cut = message if len(message) <= _READ_TEXT else message[:_READ_TEXT].rpartition(" ")[0]
    line = " ".join("".join(c if c.isprintable() else " " for c in cut).split())
    return redact(line)[:_MAX_DETAIL]


def code(name: str) -> str:
    """A provider's error name that may be kept: short, printable, redacted."""
    return detail(name)[:_MAX_CODE]


def string(document: dict[str, object], *keys: str) -> str:
    """The first of these members that is a string, or an empty one."""
    return next((value for key in keys if isinstance(value := document.get(key), str)), "")


def mapping(document: dict[str, object], key: str) -> dict[str, object]:
    """The member that is an object, or an empty one."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def number(document: dict[str, object], key: str) -> float | None:
    """The member that is a finite number from 0, or None."""
    value = document.get(key)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15
    return float(value) if usable and isinstance(value, int | float) else None


def epoch_ms(text: str) -> int:
    """A time of RFC 3339 in epoch ms; 0 for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return max(round(moment.timestamp() * 1000), 0) if moment.tzinfo else 0
    except (ValueError, OverflowError):
        return 0


def accepted(response: Response, provider_id: str, message: str = "", limits: Limits | None = None) -> Outcome:
    """A 2xx that names the copy; without a name nobody knows what happened."""
    if not provider_id or len(provider_id) > 200 or not provider_id.isprintable():
        return unreadable(response, limits)
    said = detail(message) if message else ""
    return Outcome(Kind.ACCEPTED, http=response.status, provider_id=provider_id, detail=said, limits=limits)


def unreadable(response: Response, limits: Limits | None = None) -> Outcome:
    """A 2xx without a readable receipt: the provider is at fault, and the copy may be out."""
    return Outcome(
        Kind.FAULT,
        Certainty.AMBIGUOUS,
        code="unreadable",
        http=response.status,
        detail=detail(f"answered {response.status} without a receipt: {text(response)}"),
        limits=limits,
    )


def retry_after_ms(headers: dict[str, str]) -> int | None:
    """The wait that `Retry-After` asks for, 0 to 24 h; a date counts from the answer's own `Date`."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(round(float(value) * 1000), _MAX_WAIT_MS)
    until, since = _moment(value), _moment(headers.get("date", ""))
    if until is None or since is None:
        return None
    return min(max(0, round((until - since).total_seconds() * 1000)), _MAX_WAIT_MS)


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment if moment.tzinfo else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _inflated(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    stream = zlib.decompressobj(wbits=31)
    inflated = stream.decompress(body, _MAX_INFLATED)
    if not stream.eof:  # cut, or a bomb: what came out so far proves nothing
        raise zlib.error("incomplete")
    return inflated
