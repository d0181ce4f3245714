"""Least privilege in Redis: which user may issue which commands on which keys, and nothing else.

Policy: four users, since four kinds of programs meet at the queue, and no one needs what another needs.

- `worker` sends: the workers, and the commands that change something, audits among them, which record that a report
  exists. It alone writes our own keys.
- `look` reads: the commands that only look, bodies of jobs included, for those who answer customers.
- `audit` reads what has no address in it: our own keys and the queues' counts and order, never a job.
- `producer` adds jobs, as BullMQ does it, and knows nothing of us.

The lists are not guessed: a test holds them against the scripts and the source of the store, runs workers, a failover
and every look under them, and shows that with one command fewer something fails. None has CONFIG, which would show the
server's own password, nor FLUSHALL, KEYS, MONITOR, SCRIPT, DEBUG or SHUTDOWN. What must be known before: a script runs
with the rights of its user, so a user without a command cannot have it run by a script either.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

CONNECTION = ("client|setname", "ping")
READ = (
    *("exists", "get", "hexists", "hget", "hgetall", "hmget", "hstrlen", "hvals", "lindex", "llen", "lpos", "lrange"),
    *("mget", "smembers", "time", "xrevrange", "zcard", "zcount", "zrange"),
    *("zrangebyscore", "zrevrange", "zrevrangebyscore", "zscore"),
)
FACTS = ("acl|whoami", "client|list", "info", "scan")  # who is connected, what the server is, what is on record
SCRIPTS = ("eval", "evalsha", "exec", "multi")
WORK = (
    *("bzpopmin", "del", "hdel", "hincrby", "hset", "hsetnx", "incr", "lpush", "lrem", "ltrim", "pexpire", "pttl"),
    *("rpoplpush", "rpush", "sadd", "set", "srem", "type", "xadd", "xinfo|stream", "xlen", "xrange", "xtrim", "zadd"),
    *("zmscore", "zpopmin", "zrem", "zremrangebyrank", "zremrangebyscore", "zscan"),
)
PRODUCE = (
    *("del", "exists", "get", "hget", "hmget", "hmset", "hset", "incr", "info", "llen", "lpush", "persist", "pttl"),
    *("rpush", "set", "xadd", "zadd", "zrange", "zrem", "zrevrangebyscore", "zscore"),
)
LISTS = (  # what BullMQ keeps of a queue beside its jobs
    *("active", "completed", "delayed", "events", "failed", "marker", "meta", "paused", "pc", "prioritized", "stalled"),
    "wait",
)


class User(NamedTuple):
    """One user: commands in lower case, `command|subcommand` where only that part is allowed; `keys` as Redis writes
    patterns (`~` read and write, `%R~` read)."""

    name: str
    about: str
    commands: Sequence[str]
    keys: Sequence[str]

    @property
    def line(self) -> str:
        """The line of an ACL file. The user is off and has no password: a forgotten one lets nobody in."""
        return self._line("off", "resetpass")

    def with_password(self, sha256: str) -> str:
        """The line with the user on; the password by its SHA-256, 64 lower hex digits."""
        return self._line("on", f"#{sha256}")

    def _line(self, *state: str) -> str:
        allowed = (f"+{command}" for command in self.commands)
        rules = (*state, "resetkeys", "resetchannels", "-@all", *self.keys, *allowed)
        return f"user {self.name} {' '.join(rules)}"


def users(own: str, lanes: Sequence[str]) -> list[User]:
    """The four users; `own` is the base of our keys, `lanes` those of the queues, each with its colon."""
    ours, queues = _literal(own), [_literal(lane) for lane in lanes]
    mine = f"%R~{ours}*"
    lists = [f"%R~{lane}{name}" for lane in queues for name in LISTS]
    return [
        User("notifyctl-worker", "workers, and commands that change something",
             _sorted(CONNECTION, READ, FACTS, SCRIPTS, WORK), (f"~{ours}*", *(f"~{lane}*" for lane in queues))),
        User("notifyctl-look", "commands that only look, bodies of jobs included",
             _sorted(CONNECTION, READ, FACTS), (mine, *(f"%R~{lane}*" for lane in queues))),
        User("notifyctl-audit", "checks, costs and criteria; no job, so no address",
             _sorted(CONNECTION, READ, FACTS), (mine, *lists)),
        User("notifyctl-producer", "BullMQ producers in Node",
             _sorted(CONNECTION, SCRIPTS, PRODUCE), tuple(f"~{lane}*" for lane in queues)),
    ]  # fmt: skip


def _sorted(*lists: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({command for commands in lists for command in commands}))


def _literal(text: str) -> str:
    """The text as a pattern that matches it alone."""
    return re.sub(r"([\\*?\[\]])", r"\\\1", text)
