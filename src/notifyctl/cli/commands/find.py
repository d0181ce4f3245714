"""`message find`: did this customer get the ticket?"""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import progress, screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.moments import Since
from notifyctl.cli.words import many, moment, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.operations.find import Hit, Search
    from notifyctl.wiring import Store

MOST = 500_000  # jobs or records
Recipient = Annotated[
    str | None, typer.Argument(metavar="[ADDRESS]", help="The recipient; - reads it from stdin, out of the history.")
]


def _flag(flag: str, metavar: str, words: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=words, show_default=False)


def find(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    recipient: Recipient = None,
    provider_id: Annotated[str | None, _flag("--provider-id", "ID", "What its provider calls it.")] = None,
    ref: Annotated[str | None, _flag("--ref", "REF", "Our reference, or the idempotency key, at the provider.")] = None,
    type: Annotated[str | None, _flag("--type", "TYPE", "Only messages of this type.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="How many to find.")] = 100,
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="How many jobs or records to look at.")
    ] = MOST,
    show_address: Annotated[bool, typer.Option("--show-address", help="Show recipients.")] = False,
) -> Result | list[Result]:
    """Find messages by recipient, provider's id, type or time.

    All that is given must hold. Addresses are known as long as jobs are kept, a week after they were sent, and shown
    only when asked for. Exit code 1: none was found; 3: the search ended before it had seen everything. With -o jsonl
    each message is a line of its own.
    """
    from notifyctl.cli.running import with_store
    from notifyctl.operations import find as operation

    address = _address(recipient)
    wanted = operation.Wanted(address, provider_id or "", ref or "", type or "", since or 0)
    if wanted == operation.Wanted():
        raise Usage("CLI-USAGE", "it is not said what to find", "", "give an address, or --provider-id, --ref, --type")
    with progress.shown(screen.of(ctx)) as listener:

        async def look(store: "Store") -> "Search":
            return await operation.find(store.queue, store.attempts, wanted, limit, most, listener)

        done = with_store(look)
    told = _told(done, show_address)
    if screen.of(ctx).format == "jsonl" and done.hits:
        return [told._replace(data=_data(hit, show_address)) for hit in done.hits]
    return told


def _address(given: str | None) -> str:
    """The recipient; the first line of stdin for `-`. Raises `Usage` for what is no address."""
    text = (sys.stdin.readline() if given == "-" else given or "").strip()
    if given is not None and "@" not in text:
        raise Usage("CLI-USAGE", "that is no e-mail address", "ADDRESS", "write it as local@domain")
    return text


def _told(done: "Search", show: bool) -> Result:
    data = {"looked_at": done.looked_at, "whole": done.whole, "messages": [_data(hit, show) for hit in done.hits]}
    first = f"{many(len(done.hits), 'message')} found; looked at {done.looked_at:,}."
    lines: list[str | Table] = [first]
    if done.hits:
        columns = ("message", "type", "state", "provider", "enqueued", *(("recipient",) if show else ()))
        lines.append(Table(columns, [_row(hit, show) for hit in done.hits]))
    code = exits.OK if done.hits else exits.BAD
    findings = () if done.whole else (_in_part(done),)
    following = (f"notifyctl message show {done.hits[0].record.id}",) if done.hits else ()
    return Result(data, lines, code if done.whole else exits.DEGRADED, findings=findings, next=following)


def _in_part(done: "Search") -> Finding:
    what = f"the search ended after {done.looked_at:,}, before it had seen everything"
    return Finding(
        "MSG-FOUND-IN-PART", "warning", "message find", what, "narrow it with --since, or raise --limit or --most"
    )


def _state(hit: "Hit") -> str:
    return hit.record.state.value


def _row(hit: "Hit", show: bool) -> tuple[str, ...]:
    at = moment(hit.job.enqueued_at) if hit.job and hit.job.enqueued_at else ""
    address = (hit.seen.email,) if show else ()
    return (hit.record.id, hit.seen.type[:60], _state(hit), hit.record.provider, at, *address)


def _data(hit: "Hit", show: bool) -> dict[str, Any]:
    job = hit.job
    return {
        "id": hit.record.id, "type": hit.seen.type[:60] or None, "state": _state(hit),
        "final": hit.record.state.terminal, "provider": hit.record.provider, "provider_id": hit.record.provider_id,
        "queue": job.queue if job else None, "job_state": job.state if job else None,
        "enqueued_at": stamp(job.enqueued_at) if job else None, "finished_at": stamp(job.finished_at) if job else None,
        "recipient": hit.seen.email if show else None,
    }  # fmt: skip
