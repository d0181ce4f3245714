"""The options, each declared once.

A command takes those that it needs as annotated parameters (`reason: Reason = None`). The common ones
(format, colour, talk) belong to every command: they are added when it is loaded, and write to the screen.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import typer
from typer.core import TyperOption
from typer.main import get_command

from notifyctl.cli import screen
from notifyctl.domain.errors import Usage

_WHY = "Why; for the history. Default: the open incident."
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help=_WHY, show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan, change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Answer yes to the question.")]
Confirm = Annotated[
    str | None,
    typer.Option("--confirm", metavar="NAME", help="Answer the question by naming the object.", show_default=False),
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Look again and again until the state is final.")]
Every = Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often --watch looks.")]
_Format = Literal["table", "short", "json", "jsonl"]
_Color = Literal["auto", "always", "never"]


def provider_names(incomplete: str) -> list[str]:
    """The providers that begin with what was typed, for completion."""
    from notifyctl.domain.revision import PROVIDERS

    return [name for name in PROVIDERS if name.startswith(incomplete)]


def parse_span(text: str) -> int:
    """Seconds of `90`, `90s`, `30m`, `2h` or `7d`; raises `Usage`."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in ("s", "m", "h", "d") else (text, "s")
    if not number.isdecimal() or not number.isascii():
        raise Usage("CLI-USAGE", f"{text!r} is no duration", "--for", "write 90s, 30m, 2h or 7d")
    return int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit]


For = Annotated[
    int | None,
    typer.Option("--for", metavar="DURATION", parser=parse_span, help="How long it holds: 30m, 2h, 7d."),
]


def common() -> list[TyperOption]:
    """The options that every command understands; built anew, since a command owns its parameters."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(_common)
    return [option for option in get_command(app).params if isinstance(option, TyperOption)]


def _set(name: str) -> Callable[[typer.Context, object], object]:
    def callback(ctx: typer.Context, value: object) -> object:
        if value not in (None, False) and isinstance(ctx.obj, screen.Screen):
            setattr(ctx.obj, name, value)
        return value

    return callback


def _set_json(ctx: typer.Context, value: bool) -> bool:
    return bool(_set("format")(ctx, "json")) if value else value


def _option(*flags: str, to: str, text: str, metavar: str | None = None) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        *flags, callback=_set(to), expose_value=False, show_default=False, help=text, metavar=metavar
    )
    return option


def _common(
    output: Annotated[
        _Format | None,
        _option(
            "--output",
            "-o",
            to="format",
            metavar="FORMAT",
            text=f"{', '.join(screen.FORMATS)}; default: NOTIFYCTL_OUTPUT.",
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", callback=_set_json, expose_value=False, help="The same as -o json.")
    ] = False,
    color: Annotated[
        _Color | None, _option("--color", to="color", metavar="WHEN", text="auto, always or never.")
    ] = None,
    quiet: Annotated[bool, _option("--quiet", "-q", to="quiet", text="Print only what was done or is wrong.")] = False,
    verbose: Annotated[bool, _option("--verbose", "-v", to="verbose", text="Say more on stderr.")] = False,
    no_input: Annotated[bool, _option("--no-input", to="no_input", text="Never ask; refuse with 4 instead.")] = False,
) -> None:
    """Carry the declarations; never called."""


def wanted(argv: Sequence[str], default: str) -> str:
    """The format that broken arguments seem to ask for: a usage error is one JSON document too."""
    form = default
    for flag, value in zip(argv, [*argv, ""][1:], strict=True):
        if flag == "--json":
            form = "json"
        elif flag in ("-o", "--output"):
            form = value
        elif flag.startswith(("--output=", "-o")):
            form = flag.removeprefix("--output=").removeprefix("-o")
    return form if form in screen.FORMATS else default
