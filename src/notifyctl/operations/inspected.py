"""What the longer audits record of an installation as it is when the report is made.

Inspected, not re-performed: nobody can look at the past of a server, so what was seen is written down, and the report
is made from that. What could not be seen is a fact, too.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from typing import Any

from notifyctl.checks import REGISTRY, Readers
from notifyctl.domain import bench
from notifyctl.domain.check import Report, Verdict, chosen
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.key_age import DAY, DAYS, since
from notifyctl.domain.period import Cycle
from notifyctl.domain.redact import redact
from notifyctl.operations.preflight import examine
from notifyctl.operations.recorded import Fact, time_of, unseen
from notifyctl.store.project import NOTICES, PROCESSING, PROCESSORS

PROFILE = "live"
_INFO = {
    "memory": ("used_memory", "used_memory_peak", "maxmemory", "maxmemory_policy"),
    "persistence": ("aof_enabled", "aof_last_write_status", "rdb_last_bgsave_status"),
}


async def inspected(readers: Readers, cycle: Cycle) -> AsyncIterator[Fact]:
    """The facts of a quarter, and for a half-year more; none for a month."""
    if cycle is Cycle.MONTHLY:
        return
    async for fact in _checks(readers):
        yield fact
    for part, facts in (("keys", _keys), ("waivers", _waivers), ("registers", _registers)):
        for fact in _told(part, facts, readers):
            yield fact
    async for fact in _access(readers):
        yield fact
    if cycle is Cycle.BIANNUAL:
        async for fact in _server(readers):
            yield fact
        for part, facts in (("drills", _drills), ("load", _loads)):
            for fact in _told(part, facts, readers):
                yield fact


def _told(part: str, facts: Callable[[Readers], Iterator[Fact]], readers: Readers) -> list[Fact]:
    """The facts of a part, or why it cannot be seen."""
    try:
        return list(facts(readers))
    except NotifyctlError as error:
        return [unseen(part, redact(error.what))]


async def _checks(readers: Readers) -> AsyncIterator[Fact]:
    known = {identity: one.check for identity, one in REGISTRY.items()}
    blind: list[str] = []
    for one in await examine(REGISTRY, chosen(known, PROFILE, (), ()), readers, lambda _: None):
        if one.seen.verdict in (Verdict.ERROR, Verdict.SKIP):
            blind.append(one.check.id)
        yield _attested(one) if one.seen.verdict is Verdict.ATTESTED else _check(one)
    if blind:
        yield unseen("checks", f"could not look: {', '.join(blind)}")


def _check(one: Report) -> Fact:
    return {
        "kind": "check", "id": one.check.id, "title": one.check.title, "verdict": one.seen.verdict.value,
        "observed": redact(one.seen.observed), "hint": redact(one.seen.hint),
        "waiver": one.waiver.owner if one.waiver else "",
    }  # fmt: skip


def _attested(one: Report) -> Fact:
    told = {"id": one.check.id, "title": one.check.title, "attested": redact(one.seen.observed)}
    return {"kind": "attested", **told}


def _keys(readers: Readers) -> Iterator[Fact]:
    dated = since(readers.given.sources, readers.given.kept.created if readers.given.kept else {})
    for name, at in sorted(dated.items()):
        if at:
            yield {"kind": "key", "name": name, "days": int((readers.now / 1000 - at) / DAY), "most": DAYS[name]}
    bare = sorted(name for name, at in dated.items() if not at)
    if bare:
        yield unseen("keys", f"nobody knows since when these hold: {', '.join(bare)}")


def _waivers(readers: Readers) -> Iterator[Fact]:
    for one in readers.waivers:
        holds = "holds" if one.holds(readers.today) else "is over, or reaches too far"
        told = {"check": one.check, "owner": one.owner, "until": one.expires.isoformat(), "it": holds}
        yield {"kind": "waiver", **told, "reason": redact(one.reason)}


def _registers(readers: Readers) -> Iterator[Fact]:
    """The registers with their hashes: which version was held against what is configured."""
    project = readers.project
    counts = {
        PROCESSORS: len(project.processors), PROCESSING: len(project.record.activities),
        NOTICES: len(project.registry.notices),
    }  # fmt: skip
    for name, count in counts.items():
        digest = sha256(project.text(name).encode()).hexdigest()
        yield {"kind": "register", "name": name, "entries": count, "sha256": digest}


async def _access(readers: Readers) -> AsyncIterator[Fact]:
    try:
        user, open_ = await readers.facts.user(), await readers.facts.lets_strangers_in()
    except NotifyctlError as error:
        yield unseen("access", redact(error.what))
        return
    yield {"kind": "user", "we are": user, "without a password": "may speak" if open_ else "may not speak"}
    yield unseen("access", "who else has a user of Redis, or a login at a provider, is not told to us: attest it")


async def _server(readers: Readers) -> AsyncIterator[Fact]:
    python = ".".join(map(str, readers.python))
    yield {"kind": "version", "notifyctl": readers.version, "Python": python}
    try:
        server = await readers.facts.info("server")
        found = {section: await readers.facts.info(section) for section in _INFO}
    except NotifyctlError as error:
        yield unseen("capacity", redact(error.what))
        return
    names = {key: server[key] for key in ("server_name", "valkey_version", "redis_version") if key in server}
    yield {"kind": "version", **names}
    for section, keys in _INFO.items():
        yield {"kind": "capacity", **{key: _plain(found[section].get(key)) for key in keys}}


def _drills(readers: Readers) -> Iterator[Fact]:
    runs = readers.drills
    if not runs:
        yield unseen("drills", "no drill is on record")
    for run in runs[-3:]:
        told = {one.provider: one.kind for one in run.trials}
        yield {"kind": "drill", "at": time_of(run.at), "by": redact(run.by), **told}


def _loads(readers: Readers) -> Iterator[Fact]:
    """The last load tests of the last half-year, and the largest."""
    runs = [run for run in readers.loads if readers.now - run.at <= bench.STALE]
    if not runs:
        yield unseen("load", "no load test is on record")
    largest = max(runs, key=lambda one: (bench.judge(one) is not bench.Grade.BAD, one.total.accepted), default=None)
    for run in [*([largest] if largest and largest not in runs[-3:] else []), *runs[-3:]]:
        took = run.total.took
        yield {
            "kind": "load", "at": time_of(run.at), "by": redact(run.by), "against": run.against,
            "mails": run.total.sent, "accepted": run.total.accepted, "a second": round(run.per_second, 1),
            "mean ms": took.mean, "p95 ms": took.p95, "is": bench.judge(run).value,
        }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) else str(value)
