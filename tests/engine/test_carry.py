"""Whose job it was before: what another worker may have sent is never sent by us."""

import pytest

from lab import NOON
from notifyctl.domain.attempt import Record
from notifyctl.engine.carry import started_elsewhere
from notifyctl.store.queue import Job

FRESH, KNOWN = Record("m"), Record("m", version=1)


def job(starts: int = 1, deferred: str = "", stalls: int = 0, inherited: bool = False) -> Job:
    return Job(1, "m", starts, deferred, stalls, NOON, "", b"{}", inherited)


@pytest.mark.parametrize(
    ("job", "record", "elsewhere"),
    [
        (job(), FRESH, False),
        (job(), KNOWN, False),
        (job(starts=2), FRESH, True),
        (job(starts=2), KNOWN, False),
        (job(starts=9, inherited=True), FRESH, False),
        (job(deferred="job stalled more than allowable limit"), FRESH, True),
        (job(stalls=1), FRESH, True),
        (job(starts=2, stalls=1, inherited=True), FRESH, True),
    ],
)
def test_a_job_was_started_elsewhere_when_nobody_of_us_kept_a_record_or_bullmq_found_it_abandoned(
    job, record, elsewhere
):
    assert started_elsewhere(job, record) is elsewhere
