"""The file of secrets in plain text: lines `NAME=value` that a shell reads, and comments with what is known of them.

    # secrets of notifyctl, version 1
    # recipient age1... ann@laptop                    who can open it; an age file does not tell
    # created 2026-11-30T18:40:00Z RESEND_API_KEY     when a value was set
    # key-id 7f2c... RESEND_API_KEY                   the provider's name of a key, to revoke it by
    # rotation RESEND_API_KEY {"step": ...}           a rotation that is not over
    # left RESEND_API_KEY {"id": ...}                 a key that one left alive when it was aborted
    # did 2026-11-30T18:40:00Z ann: set RESEND_API_KEY: the first key
    RESEND_API_KEY=re_...

A value with anything but letters, digits and a few signs is quoted as for a shell, so `set -a; . <(age -d ...)` gives
an application its secrets when notifyctl is broken. What a person adds by hand is kept.
"""

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from notifyctl.domain.errors import Misconfigured, Usage
from notifyctl.domain.secret import Secret

HEADER = "# secrets of notifyctl, version 1"
KEYS = {  # of each provider; they travel in a header, and are rotated together
    "resend": ("RESEND_API_KEY",),
    "postmark": ("POSTMARK_API_KEY",),
    "ses": ("AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY"),
}
ADMINISTRATORS = (  # they make and revoke keys; read from the file, too, where somebody puts them there
    *("NOTIFYCTL_RESEND_ADMIN_KEY", "NOTIFYCTL_AWS_ADMIN_ACCESS_KEY", "NOTIFYCTL_AWS_ADMIN_SECRET_KEY"),
)
IN_HEADERS = (*(name for names in KEYS.values() for name in names), "NOTIFYCTL_PAGERDUTY_KEY")
PEPPER = "NOTIFYCTL_PEPPER"
CHOSEN = (  # a guess could be confirmed
    *("BULLMQ_REDIS_PASSWORD", "NOTIFYCTL_NOTIFY_COMMAND", "NOTIFYCTL_WEBHOOK_URL", "NOTIFYCTL_HEARTBEAT_URL"),
)
NAMES = (*IN_HEADERS, PEPPER, "NOTIFYCTL_LEDGER_KEY", "NOTIFYCTL_WEBHOOK_SECRET", "SENTRY_DSN", *CHOSEN)
NEXT, OLD = "__next", "__old"  # behind a name: the value that comes, and the one that goes, during a rotation
LONGEST_TRAIL = 200

_NAME = re.compile(r"[A-Z_]{1,60}")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_Known = TypeVar("_Known")
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


class Recipient(NamedTuple):
    """Whoever can open the file: a public key of age or ssh, and a name for people."""

    key: str
    name: str = ""


class SecretFile(NamedTuple):
    """What a file says. `created` are epoch seconds by name, `ids` the providers' names of keys; `rotations` is one
    line of text for each rotation that is not over, by the name of its secret, `left` one with that name for each key
    that an aborted one left alive; `trail` tells who did what."""

    values: Mapping[str, Secret] = {}
    recipients: Sequence[Recipient] = ()
    created: Mapping[str, int] = {}
    ids: Mapping[str, str] = {}
    rotations: Mapping[str, str] = {}
    trail: Sequence[str] = ()
    notes: Sequence[str] = ()
    left: Sequence[tuple[str, str]] = ()

    def with_value(self, name: str, value: Secret, at: int) -> "SecretFile":
        """The file with a value set at that time (epoch seconds, 0 = not known); what was known of the old one is
        forgotten."""
        ids = {other: known for other, known in self.ids.items() if other != name}
        created = {other: then for other, then in {**self.created, name: at}.items() if then}
        return self._replace(values={**self.values, name: value}, created=created, ids=ids)

    def without(self, *names: str) -> "SecretFile":
        """The file without these secrets and all that is known of them."""

        def rest(found: Mapping[str, _Known]) -> dict[str, _Known]:
            return {name: value for name, value in found.items() if name not in names}

        return self._replace(values=rest(self.values), created=rest(self.created), ids=rest(self.ids))

    def with_deed(self, at: int, by: str, deed: str, why: str) -> "SecretFile":
        """The file with one more line of its trail, of which the last 200 are kept."""
        line = " ".join(f"{stamp(at)} {by}: {deed}: {why}".split())
        return self._replace(trail=(*self.trail, line)[-LONGEST_TRAIL:])


def fingerprint(*values: Secret) -> str:
    """The first 12 hex digits of the SHA-256 of a key, to tell keys apart; of several the text with line ends."""
    text = "\n".join(value.reveal() for value in values)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def together(name: str) -> tuple[str, ...]:
    """The names that are set and rotated at once: all of a provider's, else this one alone."""
    return next((names for names in KEYS.values() if name in names), (name,))


def stamp(at: int) -> str:
    """Epoch seconds as `2026-11-30T18:40:00Z`."""
    return datetime.fromtimestamp(at, UTC).strftime(_STAMP)


def demand_name(name: str) -> None:
    """Raise `Usage` for a name that no secret has; whoever gave a value instead does not see it again."""
    if name not in NAMES:
        told = repr(name) if _NAME.fullmatch(name) else "this"
        raise Usage("KEY-NAME", f"{told} is the name of no secret", "NAME", f"use one of {', '.join(NAMES)}")


def demand_value(name: str, text: str) -> Secret:
    """The value as a secret; raises `Usage` for one that could not be meant, and never shows it.

    Keys that travel in a header have printable ASCII without spaces, a pepper has 16 characters, all have one line.
    """
    if not text:
        raise Usage("KEY-VALUE", "no value came", name, "give it on stdin, or type it at the prompt")
    if len(text.splitlines()) > 1 or "\0" in text:
        raise Usage("KEY-VALUE", "the value has several lines", name, "give one line")
    if name in IN_HEADERS and not all("!" <= letter <= "~" for letter in text):
        raise Usage("KEY-VALUE", "the value contains a space or a character that no key has", name, "copy it again")
    if name == PEPPER and len(text) < 16:
        raise Usage("KEY-VALUE", "the value is shorter than 16 characters", name, "make one: openssl rand -hex 32")
    return Secret(text)


def render(file: SecretFile) -> str:
    """The plain text of a file."""
    return "".join(f"{line}\n" for line in _lines(file))


def _lines(file: SecretFile) -> Iterable[str]:
    yield HEADER
    yield from file.notes
    for recipient in file.recipients:
        yield f"# recipient {recipient.key} {recipient.name}".rstrip()
    for name, at in file.created.items():
        yield f"# created {stamp(at)} {name}"
    for name, known in file.ids.items():
        yield f"# key-id {known} {name}"
    for name, told in file.rotations.items():
        yield f"# rotation {name} {told}"
    for name, told in file.left:
        yield f"# left {name} {told}"
    for line in file.trail:
        yield f"# did {line}"
    for name, value in file.values.items():
        yield f"{name}={shlex.quote(value.reveal())}"


def parse(text: str) -> SecretFile:
    """Read the plain text; raises `Misconfigured` that names the line, and never shows it."""
    values: dict[str, Secret] = {}
    told: dict[str, list[str]] = {
        word: [] for word in ("recipient", "created", "key-id", "rotation", "left", "did", "")
    }
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            _, word, rest = (*line.split(" ", 2), "", "")[:3]
            known = word in told and bool(word)
            if line.strip() != HEADER:
                told[word if known else ""].append(rest if known else line)
        elif line.strip():
            name, value = _pair(line.strip(), number)
            values[name] = value
    created = {name: at for row in told["created"] for at, _, name in (row.partition(" "),)}
    return SecretFile(
        values,
        tuple(Recipient(*_cut(row)) for row in told["recipient"]),
        {name: at for name, row in created.items() if (at := _seconds(row))},
        {name: known for known, name in map(_cut, told["key-id"])},
        dict(row.partition(" ")[::2] for row in told["rotation"]),
        tuple(told["did"]),
        tuple(told[""]),
        tuple((name, rest) for name, _, rest in (row.partition(" ") for row in told["left"])),
    )


def _cut(row: str) -> tuple[str, str]:
    """The last word of a key with spaces is its comment: `ssh-ed25519 AAAA ann`, `age1... ann`."""
    words = row.split(" ")
    most = 2 if words[0].startswith("ssh-") else 1
    return " ".join(words[:most]), " ".join(words[most:])


def _seconds(text: str) -> int:
    try:
        return int(datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def _pair(line: str, number: int) -> tuple[str, Secret]:
    found = _LINE.fullmatch(line)
    try:
        words = shlex.split(found[2]) if found else []
    except ValueError:
        words = []
    if found is None or len(words) > 1 or (found[2] and not words):
        raise Misconfigured(
            "KEY-TEXT", "this is no line NAME=value, quoted as for a shell", f"line {number} of the file",
            "correct it: age -d, an editor, age -e -a with each recipient",
        )  # fmt: skip
    return found[1], Secret(words[0] if words else "")
