"""Everything that a queue has left in Redis, in a form in which two runs can be compared.

Times are replaced, after they were checked against each other; names of processors are replaced. What is dropped
belongs to BullMQ's own stall check. Everything else must be equal to the last field.
"""

import json
from collections import Counter
from typing import Any

from redis import Redis

TALLY: dict[str, Counter[str]] = {}  # server and line of BullMQ -> what was compared; shown at the end of the run
TIMES = ("timestamp", "processedOn", "finishedOn")
BY_TIME = ("completed", "failed")  # sorted sets whose score is the job's finishedOn

Fields = dict[str, str]
Dump = dict[str, Any]


def take(redis: Redis, queue: str = "mail") -> Dump:
    """All keys of a queue without their common beginning; `events` is a list of fields in order."""
    base = f"bull:{queue}:"
    raw = {key.removeprefix(base): _read(redis, key) for key in redis.scan_iter(match=f"{base}*", count=1000)}
    raw.pop("stalled-check", None)  # of BullMQ's own stall check
    for name in BY_TIME:
        assert all(str(int(score)) == raw[job]["finishedOn"] for job, score in raw.get(name, {}).items())
    return {name: _without_times(name, value) for name, value in sorted(raw.items())}


def _read(redis: Redis, key: str) -> Any:
    match redis.type(key):
        case "list":
            return redis.lrange(key, 0, -1)
        case "set":
            return sorted(redis.smembers(key))
        case "hash":
            return redis.hgetall(key)
        case "zset":
            return dict(redis.zrange(key, 0, -1, withscores=True))
        case "stream":
            return [fields for _, fields in redis.xrange(key)]
        case _:
            return {"value": redis.get(key), "expires": redis.pttl(key) != -1}


def _without_times(name: str, value: Any) -> Any:
    if name.endswith(":lock"):
        return {**value, "value": "<token>"}
    if name == "events":
        return [_event(fields) for fields in value]
    if name in BY_TIME:
        return sorted(value)
    if isinstance(value, dict) and "timestamp" in value:
        return _job(value)
    return value


def _event(fields: Fields) -> Fields:
    """A due time is a time; a returnvalue is compared as the JSON that it is."""
    return {**fields, "delay": "<time>"} if "delay" in fields else fields


def _job(fields: Fields) -> dict[str, Any]:
    job: dict[str, Any] = {**fields, **{name: "<time>" for name in TIMES if name in fields}}
    job["opts"] = json.loads(fields["opts"])
    if "pb" in fields:
        job["pb"] = "<name>"
    if "stacktrace" in fields:
        job["stacktrace"] = len(json.loads(fields["stacktrace"]))
    return job


def of_getters(told: dict[str, Any]) -> Dump:
    """What BullMQ's getters tell of a queue, as parts of a dump."""
    return {f"getters/{name}": value for name, value in {**told, "jobs": _told_jobs(told["jobs"])}.items()}


def _told_jobs(jobs: dict[str, Fields]) -> dict[str, Any]:
    hidden = {**dict.fromkeys(TIMES, "<time>"), "processedBy": "<name>"}
    return {
        job: {
            **fields,
            **{name: hidden[name] for name in hidden if name in fields},
            "stacktrace": len(fields["stacktrace"]),
        }
        for job, fields in jobs.items()
    }


def of_heard(heard: list[tuple[str, Fields]]) -> list[Fields]:
    """What QueueEvents told, as events."""
    return [_event({"event": name, **fields}) for name, fields in heard]


def by_job(events: list[Fields]) -> dict[str, list[Fields]]:
    """The events of each job, in order."""
    jobs: dict[str, list[Fields]] = {}
    for event in events:
        if "jobId" in event:
            jobs.setdefault(event["jobId"], []).append(event)
    return jobs


def starts(events: list[Fields]) -> list[str]:
    """The jobs in the order in which they were started."""
    return [event["jobId"] for event in events if event["event"] == "active"]


def nameless(events: list[Fields]) -> Counter[str]:
    """How often each event without a job was emitted."""
    return Counter(event["event"] for event in events if "jobId" not in event)


def assert_equal(who: str, ours: Dump, theirs: Dump, in_order: bool = True) -> None:
    """Fail with every difference, and count what was compared for `who`, a server and a line of BullMQ.

    With many jobs at once the events of different jobs mix. Then, not `in_order`, the events of each job must be the
    same, the order of starts, and the events without a job.
    """
    told = {name for name in theirs if name == "heard" or name.startswith("getters/")}
    jobs = len(theirs.get("getters/jobs", ()))
    TALLY.setdefault(who, Counter()).update(
        dumps=1,
        keys=len(theirs.keys() - told),
        events=len(theirs["events"]),
        heard=len(theirs.get("heard", ())),
        jobs=jobs,
    )
    if not in_order:
        ours, theirs = _taken_apart(ours), _taken_apart(theirs)
    assert differences(ours, theirs) == []


def _taken_apart(left: Dump) -> Dump:
    """The dump with what can be said of its streams when jobs are mixed."""
    streams = {name: left[name] for name in ("events", "heard") if name in left}
    return {**left, **{name: (by_job(events), starts(events), nameless(events)) for name, events in streams.items()}}


def report() -> list[str]:
    """One line for each server and line of BullMQ."""
    words = (
        "{dumps:,} pairs of dumps equal: {keys:,} keys, {events:,} events ({heard:,} heard), {jobs:,} jobs by getters"
    )
    return [f"{who}: {words.format(**counts)}" for who, counts in sorted(TALLY.items())]


def differences(ours: Dump, theirs: Dump) -> list[str]:
    """One line for each field, member or event that is not the same on both sides."""
    return [
        f"{key} {part}: ours {mine.get(part)!r}, theirs {other.get(part)!r}"
        for key in sorted(ours.keys() | theirs.keys())
        for mine, other in [(_parts(ours.get(key)), _parts(theirs.get(key)))]
        for part in sorted(mine.keys() | other.keys())
        if mine.get(part) != other.get(part)
    ]


def _parts(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return {f"{at:06}": item for at, item in enumerate(value or ())}
