"""What is on record of things that must be done again and again. Nothing here writes."""

from collections.abc import Mapping, Sequence

from notifyctl.domain.incident import Sending
from notifyctl.domain.period import Cycle, Ran
from notifyctl.domain.retention import LastMove, may_leave
from notifyctl.store.incidents import Incidents
from notifyctl.store.reports import Reports
from notifyctl.store.retired import Retired

MOST = 200  # incidents that are looked through


class DutyFacts:
    """Reads what was told to people, run by cron and moved to the archive. Every method raises `Unreachable`."""

    def __init__(self, incidents: Incidents, reports: Reports, retired: Retired) -> None:
        self._incidents = incidents
        self._reports = reports
        self._retired = retired

    async def now(self) -> int:
        """The server's time, epoch ms."""
        return await self._incidents.now()

    async def sendings(self) -> Mapping[str, Sequence[Sending]]:
        """What came of the messages of the latest incidents, by notifier; without those that are under way."""
        found: dict[str, list[Sending]] = {}
        for incident in await self._incidents.latest(MOST):
            for key, sending in incident.sendings.items():
                if sending.state != "pending":
                    found.setdefault(key.partition("/")[2], []).append(sending)
        return found

    async def runs(self) -> Mapping[Cycle, Ran]:
        """The last run of each audit."""
        return await self._reports.runs()

    async def moved(self) -> LastMove:
        """The last move to the archive."""
        return await self._retired.last()

    async def overdue(self, before: int) -> int:
        """How many messages that ended before that time (epoch ms) have not left Redis and may be archived, of the
        first part that has any."""
        async for _, names in self._retired.ended(before):
            free = [one for one in await self._retired.read(names) if may_leave(one.record)]
            if free:
                return len(free)
        return 0
