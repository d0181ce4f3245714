"""What the DNS says about mail of a domain: who may send it (SPF), with which keys (DKIM), and what else to do (DMARC).

Pure readings of TXT records. SPF is RFC 7208, DKIM RFC 6376 and 8463, DMARC RFC 9989, which removed `pct`, `rf`, `ri`.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4; beyond it receivers give up
REMOVED = ("pct", "rf", "ri")
_COSTLY = ("include", "a", "mx", "ptr", "exists", "redirect")


class Spf(NamedTuple):
    """`end` is the sign before `all`, '' without one; `costs` are look-ups. The record of `redirect` ends for this one
    where it has no end; those of `includes` can only let somebody in, so their ends never count (RFC 7208, 5.2)."""

    end: str
    includes: tuple[str, ...]
    redirect: str
    costs: int


class Key(NamedTuple):
    """A key that verifies signatures: its size in bits (256 for Ed25519), 0 for one that was revoked or is unreadable.
    `testing` tells receivers to treat mail as if it were unsigned."""

    bits: int
    testing: bool


def spf_records(texts: Sequence[str]) -> list[str]:
    """Those that are SPF; there must be one."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def spf(text: str) -> Spf:
    """Read a record."""
    end, includes, redirect, costs = "", [], "", 0
    for word in text.lower().split()[1:]:
        sign, body = (word[0], word[1:]) if word[0] in "+-~?" else ("+", word)
        name, _, target = body.replace("=", ":", 1).partition(":")
        costs += name.partition("/")[0] in _COSTLY
        if name == "include" and "%" not in target:
            includes.append(target)
        if name == "redirect" and "%" not in target:
            redirect = target
        if name == "all":
            end = sign
    return Spf(end, tuple(includes), redirect, costs)


def tags(text: str) -> Mapping[str, str]:
    """The `name=value` pairs of a record, names in lower case."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def dkim(text: str) -> Key:
    """Read a key record."""
    told = tags(text)
    try:
        raw = b64decode(told.get("p", ""), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    bits = 8 * len(raw) if told.get("k", "rsa").lower() == "ed25519" else _rsa_bits(raw)
    return Key(bits, "y" in told.get("t", "").split(":"))


def dmarc_records(texts: Sequence[str]) -> list[Mapping[str, str]]:
    """Those that are DMARC; there must be one."""
    return [tags(text) for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]


def parents(domain: str) -> list[str]:
    """Where a policy may stand: the domain and those above it, at most eight, none of one label."""
    labels = domain.lower().rstrip(".").split(".")
    return [".".join(labels[at:]) for at in range(max(len(labels) - 8, 0), len(labels) - 1)]


def _rsa_bits(raw: bytes) -> int:
    """Bits of the modulus in a SubjectPublicKeyInfo (DER), or in the bare key that some publish; 0 = unreadable."""
    try:
        inner = _content(raw)
        if inner[:1] == b"\x30":  # an algorithm comes first: the key is in the bit string after it
            _, rest = _split(inner)
            inner = _content(_content(rest)[1:])
        modulus = _content(inner)
        return int.from_bytes(modulus, "big").bit_length()
    except IndexError:
        return 0


def _content(der: bytes) -> bytes:
    """What the first element of DER holds."""
    return _split(der)[0]


def _split(der: bytes) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it; raises IndexError where there is none."""
    size, at = der[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(der[2:at], "big")
    if not size or at + size > len(der):
        raise IndexError
    return der[at : at + size], der[at + size :]
