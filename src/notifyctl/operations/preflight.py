"""Preflight: ask every check of a profile, in order, and say what the answers add up to. Nothing is written."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from notifyctl.checks import Readers, Registered
from notifyctl.domain import exits
from notifyctl.domain.check import Check, Report, Seen, Verdict, answer, blocked, failed, unseen
from notifyctl.domain.errors import Bad, NotifyctlError
from notifyctl.domain.waiver import holding

PATIENCE = 10.0  # seconds for one check
PAUSE = 2.0  # seconds between two looks, with a time to wait

Listener = Callable[[Report], None]


async def until_well(look: Callable[[], Awaitable[list[Report]]], fail_on: Verdict, seconds: float) -> list[Report]:
    """The reports of one look, or with a time to wait, of the first that is well."""
    end = time.monotonic() + seconds
    while True:
        reports = await look()
        if answer(reports, fail_on) == exits.OK or time.monotonic() + PAUSE > end:
            return reports
        await asyncio.sleep(PAUSE)


async def examine(
    registry: Mapping[str, Registered], checks: Sequence[Check], readers: Readers, listen: Listener
) -> list[Report]:
    """Ask these checks one after the other; `listen` hears of each as it is answered."""
    reports: list[Report] = []
    waivers = holding(readers.waivers, readers.today)
    for check in checks:
        began = time.monotonic()
        seen = blocked(check, reports) or await _look(registry[check.id], readers)
        ms = round((time.monotonic() - began) * 1000)
        report = Report(check, seen, ms, waivers.get(check.id) if seen.verdict is Verdict.FAIL else None)
        reports.append(report)
        listen(report)
    return reports


async def _look(registered: Registered, readers: Readers) -> Seen:
    """What a check saw. `Bad` is an answer, and it is no; whatever else keeps it from looking is never green."""
    try:
        return await asyncio.wait_for(registered.look(readers), PATIENCE)
    except Bad as error:
        return failed(error.placed, error.fix)
    except NotifyctlError as error:
        return unseen(error.what, error.fix)
    except TimeoutError:
        return unseen(f"no answer within {PATIENCE:g} s")
    except OSError as error:
        return unseen(f"{error.strerror or error}")
