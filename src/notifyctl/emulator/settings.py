"""What the control API can change about each provider."""

from typing import Any

import msgspec
from msgspec.structs import force_setattr

RESEND_KEY = "re_emulator"
RESEND_ADMIN_KEY = "re_emulator_admin"
POSTMARK_KEY = "postmark-emulator"
SES_ACCESS_KEY = "AKIAEMULATOR"
SES_SECRET_KEY = "emulator-secret"
SES_ADMIN_ACCESS_KEY = "AKIAEMULATORADMIN"
SES_ADMIN_SECRET_KEY = "emulator-admin-secret"


class Common(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings that all providers have.

    `rate`: calls per second, None for no limit. `verified`: senders (addresses or domains)
    that may send, None for all. `suppressed`: recipients on the suppression list; both in lower case.
    `close_idle_s`: an idle keep-alive connection is closed after this many seconds, None for never.
    """

    rate: int | None = None
    verified: frozenset[str] | None = None
    suppressed: frozenset[str] = frozenset()
    close_idle_s: float | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "suppressed", frozenset(map(str.lower, self.suppressed)))
        if self.verified is not None:
            force_setattr(self, "verified", frozenset(map(str.lower, self.verified)))


class Resend(Common, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`sending_only`: the keys may send and nothing else; those of `admin_keys` may do everything.

    Quotas are mails a day or month, None for no limit.
    """

    daily_quota: int | None = None
    monthly_quota: int | None = None
    keys: frozenset[str] = frozenset({RESEND_KEY})
    admin_keys: frozenset[str] = frozenset({RESEND_ADMIN_KEY})
    sending_only: bool = True


class Postmark(Common, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`lag_s`: a copy is found by the search only after this many seconds.

    `delayed`: acceptances answer without `ErrorCode`, as seen when delivery is delayed.
    """

    keys: frozenset[str] = frozenset({POSTMARK_KEY})
    lag_s: float = 0
    delayed: bool = False
    streams: frozenset[str] = frozenset({"outbound", "broadcast"})


class Ses(Common, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`keys`: access key -> secret; those of `admin_keys` manage them, and nothing else.

    `sending_only`: no `ses:GetAccount`. `region`: None takes any. `configuration_sets`: those that exist, None for any
    name. `daily_quota`: recipients in 24 hours, None for no limit. `sandbox`: the account says that it is in it.
    """

    daily_quota: int | None = None
    sandbox: bool = False

    keys: dict[str, str] = msgspec.field(default_factory=lambda: {SES_ACCESS_KEY: SES_SECRET_KEY})
    admin_keys: dict[str, str] = msgspec.field(default_factory=lambda: {SES_ADMIN_ACCESS_KEY: SES_ADMIN_SECRET_KEY})
    sending_only: bool = False
    region: str | None = None
    configuration_sets: frozenset[str] | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of all providers."""

    resend: Resend = Resend()
    postmark: Postmark = Postmark()
    ses: Ses = msgspec.field(default_factory=Ses)

    def common(self, provider: str) -> Common:
        """The settings of one provider, named."""
        settings: Common = getattr(self, provider)
        return settings

    def changed(self, patch: dict[str, Any]) -> "Settings":
        """These settings with some replaced: `{"resend": {"rate": 5}}`. Raises msgspec.ValidationError."""
        document = msgspec.to_builtins(self)
        for provider, part in patch.items():
            document[provider] = {**document.get(provider, {}), **_mapping(part)}
        return msgspec.convert(document, Settings)


def _mapping(part: object) -> dict[str, object]:
    if not isinstance(part, dict):
        raise msgspec.ValidationError("settings of a provider must be an object")
    return part
