"""`probe`: would the providers take our mail?"""

from typing import TYPE_CHECKING, Annotated

import typer

from notifyctl.cli import sinking
from notifyctl.cli.envelope import Result, Table
from notifyctl.cli.options import DryRun, Yes, provider_names
from notifyctl.cli.words import many
from notifyctl.domain.errors import Misconfigured, Usage
from notifyctl.domain.revision import PROVIDERS

if TYPE_CHECKING:
    from notifyctl.operations.probe import Probe


def probe(
    ctx: typer.Context,
    provider: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROVIDER]...",
            help=f"{', '.join(PROVIDERS)}; all of the route without one.",
            autocompletion=provider_names,
        ),
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send each a message to its sink address, as drill staging does.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Ask the providers whether they would take our mail.

    Reads each account, which costs no mail and changes nothing; 5 s at most. Exit code 0: all ready, 3: degraded,
    1: a key or an account is wrong, 6: no answer. A provider without a key is skipped. With --send a real message is
    the question: nobody gets it, the provider bills it, and it is recorded. Exit code 1: one was not taken.
    """
    import asyncio

    from notifyctl import wiring
    from notifyctl.cli.given import load
    from notifyctl.operations.probe import probe as ask

    strange = [name for name in provider or () if name not in PROVIDERS]
    if strange:
        raise Usage("CLI-USAGE", f"{strange[0]!r} is no provider", "PROVIDER", f"use {', '.join(PROVIDERS)}")
    if send:
        return sinking.send(ctx, provider or (), 1, yes, dry_run)
    if yes or dry_run:
        raise Usage("CLI-USAGE", "nothing is sent, so there is nothing to agree to", "--yes, --dry-run", "add --send")
    given = load(sends=True)
    names = tuple(dict.fromkeys(provider or given.revision.order))
    probes = asyncio.run(ask(wiring.providers(given), names))
    if all(one.health.state == "skipped" for one in probes):
        fix = "set the key of at least one; for a try, run `notifyctl emulator --env`"
        raise Misconfigured("CFG-NO-PROVIDER", "no provider to ask has a key", ", ".join(names), fix)
    return _told(probes)


def _told(probes: "list[Probe]") -> Result:
    from notifyctl.operations.probe import findings, verdict

    data = {
        one.provider: {"state": one.health.state, "detail": one.health.detail, "ms": one.ms, "account": one.health.data}
        for one in probes
    }
    ready = sum(one.health.state == "ready" for one in probes)
    first = f"{ready} of {many(len(probes), 'provider')} ready."
    rows = [(one.provider, _word(one), f"{one.ms:,} ms" if one.ms else "", one.health.detail) for one in probes]
    table = Table(("provider", "state", "took", "detail"), rows)
    return Result({"providers": data}, (first, table), verdict(probes), findings=findings(probes))


def _word(one: "Probe") -> str:
    return "SKIP" if one.health.state == "skipped" else one.health.state
