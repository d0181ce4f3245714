"""A message as Resend takes it: `POST /emails`.

Resend has no metadata, so metadata travels as tags; the capabilities name their alphabet. The
idempotency key is bound to the exact bytes for 24 hours, hence documents are byte-stable.
"""

from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Request
from notifyctl.domain.provider import Capabilities, Envelope, Evidence
from notifyctl.providers.rendering import JSON_HEADERS, REF, REF_HEADER, ascii_domain, literal, mailbox, render
from notifyctl.providers.resend.account import Account

CAPABILITIES = Capabilities(
    evidence=Evidence.REPLAY,
    max_document=40_000_000,
    ascii_local_part_only=True,
    metadata_key_max=256,
    metadata_value_max=256,
    metadata_key_pattern=r"[A-Za-z0-9_-]+",
    metadata_value_pattern=r"[A-Za-z0-9_-]+",
    rate_per_s=5,  # documented between 2 and 10 by age of the page; the headers tell the truth
    replay_hours=23,  # kept 24 h; the last one is the margin for clocks
)


def document(message: Message, envelope: Envelope) -> bytes:
    """The JSON body; equal input gives equal bytes."""
    return render(
        {
            "from": mailbox(envelope.sender),
            "to": [mailbox(message.to)],
            "subject": message.subject,
            "reply_to": ascii_domain(message.reply_to) if message.reply_to else None,
            "html": literal(message.html),
            "text": literal(message.text),
            "headers": {**dict(message.headers), REF_HEADER: envelope.ref},
            "tags": [{"name": name, "value": value} for name, value in ((REF, envelope.ref), *message.metadata)],
        }
    )


def request(account: Account, body: bytes, envelope: Envelope) -> Request:
    """The call that sends one document."""
    headers = (
        ("Authorization", f"Bearer {account.api_key}"),
        *JSON_HEADERS,
        ("Idempotency-Key", envelope.key),
    )
    return Request("POST", account.url("/emails"), headers, body)
