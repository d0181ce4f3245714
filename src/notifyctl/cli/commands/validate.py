"""`validate`: did the deployment succeed?"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.moments import Since
from notifyctl.cli.options import Every, Watch
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.deployments import Deployment
    from notifyctl.domain.validation import Criterion, Measures
    from notifyctl.wiring import Store

DAY = 86_400_000  # ms


class _Seen(NamedTuple):
    since: int
    asked: bool  # for that time, by --since
    deployment: "Deployment | None"
    measures: "Measures"


def validate(
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="NAME", help="A criterion that must be judged and met; repeatable."),
    ] = None,
    since: Since = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="The changelog with the deployment; default: CHANGELOG.md."),
    ] = None,
    watch: Watch = False,
    every: Every = 10.0,
) -> Iterable[Result] | Result:
    """Tell whether a deployment meets the criteria of success.

    Looks at the mail that ended since the last deployment in the changelog, without one in the last 24 hours. Exit code
    0: no criterion is missed, and those that are required are met; 1: one is missed; 3: a required one cannot be
    judged. Without --require those that have a source are required. With --watch it looks again until all of these are
    judged, or one is missed.
    """
    from notifyctl.cli.running import looks, with_store
    from notifyctl.domain.validation import answer

    asked = require or ()
    answer((), asked)  # a wrong name is told before anything is opened
    work = _look(since, file)
    return _watched(looks(work, every), asked) if watch else _told(with_store(work), asked)


def _look(since: int | None, file: Path | None) -> "Callable[[Store], Awaitable[_Seen]]":
    from notifyctl import wiring
    from notifyctl.cli import given
    from notifyctl.operations import changelog
    from notifyctl.operations.validate import count

    told = given.load()
    deployment = changelog.last(file) if since is None else None
    begin = int(deployment.at.timestamp() * 1000) if deployment else since

    async def look(store: "Store") -> _Seen:
        start = begin if begin is not None else await store.retired.now() - DAY
        found = await count(wiring.retention(told, store).every(), told.evidence, start)
        return _Seen(start, since is not None, deployment, found)

    return look


def _watched(found: "Iterable[_Seen]", required: Collection[str]) -> Iterator[Result]:
    for seen in found:
        result = _told(seen, required)
        yield result
        if result.exit != exits.DEGRADED:
            return


def _told(seen: _Seen, required: Collection[str]) -> Result:
    from notifyctl.domain.validation import Verdict, answer, judged, open_

    criteria = judged(seen.measures)
    unjudged = open_(criteria, required)
    counts = [(sum(one.verdict is word for one in criteria), word.value) for word in Verdict]
    messages = sum(seen.measures.figures.states.values())
    words = ", ".join(f"{count} {word}" for count, word in counts if count)
    first = f"Since {_since(seen)}, {many(messages, 'mail')} that ended: {words}."
    rows = [(one.name, one.verdict.value, one.target, one.seen or one.title) for one in criteria]
    data = {
        "since": stamp(seen.since), "deployment": seen.deployment.version if seen.deployment else None,
        "messages": messages, "criteria": [one._asdict() for one in criteria],
        "not_judged": [one.name for one in unjudged],
    }  # fmt: skip
    lines = (first, Table(("criterion", "verdict", "target", "seen"), rows))
    return Result(data, lines, answer(criteria, required), findings=_findings(criteria, unjudged))


def _since(seen: _Seen) -> str:
    if seen.deployment:
        return f"{moment(seen.since)} (deployment of {seen.deployment.version})"
    return f"{moment(seen.since)}{'' if seen.asked else ' (24 h: no deployment is on file)'}"


def _findings(criteria: "Sequence[Criterion]", unjudged: "Sequence[Criterion]") -> list[Finding]:
    from notifyctl.domain.validation import Verdict

    missed = [one for one in criteria if one.verdict is Verdict.MISSED]
    found = [Finding("VAL-MISSED", "error", one.name, f"{one.title}: {one.seen}", one.hint) for one in missed]
    later = "look again when more mail has ended"
    return found + [
        Finding("VAL-OPEN", "warning", one.name, f"{one.verdict}", "" if one.verdict is Verdict.UNSEEN else later)
        for one in unjudged
    ]
