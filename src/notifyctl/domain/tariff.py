"""What providers charge: price lists as data, each number with its source and the day on which it was read there.

A *tariff* is what a provider calls a plan. Prices change: `[prices.PROVIDER.NAME]` in the configuration file
overrides any number here, or adds a tariff of your own contract:

    [providers.resend]
    plan = "pro"            # the one that you are on

    [prices.resend.pro]
    fixed = "18.00"         # dollars a month; in quotes, since 0.1 has no exact binary form
    included = 50000        # mails a month
    overage = "0.90"        # dollars per 1,000 mails beyond; "stop" where no more are taken
    block = 1000            # overage is charged in blocks of so many mails
    daily = 1000            # most mails a day, where there is such a limit
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from notifyctl.domain.document import check_number, refuse_unknown, table_of
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.money import micros

THOUSAND = 1000
STOP = "stop"


class Band(NamedTuple):
    """A price (micro-dollars per 1,000 mails) up to so many mails beyond the included ones; None = without end."""

    upto: int | None
    price: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff. `fixed` in micro-dollars a month; no `bands` = nothing is taken beyond `included`; `daily` None = no
    limit of a day. `data` (per GB of attachments) and `dedicated_ip` (a month) in micro-dollars, None = not told by the
    source. `offered` is False for one that an account which is not on it cannot be sure to get."""

    provider: str
    name: str
    source: str
    read: str
    fixed: int = 0
    included: int = 0
    bands: tuple[Band, ...] = ()
    block: int = 1
    daily: int | None = None
    data: int | None = None
    dedicated_ip: int | None = None
    offered: bool = True

    @property
    def stops(self) -> bool:
        """Whether nothing is taken beyond the included mails."""
        return not self.bands


Prices = Mapping[str, Mapping[str, Tariff]]

_RESEND = ("Resend's documentation of quotas and its changelog on pay-as-you-go", "2026")
_RESEND_THIRD = ("third-party snapshots of resend.com/pricing (2025-08 and 2026-03-09)", "2026-03-09")
_POSTMARK = ("a third-party copy of postmarkapp.com/pricing, prices at 10,000 mails a month", "2026-08-13")
_SES = ("a third-party copy of Amazon's price list of us-east-1 (other regions may differ)", "2026-07-22")
_MILLION = 1_000_000


def _flat(per_thousand: str) -> tuple[Band, ...]:
    return (Band(None, micros(per_thousand)),)


def _steps(first: str, second: str, third: str) -> tuple[Band, ...]:
    return (Band(10 * _MILLION, micros(first)), Band(100 * _MILLION, micros(second)), Band(None, micros(third)))


def _postmark(name: str, fixed: str, overage: str) -> Tariff:
    """Whether a begun thousand is charged whole is not told: it is counted whole, the dearer reading. Dedicated IPs are
    for 300,000 mails a month and more."""
    bands, ip = _flat(overage), None if name == "basic" else micros("50")
    return Tariff("postmark", name, *_POSTMARK, micros(fixed), 10_000, bands, THOUSAND, dedicated_ip=ip)


_LISTED = (
    Tariff("resend", "free", *_RESEND, included=3_000, daily=100),
    Tariff("resend", "pro", *_RESEND, micros("20"), 50_000, _flat("0.90"), THOUSAND),
    Tariff("resend", "scale", *_RESEND_THIRD, micros("90"), 100_000, _flat("0.90"), THOUSAND),
    Tariff("postmark", "free", *_POSTMARK, included=100),
    _postmark("basic", "15", "1.80"),
    _postmark("pro", "16.50", "1.30"),
    _postmark("platform", "18", "1.20"),
    Tariff(
        *("ses", "a-la-carte", *_SES),
        bands=_flat("0.10"), data=micros("0.12"), dedicated_ip=micros("24.95"), offered=False,
    ),
    Tariff("ses", "essentials", *_SES, bands=_steps("0.16", "0.14", "0.11")),
    Tariff("ses", "pro", *_SES, micros("105"), bands=_steps("0.22", "0.17", "0.12"), dedicated_ip=0),
    Tariff("ses", "enterprise", *_SES, micros("500"), bands=_steps("0.23", "0.18", "0.13"), dedicated_ip=0),
)  # fmt: skip

PRICES: Prices = MappingProxyType(
    {
        provider: MappingProxyType({one.name: one for one in _LISTED if one.provider == provider})
        for provider in dict.fromkeys(one.provider for one in _LISTED)
    }
)
_KEYS = ("fixed", "included", "overage", "block", "daily", "data", "dedicated_ip", "source", "read")


def overlay(base: Prices, document: Mapping[str, Any], where: str) -> Prices:
    """The prices with the table `prices` of a configuration laid over them; raises `Misconfigured` naming the key."""
    refuse_unknown(document, tuple(base), where)
    changed = {provider: dict(known) for provider, known in base.items()}
    for provider in document:
        for name, table in table_of(document, provider, where).items():
            place = f"{where}.{provider}.{name}"
            if not isinstance(table, Mapping):
                raise Misconfigured("CFG-VALUE", "must be a table", place, f"write [prices.{provider}.{name}]")
            old = changed[provider].get(name, Tariff(provider, name, "your configuration", ""))
            changed[provider][name] = _changed(old, table, place)
    return {provider: MappingProxyType(known) for provider, known in changed.items()}


def _changed(old: Tariff, table: Mapping[str, Any], where: str) -> Tariff:
    refuse_unknown(table, _KEYS, where)
    told: dict[str, Any] = {"source": "your configuration", "read": ""}
    for key, value in table.items():
        place = f"{where}.{key}"
        if key in ("fixed", "data", "dedicated_ip"):
            told[key] = _amount(value, place)
        elif key == "overage":
            told["bands"] = () if value == STOP else (Band(None, _amount(value, place)),)
        else:
            told[key] = _text(value, place) if key in ("source", "read") else _count(value, place, key)
    return replace(old, **told)


def _amount(value: Any, where: str) -> int:
    try:
        return micros(str(value) if type(value) in (int, str) else "")
    except ValueError:
        fix = 'write dollars in quotes: "0.90"'
        raise Misconfigured("CFG-VALUE", f"{value!r} is no amount of money", where, fix) from None


def _count(value: Any, where: str, key: str) -> int:
    """A whole number above 0; there may be no included mails."""
    return 0 if value == 0 and key == "included" else int(check_number(value, where, int))


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Misconfigured("CFG-VALUE", f"{value!r} is no text", where, "write it in quotes")
    return value
