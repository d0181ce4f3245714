"""A command line of its own on the real contract: verbs that ask, watch, crash and wait, for the tests of cli.

python tests/trial.py move --yes
"""

import sys
import time
from collections.abc import Iterator

import typer

from notifyctl.cli import ask, options, progress, screen
from notifyctl.cli.envelope import Markdown, Result, Table
from notifyctl.cli.main import run
from notifyctl.cli.table import LOOK, MAIL_FLOW, Verb
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.finding import Finding
from notifyctl.domain.progress import Step

SECRET = "correct-horse-battery"


def look() -> Result:
    """Look at a thing."""
    table = Table(("name", "state"), (("resend", "ready"), ("ses", "closed \x1b[2Jnow")))
    finding = Finding("CFG-VALUE", "warning", "provider/ses", "is closed", "wait")
    return Result({"é": 1}, ("One is closed.", table), 3, findings=(finding,), next=("notifyctl status",))


def calm() -> Result:
    """Look, and see that all is well."""
    return Result({}, ("All is well.",))


def move(ctx: typer.Context, yes: options.Yes = False, reason: options.Reason = None) -> Result:
    """Move something."""
    why = ask.reason(screen.of(ctx), reason)
    ask.agree(screen.of(ctx), "Move mail to ses?", yes, ("route: resend -> ses",))
    return Result({"reason": why}, ("Moved.",), outcome="done")


def erase(ctx: typer.Context, confirm: options.Confirm = None) -> Result:
    """Erase something."""
    ask.spell(screen.of(ctx), "Erase it for ever?", "c-17", confirm)
    return Result({}, ("Erased.",), outcome="done")


def hold(span: options.For = 1800) -> Result:
    """Hold something for a while."""
    return Result({"seconds": span})


def count(watch: options.Watch = False) -> Iterator[Result]:
    """Count to three, twice each."""
    for number in (1, 1, 2, 2, 3, 3):
        yield Result({"number": number}, (f"number {number}",), exit=3 if number < 3 else 0)


def pile(watch: options.Watch = False) -> Iterator[Result]:
    """Look at more than a screen holds."""
    yield Result({}, tuple(f"number {number}" for number in range(1, 31)), next=("notifyctl status",))


def crash() -> Result:
    """Meet an error that nobody foresaw."""
    held = "value-of-a-variable"
    raise ValueError(f"cannot read {SECRET} of jane@customers.example", len(held))


def unreachable() -> Result:
    """Reach nothing."""
    raise Unreachable("CFG-VALUE", "no answer", "127.0.0.1:1", "start it") from OSError("refused")


def wait() -> Result:
    """Wait for a signal."""
    sys.stderr.write("waiting\n")
    sys.stderr.flush()
    while True:
        time.sleep(1)


def much() -> Result:
    """Say more than a pipe takes."""
    return Result({}, tuple("x" * 100 for _ in range(5_000)))


def socket() -> Result:
    """Lose a connection that is not stdout."""
    raise BrokenPipeError(32, "Broken pipe")


def work(ctx: typer.Context) -> Result:
    """Work for long."""
    with progress.shown(screen.of(ctx)) as listen:
        for done in range(101):
            listen(Step("enqueue", done, 100, "two refused" if done == 100 else ""))
    return Result({"done": 100}, ("Enqueued 100.",), outcome="done")


def idle(ctx: typer.Context) -> Result:
    """Work for no time at all."""
    with progress.shown(screen.of(ctx)):
        return Result({}, ("Nothing to do.",))


def say(words: str) -> Result:
    """Say something."""
    return Result({}, (words,))


def told() -> Result:
    """Tell what was told when."""
    long = "a word or two " * 10
    return Result({}, (Table(("when", "who", "what"), (("2026-11-24 09:00:00Z", long, long),)),))


def page() -> Result:
    """Show a page."""
    return Result({}, (Markdown("# A report\n\nAll is *well*.\n\n| what | count |\n|---|---|\n| mails | 17 |"),))


def fleet(number: int = 1) -> Result:
    """Run a fleet."""
    return Result({"number": number}, (f"fleet of {number}",))


VERBS = (
    *(Verb(name, f"trial:{name}", "Trial.", LOOK) for name in ("look", "calm", "count", "crash", "unreachable")),
    *(
        Verb(name, f"trial:{name}", "Trial.", LOOK)
        for name in ("wait", "much", "socket", "work", "hold", "pile", "idle", "say", "told", "page")
    ),
    Verb("move", "trial:move", "Trial.", MAIL_FLOW, mutating=True),
    Verb("erase", "trial:erase", "Trial.", MAIL_FLOW, mutating=True),
    Verb("fleet run", "trial:fleet", "Run a fleet.", MAIL_FLOW, alone=True),
    Verb("fleet list", "nowhere:missing", "Import a module that is not there.", MAIL_FLOW),
)

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], VERBS))
