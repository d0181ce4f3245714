"""What a rotation reads in the file of secrets, and how it changes it; the steps themselves are in `rotation`."""

from collections.abc import Sequence

from notifyctl.domain.errors import Refused
from notifyctl.domain.rotation import Left, Rotation, Step, read, read_left, write_left
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import KEYS, NEXT, OLD, SecretFile
from notifyctl.operations.secrets import Who, hidden_by

Values = tuple[Secret, ...]


def standing(file: SecretFile, provider: str) -> Rotation | None:
    """The rotation of that provider's key that is not over."""
    text = file.rotations.get(KEYS[provider][0])
    return read(text) if text else None


def in_file(file: SecretFile, names: Sequence[str]) -> Values:
    """The values under these names; raises `Refused` when the file does not have them, or a variable goes before it."""
    for name in names:
        if name not in file.values:
            fix = f"put the one that is used now into the file: notifyctl secrets set {name}"
            raise Refused("KEY-ELSEWHERE", f"{name} is not in the file of secrets; nothing was changed", name, fix)
        if hider := hidden_by(name):
            what = f"{hider} goes before the file, so a new key in it would not be used; nothing was changed"
            raise Refused("KEY-HIDDEN", what, name, f"unset {hider}, here and where the workers run")
    return tuple(file.values[name] for name in names)


def promoted(file: SecretFile, names: Sequence[str], rotation: Rotation) -> SecretFile:
    """The file with the new values under their names, and the old ones, with their ages, beside them."""
    for name in names:
        old, born, new = file.values[name], file.created.get(name, 0), file.values[f"{name}{NEXT}"]
        file = file.without(f"{name}{NEXT}").with_value(name, new, rotation.promoted)
        file = file.with_value(f"{name}{OLD}", old, born)
    ids = {names[0]: rotation.new_id} if rotation.new_id else {}
    return file._replace(ids={**file.ids, **ids})


def restored(file: SecretFile, names: Sequence[str], rotation: Rotation, alive: Left | None) -> SecretFile:
    """The file with the old values under their names, as old as they were; it remembers a new key that is alive."""
    for name in names if rotation.done(Step.PROMOTED) else ():
        file = file.with_value(name, file.values[f"{name}{OLD}"], file.created.get(f"{name}{OLD}", 0))
    ids = {names[0]: rotation.old_id} if rotation.old_id else {}
    more = [(names[0], write_left(alive))] if alive else []
    return file._replace(ids={**file.ids, **ids}, left=(*file.left, *more))


def left(file: SecretFile, name: str) -> list[Left]:
    """The keys of that name that aborted rotations have left alive."""
    return [read_left(text) for other, text in file.left if other == name]


def over(file: SecretFile, names: Sequence[str], who: Who) -> SecretFile:
    """The file without what a rotation needed, and with a line about it."""
    rest = {name: text for name, text in file.rotations.items() if name not in names}
    kept = file.without(*(f"{name}{suffix}" for name in names for suffix in (NEXT, OLD)))
    return kept._replace(rotations=rest).with_deed(who.at, who.by, f"rotate {names[0]}", who.why)
