"""The webhook: its signature is verified by the library of those who define it."""

import asyncio
import base64
import json

import pytest
from standardwebhooks.webhooks import Webhook as Receiver
from standardwebhooks.webhooks import WebhookVerificationError

from alarms import BROKEN, notice
from notifyctl.domain.notice import Told, document
from notifyctl.domain.secret import Secret
from notifyctl.notify.webhook import Webhook
from peers import answering, serve

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def received(occasion: str) -> tuple[Told, dict[str, str], bytes]:
    """What came of it; the headers and the body as the receiver sees them."""
    with serve(answering) as peer:
        hook = Webhook(Secret(f"{peer.url()}?room=1"), Secret(SECRET), 5)
        told = asyncio.run(hook.tell(notice(occasion)))
    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /emails?room=1 HTTP/1.1"
    return (
        told,
        dict(line.lower().split(": ", 1) if ":" in line else (line, "") for line in lines[1:])
        | dict(line.split(": ", 1) for line in lines[1:] if line.startswith("webhook-")),
        body,
    )


def test_the_receivers_library_takes_it_and_nothing_that_was_changed():
    told, headers, body = received("opened")
    assert told.well
    assert Receiver(SECRET).verify(body, headers) == document(notice("opened"))
    with pytest.raises(WebhookVerificationError):
        Receiver(SECRET).verify(body.replace(b"critical", b"harmless"), headers)
    other = "whsec_" + base64.b64encode(b"another key of 32 bytes, as it is").decode()
    with pytest.raises(WebhookVerificationError):
        Receiver(other).verify(body, headers)


def test_it_is_json_under_an_id_that_stays_when_it_is_sent_again():
    (_, first, body), (_, second, _) = received("recovered"), received("recovered")
    assert first["content-type"] == "application/json"
    assert first["webhook-id"] == second["webhook-id"]
    assert json.loads(body)["type"] == "incident.recovered"


def test_it_knows_nothing_of_who_has_taken_over():
    hook = Webhook(Secret("https://hooks.example/1"), Secret(SECRET))
    assert [hook.takes(occasion) for occasion in ("opened", "recovered", "acked")] == [True, True, False]


def test_who_does_not_answer_was_not_told():
    for script in BROKEN:
        with serve(script) as peer:
            assert not asyncio.run(Webhook(Secret(peer.url()), Secret(SECRET), 0.2).tell(notice("opened"))).well
