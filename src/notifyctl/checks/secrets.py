"""SEC: who may read what must stay secret."""

import os
import stat
from pathlib import Path

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@check("SEC-003", "Only the owner can read files with secrets", expected="0600, ours, no link, in a folder that others "
       "cannot change", needs=("ENV-001",))  # fmt: skip
async def permissions(readers: Readers) -> Seen:
    wrong = [words for path in readers.given.files if (words := _wrong(path))]
    if wrong:
        return failed("; ".join(wrong), "chmod 600 the file, chmod 700 its folder, and own both")
    count = len(readers.given.files)
    return passed(f"files that were looked at: {count}" if count else "no secret is in a file")


def _wrong(path: Path) -> str:
    """What is wrong with a file, in a few words; nothing when it is well."""
    file, folder = path.lstat(), path.parent.stat()
    if stat.S_ISLNK(file.st_mode):
        return f"{path.name} is a link"
    if file.st_uid != os.geteuid():
        return f"{path.name} belongs to another user"
    if file.st_mode & _OTHERS:
        return f"{path.name} is {stat.S_IMODE(file.st_mode):04o}"
    if folder.st_mode & _MAY_WRITE and not folder.st_mode & stat.S_ISVTX:
        return f"the folder of {path.name} is {stat.S_IMODE(folder.st_mode):04o}"
    return ""
