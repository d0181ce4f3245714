"""The seal of a report: SHA256SUMS, a list of the sums of its files as `sha256sum -c` reads it, and its signature.

It covers the pages, whatever version made them, and ties them to the report that they were made from.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from notifyctl.evidence import reports
from notifyctl.evidence.signing import Signer, signed

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
ALIEN = "it is not what was signed with this key"


def seal(draft: Path, names: list[str], signer: Signer) -> None:
    """Write the list of those files and its signature."""
    lines = "".join(f"{sha256((draft / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)).encode()
    reports.write(draft, {SUMS: [lines], SIGNATURE: [signer.sign(lines)]})


def broken(place: Path, public: bytes) -> Iterator[tuple[str, str]]:
    """Which files of a report are not as they were sealed, by name and what is wrong; `public` is the key (PEM)."""
    if (text := read(place / SUMS)) is None or (signature := read(place / SIGNATURE)) is None:
        yield SUMS, "the seal is missing, so nothing proves the pages"
        return
    if not signed(public, signature, text):
        yield SUMS, ALIEN
        return
    for line in text.decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        found = read(place / name)
        if found is None:
            yield name, "it is missing"
        elif sha256(found).hexdigest() != digest:
            yield name, ALIEN


def kept(place: Path, public: bytes) -> bool:
    """Whether the report in a folder is one that the owner of that key signed."""
    text, signature = read(place / reports.JSON), read(place / reports.SIGNATURE)
    return text is not None and signature is not None and signed(public, signature, text)


def read(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none that can be read."""
    try:
        return path.read_bytes()
    except (OSError, ValueError):  # a name that no file can have is none
        return None
