"""QUE: whether mail that waits is taken, and jobs that have ended are forgotten."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned

MANY = 1.1  # times what is to be kept: BullMQ removes by and by
OLD, TOO_OLD = 60, 300  # seconds for which a job may wait
HOUR, ENOUGH, SLOW = 60, 20, 500.0  # minutes; mails, below which no mean is said; ms: the criterion of success
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
    oldest, hint = max(waits.values()), "see what keeps the mail: notifyctl status, runbooks/backlog.md"
    if oldest >= TOO_OLD:
        return failed(told, hint)
    return passed(told) if oldest < OLD else warned(told, hint)


@check("PERF-002", "Mail is processed in time", expected=f"a mean below {SLOW:g} ms within the hour", profile="live",
       needs=REACHED)  # fmt: skip
async def processing(readers: Readers) -> Seen:
    took = await readers.queue.took(HOUR)
    if took.mean is None or took.p95 is None or took.calls < ENOUGH:
        return unseen(
            f"{took.calls} mails in the last hour, and {ENOUGH} are needed", "look again when there is traffic"
        )
    told = f"mean {took.mean:.0f} ms, 95 of 100 within {took.p95:.0f} ms, {took.calls:,} mails"
    hint = "see which provider is slow: notifyctl provider list"
    if took.mean >= SLOW:
        return failed(told, hint)
    return passed(told) if took.p95 <= SLOW else warned(told, hint)


@check("RDS-013", "Jobs that have ended are forgotten", expected="no more of them than [limits] says", profile="live",
       needs=REACHED)  # fmt: skip
async def kept(readers: Readers) -> Seen:
    bounds = readers.configuration.bounds
    most = bounds.completed_keep + bounds.failed_keep
    found = await readers.queue.ended()
    told = ", ".join(f"{queue} {count:,}" for queue, count in found.items())
    if max(found.values(), default=0) > most * MANY:
        hint = "see what producers say: removeOnComplete and removeOnFail of a job go before [limits]"
        return failed(f"{told}, and {most:,} are to be kept", hint)
    return passed(told)
