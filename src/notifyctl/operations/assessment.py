"""The DPIA as a use case: a draft that knows what is configured, and what is wrong with the one that is there."""

import re
from datetime import date
from typing import NamedTuple

from notifyctl.domain.dpia import Finding, covered, examine
from notifyctl.domain.processor import Processor
from notifyctl.domain.revision import Revision
from notifyctl.operations.init import Piece, plan
from notifyctl.store.project import DPIA, PROSE, Project


class Seen(NamedTuple):
    """What is wrong with an assessment, and what a sign-off of today covers."""

    findings: list[Finding]
    fingerprint: str


def look(project: Project, revision: Revision, today: date) -> Seen:
    """Examine the assessment of a project; raises `Bad`."""
    told = project.facts(revision, today)
    prose = project.text(PROSE)
    return Seen(examine(project.dpia, prose, told, today), covered(project.dpia, prose, told))


def draft(project: Project, revision: Revision, today: date) -> list[Piece]:
    """Both files, with what is configured under step 2; raises `Bad` without a register of processors."""
    pieces = [piece for piece in plan(project.folder, today) if piece.name in (DPIA, PROSE)]
    return [piece._replace(text=_told(piece.text, project.processors, revision)) for piece in pieces]


def _told(text: str, processors: tuple[Processor, ...], revision: Revision) -> str:
    """The words with step 2 from the configuration; the other file holds no such step, and stays as it is."""
    rows = [f"- {one.name} ({one.country}): {one.does}{_safe(one)}" for one in processors]
    types = [f"- {name}: {kind.purpose.value}, {kind.priority.value}" for name, kind in sorted(revision.types.items())]
    body = "\n".join(
        ["An application queues each mail in Redis; workers send it. Who handles the data:", "", *rows, "",
         "Types of mail, with purpose and priority:", "", *types, "", "Retention and people: see `processing.toml`."]
    )  # fmt: skip
    return re.sub(r"(^## 2\. [^\n]*\n).*?(?=^## 3\. )", lambda head: f"{head[1]}\n{body}\n\n", text, flags=re.M | re.S)


def _safe(one: Processor) -> str:
    return f"; {one.safeguard}" if one.safeguard else ""
