"""The file of secrets as people change it: made, filled, opened to others, looked at. No value leaves these functions.

Each change holds the lock of the file, reads it, and replaces it in one step.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from notifyctl.domain.errors import Misconfigured, Refused
from notifyctl.domain.finding import Finding
from notifyctl.domain.key_age import DAY, DAYS, Age, age
from notifyctl.domain.rotation import read_left
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import (
    ADMINISTRATORS,
    CHOSEN,
    NAMES,
    NEXT,
    OLD,
    Recipient,
    SecretFile,
    fingerprint,
    together,
)
from notifyctl.store import secret_file as disk
from notifyctl.store.permissions import trouble
from notifyctl.store.secret_file import Place


class Who(NamedTuple):
    """Who changes it, at which time (epoch seconds), and why."""

    by: str
    at: int
    why: str


class Made(NamedTuple):
    """A new file, and whether its identity is new, too."""

    file: SecretFile
    identity_is_new: bool


class Rekeyed(NamedTuple):
    """Who could open the file, and who can from now on."""

    before: Sequence[Recipient]
    after: Sequence[Recipient]
    names: Sequence[str]

    @property
    def gone(self) -> list[Recipient]:
        """Those who cannot open it any more; they may have read it before."""
        kept = {one.key for one in self.after}
        return [one for one in self.before if one.key not in kept]

    @property
    def new(self) -> list[Recipient]:
        """Those who can open it from now on."""
        known = {one.key for one in self.before}
        return [one for one in self.after if one.key not in known]


def init(place: Place, keys: Sequence[str], who: Who) -> Made:
    """Make the file for these recipients and our own identity, which is made, too, when there is none.

    Raises `Refused` when the file exists.
    """
    others = disk.listed(keys)
    with disk.locked(place):
        if place.file and place.file.exists():
            raise Refused("KEY-EXISTS", f"{place.file} exists; nothing was changed", "NOTIFYCTL_SECRETS")
        new = not place.identity.exists()
        if new:
            disk.make_identity(place.identity)
        own = [Recipient(key, who.by) for key in disk.public_keys(place)]
        file = SecretFile(recipients=_once([*own, *others])).with_deed(who.at, who.by, "init", who.why)
        disk.write(place, file)
    return Made(file, new)


def put(place: Place, values: Mapping[str, Secret], who: Who) -> SecretFile:
    """Set values that belong together, in one write; raises `Refused` while one of them is being rotated."""

    def change(file: SecretFile) -> SecretFile:
        for name in values:
            if rotating := next((one for one in together(name) if one in file.rotations), ""):
                fix = f"go on with it: notifyctl secrets rotate {rotating}; or end it: --abort"
                raise Refused("KEY-ROTATING", f"{rotating} is being rotated; nothing was changed", name, fix)
            file = file.with_value(name, values[name], who.at)
        return file.with_deed(who.at, who.by, f"set {' and '.join(values)}", who.why)

    return update(place, change)


def update(place: Place, change: Callable[[SecretFile], SecretFile]) -> SecretFile:
    """Replace the file by what `change` makes of it, while nobody else does; returns what is in it then.

    Raises `Misconfigured` where its list of recipients is not true.
    """
    with disk.locked(place):
        before = disk.read(place)
        disk.demand_listed(place, before)
        after = change(before)
        disk.write(place, after)
    return after


def rekeyed(place: Place, keys: Sequence[str]) -> Rekeyed:
    """Who could open the file before and after; without keys those who can open it now. Our own identity always can."""
    file, mine = disk.read(place), disk.public_keys(place)
    wanted = disk.listed(keys) or list(file.recipients)
    own = [one for one in file.recipients if one.key in mine] or [Recipient(mine[0])]
    after = wanted if {one.key for one in wanted} & set(mine) else [*own, *wanted]
    return Rekeyed(file.recipients, _once(after), [*file.values])


def rekey(place: Place, change: Rekeyed, who: Who) -> SecretFile:
    """Encrypt the file anew for those who can open it from now on; raises `Refused` where the plan is out of date."""
    deed = f"rekey for {', '.join(one.name or one.key for one in change.after)}"
    with disk.locked(place):
        file = disk.read(place)
        if file.recipients != change.before:
            what = "somebody else has changed who can open it; nothing was changed"
            raise Refused("KEY-BUSY", what, "NOTIFYCTL_SECRETS", "run the same command again, and look at its plan")
        after = file._replace(recipients=change.after).with_deed(who.at, who.by, deed, who.why)
        disk.write(place, after)
    return after


def _once(recipients: Sequence[Recipient]) -> list[Recipient]:
    return list({one.key: one for one in reversed(recipients)}.values())[::-1]


class Entry(NamedTuple):
    """What may be told of a secret. `fingerprint` is '' for one that a guess could confirm; `created` is in epoch
    seconds, 0 = not known; `hidden_by` is the variable that goes before it, or ''."""

    name: str
    fingerprint: str
    created: int
    days: int
    age: Age
    hidden_by: str


def entries(file: SecretFile, now: int) -> list[Entry]:
    """What may be told of all secrets in the file, in its order."""
    return [_entry(file, name, now) for name in file.values]


def _entry(file: SecretFile, name: str, now: int) -> Entry:
    plain = name.removesuffix(NEXT).removesuffix(OLD)
    created = file.created.get(name, 0)
    days = max(now - created, 0) // DAY if created else 0
    told = "" if plain in CHOSEN else fingerprint(file.values[name])
    return Entry(name, told, created, days, age(name, created, now), hidden_by(name))


def hidden_by(name: str) -> str:
    """The variable of this environment that goes before the file, or ''."""
    return next((one for one in (name, f"{name}_FILE") if os.environ.get(one, "").strip()), "")


def findings(place: Place, file: SecretFile, now: int) -> list[Finding]:
    """What is wrong with a file that opens, worst first."""
    found = [*_guarded(place), *_readers(place, file), *_named(file), *_aged(file, now), *_rotating(file), *_left(file)]
    return sorted(found, key=lambda one: ("error", "warning").index(one.severity))


def _guarded(place: Place) -> Iterator[Finding]:
    for path in (place.file, place.identity):
        if path and (wrong := _trouble(path)):
            yield Finding("KEY-MODE", "error", path.name, wrong, "chmod 600 the file, chmod 700 its folder, own both")


def _trouble(path: Path) -> str:
    try:
        return trouble(path)
    except OSError as error:
        raise Misconfigured("KEY-FILE", f"cannot see {path}: {error.strerror}", str(path)) from None


def _readers(place: Place, file: SecretFile) -> Iterator[Finding]:
    count, told = disk.stanzas(place), len(file.recipients)
    if count != told:
        what = f"it is encrypted for {count}, and its list names {told}"
        yield Finding("KEY-READERS", "error", "recipients", what, "write it anew: notifyctl secrets rekey")
    elif count < 2:
        what = "one key alone opens it: with that key all secrets are lost"
        fix = "add another one: notifyctl secrets rekey --recipient age1..."
        yield Finding("KEY-ALONE", "warning", "recipients", what, fix)


def _named(file: SecretFile) -> Iterator[Finding]:
    for name in file.values:
        if name in ADMINISTRATORS:
            what = "every worker that opens the file can make and revoke keys with it"
            fix = "give it to whoever rotates, as a variable, and take it out: age -d, an editor, age -e"
            yield Finding("KEY-ADMINISTRATOR", "warning", name, what, fix)
        elif name.removesuffix(NEXT).removesuffix(OLD) not in NAMES:
            yield Finding("KEY-STRANGE", "warning", name, "nothing reads it", "rename or remove it: age -d, age -e")
        elif hider := hidden_by(name):
            what = f"{hider} goes before it: what the file says is not used here"
            yield Finding("KEY-HIDDEN", "warning", name, what, f"unset {hider}")


def _aged(file: SecretFile, now: int) -> Iterator[Finding]:
    for one in entries(file, now):
        fix = f"notifyctl secrets rotate {one.name}"
        if one.age is Age.UNKNOWN:
            yield Finding("KEY-AGE", "warning", one.name, "nobody wrote down since when it is used", fix)
        elif one.age is not Age.GOOD:
            severity = "error" if one.age is Age.OVER else "warning"
            what = f"it is {one.days} days old, and {DAYS[one.name]} are allowed"
            yield Finding("KEY-AGE", severity, one.name, what, fix)


def _left(file: SecretFile) -> Iterator[Finding]:
    for name, text in file.left:
        what = f"an aborted rotation has left a key alive: {read_left(text).words}"
        yield Finding("KEY-LEFT", "warning", name, what, f"end it: notifyctl secrets rotate {name} --abort")


def _rotating(file: SecretFile) -> Iterator[Finding]:
    for name in file.rotations:
        fix = f"go on with it: notifyctl secrets rotate {name}"
        yield Finding("KEY-ROTATING", "warning", name, "a rotation has begun and is not over", fix)
