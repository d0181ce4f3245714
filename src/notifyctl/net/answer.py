"""The common answer, read at once: a status, a few headers, a body of known length, all in one piece.

Providers answer so nearly always. Whatever is not exactly of this form is left to aiohttp's parser, which knows the
rest of HTTP/1.1; this one knows only what it cannot misread.
"""

import re

from notifyctl.domain.outcome import Response

_WHOLE = re.compile(
    rb"HTTP/1\.1 ([2-5]\d\d)(?: [\t\x20-\x7e]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*\r\n)+)\r\n"
)
_LENGTH = re.compile(r"\d{1,7}")
_WITHOUT_BODY = (204, 304)
# What changes the framing, the connection or the meaning of the body.
_BEYOND = frozenset(("transfer-encoding", "content-encoding", "connection", "upgrade", "trailer"))


def at_once(data: bytes) -> Response | None:
    """The answer that these bytes are, to the last one; None when that needs a real parser, or more bytes."""
    found = _WHOLE.match(data)
    if found is None:
        return None
    headers: dict[str, str] = {}
    lines = found[2].decode("ascii").split("\r\n")
    for line in lines[:-1]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip(" \t")
    if len(headers) != len(lines) - 1 or not _BEYOND.isdisjoint(headers):
        return None
    status, length = int(found[1]), headers.get("content-length", "")
    if status in _WITHOUT_BODY or not _LENGTH.fullmatch(length) or len(data) != found.end() + int(length):
        return None
    return Response(status, headers, data[found.end() :])
