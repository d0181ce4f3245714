"""The shelf: the runbooks that come with the package, and a team's own files by their path."""

from pathlib import Path

import notifyctl
from notifyctl.domain.errors import Usage
from notifyctl.domain.runbook import Book, parse

_PACKAGE = Path(notifyctl.__file__).parent


def folder() -> Path:
    """Where the books are: in the wheel beside the code, in a checkout at its top."""
    installed = _PACKAGE / "runbooks"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "runbooks"


def names() -> list[str]:
    """The names of the books that come with the package, in alphabetical order."""
    return sorted(path.stem for path in folder().glob("*.md"))


def books() -> list[Book]:
    """All books that come with the package."""
    return [book(name) for name in names()]


def book(name: str) -> Book:
    """A book by its name, or by the path of a markdown file; raises `Usage` when there is none."""
    if name in names():
        return parse(name, (folder() / f"{name}.md").read_text("utf-8"), f"runbooks/{name}.md")
    path = Path(name)
    try:
        if path.suffix == ".md":
            return parse(path.stem, path.read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise Usage("RBK-UNKNOWN", f"{name} cannot be read: {error}", "BOOK") from None
    raise Usage("RBK-UNKNOWN", f"there is no runbook {name!r}", "BOOK", f"there are {', '.join(names())}")
