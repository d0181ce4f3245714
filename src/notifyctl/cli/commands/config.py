"""`config`: what other programs must be told to fit to ours."""

import hashlib
import re
from typing import Annotated

import typer

from notifyctl.cli.envelope import Result, Verbatim
from notifyctl.domain.errors import Usage


def acl(
    user: Annotated[
        str | None, typer.Argument(metavar="[USER]", help="Only one: worker, look, audit or producer.")
    ] = None,
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", metavar="HEX", help="Switch the user on, with the password of this SHA-256."),
    ] = None,
) -> Result:
    """Print least-privilege users for your Redis.

    Each line is one of an ACL file, for the prefix and the queues of your settings. The users are off and have no
    password: give each its own, by its SHA-256, so that no file and no command line has the password itself.
    """
    from notifyctl.cli.given import load
    from notifyctl.operations.acl import least

    given = load()
    found = least(given.redis.prefix, given.queues)
    if user is not None:
        found = [one for one in found if one.name == f"notifyctl-{user.removeprefix('notifyctl-')}"]
        if not found:
            raise Usage("CLI-USAGE", f"{user!r} is no user", "USER", "use worker, look, audit or producer")
    lines = [one.line if sha256 is None else one.with_password(_checked(sha256, user)) for one in found]
    data = [
        {"name": one.name, "about": one.about, "commands": list(one.commands), "keys": list(one.keys), "line": line}
        for one, line in zip(found, lines, strict=True)
    ]
    return Result({"users": data}, [Verbatim(line) for line in lines])


def _checked(sha256: str, user: str | None) -> str:
    if user is None:
        raise Usage("CLI-USAGE", "a password belongs to one user", "--sha256", "name the user, too")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Usage("CLI-USAGE", "that is no SHA-256", "--sha256", "printf %s PASSWORD | sha256sum: 64 hex digits")
    if sha256 == hashlib.sha256(b"").hexdigest():
        raise Usage("CLI-USAGE", "that is the SHA-256 of nothing", "--sha256", "is the variable with the password set?")
    return sha256
