"""Where the data directory and the file of secrets are: known even where other settings are wrong."""

import os
from pathlib import Path

from notifyctl.settings.environment import Reader
from notifyctl.store.secret_file import Place

IDENTITY_CREDENTIAL = "notifyctl-identity"  # as `LoadCredential=` of systemd calls it


def home(read: Reader | None = None) -> Path:
    """The data directory."""
    default = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "notifyctl"
    return Path((read or Reader(os.environ)).text("NOTIFYCTL_HOME") or default).expanduser().absolute()


def secrets_place(read: Reader | None = None) -> Place:
    """Where the file of secrets and its identity are.

    The identity is the named file, else a credential that systemd hands over, else a key below `home`.
    """
    read = read or Reader(os.environ)
    file, named = read.text("NOTIFYCTL_SECRETS"), read.text("NOTIFYCTL_SECRETS_IDENTITY")
    handed_over = Path(os.environ.get("CREDENTIALS_DIRECTORY") or "/nowhere") / IDENTITY_CREDENTIAL
    found = Path(named) if named else handed_over if handed_over.is_file() else home(read) / "keys" / "identity"
    return Place(Path(file).expanduser().absolute() if file else None, found.expanduser().absolute())


def named_identity() -> Path | None:
    """The file that NOTIFYCTL_SECRETS_IDENTITY names, its links resolved, where a file of secrets is used."""
    place = secrets_place()
    named = os.environ.get("NOTIFYCTL_SECRETS_IDENTITY", "").strip()
    return place.identity.resolve() if place.file and named else None


def config() -> Path | None:
    """The configuration file that the environment names; it may not be there."""
    named = os.environ.get("NOTIFYCTL_CONFIG", "").strip()
    return Path(named).expanduser().absolute() if named else None


def project() -> Path:
    """The folder of the registers: that of the configuration file, else the one in which the command runs."""
    named = config()
    return named.parent if named else Path.cwd()
