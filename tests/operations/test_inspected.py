"""What an audit writes down of keys: the ages that SEC-005 goes by, and no others."""

import asyncio
from datetime import date

from notifyctl.checks import Given, Readers
from notifyctl.checks.asked import Accounts
from notifyctl.checks.readers import Kept
from notifyctl.domain.period import Cycle
from notifyctl.net.handshake import Greeter
from notifyctl.net.names import Names
from notifyctl.operations.inspected import inspected
from notifyctl.operations.recorded import Fact
from notifyctl.store.project import Project

DAY = 86_400
NOW = 1_800_000_000


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


async def recorded(given: Given) -> list[Fact]:
    project, today = Project(given.files[0].parent), date(2026, 11, 24)
    readers = Readers(today, (3, 11), given, None, None, Accounts({}), [], Greeter(), project, Names())
    return [fact async for fact in inspected(readers._replace(now=NOW * 1000), Cycle.QUARTERLY)]
