"""DNS: records of a real server, each well or ill in one way."""

from base64 import b64encode
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checks.conftest import Ask, edit
from names import serving_names
from notifyctl.domain import maildns
from notifyctl.domain.check import Verdict
from notifyctl.net.names import Names
from notifyctl.store.project import Project

OURS = "tickets@mail.venue.example"
PASS, WARN, FAIL, ERROR = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR


@cache
def key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    """A public key as it is published, made by another implementation."""
    public = rsa.generate_private_key(65537, bits).public_key()
    return b64encode(public.public_bytes(Encoding.DER, form)).decode()


def asked(ask: Ask, identity: str, zone: dict[str, list[str]], **changes: object) -> tuple[Verdict, str]:
    with serving_names(zone) as server:
        seen = ask(identity, **{"senders": {"resend": OURS}, "names": Names(server), **changes})
    return seen.verdict, seen.observed


def ring(names: int) -> dict[str, list[str]]:
    """A record that leads to so many others."""
    others = {f"n{number}.example": ["v=spf1 a -all"] for number in range(names)}
    return {"mail.venue.example": ["v=spf1 " + " ".join(f"include:{name}" for name in others) + " -all"], **others}


@pytest.mark.parametrize(
    ("zone", "verdict", "words"),
    [
        (
            {
                "mail.venue.example": ["other", "v=spf1 include:a.example ~all"],
                "a.example": ["v=spf1 ip4:1.2.3.4 -all"],
            },
            PASS,
            "1 look-ups",
        ),
        (
            {"mail.venue.example": ["v=spf1 redirect=a.example"], "a.example": ["v=spf1 mx -all"]},
            PASS,
            "2 look-ups, -all",
        ),
        (
            {
                "mail.venue.example": ["v=spf1 include:a.example redirect=c.example"],
                "a.example": ["v=spf1 ip4:1.2.3.4 -all"],
                "c.example": ["v=spf1 +all"],
            },
            FAIL,
            "everybody",
        ),
        (
            {
                "mail.venue.example": ["v=spf1 include:c.example redirect=c.example"],
                "c.example": ["v=spf1 +all"],
            },
            FAIL,
            "everybody",
        ),
        (ring(4), PASS, "8 look-ups"),
        (ring(5), WARN, "10 look-ups"),
        (ring(6), FAIL, "more than 10"),
        ({"mail.venue.example": ["v=spf1 include:mail.venue.example -all"]}, PASS, "2 look-ups"),
        ({"mail.venue.example": ["v=spf1 mx ?all"]}, WARN, "?all"),
        ({"mail.venue.example": ["v=spf1 mx"]}, WARN, "no all"),
        ({"mail.venue.example": ["v=spf1 mx +all"]}, FAIL, "everybody"),
        ({"mail.venue.example": ["v=spf1 all"]}, FAIL, "everybody"),
        ({"mail.venue.example": ["v=spf1 -all", "v=spf1 mx -all"]}, FAIL, "2 records"),
        ({}, FAIL, "no record"),
        ({"mail.venue.example": ["?"]}, ERROR, "nobody tells"),
    ],
)
def test_spf(ask: Ask, zone: dict[str, list[str]], verdict: Verdict, words: str) -> None:
    found, seen = asked(ask, "DNS-001", zone)
    assert (found, words in seen) == (verdict, True), seen


@pytest.mark.parametrize(
    ("record", "verdict", "words"),
    [
        (lambda: f"v=DKIM1; k=rsa; p={key(2048)}", PASS, "2048 bits"),
        (lambda: f"p={key(2048, PublicFormat.PKCS1)}", PASS, "2048 bits"),
        (lambda: f"v=DKIM1; p={key(1024)}", WARN, "1024 bits"),
        (lambda: f"v=DKIM1; t=s:y; p={key(2048)}", WARN, "testing"),
        (lambda: "v=DKIM1; p=", FAIL, "0 bits"),
        (lambda: "v=DKIM1; p=c29tZXRoaW5nIGVsc2U=", FAIL, "0 bits"),
        (
            lambda: (
                "v=DKIM1; k=ed25519; p="
                + b64encode(
                    ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
                ).decode()
            ),
            PASS,
            "256",
        ),
    ],
)
def test_dkim(ask: Ask, record: object, verdict: Verdict, words: str, folder: Path) -> None:
    zone = {"resend._domainkey.mail.venue.example": [record()]}
    found, seen = asked(ask, "DNS-002", zone, project=Project(folder))
    assert (found, words in seen) == (verdict, True), seen


def test_a_key_that_is_not_there_fails_and_a_selector_that_nobody_knows_was_not_seen(ask: Ask, folder: Path) -> None:
    assert asked(ask, "DNS-002", {}, project=Project(folder))[0] is FAIL
    senders = {"postmark": OURS}
    assert asked(ask, "DNS-002", {}, project=Project(folder), senders=senders)[0] is ERROR
    edit(folder, "processors.toml", 'provider = "postmark"', 'provider = "postmark"\nselectors = ["one"]')
    zone = {"one._domainkey.mail.venue.example": [f"p={key(2048)}"]}
    assert asked(ask, "DNS-002", zone, project=Project(folder), senders=senders)[0] is PASS


@pytest.mark.parametrize(
    ("zone", "verdict", "words"),
    [
        ({"_dmarc.mail.venue.example": ["v=DMARC1; p=reject; rua=mailto:d@venue.example"]}, PASS, "p=reject"),
        ({"_dmarc.venue.example": ["v=DMARC1; p=quarantine; rua=mailto:d@venue.example"]}, PASS, "p=quarantine"),
        (
            {"_dmarc.venue.example": ["v=DMARC1; p=reject; sp=none; rua=mailto:d@venue.example"]},
            WARN,
            "venue.example: sp=none",
        ),
        ({"_dmarc.venue.example": ["v=DMARC1; p=none; sp=reject; rua=mailto:d@venue.example"]}, PASS, "sp=reject"),
        ({"_dmarc.mail.venue.example": ["v=DMARC1; p=reject; sp=none; rua=mailto:d@venue.example"]}, PASS, "p=reject"),
        ({"_dmarc.venue.example": ["v=DMARC1; p=none; rua=mailto:d@venue.example"]}, WARN, "p=none"),
        ({"_dmarc.venue.example": ["v=DMARC1; p=reject"]}, WARN, "no rua"),
        ({"_dmarc.venue.example": ["v=DMARC1; p=reject; pct=25; rua=mailto:d@venue.example"]}, WARN, "pct"),
        ({"_dmarc.venue.example": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}, FAIL, "2 records"),
        ({"_dmarc.example": ["v=DMARC1; p=reject"]}, FAIL, "no policy"),
        ({}, FAIL, "no policy"),
    ],
)
def test_dmarc(ask: Ask, zone: dict[str, list[str]], verdict: Verdict, words: str) -> None:
    found, seen = asked(ask, "DNS-003", zone)
    assert (found, words in seen) == (verdict, True), seen


def test_without_a_sender_nothing_is_seen(ask: Ask) -> None:
    assert [asked(ask, name, {}, senders={})[0] for name in ("DNS-001", "DNS-002", "DNS-003")] == 3 * [ERROR]


def test_a_policy_is_looked_for_eight_labels_up_at_most() -> None:
    assert maildns.parents("a.b.example") == ["a.b.example", "b.example"]
    assert len(maildns.parents(".".join("abcdefghijkl"))) == 7
