"""What the text of a mail may say, by the purpose of its type."""

import re

from notifyctl.domain import page
from notifyctl.domain.revision import MessageType, Purpose

SALES = re.compile(
    r"\b\d{1,2} ?% off\b|\b(?:discount|promo|promotion) code\b|\bspecial offers?\b|\bbuy now\b|\bbook now and save\b",
    re.IGNORECASE,
)
_LEAVE = re.compile(r"unsubscribe", re.IGNORECASE)


def faults(html: str, kind: MessageType | None, contact: str) -> list[str]:
    """What is wrong with a text, in words for people.

    Marketing mail has a link to unsubscribe and names an address of the sender (PECR, regulation 23). Service mail
    sells nothing: a confirmation that also advertises is marketing as a whole, and then needs consent. The words that
    are looked for are few and plain: what they do not find may sell all the same.
    """
    if kind is None:
        return ["no type is called that"]
    seen = page.read(html)
    if kind.purpose is Purpose.MARKETING:
        leaving = any(map(_LEAVE.search, seen.links))
        return [
            *(["nobody can unsubscribe by a link"] if not leaving else []),
            *(["it does not name the contact of processing.toml"] if contact not in html else []),
        ]
    sold = SALES.search(seen.words)
    return [f"it sells ({sold[0]!r}), and its purpose is service"] if sold else []
