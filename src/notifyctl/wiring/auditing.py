"""What audits work with."""

import socket

from notifyctl import __version__
from notifyctl.domain.period import Period
from notifyctl.engine.retention import NO_FAILPOINT
from notifyctl.evidence.signing import Signer
from notifyctl.operations import recorded
from notifyctl.operations.audit import Desk
from notifyctl.operations.recorded import Fact
from notifyctl.settings import Settings
from notifyctl.store.reports import Reports
from notifyctl.wiring.keeping import retention
from notifyctl.wiring.parts import Store


def desk(settings: Settings, store: Store, by: str) -> Desk:
    """A desk over a store. Raises `Misconfigured` where there is no key to sign with."""

    async def facts(period: Period) -> list[Fact]:
        found = [fact async for fact in recorded.incidents(store.incidents, period)]
        return found + [fact async for fact in recorded.moves(store.boards, period)]

    return Desk(
        home=settings.evidence,
        reports=Reports(store.link, store.queue.own),
        incidents=store.incidents,
        workers=store.workers,
        signer=Signer(*settings.ledger_key()),
        current=retention(settings, store, NO_FAILPOINT).rows,
        recorded=facts,
        made={"by": by, "host": socket.gethostname(), "version": __version__},
    )
