"""`send`: put one message, or a file of them, on the queue."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from notifyctl.cli import letter, screen
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import DryRun, parse_span
from notifyctl.cli.words import many
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifyctl.operations.send import Door, Earlier, Ids, Tally
    from notifyctl.settings import Settings
    from notifyctl.store.queue import Addition
    from notifyctl.wiring import Store

SHOWN = 10  # refused lines on the screen; JSON has the first thousand
NAMED = 3  # ids in a finding; so has it of these
ANOTHER = "an id names one event of your business: give another event an id of its own"


def _delay(text: str) -> int:
    try:
        return parse_span(text)
    except Usage as error:
        raise typer.BadParameter(f"{error.what}; {error.fix}") from None


Delay = Annotated[
    int | None, typer.Option("--delay", metavar="DURATION", parser=_delay, help="Not before: 90s, 30m, 2h.")
]
Priority = Annotated[
    int,
    typer.Option(
        "--priority", metavar="N", min=0, max=2_097_151, help="BullMQ's, within the lane; 1 is first after 0."
    ),
]
RejectsTo = Annotated[
    Path | None, typer.Option("--rejects", metavar="FILE", help="Write refused lines, unchanged, to this new file.")
]


def send(  # noqa: PLR0913, PLR0917 - one parameter for each option
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Job data, version 1, one JSON object a line; - is stdin.")
    ] = None,
    id: letter.Id = None,
    type: letter.Type = None,
    to: letter.To = None,
    name: letter.Name = None,
    subject: letter.Subject = None,
    html: letter.Html = None,
    text: letter.Text = None,
    reply_to: letter.ReplyTo = None,
    customer: letter.Customer = None,
    metadata: letter.Metadata = None,
    header: letter.Header = None,
    deadline: letter.Deadline = None,
    delay: Delay = None,
    priority: Priority = 0,
    rejects: RejectsTo = None,
    dry_run: DryRun = False,
) -> Result:
    """Enqueue one message, or a file of them.

    One message is given by its flags, many by a file. Each is checked as a worker would; its type decides the lane.
    An id that is on the queue already is not added again. Exit code 1: some were refused, the others are enqueued.
    """
    flags = {name: ctx.params[name] for name in letter.NAMES if ctx.params[name]}
    _check(file, flags, rejects)
    from notifyctl import settings
    from notifyctl.operations.send import Door

    loaded = settings.load(sends=True)
    door = Door(loaded.revision.types, len(loaded.queues), (delay or 0) * 1000, priority)
    if file is None:
        return _one(loaded, door, flags, dry_run)
    return _many(screen.of(ctx), door, file, rejects, dry_run)


def _check(file: str | None, flags: dict[str, Any], rejects: Path | None) -> None:
    """Raise `Usage` unless it is either a file or one message."""
    if file is None:
        letter.check(flags)
    elif flags:
        raise Usage("CLI-USAGE", "a file and flags of one message exclude each other", "", "leave one of them out")
    if rejects and file is None:
        raise Usage("CLI-USAGE", "--rejects goes with a FILE", "--rejects", "leave it out")


def _one(loaded: "Settings", door: "Door", flags: dict[str, Any], dry_run: bool) -> Result:
    from notifyctl.cli.running import with_store
    from notifyctl.operations.send import add, message

    addition = door.admit(message(letter.fields(flags)))
    queue = loaded.queues[addition.lane - 1]
    foreseen = door.foreseen(addition.name)
    data = {"id": addition.message_id, "queue": queue, "dry_run": dry_run, "foreseen": foreseen or None}
    findings = [_never_sent(addition.message_id, "it", foreseen)] if foreseen else []
    if dry_run:
        lines = (f"{addition.message_id} would be enqueued in {queue}.",)
        return Result({**data, "added": 0, "earlier": None}, lines, findings=findings)

    async def work(store: "Store") -> "tuple[bool, bool, Earlier]":
        ((added, known),) = await add(store.queue, store.attempts, [addition])
        return added, bool(await store.workers.list()), known

    added, working, known = with_store(work, start=True)
    there = f"{addition.message_id} was enqueued in {queue} before; nothing is added."
    lines = (f"Enqueued {addition.message_id} in {queue}." if added else there,)
    outcome = "done" if added else "nothing to do"
    data = {**data, "added": int(added), "earlier": known._asdict()}
    return Result(
        data, lines, outcome=outcome, findings=[*findings, *_used(addition, added, known)], next=_next(working)
    )


def _never_sent(where: str, what: str, why: str) -> Finding:
    hint = "notifyctl explain SND-NO-CONSENT"
    return Finding("SND-NO-CONSENT", "warning", where, f"{what} will end as no_consent and not be sent: {why}", hint)


def _used(addition: "Addition", added: bool, known: "Earlier") -> "Iterator[Finding]":
    """What the sender must know of an id that stood for something before."""
    if known.other:
        what = "this id was used before, for other content: that one counts, and nothing will be sent for this one"
        yield Finding("SND-USED", "warning", addition.message_id, what, ANOTHER)
    elif added and known.state:
        what = f"this id was used before, and its mail is {known.state}: what is out is not sent again"
        hint = f"notifyctl message show {addition.message_id}"
        yield Finding("SND-USED", "warning", addition.message_id, what, hint)


def _reused(tally: "Tally", where: str) -> "Iterator[Finding]":
    """The same of a file."""
    if tally.other.count:
        what = (
            f"{_ids(tally.other)} used before, for other content: that one counts, and nothing will be sent for these"
        )
        yield Finding("SND-USED", "warning", where, what, ANOTHER)
    if tally.known.count:
        what = f"{_ids(tally.known)} used before, and the job is gone: what is out is not sent again"
        yield Finding("SND-USED", "warning", where, what, f"notifyctl message show {tally.known.first[0]}")


def _ids(ids: "Ids") -> str:
    names = ", ".join([*ids.first[:NAMED], *(["..."] if len(ids.first) > NAMED else [])])
    return f"{many(ids.count, 'line')} with an id ({names}) that was"


def _many(to: screen.Screen, door: "Door", path: str, rejects: Path | None, dry_run: bool) -> Result:
    from notifyctl.cli import progress
    from notifyctl.cli.running import with_store
    from notifyctl.operations import send as operation

    tally = operation.Tally()
    with letter.opened(path) as file, _Rejects(rejects, path) as refused, progress.shown(to) as listener:
        total = operation.count_lines(file) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None
        batches = operation.admitted(file, door, tally, refused)
        if dry_run:
            operation.check(batches, tally, listener, total)
            return _told(tally, path, dry_run, working=True, rejects=rejects)

        async def add(store: "Store") -> bool:
            await operation.enqueue(store.queue, store.attempts, batches, tally, listener, total)
            return bool(await store.workers.list())

        working = with_store(add, start=True)
    return _told(tally, path, dry_run, working, rejects)


class _Rejects:
    """Refused lines on their way to a new file, which is made with the first of them; only its owner can read it. When
    the command fails it is taken away if the source is a file: the same command, given again, writes it again."""

    def __init__(self, path: Path | None, source: str) -> None:
        self._path = path
        self._again = source != "-" and Path(source).is_file()
        self._file: BinaryIO | None = None
        if path and path.exists():
            raise Usage("CLI-USAGE", f"{str(path)!r} exists", "--rejects", "name a new file")

    def __enter__(self) -> "_Rejects":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if self._file and self._path:
            self._file.close()
            if failure and self._again:
                self._path.unlink(missing_ok=True)

    def take(self, line: bytes) -> None:
        """Keep a line."""
        if self._path and not self._file:
            self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        if self._file:
            self._file.write(line + b"\n")


def _told(tally: "Tally", path: str, dry_run: bool, working: bool, rejects: Path | None) -> Result:
    names = ("lines", "good", "added", "duplicates", "refused", "foreseen")
    numbers = {name: getattr(tally, name) for name in names}
    data = {
        **numbers,
        "refusals": [refusal._asdict() for refusal in tally.refusals],
        "dry_run": dry_run,
        "used": {"other": _noted(tally.other), "known": _noted(tally.known)},
    }
    lines: list[str | Table] = [_summary(tally, dry_run)]
    if tally.refused:
        rows = [(f"{one.line:,}", one.code, one.where, one.what) for one in tally.refusals[:SHOWN]]
        lines.append(Table(("line", "code", "where", "what"), rows))
        lines += sorted({f"{one.code} at {one.where}: {one.fix}" for one in tally.refusals[:SHOWN] if one.fix})
    outcome = "done" if tally.added and not tally.refused else ""
    where = "stdin" if path == "-" else path
    findings = [*([_refused(tally, where, rejects)] if tally.refused else []), *_reused(tally, where)]
    if tally.foreseen:
        findings.append(
            _never_sent(where, many(tally.foreseen, "message"), "marketing, and no consent can be recorded")
        )
    code = exits.BAD if tally.refused else exits.OK
    return Result(data, lines, code, outcome, findings, () if dry_run else _next(working or not tally.good))


def _noted(ids: "Ids") -> dict[str, Any]:
    return {"count": ids.count, "ids": ids.first}


def _summary(tally: "Tally", dry_run: bool) -> str:
    refused = f", {tally.refused:,} refused" if tally.refused else ""
    if dry_run:
        return f"{tally.good:,} of {tally.lines:,} messages would be enqueued{refused}."
    there = f", {tally.duplicates:,} were there already" if tally.duplicates else ""
    return f"{tally.added:,} of {tally.lines:,} messages enqueued{there}{refused}."


def _refused(tally: "Tally", source: str, rejects: Path | None) -> Finding:
    what = f"{tally.refused:,} of {tally.lines:,} lines are refused"
    more = f"; the first {SHOWN} are listed" if tally.refused > SHOWN else ""
    where = f"they are in {rejects}" if rejects else "--rejects FILE writes them out"
    hint = f"{where}; correct them and send them again"
    return Finding("SND-REFUSED", "error", source, what + more, hint)


def _next(working: bool) -> tuple[str, ...]:
    return () if working else ("notifyctl worker",)
