"""`emulator`: local providers with a mailbox, for trying things out without sending anything."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import screen, show
from notifyctl.cli.envelope import Result
from notifyctl.domain.errors import Unreachable

if TYPE_CHECKING:
    from notifyctl.emulator.serving import Options, Urls


def _rate(provider: str, what: str) -> Any:
    return typer.Option(
        f"--rate-{provider.lower()}", metavar="N", min=1, help=f"{what.capitalize()} a second that {provider} allows."
    )


def emulator(  # noqa: PLR0913, PLR0917 - one parameter an option
    ctx: typer.Context,
    port_base: Annotated[
        int, typer.Option("--port-base", metavar="PORT", min=0, max=65_532, help="First of four ports; 0: any free.")
    ] = 4600,
    env: Annotated[bool, typer.Option("--env", help="Print exports for a shell instead of addresses.")] = False,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="Append each accepted copy to this file, a line of JSON each."),
    ] = None,
    keep_bodies: Annotated[bool, typer.Option("--keep-bodies", help="Keep bodies, not only size and hash.")] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Repeats what faults with a probability do.")] = 0,
    rate_resend: Annotated[int | None, _rate("Resend", "calls")] = None,
    rate_postmark: Annotated[int | None, _rate("Postmark", "calls")] = None,
    rate_ses: Annotated[int | None, _rate("SES", "recipients")] = None,
) -> None:
    """Serve local Resend, Postmark and SES with a mailbox.

    Control and mailbox listen at --port-base, Resend, Postmark and SES on the next three ports of 127.0.0.1. The
    addresses are printed as soon as all of them listen; it runs until Ctrl-C or SIGTERM, and then exits with 0.
    """
    from notifyctl.emulator.serving import Options

    options = Options(
        port_base=port_base, store=store, keep_bodies=keep_bodies, seed=seed,
        rate_resend=rate_resend, rate_postmark=rate_postmark, rate_ses=rate_ses,
    )  # fmt: skip
    _serve(options, _announcer(screen.of(ctx), env))


def _serve(options: "Options", announce: "Callable[[Urls], None]") -> None:
    import asyncio

    from notifyctl.emulator.serving import serve

    try:
        asyncio.run(serve(options, announce))
    except OSError as error:
        what = f"the ports cannot be opened: {error.strerror}"
        fix = "choose another --port-base, or 0 for free ports"
        raise Unreachable("EMU-PORT", what, f"127.0.0.1:{options.port_base}", fix) from error


def _announcer(to: screen.Screen, env: bool) -> "Callable[[Urls], None]":
    def announce(urls: "Urls") -> None:
        names = ("control", "resend", "postmark", "ses")
        addresses = {name: getattr(urls, name) for name in names}
        lines = urls.exports().splitlines() if env else show.aligned(*addresses.items())
        show.present(Result({**addresses, "exports": urls.exports()}, lines, outcome="listening"), to)
        to.talk("Ctrl-C ends it.")

    return announce
