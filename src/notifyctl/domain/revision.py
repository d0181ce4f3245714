"""A revision: everything that is configurable, as one immutable document.

Revision 1 is the default below, overlaid by the TOML file of NOTIFYCTL_CONFIG:

    from = "The Backroom Leeds <tickets@backroom.example>"
    pace = "production"

    [types."gig.reminder"]
    purpose = "service"
    priority = "standard"
    deadline = "12h"

    [route]
    order = ["resend", "postmark", "ses"]

    [providers.resend]
    rate = 10          # calls a second; headers of the provider override it downwards
    from = "Other <other@backroom.example>"

    plan = "pro"       # what you pay there; [prices.resend.pro] says what it costs, where that is not the list price

    [limits]
    attempts_per_provider = 3

    [breaker]
    faults = 3         # in a row, over so many distinct `messages` (1 or 2); or a `rate` of `calls` in a minute

An unknown key is an error that names it; nothing is ignored silently.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from notifyctl.domain.breaker import Rules
from notifyctl.domain.document import check_number, refuse_unknown, table_of
from notifyctl.domain.errors import InvalidMessage, Misconfigured
from notifyctl.domain.message import Address, check_email, check_text
from notifyctl.domain.pace import PACES, PRODUCTION, Pace

if TYPE_CHECKING:
    from notifyctl.domain.tariff import Prices

_Word = TypeVar("_Word", bound=StrEnum)

PROVIDERS = ("resend", "postmark", "ses")
_TABLES = ("from", "pace", "types", "route", "providers", "limits", "breaker", "prices")


class Purpose(StrEnum):
    """Decides permission."""

    SERVICE = "service"
    MARKETING = "marketing"


class Priority(StrEnum):
    """Decides the lane, and what happens after ambiguity."""

    CRITICAL = "critical"
    STANDARD = "standard"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class MessageType:
    """What the registry knows of a type; `deadline` is seconds after the message was enqueued."""

    purpose: Purpose
    priority: Priority
    deadline: int

    def due(self, enqueued_at: int, wanted: int | None) -> int:
        """When a message must be out, epoch ms: by the type, and by what the message itself wants (None = nothing)."""
        due = enqueued_at + self.deadline * 1000
        return due if wanted is None else min(due, wanted)


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """Limits and sender of one provider: `rate` in calls a second (None = unlimited), `burst` in calls; `plan` is the
    tariff of the account, '' = not told."""

    rate: float | None = None
    burst: int = 10
    sender: Address | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on attempts and patience.

    `critical_patience` and `standard_patience` are the seconds a message waits for a throttled
    provider before it goes to the next one; bulk waits. `in_flight` is what one worker process carries
    at once; bulk and standard may fill only part of it, so a critical message always finds room.
    `archive_after` is how many seconds after its end a message moves to the archive.
    """

    attempts_per_provider: int = 3
    attempts: int = 5
    ambiguous_resends: int = 1
    critical_patience: float = 2.0
    standard_patience: float = 60.0
    in_flight: int = 128
    completed_keep: int = 100_000
    completed_age: int = 7 * 86_400
    failed_keep: int = 100_000
    failed_age: int = 40 * 86_400
    archive_after: int = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a breaker trips: after so many faults in a row over so many distinct messages (1 or 2), or when of so many
    calls in a minute a part failed that is surely above `rate` (0 to 1)."""

    faults: int = Rules().faults
    messages: int = Rules().messages
    calls: int = Rules().calls
    rate: float = Rules().rate


_HOUR = 3600
_TYPES = {
    "account.security_code": MessageType(Purpose.SERVICE, Priority.CRITICAL, 900),
    "booking.confirmation": MessageType(Purpose.SERVICE, Priority.CRITICAL, 24 * _HOUR),
    "booking.cancelled": MessageType(Purpose.SERVICE, Priority.CRITICAL, 24 * _HOUR),
    "ticket.delivery": MessageType(Purpose.SERVICE, Priority.CRITICAL, 24 * _HOUR),
    "booking.reminder": MessageType(Purpose.SERVICE, Priority.STANDARD, 24 * _HOUR),
    "event.cancelled": MessageType(Purpose.SERVICE, Priority.BULK, 48 * _HOUR),
    "newsletter": MessageType(Purpose.MARKETING, Priority.BULK, 72 * _HOUR),
    "offer": MessageType(Purpose.MARKETING, Priority.BULK, 72 * _HOUR),
}


@dataclass(frozen=True, slots=True)
class Revision:
    """One configuration document. `number` is 1 until revisions have a history; `prices` None stands for
    the list of `domain/tariff.py`."""

    number: int = 1
    sender: Address | None = None
    pace: Pace = PRODUCTION
    types: Mapping[str, MessageType] = field(default_factory=lambda: MappingProxyType(_TYPES))
    order: tuple[str, ...] = PROVIDERS
    providers: Mapping[str, ProviderRules] = field(
        default_factory=lambda: MappingProxyType({name: ProviderRules() for name in PROVIDERS})
    )
    bounds: Bounds = Bounds()
    thresholds: Thresholds = Thresholds()
    prices: "Prices | None" = None

    @property
    def rules(self) -> Rules:
        """The numbers of the breaker: thresholds of this revision, times of its pace."""
        told, pace = self.thresholds, self.pace
        return Rules(
            told.faults, told.messages, told.calls, told.rate,
            window=pace.window, longest=pace.longest_window, flap=pace.flap, lease=pace.probe_lease,
        )  # fmt: skip

    def sender_for(self, provider: str) -> Address | None:
        """The sender at that provider: its own, else the default."""
        return self.providers[provider].sender or self.sender


def overlay(base: Revision, document: Mapping[str, Any], where: str) -> Revision:
    """The base with a TOML document laid over it; raises `Misconfigured` naming file and key."""
    refuse_unknown(document, _TABLES, where)
    return replace(
        base,
        sender=_sender(document, where) or base.sender,
        pace=_pace(document.get("pace", base.pace.name), f"{where}: pace"),
        types=MappingProxyType({**base.types, **_types(table_of(document, "types", where), where)}),
        order=_order(table_of(document, "route", where), base.order, where),
        providers=_providers(table_of(document, "providers", where), base.providers, where),
        bounds=_bounds(table_of(document, "limits", where), base.bounds, where),
        thresholds=_thresholds(table_of(document, "breaker", where), base.thresholds, where),
        prices=_prices(document, base.prices, where),
    )


def parse_sender(text: str, where: str) -> Address:
    """An address from `Name <local@domain>` or `local@domain`; raises `Misconfigured`."""
    match = re.fullmatch(r'\s*(?:"?(?P<name>[^"<>]*?)"?\s*<(?P<inner>[^<>]+)>|(?P<bare>[^<>\s]+))\s*', text)
    try:
        if not match:
            raise InvalidMessage("MSG-ADDRESS", "is not a usable e-mail address", where)
        name = check_text(match["name"] or "", where, 200)
        return Address(check_email(match["inner"] or match["bare"], where), name or None)
    except InvalidMessage as error:
        raise Misconfigured(
            "CFG-SENDER", f"the sender {error.what}", where, 'write "Name <local@your-domain>"'
        ) from error


def parse_duration(value: Any, where: str) -> int:
    """Seconds of `90`, `"90s"`, `"15min"`, `"24h"` or `"7d"`; raises `Misconfigured`."""
    match = re.fullmatch(r"(\d{1,9})\s*(s|min|h|d)?", str(value))
    if not match or isinstance(value, bool):
        raise Misconfigured("CFG-VALUE", f"{value!r} is no duration", where, 'write 90, "15min", "24h" or "7d"')
    return int(match[1]) * {None: 1, "s": 1, "min": 60, "h": _HOUR, "d": 24 * _HOUR}[match[2]]


def _sender(document: Mapping[str, Any], where: str) -> Address | None:
    return parse_sender(str(document["from"]), f"{where}: from") if "from" in document else None


def _pace(name: Any, where: str) -> Pace:
    if name not in PACES:
        raise Misconfigured("CFG-VALUE", f"unknown pace {name!r}", where, f"use one of {', '.join(PACES)}")
    return PACES[name]


def _types(table: Mapping[str, Any], where: str) -> dict[str, MessageType]:
    return {name: _type(name, spec, f"{where}: types.{name}") for name, spec in table.items()}


def _type(name: str, spec: Any, where: str) -> MessageType:
    if not isinstance(spec, Mapping) or not re.fullmatch(r"[a-z0-9_.-]{1,60}", name):
        raise Misconfigured("CFG-VALUE", "a type is a table with a name of [a-z0-9_.-]", where)
    refuse_unknown(spec, ("purpose", "priority", "deadline"), where)
    return MessageType(
        _word(Purpose, spec.get("purpose"), f"{where}.purpose"),
        _word(Priority, spec.get("priority"), f"{where}.priority"),
        parse_duration(spec.get("deadline", "24h"), f"{where}.deadline"),
    )


def _word(words: type[_Word], value: Any, where: str) -> _Word:
    try:
        return words(value)
    except ValueError:
        raise Misconfigured("CFG-VALUE", f"{value!r} is unknown", where, f"use one of {', '.join(words)}") from None


def _order(table: Mapping[str, Any], base: tuple[str, ...], where: str) -> tuple[str, ...]:
    refuse_unknown(table, ("order",), f"{where}: route")
    order = tuple(table.get("order", base))
    if not order or len(set(order)) != len(order) or not set(order) <= set(PROVIDERS):
        raise Misconfigured(
            "CFG-VALUE", "the order must name each provider once", f"{where}: route.order", f"of {', '.join(PROVIDERS)}"
        )
    return order


def _providers(table: Mapping[str, Any], base: Mapping[str, ProviderRules], where: str) -> Mapping[str, ProviderRules]:
    refuse_unknown(table, PROVIDERS, f"{where}: providers")
    changed = {name: _rules(table, name, base[name], f"{where}: providers.{name}") for name in table}
    return MappingProxyType({**base, **changed})


def _rules(table: Mapping[str, Any], name: str, base: ProviderRules, where: str) -> ProviderRules:
    spec = table_of(table, name, where)
    refuse_unknown(spec, ("rate", "burst", "from", "plan"), where)
    rate = spec.get("rate", base.rate)
    return ProviderRules(
        rate=None if rate is None else check_number(rate, f"{where}.rate"),
        burst=int(check_number(spec.get("burst", base.burst), f"{where}.burst", int)),
        sender=_sender(spec, where) or base.sender,
        plan=str(spec.get("plan", base.plan)),
    )


def _prices(document: Mapping[str, Any], base: "Prices | None", where: str) -> "Prices | None":
    """The prices, where any are told; the plans that accounts are said to be on must be among them."""
    table = table_of(document, "prices", where)
    plans = {name: spec["plan"] for name, spec in table_of(document, "providers", where).items() if "plan" in spec}
    if not table and not plans:
        return base  # the list is not loaded for those who tell nothing
    from notifyctl.domain.tariff import PRICES, overlay

    found = overlay(base or PRICES, table, f"{where}: prices")
    for name, plan in plans.items():
        if plan not in found[name]:
            known = f"known: {', '.join(found[name])}; or add [prices.{name}.NAME]"
            raise Misconfigured("CFG-VALUE", f"unknown plan {plan!r}", f"{where}: providers.{name}.plan", known)
    return found if table else base


def _bounds(table: Mapping[str, Any], base: Bounds, where: str) -> Bounds:
    return replace(base, **_numbers(table, Bounds, f"{where}: limits"))


def _thresholds(table: Mapping[str, Any], base: Thresholds, where: str) -> Thresholds:
    found = replace(base, **_numbers(table, Thresholds, f"{where}: breaker"))
    if found.messages > 2 or found.rate >= 1:
        raise Misconfigured("CFG-VALUE", "there are 1 or 2 messages, and a rate below 1", f"{where}: breaker")
    return found


def _numbers(table: Mapping[str, Any], kind: type[Bounds] | type[Thresholds], where: str) -> dict[str, Any]:
    """The numbers of a table, each of the type of its field."""
    known: dict[str, Any] = {item.name: item.type for item in fields(kind)}  # int or float
    refuse_unknown(table, tuple(known), where)
    return {name: known[name](check_number(value, f"{where}.{name}", known[name])) for name, value in table.items()}
