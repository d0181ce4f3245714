"""QUE: workers and waiting mail on a real server."""

from dataclasses import replace

import pytest

from checks.conftest import NOTHING
from lab import W1, Lab
from notifyctl.checks import REGISTRY
from notifyctl.domain.check import Seen, Verdict
from notifyctl.store.metrics import MINUTE
from notifyctl.store.queue_facts import QueueFacts
from notifyctl.store.workers import Beat


def asked(lab: Lab, identity: str) -> Seen:
    """The answer of a check to this queue."""
    readers = NOTHING._replace(lanes=QueueFacts(lab.store.queue, lab.store.workers, lab.store.metrics))
    return lab.run(REGISTRY[identity].look(readers))


def test_mail_is_taken_where_a_worker_lives_that_does_not_drain(lab: Lab) -> None:
    assert asked(lab, "QUE-001").verdict is Verdict.FAIL
    beat = Beat(W1, "one", "host", 1, "0.1.0", "demo", 5, 9, 3, 7)
    lab.run(lab.store.workers.beat(replace(beat, draining=True), 60.0))
    assert asked(lab, "QUE-001").verdict is Verdict.FAIL
    lab.run(lab.store.workers.beat(beat, 60.0))
    assert asked(lab, "QUE-001") == Seen(Verdict.PASS, "1 live")


@pytest.mark.parametrize(
    ("age_s", "verdict"), [(0, Verdict.PASS), (59, Verdict.PASS), (61, Verdict.WARN), (301, Verdict.FAIL)]
)
def test_mail_must_not_wait_for_long(lab: Lab, age_s: int, verdict: Verdict) -> None:
    assert asked(lab, "QUE-002") == Seen(Verdict.PASS, "nothing waits")
    seconds, micros = lab.redis("TIME")
    lab.enqueue("m")
    lab.redis(
        "HSET", f"{lab.store.queue.bases[0]}m", "timestamp", int(seconds) * 1000 + int(micros) // 1000 - age_s * 1000
    )
    assert asked(lab, "QUE-002").verdict is verdict


@pytest.mark.parametrize(
    ("minutes", "verdict", "words"),
    [
        ([{100: 20}], Verdict.PASS, "mean 50 ms"),  # bucket 100 ends at 1.04 ** 100 = 50.5 ms, 160 at 531, 170 at 787
        ([{100: 19}], Verdict.ERROR, "19 mails"),
        ([{100: 10}, {100: 10}], Verdict.PASS, "20 mails"),
        ([{100: 18, 170: 2}], Verdict.WARN, "20 mails"),
        ([{160: 20}], Verdict.FAIL, "20 mails"),
        ([], Verdict.ERROR, "0 mails"),
    ],
)
def test_mail_is_processed_in_time(lab: Lab, minutes: list[dict[int, int]], verdict: Verdict, words: str) -> None:
    now = lab.run(lab.store.metrics.last(1))[0].at // MINUTE
    for back, histogram in enumerate(minutes):
        for bucket, count in histogram.items():
            lab.redis("HSET", f"{lab.store.metrics.own}minute:{now - back}", f"resend|took|{bucket}", count)
    seen = asked(lab, "PERF-002")
    assert (seen.verdict, words in seen.observed) == (verdict, True), seen
