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
# What this user may, who is connected, what the server is, what is on record.
FACTS = ("acl|dryrun", "acl|whoami", "client|list", "info", "scan")
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

FOREIGN = "notifyctl-preflight-of-nobody"  # a key outside of all patterns
HARMLESS = (
    ("CONFIG", "GET", "maxmemory"),
    ("ACL", "LIST"),
    ("GET", FOREIGN),
)  # refused, or they tell and change nothing
DANGEROUS = (  # what is asked about, and never done
    *HARMLESS, ("SET", FOREIGN, "x"), ("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"), ("MONITOR",), ("SCRIPT", "FLUSH"),
    ("FUNCTION", "FLUSH"), ("DEBUG", "JMAP"), ("SHUTDOWN",), ("REPLICAOF", "NO", "ONE"), ("MODULE", "LIST"),
    ("CLIENT", "KILL", "ID", "0"), ("ACL", "SETUSER", "x"), ("CONFIG", "SET", "x", "y"),
)  # fmt: skip
_MOST = 5  # arguments with which a command is asked about


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

    @property
    def trials(self) -> dict[str, list[tuple[str, ...]]]:
        """How to ask whether somebody may do all of it: calls by what they are for, each with so many arguments that
        one of them fits. The first pattern is asked about with each command, the others with GET and SET."""
        first, *others = (_within(pattern) for pattern in self.keys)
        found = {one: _calls(one, first) for one in self.commands}
        wide = [one for one in ("get", "set") if one in self.commands]
        return found | {f"{one} {key}": _calls(one, key) for key in others for one in wide}

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


def _within(pattern: str) -> str:
    """A key that the pattern matches."""
    key = re.sub(r"\\(.)", r"\1", pattern.partition("~")[2])
    return f"{key.removesuffix('*')}preflight" if pattern.endswith("*") else key


def _calls(command: str, key: str) -> list[tuple[str, ...]]:
    return [(*command.upper().split("|"), *(key,) * count) for count in range(_MOST)]


def own(known: Sequence[User], name: str) -> User:
    """The printed user of that name; the worker for a name that is printed for nobody."""
    return next((user for user in known if user.name == name), known[0])
