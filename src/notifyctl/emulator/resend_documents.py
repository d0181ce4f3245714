"""What Resend's reading calls answer, in the shapes that its SDKs declare."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from notifyctl.emulator.mailbox import Copy

MONTHLY_QUOTA = 10_000_000  # more than anybody sends to an emulator


def email(copy: Copy) -> dict[str, object]:
    """One e-mail; `html` and `text` are null where bodies are not kept."""
    return {
        "object": "email",
        "id": copy.id,
        "message_id": f"<{copy.id}@emulator.test>",
        "from": copy.sender,
        "to": [copy.recipient],
        "cc": [],
        "bcc": [],
        "reply_to": [],
        "subject": copy.subject,
        "created_at": _stamp(datetime.fromtimestamp(copy.time, UTC)),
        "last_event": "suppressed" if copy.state == "suppressed" else "delivered",
        "tags": [{"name": name, "value": value} for name, value in copy.tags.items()],
        "html": copy.html,
        "text": copy.text,
    }


def domains(names: Sequence[str]) -> dict[str, object]:
    """The list of domains, all verified."""
    same = {"status": "verified", "created_at": "2026-01-01T00:00:00.000Z", "region": "eu-west-1"}
    return {"object": "list", "has_more": False, "data": [{"id": name, "name": name, **same} for name in names]}


def usage(emails: Mapping[str, tuple[int, int | None]], rate: int | None, now: float) -> dict[str, object]:
    """What of the account's limits is used; `emails` has used and limit of `daily` and `monthly`, `rate` is in calls a
    second, null without a limit, `now` in epoch seconds."""
    today = datetime.fromtimestamp(now, UTC)
    month = (today.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    (day, most_a_day), (so_far, most_a_month) = emails["daily"], emails["monthly"]
    most_a_month = MONTHLY_QUOTA if most_a_month is None else most_a_month
    nothing = {"used": 0, "limit": 1000}
    return {
        "object": "usage",
        "generated_at": _stamp(today),
        "emails": {
            "daily": _quota(day, most_a_day, today + timedelta(days=1)),
            "monthly": _quota(so_far, most_a_month, month),
        },
        "contacts": nothing,
        "segments": nothing,
        "broadcasts": {"used": 0, "limit": None},
        "ai_credits": {**nothing, "next_increase_at": None},
        "automation_runs": {**nothing, "resets_at": _stamp(month)},
        "domains": {"used": 1, "limit": 10},
        "rate_limit": {"limit": rate, "duration": "1000ms"},
    }


def _quota(used: int, limit: int | None, until: datetime) -> dict[str, object]:
    return {"used": used, "limit": limit, "sent": used, "received": 0, "resets_at": _stamp(until)}


def stamp(at: float) -> str:
    """Epoch seconds as Resend writes times."""
    return _stamp(datetime.fromtimestamp(at, UTC))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
