"""What all documents share: mailboxes, spliced bodies, our correlation value.

Bodies are JSON string literals already, so they are copied into the document without being decoded:
the bytes are the producer's, and a mail of 20 kB costs microseconds.
"""

import base64
import re
from functools import lru_cache

import msgspec

from notifyctl import __version__
from notifyctl.domain.message import Address

REF = "nf_ref"  # name of our tag or metadata entry
REF_HEADER = "X-Notify-Ref"
USER_AGENT = f"notifyctl/{__version__}"
JSON_HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"), ("User-Agent", USER_AGENT))

# Words of a display name that need no quotes. "=" and "?" are legal there, but might look like an encoded word.
_PLAIN_NAME = re.compile(r"""[^\s"(),.:;<>@\[\\\]=?]+(?: [^\s"(),.:;<>@\[\\\]=?]+)*""")
_ENCODED_WORD_BYTES = 45  # RFC 2047, 2: 75 characters a word, 12 of them frame, 60 base64


def render(fields: dict[str, object]) -> bytes:
    """The document as JSON bytes in the order of the fields, those that are None left out."""
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def literal(body: bytes | None) -> msgspec.Raw | None:
    """A body that `render` copies as it is."""
    return None if body is None else msgspec.Raw(body)


def mailbox(address: Address, *, ascii_only: bool = False) -> str:
    """`Name <local@domain>`, the name quoted where RFC 5322 asks for it, the domain in its ASCII form.

    `ascii_only` writes a name outside ASCII as encoded words (RFC 2047); else it stays UTF-8.
    """
    email = ascii_domain(address.email)
    return f"{_phrase(address.name, ascii_only)} <{email}>" if address.name else email


def ascii_domain(email: str) -> str:
    """The address with an internationalised domain as IDNA; one that has no such form stays and is refused there."""
    if email.isascii():
        return email
    import idna  # deferred: its tables are large and most addresses need none

    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return email


@lru_cache(maxsize=256)  # our senders' names come with every message
def _phrase(name: str, ascii_only: bool) -> str:
    if ascii_only and not name.isascii():
        return " ".join(f"=?UTF-8?B?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(name))
    if _PLAIN_NAME.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _chunks(name: str) -> list[bytes]:
    """The name in UTF-8, cut between characters, as RFC 2047 demands."""
    chunks = [b""]
    for character in name:
        data = character.encode()
        if len(chunks[-1]) + len(data) > _ENCODED_WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += data
    return chunks
