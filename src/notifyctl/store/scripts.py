"""The Lua scripts: loaded once, called by their hash, never repeated by themselves."""

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument, pack


class Scripts:
    """Runs the scripts of `store/lua` on one pipe.

    `now` gives the time in milliseconds instead of the server's TIME; it exists for tests, and wiring passes
    nothing. A script that the server forgot (restart, failover, SCRIPT FLUSH) is sent again: NOSCRIPT says that
    nothing ran.
    """

    def __init__(self, link: Link, now: Callable[[], int] | None = None) -> None:
        self.link = link
        self._now = now

    @property
    def now(self) -> str:
        """The time to pass to a script: empty for the server's own."""
        return str(self._now()) if self._now else ""

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run a script; raises `Unreachable` when Redis does not answer, with the effect then unknown."""
        text, digest = _source(name)
        with self.link.reach():
            try:
                replies = await self.link.pipe.ask([pack(("EVALSHA", digest, len(keys), *keys, *args))])
            except NoScriptError:
                replies = await self.link.pipe.ask([pack(("EVAL", text, len(keys), *keys, *args))])
        return replies[0]


_SHARED = {"settle": ("tally",), "weigh": ("tally",)}  # what a script needs beside the prelude
_cache: dict[str, tuple[str, str]] = {}


def _source(name: str) -> tuple[str, str]:
    if name not in _cache:
        folder = files(__package__) / "lua"
        parts = ("prelude", *_SHARED.get(name, ()), name)
        text = "".join((folder / f"{part}.lua").read_text("utf-8") for part in parts)
        _cache[name] = (text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
    return _cache[name]
