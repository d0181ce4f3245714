"""`commands`: the whole tree, for a human to read and for a machine to check runbooks against."""

from notifyctl.cli import describe
from notifyctl.cli.envelope import Result
from notifyctl.cli.show import aligned
from notifyctl.cli.table import GROUPS, VERBS


def commands() -> Result:
    """List all commands with what they change."""
    lines: list[str] = []
    width = max(len(verb.name) for verb in VERBS)
    for group in GROUPS:
        rows = [
            (f"{'*' if verb.mutating else ' '} {verb.name:<{width}}", verb.help)
            for verb in VERBS
            if verb.group == group
        ]
        lines += [group, *aligned(*rows), ""] if rows else []
    lines.append("* may change something")
    return Result({"commands": [describe.command(verb).data for verb in VERBS]}, lines)
