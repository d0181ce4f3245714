"""The file of secrets on the disk: one age file, armored, that each of its recipients can open with stock tools.

It is replaced in one step and only while its lock is held: whoever reads sees the old file or the new one, whole.
"""

import base64
import binascii
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from notifyctl.domain.errors import Misconfigured, Refused, Usage
from notifyctl.domain.secret_file import Recipient, SecretFile, parse, render

_BEGIN, _END = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"
_SECRET_KEY = "AGE-SECRET-KEY-"
PATIENCE = 2.0  # seconds; a change of the file takes milliseconds, a rotation minutes: that one is not waited for


class Place(NamedTuple):
    """Where the file is, and the identity that opens it; `file` is None where no file is used."""

    file: Path | None
    identity: Path


def read(place: Place) -> SecretFile:
    """What the file says; raises `Misconfigured` when it cannot be opened."""
    pyrage = _age()
    try:
        cipher = _path(place).read_bytes()
    except OSError as error:
        raise _closed("NOTIFYCTL_SECRETS", f"cannot read {place.file}: {error.strerror}") from None
    try:
        plain: bytes = pyrage.decrypt(cipher, identities(place))
        return parse(plain.decode())
    except pyrage.DecryptError as error:
        raise _closed("NOTIFYCTL_SECRETS", f"{place.file} does not open with {place.identity}: {error}") from None
    except UnicodeDecodeError:
        raise _closed("NOTIFYCTL_SECRETS", f"what is in {place.file} is no text") from None


def identities(place: Place) -> list[Any]:
    """The private keys of the identity file; raises `Misconfigured` when there is none, and never shows one."""
    pyrage = _age()
    try:
        lines = place.identity.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise _closed("NOTIFYCTL_SECRETS_IDENTITY", f"cannot read {place.identity}: {reason}") from None
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_SECRET_KEY)]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise _closed("NOTIFYCTL_SECRETS_IDENTITY", f"{place.identity} holds no private key of age")
    return found


def public_keys(place: Place) -> list[str]:
    """The public keys of the identity file."""
    return [str(identity.to_public()) for identity in identities(place)]


def make_identity(path: Path) -> None:
    """Make a private key, mode 0600, as `age-keygen` does; raises `Refused` when the file exists."""
    made = _age().x25519.Identity.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("KEY-EXISTS", f"{path} exists; nothing was changed", str(path)) from None
    with os.fdopen(file, "w") as stream:
        stream.write(f"# public key: {made.to_public()}\n{made}\n")
        stream.flush()
        os.fsync(stream.fileno())


def write(place: Place, file: SecretFile) -> None:
    """Replace the file, mode 0600, in one step that the disk has seen; call it while its lock is held.

    It stays its owner's. Raises `Misconfigured` for recipients without our own identity: it would shut us out.
    """
    path = _path(place)
    if not {one.key for one in file.recipients} & {*public_keys(place)}:
        raise _unlisted(f"the list of recipients does not name {place.identity}; nothing was changed")
    keys = [recipient(one.key) for one in file.recipients]
    cipher: bytes = _age().encrypt(render(file).encode(), keys, armored=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            _hand_over(stream.fileno(), path)
            stream.write(cipher)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        _sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def demand_listed(place: Place, file: SecretFile) -> None:
    """Raise `Misconfigured` where the file is encrypted for others than its list names: who is not in it would be shut
    out by the next change, or was meant to be and is not."""
    count, told = stanzas(place), len(file.recipients)
    if count != told:
        raise _unlisted(f"it is encrypted for {count}, and its list names {told}; nothing was changed")


def recipient(key: str) -> Any:
    """A public key as the library takes it; raises `Usage` for a text that is none."""
    pyrage = _age()
    try:
        return pyrage.ssh.Recipient.from_str(key) if key.startswith("ssh-") else pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        what = "this is no public key of age or ssh" if _SECRET_KEY not in key else "this is a private key"
        raise Usage("KEY-RECIPIENT", what, "--recipient", "give age1... or ssh-ed25519 ..., the public half") from None


@contextmanager
def locked(place: Place, what: str = "") -> Iterator[None]:
    """Hold the lock of the file, or of one thing done with it; raises `Refused` while another process does."""
    path, file = _path(place), None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path.with_name(f".{path.name}{what and f'.{what}'}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        _hand_over(file, path)
    except OSError as error:
        if file is not None:
            os.close(file)
        raise _unwritable(path, error) from None
    try:
        _lock(file, 0 if what else PATIENCE)
        with suppress(OSError):  # a full disk: then nobody is told who holds it
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()} on {os.uname().nodename}".encode(), 0)
        yield
    except BlockingIOError:
        held = os.pread(file, 300, 0).decode("utf-8", "replace")
        holder = f"process {held}" if held else "another process"
        fix = "wait until it has ended, or end it"
        what = f"{holder} changes {what or 'it'}; nothing was changed"
        raise Refused("KEY-BUSY", what, path.name, fix) from None
    finally:
        os.close(file)


def _lock(file: int, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)


def _hand_over(file: int, path: Path) -> None:
    """Give a new file to the owner of the one that it goes with, whom it must not be taken from."""
    if path.exists() and (owner := path.stat()).st_uid != os.fstat(file).st_uid:
        os.fchown(file, owner.st_uid, owner.st_gid)


def stanzas(place: Place) -> int:
    """For how many recipients the file is encrypted, by its own head; 0 for a file that is not of age."""
    text = _path(place).read_bytes()
    if text.lstrip().startswith(_BEGIN.encode()):
        body = text.decode("ascii", "replace").partition(_BEGIN)[2].partition(_END)[0]
        try:
            text = base64.b64decode(body)
        except binascii.Error:
            return 0
    head, end, _ = text.partition(b"\n--- ")
    lines = [line.split()[1:2] for line in head.split(b"\n") if line.startswith(b"-> ")]
    return sum(not kind[0].endswith(b"-grease") for kind in lines if kind) if end else 0


def listed(keys: Sequence[str]) -> list[Recipient]:
    """Recipients from words: a public key, and what follows it is a name."""
    found = []
    for text in keys:
        words = text.split()
        most = 2 if text.startswith("ssh-") else 1
        one = Recipient(" ".join(words[:most]), " ".join(words[most:]))
        recipient(one.key)
        found.append(one)
    return found


def _path(place: Place) -> Path:
    if place.file is None:
        fix = "name it; `notifyctl secrets init` makes one"
        raise Misconfigured("KEY-NONE", "no file of secrets is named", "NOTIFYCTL_SECRETS", fix)
    return Path(os.path.realpath(place.file))  # a link stays one: what it leads to is changed


def _unlisted(what: str) -> Misconfigured:
    fix = "write it anew for all who shall open it: notifyctl secrets rekey --recipient age1..."
    return Misconfigured("KEY-READERS", what, "NOTIFYCTL_SECRETS", fix)


def _unwritable(path: Path, error: OSError) -> Misconfigured:
    fix = "make room, or let the user of this command write its folder; best run it as the owner of the file"
    return Misconfigured("KEY-FILE", f"cannot write {path}: {error.strerror}", "NOTIFYCTL_SECRETS", fix)


def _closed(where: str, what: str) -> Misconfigured:
    fix = "name the file, and an identity that is among its recipients; stock `age -d -i IDENTITY FILE` tells more"
    return Misconfigured("KEY-FILE", what, where, fix)


def _sync(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _age() -> Any:
    import pyrage  # type: ignore[import-untyped]  # it comes without types

    return pyrage
