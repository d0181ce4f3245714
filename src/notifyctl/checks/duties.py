"""OBS and CON-009: what must be done again and again, and whether somebody would notice if it were not."""

from datetime import UTC, datetime

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.incident import Sending
from notifyctl.domain.period import Cycle, Ran, Watcher
from notifyctl.domain.retention import LATE_MS, late

DAY = 86_400_000  # ms
HEARD = 90  # days for which a message to people proves that the next one would arrive
DAILY, STOPPED = 2, 7  # days since the last run of a cron that runs every day
OVER = 7  # days by which a message may outlive its time in Redis
TRY = "try the way: notifyctl incident log, notifyctl incident notify, notifyctl incident resolve"


@check("OBS-001", "Somebody is told", expected=f"each notifier took a message within {HEARD} days", profile="live",
       needs=("ENV-001",))  # fmt: skip
async def told(readers: Readers) -> Seen:
    names = readers.given.notifiers
    if not names:
        return failed("nobody is told of an incident", "configure a notifier: docs/incidents.md")
    found, now = await readers.duties.sendings(), await readers.duties.now()
    last = {name: max(found[name], key=lambda one: one.at) for name in names if found.get(name)}
    said = ", ".join(f"{name} {_said(last.get(name))}" for name in names)
    if any(one.state != "sent" for one in last.values()):
        return failed(said, "see why: notifyctl incident show")
    if len(last) < len(names):
        return unseen(said, TRY)
    return warned(said, TRY) if any(now - one.at > HEARD * DAY for one in last.values()) else passed(said)


@check("OBS-002", "Somebody watches cron", expected=f"each audit ran within {DAILY} days, and a heartbeat was heard",
       profile="live", needs=("ENV-001",))  # fmt: skip
async def watched(readers: Readers) -> Seen:
    runs, now = await readers.duties.runs(), await readers.duties.now()
    days = {cycle: (now - run.at) / DAY for cycle, run in runs.items()}
    said = ", ".join(f"{cycle} {_watched(runs.get(cycle), days.get(cycle, 0))}" for cycle in Cycle)
    if len(runs) < len(Cycle) or max(days.values()) > STOPPED:
        return failed(
            said,
            "have cron run each audit daily, with its heartbeat: docs/deploy/crontab, or the timers of systemd",
        )
    if any(run.watcher is Watcher.NONE for run in runs.values()):
        return failed(said, "give each its NOTIFYCTL_HEARTBEAT_URL: nobody notices a cron that stopped")
    deaf = any(run.watcher is Watcher.SILENT for run in runs.values())
    hint = "see whether cron runs, and whether its watcher can be reached"
    return warned(said, hint) if deaf or max(days.values()) > DAILY else passed(said)


@check("CON-009", "Nothing is kept in Redis beyond its time", expected="moved to the archive daily", profile="live",
       needs=("RDS-001",))  # fmt: skip
async def retention(readers: Readers) -> Seen:
    last, now = await readers.duties.moved(), await readers.duties.now()
    most = readers.configuration.bounds.archive_after * 1000
    hint = "see why no worker archives: notifyctl doctor; notifyctl retention run does it now"
    if over := await readers.duties.overdue(now - most - OVER * DAY):
        return failed(f"at least {over} messages ended more than {most // DAY + OVER} days ago", hint)
    if not last.at:
        return unseen("no move to the archive is on record", "a worker makes one each day; or notifyctl retention run")
    moved = f"the last move was on {_day(last.at)}"
    if late(last, now) or await readers.duties.overdue(now - most - LATE_MS):
        return warned(moved, hint)
    return passed(f"{moved}, and nothing is older than {most // DAY} days and {LATE_MS // DAY}")


def _said(last: Sending | None) -> str:
    return f"{last.state} on {_day(last.at)}" if last else "was never tried"


def _watched(run: Ran | None, days: float) -> str:
    told_ = {Watcher.NONE: "unwatched", Watcher.SILENT: "its watcher silent", Watcher.HEARD: "watched"}
    return f"{days:.0f} days ago, {told_[run.watcher]}" if run else "never ran"


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"
