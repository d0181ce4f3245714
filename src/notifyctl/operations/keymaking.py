"""Make, list and revoke keys at a provider; each is one call, and a refusal is an error that says what was refused."""

import time
from dataclasses import dataclass
from typing import NoReturn

from notifyctl.domain.errors import Bad, Unreachable
from notifyctl.domain.keymaking import KeyInfo, KeyMaker, MadeKey
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.net.control import Control


@dataclass(frozen=True)
class Smith:
    """The provider's interface for keys. Each call raises `Unreachable` without an answer, `Bad` for a refusal."""

    provider: str
    maker: KeyMaker

    async def make(self, name: str) -> MadeKey:
        """A new key that may only send. After `Bad` none was made; after `Unreachable` one may have been."""
        response = await self._call(self.maker.create_request(name, time.time()))
        if made := self.maker.created(response):
            return made
        if 400 <= response.status < 500:
            self._denied("make a new key", response)
        what = f"{self.provider} does not say whether it has made a key (http {response.status})"
        raise Unreachable("KEY-UNSEEN", what, self.provider, "run the same command again: it looks for that key first")

    async def keys(self) -> tuple[KeyInfo, ...]:
        """All keys that it lists, on however many pages."""
        found: dict[str, KeyInfo] = {}
        request: Request | None = self.maker.list_request(time.time())
        while request:
            response = await self._call(request)
            page = self.maker.listed(response)
            if page is None:
                self._denied("list its keys", response)
            known, found = len(found), found | {key.id: key for key in page}
            request = self.maker.more_request(response, time.time()) if len(found) > known else None
        return tuple(found.values())

    async def last_use(self, identity: str) -> int:
        """When a key was used last, in epoch seconds; 0 = never, or it is gone; no answer is never taken for 0."""
        request = self.maker.use_request(identity, time.time())
        if request is None:
            return next((key.used for key in await self.keys() if key.id == identity), 0)
        response = await self._call(request)
        used = self.maker.used(response)
        if used is None and identity in [key.id for key in await self.keys()]:
            self._denied("tell the last use of a key", response)
        return used or 0

    async def revoke(self, identity: str) -> None:
        """After it the key works no more; one that is gone already is no error."""
        response = await self._call(self.maker.revoke_request(identity, time.time()))
        if not self.maker.revoked(response):
            self._denied(f"revoke {identity}", response)

    async def _call(self, request: Request) -> Response:
        async with Control() as control:
            answer = await control.call(request)
        if isinstance(answer, Broken):
            raise Unreachable("KEY-UNSEEN", f"{self.provider} does not answer: {answer.detail}", self.provider)
        return answer

    def _denied(self, what: str, response: Response) -> NoReturn:
        """Raise `Bad`; who is busy or broken has nothing against the administrator's key."""
        fix = "look at the administrator's key: docs/secrets.md names what it must be allowed"
        if response.status == 429 or response.status >= 500:
            fix = "try again: the same command goes on"
        raise Bad("KEY-MAKER", f"{self.provider} does not {what} (http {response.status})", self.provider, fix)
