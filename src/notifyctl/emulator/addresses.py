"""E-mail addresses as the providers read them."""

import re

_NAMED = re.compile(r"^[^<>]*<([^<>]*)>\s*$")
_BARE = re.compile(r"^[^\s<>\"(),:;@\[\]\\]+@[^\s<>\"(),:;@\[\]\\]+$")
_ITEM = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')


def bare(text: object) -> str | None:
    """The address in `a@b` or `Name <a@b>`; None when there is none."""
    if not isinstance(text, str) or "\r" in text or "\n" in text:
        return None
    named = _NAMED.match(text)
    address = named.group(1) if named else text.strip()
    return address if _BARE.match(address) else None


def split(text: str) -> list[str]:
    """The items of a comma separated list; commas inside quotes do not separate."""
    return [item.strip() for item in _ITEM.findall(text) if item.strip()]


def domain(address: str) -> str:
    """What stands after the last @, lower case."""
    return address.rpartition("@")[2].lower()


def covers(verified: frozenset[str] | None, address: str) -> bool:
    """Whether an address or its domain is in a list of verified senders; None verifies everybody."""
    return verified is None or address.lower() in verified or domain(address) in verified
