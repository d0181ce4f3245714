"""Seeded misconfigurations: each is caught by exactly the checks that are there for it, and by no other."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checks.conftest import NOTHING, edit
from house import Emulator, emulated
from names import serving_names
from notifyctl.checks import REGISTRY, Accounts, Endpoint, Given, Readers
from notifyctl.domain import page
from notifyctl.domain.bench import Bench, Lane, Spread
from notifyctl.domain.check import Verdict, chosen
from notifyctl.domain.secret import Secret
from notifyctl.domain.trial import Run, Trial
from notifyctl.net.names import Names
from notifyctl.operations.preflight import examine
from notifyctl.providers.resend import Resend
from notifyctl.providers.ses import Ses
from notifyctl.store import drills
from notifyctl.store.project import Project
from peers import Talk, serve

KEY = b64encode(
    rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
SECRETS = {"A": Secret("one"), "B": Secret("two")}
WELL = (Verdict.PASS, Verdict.ATTESTED)
UNTOLD = "ses: no quota is told"  # the warning that stays: a key that may only send, as PRV-002 wants it, hides it


class Fault(NamedTuple):
    """A file of the project in which one text is another, and the checks that say so."""

    file: str
    old: str
    new: str
    codes: str


def told(readers: Readers, profile: str, only: Sequence[str] = ()) -> dict[str, str]:
    """Everything that was not well, without what was skipped because of it."""
    checks = chosen({name: one.check for name, one in REGISTRY.items()}, profile, only)
    reports = asyncio.run(examine(REGISTRY, checks, readers, lambda _: None))
    unwell = {one.check.id: one.seen.observed for one in reports if one.seen.verdict not in WELL}
    return {name: seen for name, seen in unwell.items() if not seen.startswith("not asked")}


def readers(folder: Path, **given: object) -> Readers:
    return NOTHING._replace(project=Project(folder), given=Given(production=True, notice="1.2", **given))


PAPERS = [
    Fault("notifyctl.toml", "[route]", "[rout]", "ENV-006"),
    Fault("notifyctl.toml", '"ses"]', '"sess"]', "ENV-006"),
    Fault(
        "notifyctl.toml", "[route]", '[types."gig.offer"]\npurpose = "marketing"\npriority = "bulk"\n[route]', "DOC-001"
    ),
    Fault("notices.toml", 'version = "1.2"', 'version = "1.3"', "CON-001 CON-005 DOC-001"),
    Fault("notices.toml", "[[form]]", "[[forms]]", "CON-001 CON-005 DOC-001"),
    Fault("notices.toml", "effective = 2026", "effective = 2027", "CON-001 DOC-001"),
    Fault("notices/1.2.md", "one click", "three letters", "CON-001 CON-005"),
    Fault("forms/newsletter.html", 'type="checkbox"', 'type="checkbox" checked', "CON-005"),
    Fault("forms/newsletter.html", 'type="checkbox"', 'type="hidden"', "CON-005"),
    Fault("forms/newsletter.html", "backroom.example/privacy", "backroom.example/terms", "CON-005"),
    Fault("forms/newsletter.html", "news and offers about", "anything, also not about", "CON-005"),
    Fault("templates/newsletter.html", "unsubscribe_url", "url", "CON-007"),
    Fault("templates/newsletter.html", "privacy@backroom.example", "us", "CON-007"),
    Fault("templates/booking.confirmation.html", "Doors open", "Now 20% off. Doors open", "CON-007"),
    Fault("dpia.md", "## 3.", "## 8.", "DOC-001"),
    Fault("dpia.md", "Tickets cannot be delivered", "TODO: tickets cannot be delivered", "DOC-001"),
    Fault("dpia.toml", "measures = [", "measures = [] # [", "DOC-001"),
    Fault("dpia.toml", "[sign_off]", "[signed]", "DOC-001"),
    Fault("dpia.toml", "reviewed = 2026", "reviewed = 2025", "DOC-001"),
    Fault("dpia.toml", 'residual = "medium"', 'residual = "high"', "DOC-001"),
    Fault("processors.toml", 'provider = "postmark"', "", "DOC-005"),
    Fault("processors.toml", 'country = "GB"', 'country = "US"', "DOC-001 DOC-005"),
    Fault("processors.toml", "signed = 2026", "# signed = 2026", "DOC-005"),
    Fault("processors.toml", "reviewed = 2026", "reviewed = 2024", "DOC-005"),
    Fault("processors.toml", 'name = "Resend"', 'name = "Resent"', "DOC-003"),
    Fault("processing.toml", 'basis = "consent"', 'basis = "contract"', "DOC-003"),
    Fault("processing.toml", 'purposes = ["marketing"]', 'purposes = ["service"]', "DOC-003"),
    Fault("processing.toml", "ico_expires = 2027", "ico_expires = 2025", "DOC-007"),
    Fault("processing.toml", "[controller]", "[controler]", "CON-007 DOC-003 DOC-007"),
    Fault("CHANGELOG.md", "## 1.0.1 - 2026-11-24", "## 1.0.1", "DOC-002"),
    Fault("CHANGELOG.md", "- Mail goes through three providers.", "", "DOC-002"),
    Fault("rollback.toml", '"1.0.0"', '"1.0.1"', "RLS-001"),
    Fault("rollback.toml", "rehearsed = 2026", "rehearsed = 2025", "RLS-001"),
    Fault("breach.toml", "rehearsed = 2026", "rehearsed = 2024", "DOC-004"),
    Fault("breach.toml", "within_hours = 72", "within_hours = 96", "DOC-004"),
    Fault("breach.toml", "the second number on that card", "the number on the card behind the bar", "DOC-004"),
    Fault("breach.toml", 'first = ["', 'first = [] # ["', "DOC-004"),
    Fault(".env.example", "RESEND_API_KEY=", "NODE_TLS_REJECT_UNAUTHORIZED=0\nRESEND_API_KEY=", "TLS-003"),
    Fault("forms/newsletter.html", "</form>", "</form><script>get({rejectUnauthorized: false})</script>", "TLS-003"),
    Fault("attestations.toml", "# [[", "[[", "DOC-008"),
    Fault(".env.example", "RESEND_API_KEY=", "RESEND_API_KEY=re_12345678_" + 24 * "a", "SEC-001"),
    Fault("rollback.toml", "deploy the image", "redis://:a-long-password@redis", "SEC-001"),
]


def test_a_whole_project_has_nothing_wrong(folder: Path) -> None:
    assert told(readers(folder), "ci") == {}


@pytest.mark.parametrize("fault", PAPERS, ids=lambda fault: f"{fault.file}: {fault.new or 'nothing'}"[:60])
def test_a_fault_in_the_papers(folder: Path, fault: Fault) -> None:
    edit(folder, fault.file, fault.old, fault.new)
    found = told(readers(folder), "ci")
    assert sorted(found) == fault.codes.split(), found


@pytest.mark.parametrize(("file", "codes"), [("notices.toml", "CON-001 CON-005 DOC-001"), ("dpia.md", "DOC-001"),
                                             ("breach.toml", "DOC-004"),
                                             ("processors.toml", "DOC-001 DOC-003 DOC-005")])  # fmt: skip
def test_a_file_that_is_not_there(folder: Path, file: str, codes: str) -> None:
    (folder / file).unlink()
    assert sorted(told(readers(folder), "ci")) == codes.split()


SURROUNDINGS: dict[str, Callable[[Readers], Readers]] = {
    "CON-001": lambda well: well._replace(given=well.given._replace(notice="1.1")),
    "ENV-002": lambda well: well._replace(given=well.given._replace(unknown=[("NOTIFYCTL_MOED", "NOTIFYCTL_MODE")])),
    "ENV-003": lambda well: well._replace(python=(3, 8)),
    "ENV-005": lambda well: well._replace(given=well.given._replace(test_keys=["POSTMARK_API_KEY"])),
}


@pytest.mark.parametrize("code", SURROUNDINGS)
def test_a_fault_in_the_surroundings(folder: Path, code: str) -> None:
    assert list(told(SURROUNDINGS[code](readers(folder)), "ci")) == [code]


OUTSIDE = ("DNS", "PRV", "STG", "PERF", "CON-006", "DOC-006", "NET-004", "SEC-007", "SEC-010", "NET-003", "NET-005")
POLICY = """The Backroom Leeds Ltd sends through Resend, Postmark and Amazon SES. How long we keep it, how to withdraw,
to complain, and the Information Commissioner."""
ATTESTED = (
    '[[attestation]]\ncheck = "{}"\nwhat = "w"\nby = "J"\non = 2026-11-24\nevidence = "e"\nexpires = 2027-05-31\n'
)
PROCEDURE = """page = "http://backroom.example/complain"  # not https://backroom.example/complaints
also = "a letter"\nowner = "J"\nacknowledge_days = 30\nrecord = "r"\n"""
SENDERS = {"resend": "tickets@backroom.example", "ses": "tickets@backroom.example"}
ACCEPTED = tuple(Trial(name, "backroom.example", "accepted", "", 20 * (100.0,)) for name in SENDERS)
RUN = Run(1_800_000_000_000, "ci", "1", "abc", ACCEPTED)
ALL = Lane("all", 300, 300, 0, Spread(300), Spread(300, 100.0, 99.0, 101.0, 100.0, 120.0, 130.0))
LOAD = Bench(RUN.at, "ci", "1", "", "emulator", "production", 2, 0, 2.0, {"resend": 300}, ALL, ())


@dataclass
class World:
    """All that is outside of the project: what the DNS says, what the accounts are set to, what was drilled."""

    folder: Path
    emulator: Emulator
    page: str = POLICY
    run: Run = RUN
    load: Bench = LOAD
    zone: dict[str, list[str]] = field(default_factory=dict)
    given: dict[str, object] = field(default_factory=dict)
    egress: list[Endpoint] = field(default_factory=list)

    def put(self, **settings: object) -> None:
        self.emulator.call("PUT", "/settings", settings)

    def told(self, home: Path) -> dict[str, str]:
        drills.add(home, self.run)
        drills.add_load(home, self.load)
        with serving_names(self.zone) as server, serve(self._answer) as peer:
            url = f"http://127.0.0.1:{peer.port}/"
            pinned = f'"{url}"\nsha256 = "{page.read(POLICY).fingerprint}"'
            edit(self.folder, "notices.toml", '"https://backroom.example/privacy"', pinned)
            edit(self.folder, "complaints.toml", "https://backroom.example/complaints", url)
            accounts = {"resend": Resend("re_emulator", self.emulator.urls["resend"]),
                        "ses": Ses("AKIAEMULATOR", "emulator-secret", base_url=self.emulator.urls["ses"])}  # fmt: skip
            seen = readers(self.folder, policy=url, secrets=SECRETS)._replace(
                accounts=Accounts(accounts), names=Names(server), senders=SENDERS, home=home, now=RUN.at, version="1",
                setup="abc", egress=[Endpoint("policy", "127.0.0.1", peer.port, False), *self.egress],
            )  # fmt: skip
            return told(seen._replace(given=seen.given._replace(**self.given)), "deploy", OUTSIDE)

    def _answer(self, talk: Talk) -> None:
        while talk.request():
            talk.answer(self.page.encode())


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    with emulated() as emulator:
        yield emulator


@pytest.fixture
def world(folder: Path, account: Emulator) -> Iterator[World]:
    before = account.call("GET", "/settings")
    edit(folder, "processors.toml", 'provider = "ses"', 'provider = "ses"\nselectors = ["s"]')
    with (folder / "attestations.toml").open("a") as file:
        file.write("".join(ATTESTED.format(name) for name in ("NET-003", "NET-005", "SEC-010")))
    zone = {
        "backroom.example": ["v=spf1 -all"],
        "_dmarc.backroom.example": ["v=DMARC1; p=reject; rua=mailto:d@backroom.example"],
        **{f"{name}._domainkey.backroom.example": [f"p={KEY}"] for name in ("resend", "s")},
    }
    made = World(folder, account, zone=zone)
    made.put(ses={"sending_only": True}, resend={"daily_quota": 100})
    yield made
    account.call("PUT", "/settings", before)


def test_nothing_is_wrong_outside(world: World, tmp_path: Path) -> None:
    assert {name: seen.endswith(UNTOLD) for name, seen in world.told(tmp_path).items()} == {"PRV-003": True}


def failing(kind: str) -> Run:
    return RUN._replace(trials=(ACCEPTED[0]._replace(kind=kind), ACCEPTED[1]))


FAULTS: list[tuple[str, Callable[[World], object]]] = [
    ("DNS-001", lambda world: world.zone.pop("backroom.example")),
    ("DNS-001", lambda world: world.zone.update({"backroom.example": ["v=spf1 +all"]})),
    ("DNS-002", lambda world: world.zone.pop("s._domainkey.backroom.example")),
    ("DNS-002", lambda world: world.zone.update({"resend._domainkey.backroom.example": ["p="]})),
    ("DNS-003", lambda world: world.zone.pop("_dmarc.backroom.example")),
    ("DNS-003", lambda world: world.zone.update({"_dmarc.backroom.example": ["v=DMARC1; p=none; rua=mailto:a@b.c"]})),
    ("PRV-002", lambda world: world.put(resend={"sending_only": False, "verified": ["backroom.example"]})),
    ("PRV-002 PRV-004", lambda world: world.put(resend={"sending_only": False, "verified": ["other.example"]})),
    ("PRV-001", lambda world: world.put(resend={"keys": ["another"]})),
    ("PRV-001 PRV-002 PRV-003", lambda world: world.put(ses={"sandbox": True, "sending_only": False})),
    ("PERF-001 PRV-004 STG-001", lambda world: setattr(world, "run", RUN._replace(trials=ACCEPTED[:1]))),
    ("PERF-001 STG-001", lambda world: setattr(world, "run", RUN._replace(version="0"))),
    ("PERF-001 STG-001", lambda world: setattr(world, "run", RUN._replace(at=RUN.at - 25 * 3_600_000))),
    ("PERF-001", lambda world: setattr(world, "run", slow(600.0))),
    ("PERF-003", lambda world: setattr(world, "load", replace(LOAD, total=ALL._replace(accepted=299)))),
    ("CON-006", lambda world: setattr(world, "page", POLICY.replace("Postmark", "nobody"))),
    ("CON-006", lambda world: setattr(world, "page", f"{POLICY} And we sell it.")),
    ("CON-006", lambda world: world.given.update(policy="https://backroom.example/old")),
    ("CON-006 DOC-006", lambda world: setattr(world, "page", POLICY.replace("Information Commissioner", "law"))),
    ("DOC-006", lambda world: edit(world.folder, "complaints.toml", "_days = 30", "_days = 31")),
    ("DOC-006", lambda world: (world.folder / "complaints.toml").write_text(PROCEDURE)),
    ("NET-004", lambda world: world.egress.append(Endpoint("webhook", "127.0.0.1", 1, False))),
    ("SEC-007", lambda world: world.given.update(secrets={"A": Secret("same"), "B": Secret("same")})),
    ("SEC-007", lambda world: world.given.update(secrets={"A": Secret("redis.internal.backroom.example")})),
    ("NET-005", lambda world: edit(world.folder, "attestations.toml", 'check = "NET-005"', 'check = "NET-003"')),
    ("SEC-010", lambda world: edit(world.folder, "attestations.toml", 'check = "SEC-010"', 'check = "NET-003"')),
    ("NET-003 NET-005 SEC-010", lambda world: (world.folder / "attestations.toml").unlink()),
]


def slow(ms: float) -> Run:
    return RUN._replace(trials=tuple(one._replace(ms=20 * (ms,)) for one in ACCEPTED))


@pytest.mark.parametrize(("codes", "spoil"), FAULTS, ids=[f"{n}-{codes}" for n, (codes, _) in enumerate(FAULTS)])
def test_a_fault_outside(world: World, tmp_path: Path, codes: str, spoil: Callable[[World], object]) -> None:
    spoil(world)
    found = {name: seen for name, seen in world.told(tmp_path).items() if not seen.endswith(UNTOLD)}
    assert sorted(found) == codes.split(), found
