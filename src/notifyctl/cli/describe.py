"""A command described from its table line and its parameters: for `explain`, `commands` and the reference."""

import inspect
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

from typer._click import Command, Context
from typer._click.core import Parameter
from typer.core import TyperArgument, TyperOption

from notifyctl.cli import options
from notifyctl.cli.group import load
from notifyctl.cli.show import aligned
from notifyctl.cli.table import Verb


class Described(NamedTuple):
    """`data` for machines, `lines` for humans."""

    data: dict[str, Any]
    lines: Sequence[str]


def command(verb: Verb) -> Described:
    """What a command does, whether it changes something, and its own parameters."""
    loaded = load(verb)
    parameters = [parameter(item, loaded) for item in own(loaded)]
    data = {"name": verb.name, "help": verb.help, "group": verb.group, "mutating": verb.mutating, "alone": verb.alone}
    text = filled(inspect.cleandoc(loaded.help or verb.help))
    kind = "May change something." if verb.mutating else "Only looks."
    rows = [(", ".join(item["flags"]) or item["name"], item["help"]) for item in parameters]
    lines = (f"notifyctl {verb.name}", "", *text, "", kind, *(["", *aligned(*rows)] if rows else []))
    return Described({**data, "parameters": parameters}, lines)


def filled(text: str) -> list[str]:
    """The paragraphs of a docstring at 78 columns; indented ones keep their lines."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        lines += ["", *(paragraph.splitlines() if paragraph.startswith(" ") else textwrap.wrap(paragraph, 78))]
    return lines[1:]


def own(loaded: Command) -> list[Parameter]:
    """The parameters that are the command's own: not those that every command has."""
    shared = {option.name for option in options.common()}
    return [item for item in loaded.params if item.name not in shared and not getattr(item, "hidden", False)]


def parameter(item: Parameter, loaded: Command) -> dict[str, Any]:
    """One parameter: name, flags (none for an argument), metavar, help, required, default."""
    default = item.default if isinstance(item.default, str | int | float | bool) else None
    told = item if isinstance(item, TyperOption | TyperArgument) else None
    return {
        "name": (item.metavar or item.name or "").strip("[]."),
        "flags": [*item.opts, *item.secondary_opts] if isinstance(item, TyperOption) else [],
        "metavar": _metavar(item, loaded),
        "help": (told.help if told else None) or "",
        "required": item.required,
        "default": default,
    }


def _metavar(item: Parameter, loaded: Command) -> str:
    is_flag = isinstance(item, TyperOption) and item.is_flag
    return "" if is_flag else item.make_metavar(ctx=Context(loaded))
