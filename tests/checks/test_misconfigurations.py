"""Seeded misconfigurations: each is caught by exactly the checks that are there for it, and by no other."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from checks.conftest import NOTHING, edit
from notifyctl.checks import REGISTRY, Given, Readers
from notifyctl.domain.check import Verdict, chosen
from notifyctl.operations.preflight import examine
from notifyctl.store.project import Project

WELL = (Verdict.PASS, Verdict.ATTESTED)


class Fault(NamedTuple):
    """A file of the project in which one text is another, and the checks that say so."""

    file: str
    old: str
    new: str
    codes: str


def told(readers: Readers, profile: str) -> dict[str, str]:
    """Everything that was not well, without what was skipped because of it."""
    checks = chosen({name: one.check for name, one in REGISTRY.items()}, profile)
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
