"""Which handler answers a request."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifyctl.emulator.wire import Request


@dataclass(frozen=True, slots=True)
class Found:
    """The route of a request: its pattern (`POST /emails/{id}`) and the words in its braces."""

    pattern: str
    words: tuple[str, ...] = ()


def find(patterns: Mapping[str, object], request: Request) -> Found | None:
    """The pattern that fits, or None. A word in braces stands for one segment of the path."""
    exact = f"{request.method} {request.path}"
    if exact in patterns:
        return Found(exact)
    for pattern in patterns:
        words = _fit(pattern.split("/"), exact.split("/")) if "{" in pattern else None
        if words is not None:
            return Found(pattern, words)
    return None


def knows_path(patterns: Mapping[str, object], path: str) -> bool:
    """Whether some method is served at this path."""
    return any(pattern.partition(" ")[2] == path for pattern in patterns)


def _fit(pattern: list[str], segments: list[str]) -> tuple[str, ...] | None:
    if len(pattern) != len(segments):
        return None
    if any(want != got for want, got in zip(pattern, segments, strict=True) if not want.startswith("{")):
        return None
    return tuple(got for want, got in zip(pattern, segments, strict=True) if want.startswith("{"))
