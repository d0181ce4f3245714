"""A message as Postmark takes it: `POST /email`."""

from notifyctl.domain.message import Message
from notifyctl.domain.outcome import Request
from notifyctl.domain.provider import Capabilities, Envelope, Evidence
from notifyctl.providers.postmark.account import Account
from notifyctl.providers.rendering import JSON_HEADERS, REF, REF_HEADER, ascii_domain, literal, mailbox, render

CAPABILITIES = Capabilities(
    evidence=Evidence.LOOKUP,
    max_document=10_000_000,
    max_body=5_000_000,
    ascii_local_part_only=True,
    metadata_key_max=20,
    metadata_value_max=80,
)


def document(account: Account, message: Message, envelope: Envelope) -> bytes:
    """The JSON body; equal input gives equal bytes. Opens and links are never tracked."""
    headers = ((REF_HEADER, envelope.ref), *message.headers)
    return render(
        {
            "From": mailbox(envelope.sender),
            "To": mailbox(message.to),
            "ReplyTo": ascii_domain(message.reply_to) if message.reply_to else None,
            "Subject": message.subject,
            "HtmlBody": literal(message.html),
            "TextBody": literal(message.text),
            "Tag": message.type,
            "Headers": [{"Name": name, "Value": value} for name, value in headers],
            "Metadata": {REF: envelope.ref, **dict(message.metadata)},
            "MessageStream": account.stream_for(envelope.marketing),
            "TrackOpens": False,
            "TrackLinks": "None",
        }
    )


def request(account: Account, body: bytes) -> Request:
    """The call that sends one document."""
    return Request("POST", account.url("/email"), (("X-Postmark-Server-Token", account.api_key), *JSON_HEADERS), body)
