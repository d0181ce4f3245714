"""Heartbeats: what watches cron hears that a run began, and how it ended.

Policy: a watcher that hears nothing in time alarms people, so the end is told in any case, also of a run that failed or
found nothing to do. What the watcher answers changes nothing: a call that fails, or takes longer than 5 s, is passed
over. Two dialects are spoken: that of healthchecks (`/start`, `/fail`) and Sentry's (`?status=`), told by `/cron/` in
the path.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.period import Watcher
from notifyctl.domain.secret import Secret
from notifyctl.net.control import Control

START, OK, FAIL = "start", "ok", "fail"
_SENTRY = {START: "in_progress", OK: "ok", FAIL: "error"}
_PATHS = {START: "/start", OK: "", FAIL: "/fail"}
PATIENCE = 5.0  # seconds


class Beat:
    """What will be said at the end of a run: hashes and counts, never what a report says. `watcher` says whether there
    is one, and whether it heard the beginning."""

    def __init__(self, watcher: Watcher) -> None:
        self.text, self.watcher = "", watcher


@asynccontextmanager
async def beating(url: Secret | None) -> AsyncIterator[Beat]:
    """Tell the beginning of a run, and at the end how it went."""
    beat, state = Beat(await _tell(url, START, "")), FAIL
    try:
        yield beat
        state = OK
    finally:
        await _tell(url, state, beat.text)


def request(url: str, state: str, body: str) -> Request:
    """The call that tells a state: pure."""
    parts = urlsplit(url)
    if "/cron/" in parts.path:
        query = "&".join(filter(None, (parts.query, f"status={_SENTRY[state]}")))
        parts = parts._replace(query=query)
    else:
        parts = parts._replace(path=parts.path.rstrip("/") + _PATHS[state])
    return Request("POST", urlunsplit(parts), (("Content-Type", "text/plain"),), body.encode())


async def _tell(url: Secret | None, state: str, body: str) -> Watcher:
    if not url:
        return Watcher.NONE
    async with Control(PATIENCE) as control:
        answer = await control.call(request(url.reveal(), state, body))
    return Watcher.HEARD if isinstance(answer, Response) and answer.status < 300 else Watcher.SILENT
