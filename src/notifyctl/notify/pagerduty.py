"""PagerDuty, Events API v2: trigger, acknowledge and resolve under one dedup key for each incident.

https://developer.pagerduty.com/docs/events-api-v2-overview; an account in Europe has another base URL.
"""

import json
from typing import Any

from notifyctl.domain import notice as notices
from notifyctl.domain.notice import Notice, Told, headline
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.redact import redact
from notifyctl.domain.secret import Secret
from notifyctl.net.control import Control
from notifyctl.providers.answers import detail

BASE_URL = "https://events.pagerduty.com"
ACTIONS = {notices.RECOVERED: "resolve", notices.ACKED: "acknowledge"}  # any other occasion triggers


class PagerDuty:
    """One service of PagerDuty; `key` is the integration key of Events API v2, `patience` in seconds."""

    name = "pagerduty"

    def __init__(self, key: Secret, url: str = BASE_URL, patience: float = 10.0) -> None:
        self._key = key
        self._url = f"{url}/v2/enqueue"
        self._patience = patience

    def takes(self, occasion: str) -> bool:
        """All: the service decides what its people hear of."""
        return True

    def request(self, notice: Notice) -> Request:
        """The call for a notice: pure."""
        action = ACTIONS.get(notice.occasion, "trigger")
        body: dict[str, Any] = {"event_action": action, "dedup_key": notice.dedup}
        if action == "trigger":
            body |= {"client": "notifyctl", "payload": _payload(notice)}
        text = json.dumps({"routing_key": self._key.reveal(), **body}).encode()
        return Request("POST", self._url, (("Content-Type", "application/json"),), text)

    async def tell(self, notice: Notice) -> Told:
        """Send it, once."""
        async with Control(self._patience) as control:
            answer = await control.call(self.request(notice))
        return told(answer)


def told(answer: Response | Broken) -> Told:
    """What an answer means: anything of 200 is well; of another one the beginning is kept, without secrets."""
    if isinstance(answer, Broken):
        return Told(False, redact(f"{answer.stage}: {answer.detail}"))
    well = 200 <= answer.status < 300
    words = "" if well else detail(answer.body.decode("utf-8", "replace"))[:120]
    return Told(well, f"{answer.status} {words}".strip())


def _payload(notice: Notice) -> dict[str, Any]:
    incident = notice.incident
    told = notices.document(notice)["data"]
    names = ("what", "done", "todo", "command", "id", "started_at", "flaps")
    return {
        "summary": headline(notice)[:1024],
        "source": f"notifyctl {notice.realm}",
        "severity": incident.severity,
        "timestamp": told["opened_at"],
        "component": incident.key,
        "group": "email",
        "class": incident.key.partition("/")[0],
        "custom_details": {name: told[name] for name in names},
    }
