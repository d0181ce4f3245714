"""`secrets init|set|list|rekey|check`: the file of secrets.

A value comes by stdin or a hidden prompt, and is never shown.
"""

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, screen, why
from notifyctl.cli.envelope import Result, Table, actor
from notifyctl.cli.options import DryRun, Reason, Yes
from notifyctl.cli.words import many, stamp
from notifyctl.domain import exits
from notifyctl.domain.errors import Usage
from notifyctl.domain.finding import Finding

if TYPE_CHECKING:
    from notifyctl.domain.secret import Secret
    from notifyctl.domain.secret_file import Recipient, SecretFile
    from notifyctl.operations.secrets import Entry, Rekeyed, Who
    from notifyctl.store.secret_file import Place

_RECIPIENT = "Who can open it: age1... or ssh-ed25519 ..., and a name; repeat it."
Recipients = Annotated[
    list[str] | None, typer.Option("--recipient", metavar="KEY", help=_RECIPIENT, show_default=False)
]


def _names(incomplete: str) -> list[str]:
    """The names of secrets that begin with what was typed, for completion."""
    from notifyctl.domain.secret_file import NAMES

    return [name for name in NAMES if name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The variable that it stands for: RESEND_API_KEY.", autocompletion=_names),
]


def init(recipient: Recipients = None, dry_run: DryRun = False) -> Result:
    """Make the encrypted file of secrets, and a key to open it.

    The file is the one that NOTIFYCTL_SECRETS names, else secrets.age in the data directory. Its own key, the
    identity, is made when there is none. Name a second recipient, best one that is kept offline: whoever loses the
    only key has lost every secret.
    """
    from notifyctl import settings
    from notifyctl.operations import secrets as operation
    from notifyctl.store.secret_file import listed

    named = settings.secrets_place()
    place = named._replace(file=named.file or settings.home() / "secrets.age")
    listed(recipient or ())
    data = {"file": str(place.file), "identity": str(place.identity)}
    if dry_run:
        return Result(data, (f"Planned, not done: {place.file}, opened by {place.identity}.",), outcome="planned")
    made = operation.init(place, recipient or (), _who("made"))
    lines = [
        f"Made {place.file}, which {many(len(made.file.recipients), 'key')} can open.",
        f"  identity: {place.identity}{' (new)' if made.identity_is_new else ''}; keep a copy where no server is",
    ]
    exports = [] if named.file else [f"export NOTIFYCTL_SECRETS={place.file}"]
    found = [one for one in operation.findings(place, made.file, int(time.time())) if one.code == "KEY-ALONE"]
    told = {**data, "identity_is_new": made.identity_is_new, "recipients": _recipients(made.file.recipients)}
    return Result(told, lines, outcome="done", findings=found, next=(*exports, "notifyctl secrets set RESEND_API_KEY"))


def set_(ctx: typer.Context, name: Name, reason: Reason = None, yes: Yes = False, dry_run: DryRun = False) -> Result:
    """Set a secret; its value comes by stdin or a hidden prompt.

    A value that is there already is replaced after a question. The two keys of Amazon are set at once, whichever is
    named: two lines, or two prompts, the access key first. Workers that read the file itself take up a provider's key
    within a heartbeat; what else is in the file they read when they start, and so do all that systemd gave a copy.
    """
    from notifyctl.domain.secret_file import demand_name, together
    from notifyctl.operations import secrets as operation

    demand_name(name)
    to, place, names = screen.of(ctx), _place(), together(name)
    replaces = any(one in _read(place).values for one in names)
    told = "" if dry_run else why.reason(to, reason)
    data, called = {"name": name, "names": [*names], "replaces": replaces}, " and ".join(names)
    verb = "Replace" if replaces else "Set"
    if dry_run:
        return Result(data, (f"Planned, not done: {verb.lower()} {called}.",), outcome="planned")
    ask.agree(to, f"Replace {called}?", yes or not replaces, (f"{called}: there is a value already.",))
    file = operation.put(place, _values(to, names), _who(told))
    entries = {one.name: one for one in operation.entries(file, int(time.time())) if one.name in names}
    lines = [f"{verb} {one}, {_print(entries[one])}." for one in names]
    found = [
        Finding("KEY-HIDDEN", "warning", one, f"{hider} goes before it", f"unset {hider}")
        for one in names if (hider := entries[one].hidden_by)
    ]  # fmt: skip
    shown = {"secret": _data(entries[name]), "secrets": [_data(entries[one]) for one in names]}
    return Result({**data, **shown}, lines, outcome="done", findings=found)


def list_() -> Result:
    """List the secrets of the file and who can open it; no values.

    A fingerprint is the beginning of the SHA-256 of the value: `printf %s "$KEY" | sha256sum`.
    """
    from notifyctl.domain.rotation import read_left
    from notifyctl.operations import secrets as operation

    place = _place()
    file = _read(place)
    found = operation.entries(file, int(time.time()))
    rows = [(one.name, one.fingerprint or "not told", _days(one), one.hidden_by and f"{one.hidden_by} goes first")
            for one in found]  # fmt: skip
    lines: list[str | Table] = [f"{many(len(found), 'secret')}, for {many(len(file.recipients), 'recipient')}."]
    if rows:
        lines.append(Table(("name", "fingerprint", "age", ""), rows))
    lines += [f"  {one.key} {one.name}".rstrip() for one in file.recipients]
    lines += [f"  {name}: an aborted rotation has left {read_left(text).words} alive" for name, text in file.left]
    data = {
        "file": str(place.file), "secrets": [_data(one) for one in found], "recipients": _recipients(file.recipients),
        "rotating": [*file.rotations], "trail": [*file.trail],
        "left": [{"name": name, **read_left(text)._asdict()} for name, text in file.left],
    }  # fmt: skip
    return Result(data, lines)


def rekey(
    ctx: typer.Context, recipient: Recipients = None, reason: Reason = None, yes: Yes = False, dry_run: DryRun = False
) -> Result:
    """Encrypt the file anew, for the recipients that are named.

    They are all that can open it from now on, beside your own identity. Whoever is left out knows what was in it:
    rotate each secret that they could read.
    """
    from notifyctl.operations import secrets as operation

    to, place = screen.of(ctx), _place()
    told = "" if dry_run else why.reason(to, reason)
    change = operation.rekeyed(place, recipient or ())
    lines = [*(f"  + {_called(one)}" for one in change.new), *(f"  - {_called(one)}" for one in change.gone)]
    data = {
        "recipients": _recipients(change.after), "new": _recipients(change.new), "gone": _recipients(change.gone),
        "known_to_the_gone": [*change.names] if change.gone else [],
    }  # fmt: skip
    if dry_run:
        return Result(data, ("Planned, not done:", *lines), outcome="planned", findings=_known(change))
    ask.agree(to, "Encrypt it anew?", yes, lines)
    operation.rekey(place, change, _who(told))
    first = f"Encrypted anew; {many(len(change.after), 'key')} can open it."
    return Result(data, (first, *lines), outcome="done", findings=_known(change))


def check() -> Result:
    """Check the file of secrets: readers, modes, names, ages.

    Exit code 0: well, 3: something is due, 1: something is wrong, 7: it does not open.
    """
    from notifyctl.operations import secrets as operation

    place = _place()
    file = _read(place)
    found = operation.findings(place, file, int(time.time()))
    severities = {one.severity for one in found}
    code = exits.BAD if "error" in severities else exits.DEGRADED if found else exits.OK
    first = f"It opens. {many(len(file.values), 'secret')}, {many(len(found), 'finding')}."
    data = {
        "file": str(place.file), "recipients": len(file.recipients), "secrets": len(file.values),
        "rotating": [*file.rotations],
    }  # fmt: skip
    return Result(data, (first,), code, findings=found)


def _place() -> "Place":
    from notifyctl import settings

    return settings.secrets_place()


def _read(place: "Place") -> "SecretFile":
    from notifyctl.store import secret_file

    return secret_file.read(place)


def _who(reason: str) -> "Who":
    from notifyctl.operations.secrets import Who

    return Who(actor(os.environ), int(time.time()), reason)


def _values(to: screen.Screen, names: "Sequence[str]") -> "dict[str, Secret]":
    """A line of stdin for each name, or what is typed without being shown; space around it is dropped."""
    from notifyctl.domain.secret_file import demand_value

    if to.can_ask():
        return {name: demand_value(name, ask.hidden(f"Value of {name}")) for name in names}
    if sys.stdin.isatty():
        raise Usage("KEY-VALUE", "no value came", names[0], "pipe it in, or leave out --no-input to be asked")
    text = sys.stdin.read().strip()
    lines = [line.strip() for line in text.splitlines()] if len(names) > 1 else [text]
    if text and len(lines) != len(names):
        what = f"{' and '.join(names)} are one key: half of it works nowhere"
        raise Usage("KEY-VALUE", what, names[0], "give a line for each, in this order")
    return {name: demand_value(name, line) for name, line in zip(names, lines or [""] * len(names), strict=True)}


def _print(one: "Entry") -> str:
    return f"fingerprint {one.fingerprint}" if one.fingerprint else "whose fingerprint is not told"


def _days(one: "Entry") -> str:
    return f"{many(one.days, 'day')}{'' if one.age == 'good' else f', {one.age}'}" if one.created else "not known"


def _data(one: "Entry") -> dict[str, Any]:
    return {**one._asdict(), "created": stamp(one.created * 1000), "fingerprint": one.fingerprint or None}


def _called(one: "Recipient") -> str:
    return f"{one.key} {one.name}".rstrip()


def _recipients(found: "Sequence[Recipient]") -> list[dict[str, str]]:
    return [one._asdict() for one in found]


def _known(change: "Rekeyed") -> list[Finding]:
    """Who was left out has read it."""
    if not change.gone:
        return []
    what = f"who was left out knows {', '.join(change.names) or 'nothing yet'}"
    return [Finding("KEY-KNOWN", "warning", "recipients", what, "rotate each: notifyctl secrets rotate NAME")]
