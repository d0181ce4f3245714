"""The review queue in Redis: items that a person must decide on, by due time.

Keys under our own base: `rev:{item}` (version and document), `review` (undecided, by due time), `review:decided` (by
the time of the decision).
"""

from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from notifyctl.domain.review import Item
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.scripts import Scripts

PART = 500


class Reviews:
    """The review queue of one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def save(self, item: Item) -> bool:
        """Write a version made from the one that was read; False when somebody was faster. Raises `Unreachable`.

        An item whose `version` is 0 is new; one that is there already stays as it is, decided or not.
        """
        document = msgspec.json.encode({**asdict(item), "version": 0})
        place = (item.decided_at, "") if item.decision else (item.due, "1")
        args: list[Argument] = [item.id, item.version, document, *place]
        return bool(await self.scripts.run("review", (self.own,), args))

    async def get(self, identity: str) -> Item | None:
        """An item by its id. Raises `Unreachable`."""
        return next(iter(await self._read([identity])), None)

    async def waiting(self, most: int = 100) -> list[Item]:
        """The undecided, the first due first. Raises `Unreachable`."""
        return await self._range("review", most)

    async def decided(self, most: int = 100) -> list[Item]:
        """Those with a decision, the latest first. Raises `Unreachable`."""
        return await self._range("review:decided", most, latest=True)

    async def count(self) -> int:
        """How many are undecided. Raises `Unreachable`."""
        with self.link.reach():
            return int(await self.link.redis.zcard(f"{self.own}review"))

    async def undecided(self, kind: str, asked: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Those on which nobody has decided since the question arose: subjects with that time, epoch ms.

        They need not be items. Raises `Unreachable`.
        """
        if not asked:
            return []
        with self.link.reach():
            pipe = self.link.redis.pipeline(transaction=False)
            for subject, _ in asked:
                pipe.zscore(f"{self.own}review:decided", f"{kind}/{subject}")
            scores = await pipe.execute()
        return [one for one, score in zip(asked, scores, strict=True) if score is None or score < one[1]]

    async def _range(self, name: str, most: int, latest: bool = False) -> list[Item]:
        with self.link.reach():
            names = await self.link.redis.zrange(f"{self.own}{name}", 0, most - 1, desc=latest)
        return await self._read([name.decode() for name in names])

    async def _read(self, names: Sequence[str]) -> list[Item]:
        with self.link.reach():
            pipe = self.link.redis.pipeline(transaction=False)
            for name in names:
                pipe.hmget(f"{self.own}rev:{name}", "v", "document")
            rows = await pipe.execute() if names else []
        return [_item(int(version), text) for version, text in rows if text]


def _item(version: int, text: bytes) -> Item:
    fields = msgspec.json.decode(text)
    known = {key: value for key, value in fields.items() if key in Item.__dataclass_fields__}
    return replace(Item(**known), version=version)
