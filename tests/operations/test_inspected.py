"""What an audit writes down: of keys the ages that SEC-005 goes by, and no others; of load tests the last ones."""

import asyncio
from datetime import date

from notifyctl.checks import Given, Readers
from notifyctl.checks.asked import Accounts
from notifyctl.checks.readers import Kept
from notifyctl.domain.bench import Bench, Lane, Spread
from notifyctl.domain.period import Cycle
from notifyctl.net.handshake import Greeter
from notifyctl.net.names import Names
from notifyctl.operations.inspected import inspected
from notifyctl.operations.recorded import Fact
from notifyctl.store import drills
from notifyctl.store.project import Project

DAY = 86_400
NOW = 1_800_000_000
TOOK = Spread(300, 120.0, 118.0, 122.0, 118.0, 160.0, 190.0)


def test_keys_are_as_old_as_the_file_of_secrets_says(tmp_path):
    copied = tmp_path / "identity"
    copied.write_text("a copy of today")
    created = {"RESEND_API_KEY": NOW - 100 * DAY, "BULLMQ_REDIS_PASSWORD": NOW - 7 * DAY, "POSTMARK_API_KEY": NOW}
    sources = {"RESEND_API_KEY": "secrets", "BULLMQ_REDIS_PASSWORD": "secrets", "POSTMARK_API_KEY": "file"}
    facts = asyncio.run(recorded(Given(files=[copied], sources=sources, kept=Kept(2, 2, created))))
    assert [fact for fact in facts if fact["kind"] == "key"] == [
        {"kind": "key", "name": "BULLMQ_REDIS_PASSWORD", "days": 7, "most": 180},
        {"kind": "key", "name": "RESEND_API_KEY", "days": 100, "most": 90},
    ]
    assert [fact["why"] for fact in facts if fact.get("part") == "keys"] == [
        "nobody knows since when these hold: POSTMARK_API_KEY"
    ]


def test_load_tests_of_the_half_year_are_written_down_and_none_is_not_seen(tmp_path):
    assert [fact["why"] for fact in loads(tmp_path, NOW * 1000)] == ["no load test is on record"]
    every = Lane("all", 300, 300, 0, Spread(300), TOOK)
    drills.add_load(tmp_path, Bench(NOW * 1000, "ci", "1", "", "emulator", "production", 2, 0, 2.0, {}, every, ()))
    assert loads(tmp_path, (NOW + 183 * DAY) * 1000) == [
        {"kind": "load", "at": "2027-01-15T08:00:00Z", "by": "ci", "against": "emulator", "mails": 300,
         "accepted": 300, "a second": 150.0, "mean ms": 120.0, "p95 ms": 160.0, "is": "good"}
    ]  # fmt: skip
    assert [fact["why"] for fact in loads(tmp_path, (NOW + 184 * DAY) * 1000)] == ["no load test is on record"]


def test_of_load_tests_the_last_three_are_told_and_the_largest_that_passed(tmp_path):
    def ran(hour, mails, accepted):
        lane = Lane("all", mails, accepted, mails - accepted, Spread(300), TOOK)
        at = (NOW + hour * 3600) * 1000
        drills.add_load(tmp_path, Bench(at, "ci", "1", "", "emulator", "production", 2, 0, 2.0, {}, lane, ()))

    for hour, (mails, accepted) in enumerate([(9000, 9000), (90_000, 0), (300, 300), (301, 301), (302, 302)]):
        ran(hour, mails, accepted)
    assert [fact["mails"] for fact in loads(tmp_path, (NOW + DAY) * 1000)] == [9000, 300, 301, 302]


def loads(home, now):
    project, today = Project(home), date(2026, 11, 24)
    readers = Readers(today, (3, 11), Given(), None, None, Accounts({}), [], Greeter(), project, Names())
    facts = asyncio.run(gathered(readers._replace(home=home, now=now), Cycle.BIANNUAL))
    return [fact for fact in facts if "load" in (fact["kind"], fact.get("part"))]


async def recorded(given: Given) -> list[Fact]:
    project, today = Project(given.files[0].parent), date(2026, 11, 24)
    readers = Readers(today, (3, 11), given, None, None, Accounts({}), [], Greeter(), project, Names())
    return await gathered(readers._replace(now=NOW * 1000), Cycle.QUARTERLY)


async def gathered(readers: Readers, cycle: Cycle) -> list[Fact]:
    return [fact async for fact in inspected(readers, cycle)]
