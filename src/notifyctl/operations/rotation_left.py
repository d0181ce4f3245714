"""Keys that aborted rotations have left alive: they are deleted, or a person says that they are, and then forgotten."""

from collections.abc import Sequence

from notifyctl.domain.errors import Waiting
from notifyctl.domain.rotation import Left, write_left
from notifyctl.domain.secret_file import KEYS, SecretFile, fingerprint
from notifyctl.operations.keymaking import Smith
from notifyctl.operations.rotation import note
from notifyctl.operations.rotation_file import left
from notifyctl.operations.secrets import Who, update
from notifyctl.store import secret_file as disk
from notifyctl.store.board import Boards
from notifyctl.store.secret_file import Place
from notifyctl.store.workers import Workers


async def sweep(
    place: Place, provider: str, smith: Smith | None, workers: Workers, boards: Boards, horizon: float, who: Who
) -> Sequence[Left]:
    """Delete what is left of that provider's keys, where its interface can, and forget it; the keys that it was.

    Raises `Waiting` while a worker or the file uses one, or calls from before the abort, `horizon` seconds, may be
    under way; `Bad` and `Unreachable` as a `Smith` does: then all of them stay remembered.
    """
    name = KEYS[provider][0]
    with disk.locked(place, name):
        file = disk.read(place)
        keys = left(file, name)
        users = [(f"worker {beat.host}/{beat.pid}", beat.keys.get(provider, "")) for beat in await workers.list()]
        _demand_unused(name, keys, [*users, ("the file of secrets", _used(file, provider))], who.at - horizon)
        if smith:
            await _delete(smith, keys)
        for key in keys:
            gone = "deleted" if smith and key.id else "said to be deleted"
            told = f"{key.words}, left by an aborted rotation, is {gone} at {provider} ({key.rotation}): {who.why}"
            await note(boards, f"secrets rotate {name} --abort", who.by, told)
        over = {write_left(key) for key in keys}
        update(place, lambda now: now._replace(left=[one for one in now.left if one[1] not in over]))
    return keys


def _used(file: SecretFile, provider: str) -> str:
    values = [file.values[name] for name in KEYS[provider] if name in file.values]
    return fingerprint(*values) if values else ""


def _demand_unused(name: str, keys: Sequence[Left], users: Sequence[tuple[str, str]], old_enough: float) -> None:
    for key in keys:
        why = next((f"{user} uses it" for user, used in users if key.fingerprint and used == key.fingerprint), "")
        if not why and key.fingerprint and key.at > old_enough:
            why = f"calls with it may be under way for {key.at - old_enough:.0f} s"
        if why:
            what = f"{key.words} is not deleted yet: {why}"
            raise Waiting("KEY-IN-USE", what, name, "see notifyctl worker list; the same command goes on")


async def _delete(smith: Smith, keys: Sequence[Left]) -> None:
    """Those that it lists; what is not there is gone already."""
    ids, labels = {key.id for key in keys if key.id}, {f"notifyctl {key.rotation}" for key in keys if not key.id}
    for listed in await smith.keys():
        if listed.id in ids or listed.name in labels:
            await smith.revoke(listed.id)
