"""The table of planted bugs and of the tests that caught them, in markdown."""

from collections.abc import Mapping

from seeded.bug import Bug

CAUGHT: dict[Bug, str] = {}  # filled as the tests run


def markdown(caught: Mapping[Bug, str]) -> str:
    """One row for each bug, sorted by the part that it breaks."""
    rows = sorted((bug.part, bug.name, bug.file, test) for bug, test in caught.items())
    lines = [f"| {part} | {name} | {file} | {test} |" for part, name, file, test in rows]
    return "\n".join(("| part | code that | file | is caught by |", "|---|---|---|---|", *lines))
