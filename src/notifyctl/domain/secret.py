"""A secret as a value that cannot be printed by accident, and the last defence where one is.

Whoever makes a `Secret` has its text taken out of all that `hide` looks at from then on: as it is, as JSON, URLs, a
shell and Python write it, in hex, and in base64 wherever it begins there. Of a URL that is a secret, what follows its
scheme, its user with a password, and each part of 16 or more characters with a digit are, too; its path and a user
alone only where they stand alone, for `/notifyctl` is also a piece of other paths. A text of less than 8 characters is
not hidden: it is a word of other texts. The newest 100 are remembered; an installation has a dozen.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn
from urllib.parse import unquote

SHORTEST, MOST = 8, 100
RANDOM = 16  # characters of a part of a URL that only a secret has, when there is a digit among them
_made: dict[str, None] = {}


class Secret:
    """A value that no log, traceback or `repr` shows, and that is never copied; `reveal()` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        _remember(text)

    def reveal(self) -> str:
        """The secret itself, for the wire and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled, and not copied")


def hide(text: str) -> str:
    """The text with `[secret]` in place of the secrets of this process."""
    anywhere, alone = _writings(tuple(_made))
    for writing in anywhere:
        text = text.replace(writing, "[secret]")
    return alone.sub("[secret]", text) if alone else text


def _remember(text: str) -> None:
    if len(text) >= SHORTEST:
        _made.pop(text, None)
        _made[text] = None
        if len(_made) > MOST:
            del _made[next(iter(_made))]


@lru_cache(1)
def _writings(secrets: tuple[str, ...]) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The ways to write them, the longest first, so that nothing of a long one is left; and what finds those parts of
    URLs that are hidden where they stand alone."""
    found = {writing for secret in secrets for part in _parts(secret) for writing in _encoded(part)}
    alone = sorted({re.escape(part) for secret in secrets for part in _short(secret)}, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w./-])(?:{'|'.join(alone)})(?![\w/-]|\.\w)") if alone else None
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True)), pattern


def _parts(secret: str) -> Iterator[str]:
    yield secret
    rest = secret.partition("://")[2]
    if "/" in rest:
        yield rest.rpartition("@")[2]
    user = rest.partition("/")[0].rpartition("@")[0]
    if ":" in user:
        yield from (user, unquote(user))
    yield from (part for part in re.split(r"[^\w.~-]+", rest) if len(part) >= RANDOM and re.search(r"\d", part))


def _short(secret: str) -> Iterator[str]:
    place, slash, path = secret.partition("://")[2].partition("/")
    user = place.rpartition("@")[0]
    password = user.partition(":")[2]
    yield from (part for part in (user, password, unquote(password), slash + path) if len(part) >= SHORTEST)


def _encoded(text: str) -> Iterator[str]:
    import base64  # deferred, with the others: whoever reads no settings has nothing to hide
    import json
    import shlex
    from urllib.parse import quote, quote_plus

    raw = text.encode("utf-8", "surrogateescape")
    yield from (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
    yield from (shlex.quote(text), quote(raw), quote(raw, safe=""), quote_plus(raw), raw.hex())
    for before in range(3):
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * before + raw).decode().rstrip("=")
            # a letter that also holds bits of a neighbour is not ours
            yield whole[(0, 2, 3)[before] : len(whole) - (1 if (before + len(raw)) % 3 else 0)]
