"""From an exception to a result: the same document and the same words for every error."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

from notifyctl.cli.envelope import Result
from notifyctl.cli.screen import Screen, clean
from notifyctl.domain import exits
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.finding import Finding


class Terminated(BaseException):
    """SIGTERM arrived while a command ran that has no answer of its own to it."""


def result_of(error: BaseException, screen: Screen) -> Result:
    """The result that an error stands for; an unexpected one leaves a file with its traceback."""
    if isinstance(error, NotifyctlError):
        fix = error.fix or _catalogued(error.code)
        return _failed(error.exit, Finding(error.code, "error", error.where, error.what, fix))
    if isinstance(error, ClickException):
        what = _unquoted(error.format_message())
        return _failed(exits.USAGE, Finding("CLI-USAGE", "error", "", what, _hint(error)))
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _failed(exits.INTERRUPTED, Finding("CLI-INTERRUPTED", "error", "", "stopped by Ctrl-C"))
    if isinstance(error, Terminated):
        return _failed(exits.TERMINATED, Finding("CLI-INTERRUPTED", "error", "", "stopped by SIGTERM"))
    path = write_report(error, screen.environ)
    _tell(error, screen.verb)
    return _failed(
        exits.BUG,
        Finding("CLI-BUG", "critical", "", f"unexpected {type(error).__name__}", f"the traceback is in {path}"),
        {"traceback": path},
    )


def _failed(code: int, finding: Finding, data: Mapping[str, str] | None = None) -> Result:
    return Result(data or {}, exit=code, findings=(finding,))


def _unquoted(what: str) -> str:
    """What was wrong with the arguments, without a key or an address that somebody typed there."""
    from notifyctl.domain.redact import redact  # deferred: only an error needs it

    return redact(what)


def _catalogued(code: str) -> str:
    """What the catalogue says about fixing it, for an error that says nothing itself."""
    from notifyctl.domain.catalogue import CODES  # deferred: only an error needs it

    return CODES[code].fix if code in CODES else ""


def _hint(error: ClickException) -> str:
    command = error.ctx.command_path if isinstance(error, UsageError) and error.ctx else "notifyctl"
    return f"see {command} --help"


def explain(error: BaseException, result: Result, screen: Screen) -> None:
    """Tell a human on stderr what went wrong, where, and what to do now."""
    if isinstance(error, NoArgsIsHelpError):
        screen.shout(error.format_message())
        return
    for finding in result.findings:
        place = f" ({finding.subject})" if finding.subject else ""
        word = screen.paint(result.word, finding.severity, sys.stderr)
        told = screen.fit(clean(f"{result.word} {finding.code}: {finding.message}{place}"), sys.stderr)
        screen.shout(word + told.removeprefix(result.word))
        if finding.hint:
            screen.shout(screen.fit(clean(f"  {finding.hint}"), sys.stderr))
    if isinstance(error, NotifyctlError) and error.exit != exits.USAGE:
        screen.talk(f"  more: notifyctl explain {error.code}")
    if screen.verbose and error.__cause__:
        screen.talk(f"  because: {type(error.__cause__).__name__}")


def write_report(error: BaseException, environ: Mapping[str, str]) -> str:
    """Write the traceback, without the values of variables, to a private file; return its path."""
    import tempfile  # deferred: 4 ms that only a bug pays

    from notifyctl.telemetry.tracebacks import story

    handle, path = tempfile.mkstemp(prefix="notifyctl-bug-", suffix=".txt")
    with os.fdopen(handle, "w", errors="backslashreplace") as file:
        file.write(story(error, environ))
    return path


def _tell(error: BaseException, verb: str) -> None:
    """Report a bug where that is configured; the settings may be what has failed."""
    from notifyctl import settings  # deferred, and so is Sentry: only a bug needs it

    with suppress(Exception):
        given = settings.load()
        if given.sentry:
            from notifyctl.telemetry import crashes

            crashes.tell(error, given.sentry, given.mode, verb)
