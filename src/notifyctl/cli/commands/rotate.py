"""`secrets rotate`: a new key for a provider, without a gap, and the proof that the old one is dead."""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifyctl.cli import ask, given, screen, why
from notifyctl.cli.commands.secrets import Name
from notifyctl.cli.envelope import Result, actor
from notifyctl.cli.options import DryRun, Reason, Yes, parse_span
from notifyctl.cli.words import stamp
from notifyctl.domain.errors import Refused, Usage, Waiting

if TYPE_CHECKING:
    from notifyctl.domain.rotation import Left, Rotation
    from notifyctl.operations.rotation import Rotator
    from notifyctl.operations.secrets import Who
    from notifyctl.settings import Settings
    from notifyctl.wiring import Store

    _Work = Callable[[Rotator], Awaitable[tuple[Rotation, Left | None]]]

_OLD = "The provider's id of the key that goes, where it is not known."
_ABORT = "Go back to the old key; given again: end what this left."
_PATIENCE = 600  # seconds
_WAIT = "How long to wait for workers or for you; default: 10m."


def rotate(
    ctx: typer.Context,
    name: Name,
    old_id: Annotated[str, typer.Option("--old-id", metavar="ID", help=_OLD, show_default=False)] = "",
    wait: Annotated[int | None, typer.Option("--wait", metavar="DURATION", parser=parse_span, help=_WAIT)] = None,
    abort: Annotated[bool, typer.Option("--abort", help=_ABORT)] = False,
    reason: Reason = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> Result:
    """Give a provider a new key without a gap.

    Create, stage, probe, promote, observe, revoke, prove dead, record: the same command goes on after an interruption.
    Where the provider has no interface for keys, you make and delete them; the new value comes by stdin or a prompt.
    Workers follow without a new start. Exit code 8: a person or a worker is waited for; 1: a key is not as it must be.
    """
    to, provider = screen.of(ctx), _provider(name)
    loaded = given.load(sends=True)
    standing = _standing(loaded, provider)
    planned = _planned(loaded, provider, standing)
    if dry_run:
        return planned
    told = standing.reason if standing and not abort else why.reason(to, reason)
    left = [] if standing or not abort else _left(loaded, provider)
    if left:
        return _swept(to, loaded, provider, left, yes, _who(told))
    if not abort:
        ask.agree(to, f"Rotate {name}?", yes, [line for line in planned.lines[1:] if isinstance(line, str)])
    who = _who(told)

    async def work(rotator: "Rotator") -> "tuple[Rotation, Left | None]":
        return await rotator.abort(who) if abort else (await rotator.run(who, old_id), None)

    try:
        done, alive = _carried_out(to, loaded, provider, _PATIENCE if wait is None else wait, work)
    except KeyboardInterrupt:
        _stands(to, loaded, provider, name)
        raise
    return _aborted(name, done, alive) if abort else _told(name, done)


def _provider(name: str) -> str:
    from notifyctl.domain.secret_file import KEYS

    for provider, names in KEYS.items():
        if name in names:
            return provider
    known = ", ".join(name for names in KEYS.values() for name in names)
    fix = "make a new one where it is used, and put it in: notifyctl secrets set"
    raise Usage("KEY-NAME", f"only a provider's key can be rotated: {known}", "NAME", fix)


def _standing(loaded: "Settings", provider: str) -> "Rotation | None":
    """The rotation that is under way; refuses what cannot be rotated, before anything is asked or opened."""
    from notifyctl.domain.secret_file import KEYS
    from notifyctl.operations.rotation_file import in_file, standing
    from notifyctl.store import secret_file

    if provider not in loaded.revision.order:
        fix = f"put {provider} into the order of the route until its key is rotated"
        raise Refused("KEY-UNROUTED", f"{provider} is not in the route, so its key cannot be tried", "route.order", fix)
    file = secret_file.read(loaded.secrets)
    in_file(file, KEYS[provider])
    return standing(file, provider)


def _planned(loaded: "Settings", provider: str, standing: "Rotation | None") -> Result:
    from notifyctl.domain.rotation import DEEDS, Step
    from notifyctl.wiring.keys import key_maker

    maker = key_maker(loaded, provider)
    left = [
        deed for step, deed in DEEDS.items() if standing is None or not standing.done(step) or step == standing.step
    ]
    who = f"through {provider}'s interface for keys" if maker else "by you, at the provider's pages"
    stopped = "  hosts that are switched off are not waited for: bring them the new file"
    begun = f"It goes on at step {standing.step}." if standing else "Planned, not done:"
    data = {
        "provider": provider, "by_interface": maker is not None, "step": standing.step if standing else None,
        "left": left, "steps": [*Step],
    }  # fmt: skip
    lines = (begun, f"  keys are made and revoked {who}", *(f"  {deed}" for deed in left), stopped)
    return Result(data, lines, outcome="planned")


def _stands(to: screen.Screen, loaded: "Settings", provider: str, name: str) -> None:
    """Say where the rotation was left, and how to go on."""
    from notifyctl.domain.rotation import DEEDS, Step

    left = _standing(loaded, provider)
    if left is None:
        to.talk("No rotation is under way; nothing was changed.")
        return
    used = "new" if left.done(Step.PROMOTED) else "old"
    to.talk(f"The rotation stands at step {left.step}; {name} is the {used} key. Next: {DEEDS[left.step]}.")
    to.talk(f"  to go on: notifyctl secrets rotate {name}")
    if not left.done(Step.OBSERVED):
        to.talk(f"  to go back to the old key: notifyctl secrets rotate {name} --abort")


def _carried_out(
    to: screen.Screen, loaded: "Settings", provider: str, wait: int, work: "_Work"
) -> "tuple[Rotation, Left | None]":
    from notifyctl.cli.running import with_store
    from notifyctl.engine.failpoint import Failpoint
    from notifyctl.operations.keymaking import Smith
    from notifyctl.operations.rotation import Limits, Rotator
    from notifyctl.wiring.keys import account, key_maker

    pace, maker = loaded.revision.pace, key_maker(loaded, provider)
    smith = Smith(provider, maker) if maker else None

    async def inside(store: "Store") -> "tuple[Rotation, Left | None]":
        rotator = Rotator(
            loaded.secrets, provider, smith, lambda values: account(loaded, provider, values),
            store.workers, store.boards,
            Limits(pace.heartbeat_ttl + pace.max_send, wait, pace.heartbeat / 2, min(wait, pace.heartbeat_ttl)),
            lambda name, lines: _value(to, name, lines), lambda line: to.talk(to.fit(line, sys.stderr)),
            Failpoint(loaded.failpoint or ""),
        )  # fmt: skip
        return await work(rotator)

    return with_store(inside, start=True)


def _value(to: screen.Screen, name: str, lines: Sequence[str]) -> str:
    """A value that a person has made at the provider: typed unseen, else the next line of stdin."""
    for line in lines:
        to.talk(to.fit(line, sys.stderr))
    if to.can_ask():
        return ask.hidden(f"Value of the new {name}")
    value = "" if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not value:
        fix = "run the same command with the new value on stdin"
        raise Waiting("KEY-WAITS", f"a new value of {name} is waited for. {' '.join(lines)}", name, fix)
    return value


def _who(reason: str) -> "Who":
    from notifyctl.operations.secrets import Who

    return Who(actor(os.environ), int(time.time()), reason)


def _told(name: str, done: "Rotation") -> Result:
    lines = (
        f"Rotated {name}. The new key, fingerprint {done.new}, is in use.",
        f"  The old one, fingerprint {done.old}, is refused by {done.provider}.",
    )
    return Result({**_data(name, done), "proved_dead": True}, lines, outcome="done", next=("notifyctl history",))


def _aborted(name: str, done: "Rotation", alive: "Left | None") -> Result:
    lines = [f"Aborted. {name} is the old key again, fingerprint {done.old}."]
    if alive:
        lines.append(f"  {alive.words} is still alive at {done.provider}; secrets check names it.")
        lines.append(f"  to end it when workers have followed: notifyctl secrets rotate {name} --abort")
    data = {**_data(name, done), "proved_dead": False, "left": alive._asdict() if alive else None}
    return Result(data, lines, outcome="done")


def _left(loaded: "Settings", provider: str) -> "list[Left]":
    from notifyctl.domain.secret_file import KEYS
    from notifyctl.operations.rotation_file import left
    from notifyctl.store import secret_file

    return left(secret_file.read(loaded.secrets), KEYS[provider][0])


def _swept(
    to: screen.Screen, loaded: "Settings", provider: str, keys: "Sequence[Left]", yes: bool, who: "Who"
) -> Result:
    """The end of keys that aborted rotations have left: by the interface, else on the word of whoever says yes."""
    from notifyctl.cli.running import with_store
    from notifyctl.operations.keymaking import Smith
    from notifyctl.operations.rotation_left import sweep
    from notifyctl.wiring.keys import key_maker

    pace, maker = loaded.revision.pace, key_maker(loaded, provider)
    by_hand = [key for key in keys if not (maker and key.id)]
    asked = f"Have you deleted it at {provider}?" if by_hand else f"Delete it at {provider}?"
    ask.agree(to, asked, yes, [key.words for key in keys])
    smith = Smith(provider, maker) if maker else None
    with_store(
        lambda store: sweep(
            loaded.secrets, provider, smith, store.workers, store.boards, pace.heartbeat_ttl + pace.max_send, who
        ),
        start=True,
    )
    lines = [
        f"{'Forgotten, as you say that it is deleted' if key in by_hand else 'Deleted'}: {key.words}." for key in keys
    ]
    data = {"provider": provider, "by_interface": not by_hand, "swept": [key._asdict() for key in keys]}
    return Result(data, lines, outcome="done", next=("notifyctl history",))


def _data(name: str, done: "Rotation") -> dict[str, Any]:
    return {
        "name": name, "provider": done.provider, "rotation": done.id, "step": done.step, "old": done.old,
        "new": done.new, "began": stamp(done.began * 1000), "promoted": stamp(done.promoted * 1000),
    }  # fmt: skip
