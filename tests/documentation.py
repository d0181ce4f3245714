"""What the documentation claims, as data; and the command reference, written from the commands themselves.

python tests/documentation.py        writes docs/commands.md and docs/checks.md (session docs)
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "commands.md"
CHECKS = ROOT / "docs" / "checks.md"
ROOT_FLAGS = ("--version", "--help", "--install-completion", "--show-completion")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`(notifyctl [^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> dict[str, str]:
    """Every page for humans, by its path from the top."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("runbooks/*.md")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted(found)}


def commands() -> list[dict[str, Any]]:
    """The commands as `notifyctl commands -o json` tells them."""
    run = [sys.executable, "-m", "notifyctl", "commands", "-o", "json"]
    answer = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    listed: list[dict[str, Any]] = json.loads(answer)["data"]["commands"]
    return listed


def spoken(page: str) -> Iterator[str]:
    """Each `notifyctl ...` of a page: inline code, and lines of code blocks without what explains them."""
    blocks = [re.sub(r"\s*\\\n\s*", " ", block) for _, block in _FENCE.findall(page)]
    lines = (line for block in blocks for line in block.splitlines())
    for text in (*lines, *_INLINE.findall(_FENCE.sub("", page))):
        for part in re.findall(r"\bnotifyctl(?: (?! ).*?)?(?=  |$|[)`|;])", text.split("  ")[0].strip()):
            yield part.strip()


def untrue(line: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with a `notifyctl ...` line: an unknown command or flag; empty when nothing is."""
    words = shlex.split(line)[1:]
    known = {command["name"]: command for command in listed}
    known |= {command["name"].split()[0]: command for command in listed if command.get("alone")}
    name = next((name for n in (2, 1) if (name := " ".join(words[:n])) in known), "")
    if not name:
        return "" if words[:1] in ([], *([flag] for flag in ROOT_FLAGS)) else f"{line!r}: no such command"
    shared = {"-o", "--output", "--json", "--color", "-q", "--quiet", "-v", "--verbose", "--no-input", "--help"}
    flags = {flag for parameter in known[name]["parameters"] for flag in parameter["flags"]} | shared
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in flags]
    return f"{line!r}: {name} has no {', '.join(unknown)}" if unknown else ""


def broken_links(name: str, page: str) -> list[str]:
    """Links of a page to files or headings that are not there; links to other sites are not followed."""
    targets = [target for target in _LINK.findall(page) if "://" not in target]
    return [f"{name}: {target}" for target in targets if not _exists((ROOT / name).parent, target, page)]


def _exists(folder: Path, target: str, page: str) -> bool:
    path, _, heading = target.partition("#")
    place = folder / path if path else None
    if place and not place.exists():
        return False
    text = place.read_text() if place and place.is_file() else page
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return not heading or heading in anchors


def reference(listed: Sequence[Mapping[str, Any]]) -> str:
    """The page docs/commands.md."""
    groups = groupby(listed, key=lambda command: command["group"])
    sections = [f"## {title.capitalize()}\n\n" + "\n".join(map(_section, group)) for title, group in groups]
    intro = (
        "# Commands\n\nWritten from the commands themselves by `python3 noxfile.py docs`; do not edit.\n"
        "Every command also takes `-o table|short|json|jsonl`, `--color`, `-q`, `-v`, `--no-input` and `--help`,\n"
        "and ends with one of the [exit codes](adr/0002-exit-codes.md).\n"
    )
    return "\n".join([intro, *sections])


def _section(command: Mapping[str, Any]) -> str:
    rows = "".join(_row(parameter) for parameter in command["parameters"])
    table = f"\n| | |\n|---|---|\n{rows}" if rows else ""
    kind = "May change something." if command["mutating"] else "Only looks."
    return f"### notifyctl {command['name']}\n\n{command['help']} {kind}\n{table}"


def _row(parameter: Mapping[str, Any]) -> str:
    name = ", ".join(parameter["flags"]) or parameter["name"]
    metavar = f" {parameter['metavar']}" if parameter["flags"] and parameter["metavar"] else ""
    cell = f"{name}{metavar}".replace("|", "\\|")
    return f"| `{cell}` | {parameter['help']}{' Required.' if parameter['required'] else ''} |\n"


def catalogue_of_checks() -> str:
    """The page docs/checks.md."""
    from notifyctl.checks import REGISTRY
    from notifyctl.domain.catalogue import CODES

    intro = (
        "# Checks\n\nWritten from the checks themselves by `python3 noxfile.py docs`; do not edit.\n\n"
        "`notifyctl preflight` asks them in this order. A profile asks what the one before asks, and more: `ci` needs\n"
        "neither a network nor secrets, `deploy` runs where the workers will, `live` looks at a system with traffic.\n"
        "PASS and WARN were looked at; ATTESTED is what a person answers for. ERROR could not be looked at, SKIP\n"
        "rests on a check that was not well; neither is ever counted as fine (exit code 3). A failure is 1,\n"
        "unless somebody answers for it in `waivers.toml`:\n\n"
        '```toml\n[[waiver]]\ncheck = "RDS-007"\nreason = "the provider\'s proxy knows one user only"\n'
        'owner = "J. Smith"\nexpires = 2027-01-31   # 90 days ahead at most\n```\n\n'
        "What nobody can measure from one host is not claimed: a check says where a name leads *from here*, not that\n"
        "a network is isolated, a firewall right, or anybody compliant.\n\n"
    )
    sections = []
    for check in (one.check for one in REGISTRY.values()):
        entry = CODES[check.id]
        needs = f" Rests on {', '.join(check.needs)}." if check.needs else ""
        sections.append(
            f"### {check.id} {check.title}\n\nFrom `{check.profile}`. Expected: {check.expected}.{needs}\n\n"
            f"{entry.meaning} **Fix:** {entry.fix}\n"
        )
    return intro + "\n".join(sections)


if __name__ == "__main__":
    CHECKS.write_text(catalogue_of_checks())
    REFERENCE.write_text(reference(commands()))
