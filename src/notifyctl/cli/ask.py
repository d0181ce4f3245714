"""Questions that know their flag.

    mild      asks nothing
    moderate  `agree`: the plan, then y or N; without a terminal it needs --yes
    severe    `spell`: the plan, then the name of the object; without a terminal it needs --confirm NAME

Where nobody can answer, a question is a refusal (exit 4) that names the missing flag.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from notifyctl.cli.screen import Screen, clean
from notifyctl.domain.errors import Refused


def agree(screen: Screen, question: str, yes: bool, plan: Sequence[str] = ()) -> None:
    """Return when the answer is yes; raise `Refused` when it is no, or when nobody can be asked."""
    if yes:
        return
    _need(screen, "CLI-NEEDS-YES", question, "--yes")
    if _answer(screen, f"{question} [y/N] ", plan).lower() not in ("y", "yes"):
        raise Refused("CLI-DECLINED", "declined at the question; nothing was changed")


def spell(screen: Screen, question: str, name: str, confirm: str | None, plan: Sequence[str] = ()) -> None:
    """Return when the object was named; raise `Refused` when another name came, or nobody can be asked."""
    if confirm is None:
        _need(screen, "CLI-NEEDS-CONFIRM", question, f"--confirm {name}")
        confirm = _answer(screen, f"{question} Type {name} to confirm: ", plan)
    if confirm != name:
        raise Refused("CLI-DECLINED", "another name was given; nothing was changed", "", f"the name is {name}")


def demand(screen: Screen, question: str, yes: bool) -> None:
    """Raise `Refused` when the answer is not given and nobody can be asked: before anything is opened."""
    if not yes:
        _need(screen, "CLI-NEEDS-YES", question, "--yes")


def reason(screen: Screen, given: str | None) -> str:
    """The reason of a change, 1 to 500 characters; asked for on a terminal, else `Refused`."""
    if not given:
        _need(screen, "CLI-NEEDS-REASON", "Why?", "--reason TEXT")
        given = _answer(screen, "Why (kept in the history)? ", ())
    if not 0 < len(given.strip()) <= 500:
        raise Refused("CLI-NEEDS-REASON", "the reason must have 1 to 500 characters; nothing was changed", "--reason")
    return given.strip()


def choose(screen: Screen, question: str, words: Sequence[str]) -> str:
    """The one of the words that was answered, by its beginning; empty when none was, or nobody can be asked."""
    answer = value(screen, f"{question} [{'/'.join(words)}]").lower()
    return next((word for word in words if answer and word.startswith(answer)), "")


def value(screen: Screen, question: str) -> str:
    """What was answered; empty when nothing was, or nobody can be asked."""
    try:
        return _answer(screen, f"{question} ", ()) if screen.can_ask() else ""
    except Refused:
        return ""


def hidden(question: str) -> str:
    """What was typed without being shown, without space around it. Ctrl-C ends it at once, also while a loop runs,
    which would keep the first one for itself; raises `Refused` when no answer came."""
    import signal
    from getpass import getpass

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _line_ended():
            return getpass(f"{question} (it is not shown): ").strip()
    except EOFError:
        raise Refused("CLI-DECLINED", "no value came; nothing was changed") from None
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _line_ended() -> Iterator[None]:
    """Have an error begin on a line of its own, not behind the question that it ended."""
    try:
        yield
    except (EOFError, KeyboardInterrupt):
        sys.stderr.write("\n")
        raise


def _need(screen: Screen, code: str, question: str, flag: str) -> None:
    if not screen.can_ask():
        raise Refused(code, f"{question} Nobody can be asked here; nothing was changed", "", f"answer with {flag}")


def _answer(screen: Screen, prompt: str, plan: Sequence[str]) -> str:
    for line in plan:
        screen.shout(clean(line))
    sys.stderr.write(clean(prompt))
    sys.stderr.flush()
    with _line_ended():
        line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        raise Refused("CLI-DECLINED", "no answer came; nothing was changed")
    return line.strip()
