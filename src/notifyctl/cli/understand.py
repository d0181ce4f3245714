"""What the real parser makes of some words: the contract between runbooks and the command line."""

from collections.abc import Sequence

import typer
from typer._click import Command
from typer._click.exceptions import ClickException

from notifyctl.cli.group import load, suggestions
from notifyctl.cli.table import VERBS, Verb
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.runbook_lint import Form


def understand(words: Sequence[str]) -> Form:
    """The command that the words (after `notifyctl`) mean, and what its parser says against the rest of them."""
    verb, rest = _verb(words)
    if verb is None:
        close = suggestions(VERBS, list(words))
        meant = f"; did you mean {' or '.join(close)}?" if close else ""
        return Form("", False, frozenset(), f"there is no such command{meant}")
    command = load(verb)
    flags = frozenset(flag for item in command.params for flag in item.opts)
    return Form(verb.name, verb.mutating, flags, _complaint(command, verb, rest))


def _verb(words: Sequence[str]) -> tuple[Verb | None, list[str]]:
    """The longest name of a command that the words begin with, or what their noun means alone; and what is left."""
    for length in (2, 1):
        for verb in VERBS:
            alone = length == 1 and verb.alone and verb.name.split()[0] == " ".join(words[:1])
            if verb.name == " ".join(words[:length]) or alone:
                return verb, list(words[length:])
    return None, []


def _complaint(command: Command, verb: Verb, words: list[str]) -> str:
    try:
        command.make_context(verb.name, words).close()
    except typer.Exit:  # --help
        return ""
    except ClickException as error:
        return error.format_message()
    except NotifyctlError as error:  # a parser of ours, such as that of a duration
        return error.what
    return ""
