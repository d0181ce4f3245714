"""How many requests were seen, accepted or not."""

from collections import Counter, defaultdict
from collections.abc import Iterable


class Tally:
    """Counts of requests per endpoint, per idempotency key and per ref.

    A request counts for its endpoint and key as soon as its head is known, so one that is cut in the
    middle counts too; for a ref only when its body was read.
    """

    def __init__(self) -> None:
        self.endpoints: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.keys: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.refs: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def begun(self, provider: str, endpoint: str, key: str) -> None:
        """A head was read."""
        self.endpoints[provider][endpoint] += 1
        if key:
            self.keys[key][provider] += 1

    def read(self, provider: str, refs: Iterable[str]) -> None:
        """A body was read."""
        for ref in refs:
            if ref:
                self.refs[ref][provider] += 1

    def counts(self, ref: str = "", key: str = "") -> dict[str, object]:
        """All counts, or those of one ref or key: `{ref: {provider: n}}`."""
        return {
            "total": sum(counter.total() for counter in self.endpoints.values()),
            "endpoints": self.endpoints,
            "refs": _one(self.refs, ref, bool(key)),
            "keys": _one(self.keys, key, bool(ref)),
        }

    def clear(self) -> None:
        """Start again from zero."""
        for part in (self.endpoints, self.keys, self.refs):
            part.clear()


def _one(counts: dict[str, Counter[str]], name: str, other: bool) -> dict[str, Counter[str]]:
    if name:
        return {name: counts[name]} if name in counts else {}
    return {} if other else counts
