"""Permission: may we write this message to this person now?

Service messages follow from the contract with the recipient and need no consent. Marketing needs recorded
consent; until a consent store exists nobody has any, so marketing is refused.
"""

from notifyctl.domain.revision import MessageType, Purpose


def refusal(message_type: MessageType) -> str | None:
    """Why the message may not be sent, or None when it may."""
    return "no consent store yet" if message_type.purpose is Purpose.MARKETING else None
