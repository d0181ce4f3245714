"""Incidents in Redis: one hash each, a timeline beside it, and indexes of those that are open.

Keys under our own base: `inc:{id}` (version and document), `inc:{id}:log` (timeline), `incidents` (all by time),
`incidents:open` (cause -> id), `incidents:last` (cause -> its latest id), `incidents:owing` (to be looked at by the
duty), `incidents:days` (counters of the ids).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from notifyctl.domain.incident import Incident, Sending
from notifyctl.store.health import server_time
from notifyctl.store.link import Link
from notifyctl.store.pipe import Argument
from notifyctl.store.scripts import Scripts

PART = 100  # incidents of one round trip


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline: when (epoch ms), who, what."""

    at: int
    by: str
    text: str


class Saved(NamedTuple):
    """The answer to a write: `ok`, `stale`, `taken` (then the id of the other) or `lost`; the incident as it is now."""

    code: str
    incident: Incident
    now: int


class Incidents:
    """The incidents of one prefix."""

    def __init__(self, link: Link, scripts: Scripts, own: str) -> None:
        self.link = link
        self.scripts = scripts
        self.own = own

    async def save(
        self, incident: Incident, entries: Sequence[Entry] = (), owing: bool = True, lease: int | None = None
    ) -> Saved:
        """Write a version made from the one that was read, with lines for the timeline; a new one gets its id.

        `lease` is the number of the duty's lease, None for a person. Raises `Unreachable`: then it may be written.
        """
        args: list[Argument] = [
            self.scripts.now, "" if lease is None else lease, incident.id or _day(incident.opened_at), incident.version,
            incident.key, _document(incident), "" if incident.resolved_at else "1", "1" if owing else "",
            *(msgspec.json.encode(entry) for entry in entries),
        ]  # fmt: skip
        code, name, version, now = await self.scripts.run("incident", (self.own,), args)
        return Saved(code.decode(), replace(incident, id=name.decode(), version=int(version)), int(now))

    async def now(self) -> int:
        """The server's time, epoch ms. Raises `Unreachable`."""
        return int(self.scripts.now or await server_time(self.link))

    async def get(self, identity: str) -> Incident | None:
        """An incident by its id. Raises `Unreachable`."""
        return next(iter(await self._read([identity])), None)

    async def open(self) -> list[Incident]:
        """All that are open, oldest first. Raises `Unreachable`."""
        with self.link.reach():
            names = await self.link.redis.hvals(f"{self.own}incidents:open")
        return sorted(await self._read(_texts(names)), key=lambda one: one.id)

    async def owing(self) -> list[Incident]:
        """All that the duty must look at: open ones, and those of whose end somebody was not told yet."""
        with self.link.reach():
            names = await self.link.redis.smembers(f"{self.own}incidents:owing")
        return sorted(await self._read(_texts(names)), key=lambda one: one.id)

    async def latest(self, most: int = 50) -> list[Incident]:
        """The latest, newest first. Raises `Unreachable`."""
        with self.link.reach():
            names = await self.link.redis.zrange(f"{self.own}incidents", 0, most - 1, desc=True)
        return await self._read(_texts(names))

    async def last_of(self, cause: str) -> Incident | None:
        """The latest incident of a cause, open or not. Raises `Unreachable`."""
        with self.link.reach():
            name = await self.link.redis.hget(f"{self.own}incidents:last", cause)
        return await self.get(name.decode()) if name else None

    async def timeline(self, identity: str) -> list[Entry]:
        """What happened, in order. Raises `Unreachable`."""
        with self.link.reach():
            rows = await self.link.redis.lrange(f"{self.own}inc:{identity}:log", 0, -1)
        return [msgspec.json.decode(row, type=Entry) for row in rows]

    async def _read(self, names: Sequence[str]) -> list[Incident]:
        found = []
        with self.link.reach():
            for at in range(0, len(names), PART):
                pipe = self.link.redis.pipeline(transaction=False)
                for name in names[at : at + PART]:
                    pipe.hmget(f"{self.own}inc:{name}", "v", "document")
                rows = zip(names[at : at + PART], await pipe.execute(), strict=True)
                found += [_incident(name, int(version), text) for name, (version, text) in rows if text]
        return found


def _day(ms: int) -> str:
    return f"INC-{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"


def _document(incident: Incident) -> bytes:
    told = {name: getattr(incident, name) for name in Incident.__dataclass_fields__ if name not in ("id", "version")}
    return msgspec.json.encode({**told, "sendings": dict(incident.sendings)})


def _incident(name: str, version: int, text: bytes) -> Incident:
    fields = msgspec.json.decode(text)
    sendings = {key: msgspec.convert(row, Sending) for key, row in fields.pop("sendings").items()}
    known = {key: value for key, value in fields.items() if key in Incident.__dataclass_fields__}
    return Incident(**{**known, "id": name, "version": version, "sendings": MappingProxyType(sendings)})


def _texts(names: Sequence[bytes]) -> list[str]:
    return [name.decode() for name in names]
