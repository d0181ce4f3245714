"""SEC: secrets that are none any more; and TLS-003, what else must not stand in a file of the project."""

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, unset
from notifyctl.domain.leak import Leak, leaks
from notifyctl.domain.secret import SHORTEST
from notifyctl.domain.unverified import unverified
from notifyctl.store.processes import own

MOST, LARGEST = 5_000, 32 << 20  # files and bytes; a larger tree is searched by a scanner of its own
SHOWN = 5

Find = Callable[[str, Path], Iterator[Leak]]


@check(
    "SEC-001",
    "No secret stands in the project",
    expected="none of a known shape in its working tree",
    profile="ci",
    needs=("ENV-006",),
)
async def tree(readers: Readers) -> Seen:
    identity = readers.given.identity
    more = "; the history was not" if identity is None else "; the history and the identity were not"
    hint = "revoke the secret first, then remove it, from the history too"
    return _searched(readers, _secrets, hint, more, identity)


@check(
    "TLS-003",
    "Nothing turns verification off",
    expected="no file of the project believes any certificate",
    profile="ci",
    needs=("ENV-006",),
)
async def verified(readers: Readers) -> Seen:
    return _searched(readers, _code, "remove that line, and name the authority instead: a CA file")


@check("SEC-007", "Each secret is one of its own", expected="none equals another, or an example", needs=("ENV-001",))
async def equal(readers: Readers) -> Seen:
    secrets = {name: secret.reveal() for name, secret in readers.given.secrets.items()}
    if not secrets:
        return unset()
    same = [f"{one} and {other}" for one, other in combinations(secrets, 2) if secrets[one] == secrets[other]]
    samples = set(readers.project.example.values())
    copied = [f"{name} is that of .env.example" for name, value in secrets.items() if value in samples]
    if same or copied:
        return failed("; ".join([*(f"{pair} are equal" for pair in same), *copied]), "make a new one for each")
    return passed(f"secrets that were compared: {len(secrets)}")


def _searched(readers: Readers, find: Find, hint: str, more: str = "", left_out: Path | None = None) -> Seen:
    """What was found in the project: each place is named, and what stands there is not shown."""
    paths, whole = _within(path for path in readers.project.tree() if left_out is None or path.resolve() != left_out)
    read = {str(path.relative_to(readers.project.folder)): _places(path, find) for path in paths}
    found = [f"{name}:{place}" for name, places in read.items() for place in places or ()]
    if found:
        rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return failed(f"{', '.join(found[:SHOWN])}{rest}", hint)
    if closed := [name for name, places in read.items() if places is None]:
        return unseen(f"cannot be read: {', '.join(closed[:SHOWN])}", "run preflight as a user who may read them")
    if not whole:
        return unseen("there is too much to search", "run preflight in the folder of the registers alone")
    return passed(f"files that were searched: {len(paths)}{more}")


def _secrets(text: str, _: Path) -> Iterator[Leak]:
    return leaks(text)


def _code(text: str, path: Path) -> Iterator[Leak]:
    """Prose may speak of it."""
    return iter(()) if path.suffix == ".md" else unverified(text)


@check("SEC-004", "No secret is in a command line", expected="in none of a process of this user", needs=("ENV-001",))
async def arguments(readers: Readers) -> Seen:
    known = {name: secret.reveal() for name, secret in readers.given.secrets.items()}
    compared = {name: value for name, value in known.items() if len(value) >= SHORTEST}
    if not compared:
        return unseen("no secret is set here that is longer than a word", "run it where the workers run")
    running = own()
    found = [f"{name} in that of process {one.pid}" for name in compared for one in running if known[name] in one.line]
    if found:
        fix = (
            "change the secret: all users of this host could read it; then give it by a file, stdin or the environment"
        )
        return failed(", ".join(found[:SHOWN]), fix)
    return passed(f"processes that were looked at: {len(running)}")


def _within(tree: Iterator[Path]) -> tuple[list[Path], bool]:
    """The first files of a tree, and whether those are all."""
    paths: list[Path] = []
    size = 0
    for path in tree:
        size += path.stat().st_size
        if len(paths) == MOST or size > LARGEST:
            return paths, False
        paths.append(path)
    return paths, True


def _places(path: Path, find: Find) -> list[str] | None:
    """Line and kind of what was found in a file, without it; None for a file that nobody could look into. One byte
    that is no UTF-8 hides nothing: the shapes are ASCII."""
    try:
        return [f"{leak.line} ({leak.kind})" for leak in find(path.read_text("utf-8", errors="replace"), path)]
    except OSError:
        return None
