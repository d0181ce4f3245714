"""The verdict of the demo, counted from the mailboxes, and how fast the mail left the provider that died."""

from dataclasses import dataclass

from notifyctl.domain.attempt import Record, Why
from notifyctl.operations.demo import DYING, LANES, SHARES, Show, recipient
from notifyctl.operations.outage import Outage, outage

HISTORY = 1000  # transitions that are looked at


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the mailboxes say, and how the mail left the provider that died.

    `lost` = no copy and not listed as unknown; `unrecorded` = more copies than resends. `switch_ms` is from its first
    settled fault to the first call admitted elsewhere, `faults_before_switch` the calls that failed there before its
    breaker opened; both are None when they cannot be told.
    """

    sent: int
    delivered_once: int
    doubled: int
    lost: int
    unknown: int
    unknown_with_copy: int
    ambiguous_resends: int
    unrecorded: int
    bulk_doubled: int
    copies: dict[str, int]
    drain_s: float
    switch_ms: int | None
    faults_before_switch: int | None

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled beyond a recorded resend."""
        return not (self.lost or self.unrecorded or self.bulk_doubled)


async def judge(show: Show) -> tuple[Verdict, Outage]:
    """Count copies in the mailboxes; our own books are asked what they admit (resends, unknowns) and how it went."""
    counts = await show.stage.get("/mailbox/counts")
    copies: dict[str, int] = counts["recipients"]
    ids = _all_ids(show.total)
    records = {record.id: record for record in await show.attempts.read_all(list(ids))}
    unknown = {name for name, _ in await show.attempts.unknown(show.total)}
    resends = {name: _resends(records[name]) for name, address in ids.items() if copies.get(address, 0) != 1}
    doubled = {name for name in resends if copies.get(ids[name], 0) > 1}
    out = outage(DYING, records.values(), await show.boards.history(HISTORY))
    return Verdict(
        sent=show.total,
        delivered_once=sum(copies.get(address, 0) == 1 for address in ids.values()),
        doubled=len(doubled),
        lost=sum(address not in copies and name not in unknown for name, address in ids.items()),
        unknown=len(unknown),
        unknown_with_copy=sum(ids[name] in copies for name in unknown),
        ambiguous_resends=sum(resends.values()),
        unrecorded=sum(copies[ids[name]] > 1 + resends[name] for name in doubled),
        bulk_doubled=sum(name.startswith(LANES["bulk"][1]) for name in doubled),
        copies=counts["providers"],
        drain_s=round(show.drained, 1),
        switch_ms=out.switch_ms,
        faults_before_switch=out.faults if out.opened_at else None,
    ), out


def _resends(record: Record) -> int:
    return sum(attempt.why is Why.RESEND for attempt in record.attempts)


def _all_ids(total: int) -> dict[str, str]:
    return {
        f"{LANES[priority][1]}/{number}": recipient(priority, number)
        for priority, share in SHARES.items()
        for number in range(round(total * share))
    }
