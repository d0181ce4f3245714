"""The notifiers of these settings, and the duty that uses them."""

from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.incidents import IncidentDuty
from notifyctl.engine.telling import Notifier, Teller
from notifyctl.notify.command import Command
from notifyctl.notify.pagerduty import BASE_URL, PagerDuty
from notifyctl.notify.webhook import Webhook
from notifyctl.settings import Settings
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.parts import Store
from notifyctl.wiring.watching import readers


def notifiers(settings: Settings) -> list[Notifier]:
    """Those that are configured."""
    given, patience = settings.notifiers, settings.revision.pace.watching.patience
    found: list[Notifier] = []
    if given.pagerduty_key:
        found.append(PagerDuty(given.pagerduty_key, given.pagerduty_url or BASE_URL, patience))
    if given.webhook_url and given.webhook_secret:
        found.append(Webhook(given.webhook_url, given.webhook_secret, patience))
    if given.command:
        found.append(Command(given.words, patience))
    return found


def incident_duty(settings: Settings, store: Store, token: str, log: Log, failpoint: Failpoint) -> IncidentDuty:
    """The duty of one worker."""
    pace = settings.revision.pace
    teller = Teller(store.incidents, notifiers(settings), settings.realm, pace.watching, log, failpoint)
    return IncidentDuty(readers(store), store.workers, teller, settings.senders, token, pace)
