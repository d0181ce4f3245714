"""A key of our own, kept in a file that only its owner can read."""

import contextlib
import os
from pathlib import Path


def read_or_make(path: Path) -> bytes:
    """The key in `path`, 64 hex digits; made with mode 0600 when missing. Callers at once get one key."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes().strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(os.urandom(32).hex() + "\n")
    with contextlib.suppress(FileExistsError):  # linking, unlike renaming, never replaces another's key
        os.link(draft, path)
    draft.unlink()
    return path.read_bytes().strip()
