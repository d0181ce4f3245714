"""The tree of commands, built from the table: help and completion never import a command."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer._click import Command, Context, HelpFormatter
from typer._click.exceptions import UsageError
from typer._click.shell_completion import CompletionItem
from typer.core import TyperGroup

from notifyctl.cli import options
from notifyctl.cli.table import GROUPS, Verb

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}


class VerbGroup(TyperGroup):
    """The root, or a noun such as `queue`; its commands come from the table, not from modules."""

    verbs: Sequence[Verb] = ()
    noun = ""

    def own(self) -> list[Verb]:
        """The verbs below this group."""
        return [verb for verb in self.verbs if not self.noun or verb.name.startswith(f"{self.noun} ")]

    def words(self) -> dict[str, list[Verb]]:
        """The next word of each verb -> the verbs that begin with it, in the order of the table."""
        words: dict[str, list[Verb]] = {}
        for verb in self.own():
            words.setdefault(verb.name.removeprefix(f"{self.noun} ").split()[0], []).append(verb)
        return words

    def full(self, word: str) -> str:
        """The whole name of a word below this group."""
        return f"{self.noun} {word}".strip()

    def sections(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each group of the table that has words here, with the help of each word."""
        words = self.words().items()
        for group in GROUPS:
            rows = [(word, _line(verbs, self.full(word))) for word, verbs in words if verbs[0].group == group]
            if rows:
                yield group, rows

    def list_commands(self, ctx: Context) -> list[str]:
        """The next words."""
        return list(self.words())

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command or the noun; only here is a command's module imported."""
        found = self.words().get(cmd_name, [])
        full = self.full(cmd_name)
        exact = [verb for verb in found if verb.name == full]
        if exact:
            return load(exact[0])
        return grow(self.verbs, full) if found else None

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Insert the verb that a noun means alone; `--help` stays the noun's own."""
        alone = [verb.name.split()[1] for verb in self.own() if self.noun and verb.alone]
        asks_nothing_else = not args or (args[0].startswith("-") and args[0] != "--help")
        if alone and asks_nothing_else and not ctx.resilient_parsing:  # completion shows all verbs
            args = [*alone, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the next command, note its name for the envelope, or say which ones are meant perhaps."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except UsageError as error:
            close = suggestions(self.verbs, [*self.noun.split(), *args])
            error.message += f" Did you mean {', '.join(map(repr, close))}?" if close else ""
            raise
        if command is not None and ctx.obj is not None:
            ctx.obj.verb = self.full(str(name))
        return name, command, rest

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """The next words with their help, then the options."""
        words = [CompletionItem(word, help=_line(verbs, self.full(word))) for word, verbs in self.words().items()]
        options_of_group = super(TyperGroup, self).shell_complete(ctx, incomplete)
        return [item for item in words if item.value.startswith(incomplete)] + options_of_group

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The commands, one section a group of the table, one line a word; then the options."""
        width = max(map(len, self.words()))
        for title, rows in self.sections():
            with formatter.section(title if not self.noun else "Commands"):
                formatter.write_dl([(word.ljust(width), text) for word, text in rows])
        for verb in (verb for verb in self.own() if self.noun and verb.alone):
            _write_own_options(verb, ctx, formatter)
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Nothing: they stand above the options already."""


def _write_own_options(verb: Verb, ctx: Context, formatter: HelpFormatter) -> None:
    """The options of the verb that a noun means alone: who asks for help on `worker` means `worker run`."""
    shared = {option.name for option in options.common()}
    rows = [row for item in load(verb).params if item.name not in shared and (row := item.get_help_record(ctx))]
    with formatter.section(f"Options of {verb.name}, which {verb.name.split()[0]} alone means"):
        formatter.write_dl(rows)


def _line(verbs: Sequence[Verb], full: str) -> str:
    """The help of a word: its own, or the verbs below the noun."""
    if verbs[0].name == full:
        return f"{verbs[0].help}{' (default)' if verbs[0].alone else ''}"
    if len(verbs) == 1:
        return f"{verbs[0].name.split()[1]}: {verbs[0].help}"
    return " | ".join(f"{verb.name.split()[1]}{' (default)' if verb.alone else ''}" for verb in verbs)


def load(verb: Verb) -> Command:
    """Import the function of a verb and make it a command that also understands the common options."""
    module, _, function = verb.target.partition(":")
    app = typer.Typer(add_completion=False, **_PLAIN)
    app.command(verb.name.split()[-1])(getattr(import_module(module), function))
    command = typer.main.get_command(app)
    command.params += options.common()
    return command


def grow(verbs: Sequence[Verb], noun: str = "") -> VerbGroup:
    """The group of a noun, or the root with its completion options when there is no noun."""
    app = typer.Typer(name=noun or "notifyctl", cls=VerbGroup, add_completion=not noun, no_args_is_help=True, **_PLAIN)
    app.callback()(_noun if noun else _root)
    group = typer.main.get_command(app)
    assert isinstance(group, VerbGroup)
    group.verbs, group.noun, group.suggest_commands = verbs, noun, False
    group.params += [] if noun else options.common()
    return group


def _noun() -> None:
    """Choose one of the commands below."""


def _root() -> None:
    """Operate e-mail sending over Resend, Postmark and Amazon SES from a BullMQ queue."""


def suggestions(verbs: Sequence[Verb], typed: Sequence[str]) -> list[str]:
    """Full names of the commands that may have been meant: close to what was typed, or with the same verb."""
    names = [verb.name for verb in verbs]
    close = get_close_matches(" ".join(typed[:2]), names) or get_close_matches(typed[0], names) if typed else []
    return close or [name for name in names if typed and typed[0] in name.split()[1:]]
