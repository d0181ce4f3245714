"""`init`: a project to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from notifyctl.cli.envelope import Result
from notifyctl.cli.options import DryRun
from notifyctl.cli.words import many


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where; it is made when it is not there.", show_default=False)
    ] = Path(),
    missing: Annotated[bool, typer.Option("--missing", help="Write only the files that are not there yet.")] = False,
    dry_run: DryRun = False,
) -> Result:
    """Write a sample project: configuration, notices, registers.

    A configuration, notices with a form, registers of processors and processing, a DPIA to sign, and templates. It asks
    nothing and overwrites nothing: where a file is there, none is written (exit code 4), or with --missing the others.
    """
    from datetime import UTC, datetime

    from notifyctl.operations.init import apply, plan

    pieces = plan(folder, datetime.now(UTC).date())
    wanted = [piece for piece in pieces if not (missing and piece.there)]
    names = [piece.name for piece in wanted]
    data = {"folder": str(folder), "files": names, "dry_run": dry_run}
    lines = [f"  {piece.name}{' (is there)' if piece.there else ''}" for piece in wanted]
    if dry_run:
        return Result(data, (f"Would write {many(len(names), 'file')}:", *lines), outcome="planned")
    if not wanted:
        return Result(data, ("Nothing to do: every file is there.",), outcome="nothing to do")
    apply(folder, wanted)
    here = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    first = f"Wrote {many(len(names), 'file')}; correct what is about The Backroom Leeds."
    return Result(data, (first, *lines), outcome="done", next=(f"{here}notifyctl preflight --profile ci",))
