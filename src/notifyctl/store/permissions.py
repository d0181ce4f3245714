"""Who else could read or replace a file that must stay secret."""

import os
import stat
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


def trouble(path: Path) -> str:
    """What is wrong with a file, in a few words; '' when it is 0600, ours, no link, in a folder nobody else changes.

    What systemd hands over below $CREDENTIALS_DIRECTORY is guarded by systemd, with lists of access that a mode does
    not tell. Raises OSError when it cannot be seen.
    """
    handed_over = os.environ.get("CREDENTIALS_DIRECTORY")
    if handed_over and path.is_relative_to(handed_over):
        return ""
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
