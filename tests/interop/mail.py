"""Job data version 1, as an application writes it."""

from typing import Any


def mail(message: str, **fields: Any) -> dict[str, Any]:
    """A booking confirmation whose recipient can be found by its id."""
    recipient = message.replace("/", ".") + "@mail.example"
    body = {"subject": "Your booking", "html": f"<p>{message} ☃ see you there</p>"}
    return {"v": 1, "id": message, "type": "booking.confirmation", "to": {"email": recipient}, **body, **fields}


def address(message: str) -> str:
    """The recipient of that mail."""
    return message.replace("/", ".") + "@mail.example"
