"""Reading typed values from environment variables, with errors that name the variable and the fix."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.secret import Secret

_OURS = ("NOTIFYCTL_", "BULLMQ_REDIS_")


Mark = tuple[int, int, int]


def mark(path: Path) -> Mark:
    """What changes when a file is replaced or written; zeros when it cannot be seen."""
    try:
        seen = path.stat()
    except OSError:
        return (0, 0, 0)
    return seen.st_mtime_ns, seen.st_ino, seen.st_size


@dataclass(frozen=True, slots=True)
class Unknown:
    """A variable that nothing reads; `meant` is the name it resembles, or empty."""

    name: str
    meant: str


class Reader:
    """Reads variables by name and remembers which names exist, so that the rest are unknown."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._known = {"NOTIFYCTL_ACTOR"}  # no setting: the command line reads it
        self.files: dict[Path, Mark] = {}  # that secrets were read from, as they were just before
        self.kept: Mapping[str, Secret] = {}  # what the file of secrets holds
        self.sources: dict[str, str] = {}  # of each secret that is set: environment, file or secrets

    def text(self, name: str) -> str | None:
        self._known.add(name)
        return self._environ.get(name, "").strip() or None

    def choice(self, name: str, words: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in words:
            raise wrong(name, f"{value!r} is unknown", f"use one of {', '.join(words)}")
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name) or str(default)
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not low <= int(value) <= high:
            raise wrong(name, f"{value!r} is no number from {low} to {high}", f"leave it unset for {default}")
        return int(value)

    def flag(self, name: str) -> bool:
        value = (self.text(name) or "false").lower()
        if value not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise wrong(name, f"{value!r} is neither true nor false", "write true or false")
        return value in ("1", "true", "yes", "on")

    def url(self, name: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        if not _is_base_url(value):
            raise wrong(name, f"{value!r} is no base URL", "write https://host or http://127.0.0.1:port")
        return value.rstrip("/")

    def secret(self, name: str) -> Secret | None:
        given, file = self.text(name), self.text(f"{name}_FILE")
        if given and file:
            raise wrong(name, f"{name} and {name}_FILE are both set", "keep one of them")
        if not given and not file:
            return self._kept(name)
        self.sources[name] = "file" if file else "environment"
        return Secret(self._file(f"{name}_FILE", file) if file else given or "")

    def _kept(self, name: str) -> Secret | None:
        """The value of the file of secrets, which yields to both others."""
        text = self.kept[name].reveal().strip() if name in self.kept else ""
        if not text:
            return None
        self.sources[name] = "secrets"
        return Secret(text)

    def _file(self, name: str, path: str) -> str:
        self.watch(Path(path).expanduser().absolute())
        return _secret_file(name, path)

    def watch(self, *files: Path) -> None:
        """Remember how files are before they are read: a change while that is done must be seen later."""
        self.files |= {path: mark(path) for path in files}

    def key(self, name: str) -> Secret | None:
        """A secret that travels in a header: printable ASCII without spaces."""
        secret = self.secret(name)
        if secret and not all("!" <= letter <= "~" for letter in secret.reveal()):
            raise wrong(name, "the key contains a space or a character that no key has", "copy it again")
        return secret

    def unknown(self) -> tuple[Unknown, ...]:
        strange = sorted(name for name in self._environ if name.startswith(_OURS) and name not in self._known)
        return tuple(Unknown(name, self._resembling(name)) for name in strange)

    def _resembling(self, name: str) -> str:
        import difflib

        return next(iter(difflib.get_close_matches(name, sorted(self._known), n=1, cutoff=0.8)), "")


def _is_base_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.query or parts.fragment or parts.username or " " in value)
        )
    except ValueError:  # no IPv6 address, or no port
        return False


def wrong(name: str, what: str, fix: str) -> Misconfigured:
    return Misconfigured("CFG-VALUE", what, name, fix)


def _secret_file(name: str, path: str) -> str:
    try:
        text = Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise wrong(name, f"cannot read {path!r}: {reason}", "name a readable file with the secret alone") from None
    if not text:
        raise wrong(name, f"{path!r} is empty", "name a readable file with the secret alone")
    return text
