"""A webhook, signed as standardwebhooks.com describes: id, time and body, with HMAC-SHA256.

webhook-id: the same when the message is sent again      webhook-timestamp: seconds
webhook-signature: v1,BASE64(HMAC-SHA256(secret, "{id}.{timestamp}.{body}"))
"""

import base64
import hashlib
import hmac
import json
import time

from notifyctl.domain import notice as notices
from notifyctl.domain.notice import Notice, Told, document
from notifyctl.domain.outcome import Request
from notifyctl.domain.secret import Secret
from notifyctl.net.control import Control
from notifyctl.notify.pagerduty import told

PREFIX = "whsec_"  # then the key in base64


class Webhook:
    """One receiver; `secret` begins with `whsec_`, `patience` in seconds."""

    name = "webhook"

    def __init__(self, url: Secret, secret: Secret, patience: float = 10.0) -> None:
        self._url = url
        self._key = base64.b64decode(secret.reveal().removeprefix(PREFIX))
        self._patience = patience

    def takes(self, occasion: str) -> bool:
        """All but acknowledgements, which people make themselves."""
        return occasion != notices.ACKED

    def request(self, notice: Notice, now: float) -> Request:
        """The call for a notice at that time (epoch seconds): pure."""
        body, stamp = json.dumps(document(notice)).encode(), str(int(now))
        headers = (
            ("Content-Type", "application/json"),
            ("webhook-id", notice.id),
            ("webhook-timestamp", stamp),
            ("webhook-signature", f"v1,{self._signature(notice.id, stamp, body)}"),
        )
        return Request("POST", self._url.reveal(), headers, body)

    async def tell(self, notice: Notice) -> Told:
        """Send it, once; any answer of 200 to 299 is well."""
        async with Control(self._patience) as control:
            return told(await control.call(self.request(notice, time.time())))

    def _signature(self, name: str, stamp: str, body: bytes) -> str:
        signed = hmac.new(self._key, f"{name}.{stamp}.".encode() + body, hashlib.sha256)
        return base64.b64encode(signed.digest()).decode()
