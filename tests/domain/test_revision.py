"""The configuration document: the registry of types, and an overlay in which nothing is ignored silently."""

import tomllib

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.message import Address
from notifyctl.domain.pace import DEMO
from notifyctl.domain.revision import (
    Bounds,
    MessageType,
    Priority,
    ProviderRules,
    Purpose,
    Revision,
    overlay,
    parse_duration,
    parse_sender,
)

HOUR = 3600


def overlaid(text: str) -> Revision:
    return overlay(Revision(), tomllib.loads(text), "notifyctl.toml")


def complaint(text: str) -> Misconfigured:
    with pytest.raises(Misconfigured) as caught:
        overlaid(text)
    return caught.value


@pytest.mark.parametrize(
    ("name", "purpose", "priority", "hours"),
    [
        ("account.security_code", "service", "critical", 0.25),
        ("booking.confirmation", "service", "critical", 24),
        ("booking.cancelled", "service", "critical", 24),
        ("ticket.delivery", "service", "critical", 24),
        ("booking.reminder", "service", "standard", 24),
        ("event.cancelled", "service", "bulk", 48),
        ("newsletter", "marketing", "bulk", 72),
        ("offer", "marketing", "bulk", 72),
    ],
)
def test_the_registry_knows_eight_types(name, purpose, priority, hours):
    assert Revision().types[name] == MessageType(Purpose(purpose), Priority(priority), int(hours * HOUR))
    assert len(Revision().types) == 8


def test_revision_1_goes_through_three_providers_and_keeps_the_bounds_of_the_policy():
    base = Revision()
    assert (base.order, base.pace.name) == (("resend", "postmark", "ses"), "production")
    bounds = base.bounds
    assert (bounds.attempts_per_provider, bounds.attempts, bounds.ambiguous_resends) == (3, 5, 1)
    assert (bounds.critical_patience, bounds.standard_patience) == (2, 60)
    assert (bounds.completed_age, bounds.failed_age) == (7 * 86_400, 40 * 86_400)


def test_an_empty_overlay_changes_nothing():
    assert overlaid("") == Revision()


def test_an_overlay_changes_what_it_names_and_keeps_the_rest():
    changed = overlaid(
        """
        from = "The Backroom <tickets@backroom.example>"
        pace = "demo"
        [types."gig.reminder"]
        purpose = "service"
        priority = "standard"
        deadline = "12h"
        [route]
        order = ["ses", "resend"]
        [providers.resend]
        rate = 2.5
        from = "other@backroom.example"
        [limits]
        attempts = 4
        critical_patience = 1
        """
    )
    assert changed.sender == Address("tickets@backroom.example", "The Backroom")
    assert changed.pace == DEMO
    assert changed.types["gig.reminder"] == MessageType(Purpose.SERVICE, Priority.STANDARD, 12 * HOUR)
    assert changed.types["offer"] == Revision().types["offer"]
    assert changed.order == ("ses", "resend")
    assert changed.providers["resend"] == ProviderRules(2.5, 10, Address("other@backroom.example"))
    assert changed.providers["ses"] == ProviderRules()
    assert changed.bounds == Bounds(attempts=4, critical_patience=1.0)
    assert changed.sender_for("resend") == Address("other@backroom.example")
    assert changed.sender_for("ses") == changed.sender


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("frm = 'x'", "CFG-UNKNOWN-KEY", "notifyctl.toml"),
        ("[route]\nordre = []", "CFG-UNKNOWN-KEY", "notifyctl.toml: route"),
        ("[providers.mailgun]", "CFG-UNKNOWN-KEY", "notifyctl.toml: providers"),
        ("[providers.ses]\nrates = 1", "CFG-UNKNOWN-KEY", "notifyctl.toml: providers.ses"),
        ("[limits]\ntries = 1", "CFG-UNKNOWN-KEY", "notifyctl.toml: limits"),
        ("[types.x]\npurpose='service'\npriority='bulk'\ndead=1", "CFG-UNKNOWN-KEY", "notifyctl.toml: types.x"),
        ("[types.x]\npurpose='spam'\npriority='bulk'", "CFG-VALUE", "notifyctl.toml: types.x.purpose"),
        ("[types.x]\npurpose='service'", "CFG-VALUE", "notifyctl.toml: types.x.priority"),
        ("[types.X]\npurpose='service'\npriority='bulk'", "CFG-VALUE", "notifyctl.toml: types.X"),
        ("[types]\nx = 1", "CFG-VALUE", "notifyctl.toml: types.x"),
        ("types = 1", "CFG-VALUE", "notifyctl.toml: types"),
        ("pace = 'warp'", "CFG-VALUE", "notifyctl.toml: pace"),
        ("[route]\norder = []", "CFG-VALUE", "notifyctl.toml: route.order"),
        ("[route]\norder = ['ses', 'ses']", "CFG-VALUE", "notifyctl.toml: route.order"),
        ("[route]\norder = ['mailgun']", "CFG-VALUE", "notifyctl.toml: route.order"),
        ("[providers.ses]\nrate = 0", "CFG-VALUE", "notifyctl.toml: providers.ses.rate"),
        ("[providers.ses]\nrate = true", "CFG-VALUE", "notifyctl.toml: providers.ses.rate"),
        ("[providers.ses]\nburst = '9'", "CFG-VALUE", "notifyctl.toml: providers.ses.burst"),
        ("[limits]\nattempts = -1", "CFG-VALUE", "notifyctl.toml: limits.attempts"),
        ("[limits]\nin_flight = 0.5", "CFG-VALUE", "notifyctl.toml: limits.in_flight"),
        ("[limits]\ncritical_patience = inf", "CFG-VALUE", "notifyctl.toml: limits.critical_patience"),
        ("[providers.ses]\nburst = 1.5", "CFG-VALUE", "notifyctl.toml: providers.ses.burst"),
        ("from = 'nobody'", "CFG-SENDER", "notifyctl.toml: from"),
    ],
)
def test_whatever_is_wrong_is_named_by_file_and_key(text, code, where):
    error = complaint(text)
    assert (error.code, error.where) == (code, where)


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("a@b.example", Address("a@b.example")),
        ("<a@b.example>", Address("a@b.example")),
        ("The Venue <a@b.example>", Address("a@b.example", "The Venue")),
        ('"The Venue, Leeds" <a@b.example>', Address("a@b.example", "The Venue, Leeds")),
        ("  Café  <a@b.example> ", Address("a@b.example", "Café")),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(text, sender):
    assert parse_sender(text, "NOTIFYCTL_FROM") == sender


@pytest.mark.parametrize(
    "text", ["", "x", "<>", "a@b.example, c@d.example", "X\r\nBcc: y <a@b.example>", "a <b> <c@d.example>"]
)
def test_anything_else_is_no_sender(text):
    with pytest.raises(Misconfigured) as caught:
        parse_sender(text, "NOTIFYCTL_FROM")
    assert (caught.value.code, caught.value.where) == ("CFG-SENDER", "NOTIFYCTL_FROM")


@pytest.mark.parametrize(
    ("value", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("15min", 900), ("24h", 86_400), ("7d", 604_800)]
)
def test_durations_have_units(value, seconds):
    assert parse_duration(value, "x") == seconds


@pytest.mark.parametrize("value", ["", "h", "1.5h", "-1h", "1 week", "1h30", True, None, 1.5, "9" * 10])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(Misconfigured):
        parse_duration(value, "x")
