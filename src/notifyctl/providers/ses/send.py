"""A message as Amazon SES takes it: `POST /v2/email/outbound-emails` with simple content.

SES decodes nothing for us: names outside ASCII are encoded words, header values are printable ASCII. It
has no idempotency and no search, so tags on events are the only later evidence.
"""

from notifyctl.domain.message import MAX_HEADERS, Message
from notifyctl.domain.outcome import Request
from notifyctl.domain.provider import Capabilities, Envelope, Evidence
from notifyctl.providers.rendering import REF, REF_HEADER, ascii_domain, literal, mailbox, render
from notifyctl.providers.ses.account import Account

CAPABILITIES = Capabilities(
    evidence=Evidence.EVENTS,
    max_document=40_000_000,
    max_headers=MAX_HEADERS - 1,  # 15, and our own is one of them
    header_value_max=870,  # name and value together 996, and a name may have 126
    header_value_ascii=True,
    ascii_local_part_only=True,
    metadata_key_max=256,
    metadata_value_max=256,
    metadata_key_pattern=r"[A-Za-z0-9_-]+",
    metadata_value_pattern=r"[A-Za-z0-9_-]+",
    signs=True,
)


def document(account: Account, message: Message, envelope: Envelope) -> bytes:
    """The JSON body; equal input gives equal bytes."""
    return render(
        {
            "FromEmailAddress": mailbox(envelope.sender, ascii_only=True),
            "Destination": {"ToAddresses": [mailbox(message.to, ascii_only=True)]},
            "ReplyToAddresses": [ascii_domain(message.reply_to)] if message.reply_to else None,
            "Content": {"Simple": _simple(message, envelope)},
            "EmailTags": _pairs(REF, envelope.ref, message.metadata),
            "ConfigurationSetName": account.configuration_set or None,
        }
    )


def request(account: Account, body: bytes, now: float) -> Request:
    """The call that sends one document; `now` is the wall clock in seconds, at most 5 minutes off."""
    return account.signed("POST", "/v2/email/outbound-emails", body, now)


def _simple(message: Message, envelope: Envelope) -> dict[str, object]:
    bodies = (("Text", literal(message.text)), ("Html", literal(message.html)))
    return {
        "Subject": _utf8(message.subject),
        "Body": {name: _utf8(body) for name, body in bodies if body is not None},
        "Headers": _pairs(REF_HEADER, envelope.ref, message.headers),
    }


def _utf8(data: object) -> dict[str, object]:
    return {"Data": data, "Charset": "UTF-8"}  # without a charset SES assumes 7 bits


def _pairs(name: str, value: str, more: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in ((name, value), *more)]
