"""QUE: whether mail that waits is taken."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, warned

OLD, TOO_OLD = 60, 300  # seconds for which a job may wait
REACHED = ("RDS-001",)


@check("QUE-001", "Somebody takes the mail", expected="a worker lives", profile="live", needs=REACHED)
async def consumers(readers: Readers) -> Seen:
    beats = await readers.queue.workers()
    if beats:
        return passed(f"{beats} live")
    return failed("nobody works", "start one: notifyctl worker")


@check("QUE-002", "Nothing waits for long", expected=f"less than {OLD} s", profile="live", needs=REACHED)
async def age(readers: Readers) -> Seen:
    waits = await readers.queue.waits()
    if not waits:
        return passed("nothing waits")
    told = ", ".join(f"{queue} {seconds:,} s" for queue, seconds in waits.items())
    oldest, hint = max(waits.values()), "see what keeps it: notifyctl status, runbooks/backlog.md"
    if oldest >= TOO_OLD:
        return failed(told, hint)
    return passed(told) if oldest < OLD else warned(told, hint)
