"""`dpia`: the assessment of what mail does to the people who get it."""

from typing import TYPE_CHECKING

from notifyctl.cli.envelope import Result
from notifyctl.cli.options import DryRun
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from datetime import date

    from notifyctl.domain.revision import Revision
    from notifyctl.store.project import Project

_HINT = "correct dpia.md and dpia.toml; notifyctl explain DOC-001 tells more"


def new(dry_run: DryRun = False) -> Result:
    """Write a draft of the DPIA that knows what is configured.

    dpia.md gets the seven steps of the ICO's template, with providers and types of mail in the second; dpia.toml gets
    risks to weigh. It needs processors.toml. Nothing is overwritten: where one is there, as after init, nothing is
    written (exit code 4); move both away to begin anew.
    """
    from notifyctl.operations.assessment import draft
    from notifyctl.operations.init import apply

    project, revision, today = _here()
    pieces = draft(project, revision, today)
    names = [piece.name for piece in pieces]
    data = {"folder": str(project.folder), "files": names, "dry_run": dry_run}
    if dry_run:
        there = [f"  {piece.name}{' (is there)' if piece.there else ''}" for piece in pieces]
        return Result(data, ("Would write:", *there), outcome="planned")
    apply(project.folder, pieces)
    first = f"Wrote {' and '.join(names)}: a draft to read, correct and sign."
    return Result(data, (first,), outcome="done", next=("notifyctl dpia check",))


def check() -> Result:
    """Tell what is wrong with the DPIA, and what to sign.

    It must be complete, signed as it stands, reviewed within a year, and of what is configured today. Exit code 0: it
    is; 1: it has gaps, is old, or nobody has signed it as it stands; 3: it is due for a review, or what it is of has
    changed.
    """
    from notifyctl.domain.dpia import Trouble
    from notifyctl.operations.assessment import look

    seen = look(*_here())
    soft = (Trouble.DUE, Trouble.DRIFT)
    hard = [one for one in seen.findings if one.trouble not in soft]
    code = exits.BAD if hard else exits.DEGRADED if seen.findings else exits.OK
    findings = [
        Finding("DOC-001", "warning" if one.trouble in soft else "error", "dpia", one.what, _HINT)
        for one in seen.findings
    ]
    first = f"The DPIA: {many(len(findings), 'thing')} to do." if findings else "The DPIA is complete and signed."
    data = {"fingerprint": seen.fingerprint, "troubles": [one._asdict() for one in seen.findings]}
    return Result(
        data,
        (first, f'A sign-off of what stands there today has covers = "{seen.fingerprint}".'),
        code,
        findings=findings,
    )


def _here() -> "tuple[Project, Revision, date]":
    """The project of this process, with its configuration."""
    from datetime import UTC, datetime

    from notifyctl import settings
    from notifyctl.store.project import Project

    project = Project(settings.project())
    revision = settings.load().revision if settings.config() else project.revision
    return project, revision, datetime.now(UTC).date()
