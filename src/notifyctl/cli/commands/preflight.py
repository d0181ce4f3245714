"""`preflight`: may this be deployed?"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from notifyctl.cli import screen
from notifyctl.cli.envelope import Result
from notifyctl.cli.options import parse_span
from notifyctl.cli.words import many
from notifyctl.domain.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifyctl.domain.check import Check, Report
    from notifyctl.domain.progress import Listener
    from notifyctl.domain.waiver import Waiver

WAIVERS = "waivers.toml"
Names = Annotated[
    list[str] | None, typer.Option("--only", metavar="CHECK", help="An id or a category (RDS); repeatable.")
]


def preflight(
    ctx: typer.Context,
    profile: Annotated[
        Literal["ci", "deploy", "live"],
        typer.Option(metavar="NAME", help="ci: no network, no secrets; deploy: all but traffic; live: all."),
    ] = "deploy",
    only: Names = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="CHECK", help="Leave out an id or a category; repeatable.")
    ] = None,
    fail_on: Annotated[Literal["fail", "warn"], typer.Option(metavar="VERDICT", help="fail or warn.")] = "fail",
    wait: Annotated[
        int | None, typer.Option("--wait", metavar="DURATION", parser=parse_span, help="Look again until well: 2m.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the reports as JUnit XML, too.")
    ] = None,
    waivers: Annotated[
        Path | None,
        typer.Option("--waivers", metavar="FILE", help="Who answers for which failure; default: that of the project."),
    ] = None,
) -> Result:  # fmt: skip
    """Check whether this installation is fit to be deployed.

    What failed comes first, then what could not be looked at (UNSEEN), warnings, and in few words the rest; -v lists
    what passed, too. Reads and never writes. The project with its registers is the folder of NOTIFYCTL_CONFIG, without
    that the one where this runs. Exit code 0: all is well, or only warnings; 1: a check failed and nobody has waived
    it; 3: something could not be looked at, which is never counted as fine. What is outside the profile is not counted.
    """
    import asyncio

    from notifyctl import settings
    from notifyctl.checks import REGISTRY
    from notifyctl.cli import progress
    from notifyctl.domain import waiver
    from notifyctl.domain.check import Verdict, answer, chosen
    from notifyctl.operations.preflight import until_well

    known = {identity: one.check for identity, one in REGISTRY.items()}
    checks = chosen(known, profile, only or (), skip or ())
    excused = waiver.load(waivers or settings.project() / WAIVERS, known)
    worst = Verdict(fail_on)
    with progress.shown(screen.of(ctx)) as listen:
        look = partial(_once, checks, excused, listen)
        reports = asyncio.run(until_well(look, worst, float(wait or 0)))
    code = answer(reports, worst)
    if junit:
        _write(junit, profile, reports)
    _annotate(screen.of(ctx), reports)
    return _told(profile, reports, code, screen.of(ctx).verbose)


async def _once(checks: "Sequence[Check]", waivers: "list[Waiver]", listen: "Listener") -> "list[Report]":
    from datetime import UTC, datetime

    from notifyctl import wiring
    from notifyctl.checks import REGISTRY
    from notifyctl.domain.progress import Step
    from notifyctl.operations.preflight import examine

    done: list[Report] = []

    def hear(report: "Report") -> None:
        done.append(report)
        listen(Step("check", len(done), len(checks), report.check.id))

    async with wiring.checked(datetime.now(UTC).date(), waivers) as readers:
        return await examine(REGISTRY, checks, readers, hear)


def _write(path: Path, profile: str, reports: "Sequence[Report]") -> None:
    from notifyctl.cli.junit import document

    try:
        path.write_bytes(document(f"notifyctl preflight ({profile})", reports))
    except OSError as error:
        raise Usage("CLI-USAGE", f"{path} cannot be written: {error.strerror}", "--junit", "name a file that can be "
                            "written") from None  # fmt: skip


def _annotate(screen_: screen.Screen, reports: "Sequence[Report]") -> None:
    """GitHub lists these lines among the annotations of the run."""
    if screen_.environ.get("GITHUB_ACTIONS") != "true":
        return
    for found in filter(None, map(_finding, reports)):
        if found.severity != "info":
            text = f"{found.message}; {found.hint}" if found.hint else found.message
            screen_.talk(f"::{found.severity} title={found.code}::{text.replace('%', '%25')}")


def _told(profile: str, reports: "Sequence[Report]", code: int, each: bool) -> Result:
    from notifyctl.cli.verdicts import lines

    first = f"Preflight ({profile}), {many(len(reports), 'check')}: {_counts(reports)}."
    data = {"profile": profile, "checks": [_data(one) for one in reports]}
    findings = [found for one in reports if (found := _finding(one))]
    return Result(data, (first, *lines(reports, each)), code, findings=findings, told=True)


def _counts(reports: "Sequence[Report]") -> str:
    verdicts = ["waived" if one.waiver else one.seen.verdict.value for one in reports]
    words = {"fail": "failed", "error": "not seen", "warn": "warned", "waived": "waived", "attested": "attested",
             "skip": "skipped", "pass": "passed"}  # fmt: skip
    return ", ".join(f"{verdicts.count(name)} {word}" for name, word in words.items() if name in verdicts) or "none"


def _finding(one: "Report") -> "Any":
    """What is not well, in the words of every command; a skipped check is its cause's finding."""
    from notifyctl.domain.check import Verdict
    from notifyctl.domain.finding import Finding

    severities = {Verdict.FAIL: "error", Verdict.ERROR: "error", Verdict.WARN: "warning"}
    severity = "info" if one.waiver else severities.get(one.seen.verdict)
    what = f"{one.check.title}: no, {one.seen.observed}" if one.seen.verdict is Verdict.FAIL else one.seen.observed
    return Finding(one.check.id, severity, "preflight", what, one.seen.hint) if severity else None


def _data(one: "Report") -> dict[str, Any]:
    waiver = one.waiver
    told = {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires.isoformat()} if waiver else None
    return {
        "id": one.check.id, "title": one.check.title, "verdict": one.seen.verdict.value,
        "expected": one.check.expected, "observed": one.seen.observed, "hint": one.seen.hint,
        "needs": list(one.check.needs), "ms": one.ms, "waiver": told,
    }  # fmt: skip
