"""What audits work with."""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime

from notifyctl import __version__
from notifyctl.domain.period import Period
from notifyctl.domain.redact import redact
from notifyctl.domain.waiver import Waiver
from notifyctl.engine.retention import NO_FAILPOINT
from notifyctl.evidence.signing import Signer
from notifyctl.operations import recorded
from notifyctl.operations.audit import Desk
from notifyctl.operations.cost import granted
from notifyctl.operations.inspected import inspected
from notifyctl.operations.priced import costs
from notifyctl.operations.recorded import Fact
from notifyctl.settings import Settings
from notifyctl.store.reports import Reports
from notifyctl.wiring.checking import checked
from notifyctl.wiring.keeping import retention
from notifyctl.wiring.parts import Store


def desk(settings: Settings, store: Store, by: str, excused: list[Waiver]) -> Desk:
    """A desk over a store; `excused` are the waivers. Raises `Misconfigured` where there is no key to sign with."""

    host = socket.gethostname()

    async def facts(period: Period) -> list[Fact]:
        found = [fact async for fact in recorded.incidents(store.incidents, period)]
        found += [fact async for fact in recorded.moves(store.boards, settings.evidence, period)]
        found += [fact async for fact in recorded.elsewhere(store.retired, settings.evidence, host, period)]
        order = settings.keyed or settings.revision.order
        most = await granted(store.limits, order)
        found += [fact async for fact in costs(store.queue, settings.evidence, settings.revision, order, period, most)]
        async with checked(datetime.now(UTC).date(), excused) as readers:
            return found + [fact async for fact in inspected(readers, period.cycle)]

    async def away(names: Sequence[str]) -> set[str]:
        there = [one.record for one in await store.retired.read(names)]
        return {one.id for one in there if not one.archived or one.archived.host != host}

    return Desk(
        home=settings.evidence,
        reports=Reports(store.link, store.queue.own),
        incidents=store.incidents,
        workers=store.workers,
        signer=Signer(*settings.ledger_key()),
        current=retention(settings, store, NO_FAILPOINT).rows,
        recorded=facts,
        away=away,
        made={"by": redact(by), "host": host, "version": __version__},
    )
