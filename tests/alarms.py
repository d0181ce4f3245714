"""A notice of an incident, and servers that do not answer as they should."""

from dataclasses import replace

from notifyctl.domain.cause import Cause
from notifyctl.domain.incident import opened
from notifyctl.domain.notice import Notice, notice_of
from peers import Script, Talk

NOW = 1_795_510_800_000
CAUSE = Cause("providers", "critical", "no provider takes mail", "All fail.", "Mail is held.", "Wait.", NOW - 7000)


def notice(occasion: str) -> Notice:
    return notice_of(replace(opened(CAUSE, NOW), id="INC-2026-11-24-01"), occasion, "production/bull", NOW)


def _hang(talk: Talk) -> None:
    talk.request()
    talk.read()  # until the client leaves


def _close(talk: Talk) -> None:
    talk.request()


BROKEN: tuple[Script, ...] = (_hang, _close)
