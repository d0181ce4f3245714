"""One queue on one server, from its first job to its last, to be played twice: by our worker and by Node's."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from redis import Redis

from interop import dump
from interop.mail import mail
from interop.parties import Node, NodeWorker, until

Phase = list[dict[str, Any]]


def good(message: str, **opts: Any) -> dict[str, Any]:
    return {"name": "booking", "data": mail(message), "opts": opts}


def bad(message: str, **opts: Any) -> dict[str, Any]:
    return {"name": "booking", "data": mail(message, type="no.such.type"), "opts": opts}


class Story:
    """One queue on one server, from its first job to its last."""

    def __init__(self, node: Node, redis: Redis) -> None:
        self.node, self.redis = node, redis
        self.ends: dict[str, dict[str, Any]] = {}
        node.listen(queue="mail")

    def add(self, phase: Phase) -> list[str]:
        return list(dict.fromkeys(self.node.add(queue="mail", **job) for job in phase))

    def end(self, jobs: list[str]) -> None:
        """Wait until each has ended, and remember how."""
        for job in jobs:
            event = self.node.ended(queue="mail", id=job)
            failed = event["event"] == "failed"
            self.ends[job] = {"reason": event["failedReason"]} if failed else {"value": event["returnvalue"]}

    def retry(self, job: str, state: str) -> None:
        self.node.forget(queue="mail", id=job)
        self.node.retry(queue="mail", id=job, state=state)
        self.end([job])

    def dump(self) -> dump.Dump:
        """What is left when the worker has found out that there is nothing more to do, and what BullMQ tells of it."""
        until("an idle worker", lambda: not self.redis.exists("bull:mail:marker", "bull:mail:pc"))
        until("a named connection", lambda: self.node.workers(queue="mail"))
        left = dump.take(self.redis)
        until("all events", lambda: self.node.heardSoFar(queue="mail") == len(left["events"]))
        told = dump.of_getters(self.node.getters(queue="mail"))
        return {**left, **told, "heard": dump.of_heard(self.node.heard(queue="mail"))}


@contextmanager
def a_story(line: str, redis: Redis):
    redis.flushall()
    node = Node(line, redis.connection_pool.connection_kwargs["port"])
    try:
        yield Story(node, redis)
    finally:
        node.stop()


@contextmanager
def node_worker(theirs: Callable[..., NodeWorker], ends: dict[str, Any], concurrency: int, **options: Any):
    """A Node worker that ends each job as told; `options` are those of worker.mjs."""
    options["worker"] = {"concurrency": concurrency, **options.get("worker", {})}
    worker = theirs(ends=ends, **options)
    yield
    worker.stop()
