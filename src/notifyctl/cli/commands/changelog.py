"""`changelog`: what was deployed when, by whom and why, beside what was moved meanwhile."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, screen
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.deployments import Deployment
    from notifyctl.domain.transition import Entry

File = Annotated[Path, typer.Option("--file", metavar="FILE", help="The changelog of your project, in git.")]
Why = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, in one sentence.", show_default=False)]
DEFAULT = Path("CHANGELOG.md")
FAR = 1000  # operations that are merged at most


def add(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="What was deployed: 1.4.0, or config-12.")],
    file: File = DEFAULT,
    reason: Why = None,
    dry_run: DryRun = False,
) -> Result:
    """Add a deployment to the changelog: when, who, why.

    The line goes to a file of your project that is in the form of Keep a Changelog; all else in it stays. A version
    that was deployed last is refused, so a job that runs twice writes once.
    """
    from notifyctl.domain.deployments import Deployment
    from notifyctl.operations import changelog

    why = reason or "" if dry_run else ask.reason(screen.of(ctx), reason)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    new = Deployment(version, now, actor(os.environ).replace(":", "-"), why or "(why)")
    if dry_run:
        changelog.plan(file, new)
    else:
        changelog.add(file, new)
    lines = (f"{'Planned, not written' if dry_run else f'Added to {file}'}:", f"  {new.heading}", f"  {new.line}")
    data = {"file": str(file), "deployment": _deployment(new)}
    return Result(data, lines, outcome="planned" if dry_run else "done")


def show(
    file: File = DEFAULT,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="How many deployments.")] = 10,
    deployments: Annotated[bool, typer.Option("--deployments", help="Only deployments: needs no Redis.")] = False,
) -> Result:
    """List deployments, and what was moved meanwhile.

    What `history` tells of the same time stands between them: people's operations with their reasons, and what the tool
    did by itself.
    """
    from notifyctl.operations import changelog

    found = changelog.deployments(file)[:limit]
    try:
        moved = [] if deployments or not found else _moved(found[-1])
    except NotifyctlError as error:
        half = Finding("CHG-HALF", "warning", "history", f"operations are not listed: {error.what}", error.fix)
        return _listed(found, [])._replace(exit=exits.DEGRADED, findings=[half])
    return _listed(found, moved)


def _moved(oldest: "Deployment") -> "Sequence[Entry]":
    """The operations since that deployment."""
    from notifyctl.cli.running import with_store
    from notifyctl.operations import history

    since = oldest.at.timestamp() * 1000
    return [entry for entry in with_store(lambda store: history.history(store.boards, FAR)) if entry.at >= since]


def _listed(found: "Sequence[Deployment]", moved: "Sequence[Entry]") -> Result:
    from notifyctl.cli.telling import entry_data, entry_words
    from notifyctl.cli.words import moment

    rows = [(f"{one.at:%Y-%m-%d %H:%M:%SZ}", one.by, f"deployed {one.version}", one.reason) for one in found]
    rows += [(moment(one.at), one.by or "notifyctl", *entry_words(one)) for one in moved]
    data = {"deployments": [_deployment(one) for one in found], "operations": [entry_data(one) for one in moved]}
    first = f"{many(len(found), 'deployment')}, {many(len(moved), 'operation')}, newest first."
    lines: list[str | Table] = [first]
    if rows:
        lines.append(Table(("when", "who", "what", "why"), sorted(rows, reverse=True)))
    return Result(data, lines)


def _deployment(one: "Deployment") -> dict[str, Any]:
    return {"version": one.version, "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "by": one.by, "reason": one.reason}
