"""The invariant I0, stated once, and checked against the mailboxes: not against our own books alone.

Every job ends in exactly one terminal state, in its record and in BullMQ's lists alike. Copies are one, or at most
one more for each recorded ambiguous resend, of which the tool makes one by itself; bulk never has two. Accepted means
a copy, and dead, rejected or expired means none. What nobody can know is unknown, and listed. No call stays open, and a
provider saw each recorded attempt once: there are no hidden retries.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from faults.arena import PRIORITIES, Arena, Mail

OWN = "nf:{bull}:"
COMPLETED = {"accepted"}  # no other state that BullMQ shows as completed can come about in these tests
FAILED = {"rejected", "expired", "dead", "unknown"}
LISTS = ("wait", "active", "paused", "delayed", "prioritized", "completed", "failed")
REPORTS: list[str] = []  # shown at the end of the run


@dataclass(frozen=True)
class Attempt:
    """One recorded attempt; `outcome` is empty when there is none, `by` the person who ordered it, if any."""

    provider: str
    why: str
    by: str
    outcome: dict[str, Any]

    @property
    def ambiguous(self) -> bool:
        return self.outcome.get("certainty") == "ambiguous"

    @property
    def harmless(self) -> bool:
        return bool(self.outcome) and not self.ambiguous and self.outcome.get("kind") != "accepted"

    @property
    def told(self) -> tuple[str, ...]:
        """Kind, certainty and code of the outcome."""
        return tuple(self.outcome.get(name, "") for name in ("kind", "certainty", "code"))

    @property
    def requests(self) -> tuple[int, int]:
        """How many requests the provider has read for it, at least and at most."""
        if self.outcome.get("http") or self.outcome.get("kind") == "accepted":
            return 1, 1
        return 0, int(self.ambiguous or not self.outcome)


@dataclass(frozen=True)
class Life:
    """All that is known of one message: by its record, its job, the mailboxes and the providers' doors."""

    mail: Mail
    record: dict[str, str]
    attempts: tuple[Attempt, ...]
    places: tuple[str, ...]
    job: dict[str, str]
    copies: int
    requests: Counter[str]

    @property
    def state(self) -> str:
        return self.record.get("state", "nothing")

    @property
    def resends(self) -> int:
        """Second copies that were risked; one that its provider surely did not take was none."""
        return len(self._risked)

    @property
    def unasked(self) -> int:
        """Those of them that no person ordered."""
        return sum(not attempt.by for attempt in self._risked)

    @property
    def _risked(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.why == "resend" and not attempt.harmless]

    @property
    def ambiguous(self) -> int:
        return sum(attempt.ambiguous for attempt in self.attempts)

    @property
    def told(self) -> tuple[str, int]:
        """State and copies."""
        return self.state, self.copies

    def tell(self) -> str:
        """Its story in one line."""
        told = (f"{item.why} {item.provider}: {item.outcome or 'open'}" for item in self.attempts)
        ends = {name: self.job[name] for name in ("returnvalue", "failedReason", "ats") if name in self.job}
        return f"{self.state} {self.places} {ends}, {self.copies} copies, {dict(self.requests)}; " + " | ".join(told)


@dataclass(frozen=True)
class Verdict:
    """What came of the messages of a scenario."""

    lives: dict[str, Life]

    def of(self, mail: Mail) -> Life:
        return self.lives[mail.id]

    @property
    def resends(self) -> int:
        return sum(life.resends for life in self.lives.values())

    @property
    def ambiguous(self) -> int:
        return sum(life.ambiguous for life in self.lives.values())

    @property
    def faults(self) -> int:
        """Calls that came to nothing, surely."""
        calls = [attempt for life in self.lives.values() for attempt in life.attempts]
        return sum(attempt.harmless for attempt in calls)

    @property
    def states(self) -> Counter[str]:
        return Counter(life.state for life in self.lives.values())

    def doubts(self) -> str:
        """What lies behind the copies."""
        counts = {"faults": self.faults, "doubts": self.ambiguous, "resends": self.resends}
        return "  ".join(f"{name} {count}" for name, count in [*counts.items(), ("unknown", self.states["unknown"])])

    def histogram(self) -> str:
        """Number of copies x number of messages, by priority."""
        parts = []
        for priority in PRIORITIES:
            counts = Counter(life.copies for life in self.lives.values() if life.mail.priority == priority)
            parts.append(f"{priority:>8} " + "  ".join(f"{n} x {counts[n]}" for n in sorted(counts)))
        return "   ".join(f"{part:24}" for part in parts)


def check(arena: Arena, scenario: str, mails: Sequence[Mail] | None = None, late: bool = False) -> Verdict:
    """Fail with every breach of I0, else note the histogram. `late`: evidence may have come after an end."""
    view = _View(arena)
    verdict = Verdict({mail.id: view.life(mail) for mail in (arena.sent if mails is None else mails)})
    breaches = [
        f"{life.mail.id}: {what}\n    {life.tell()}"
        for life in verdict.lives.values()
        for what in _breaches(life, late)
    ]
    breaches += view.accounts(verdict)
    assert not breaches, f"{scenario}: {len(breaches)} breaches\n" + "\n".join(breaches[:9])
    REPORTS.append(f"{scenario:44} {verdict.histogram()} {verdict.doubts()}")
    return verdict


class _View:
    """One look at the server, the mailboxes and the doors."""

    def __init__(self, arena: Arena) -> None:
        self.redis = arena.redis
        self.copies = arena.copies()
        self.doors: dict[str, dict[str, int]] = arena.emulator.call("GET", "/requests/counts")["refs"]
        self.places: defaultdict[str, list[str]] = defaultdict(list)
        for base in (f"bull:email-{priority}:" for priority in PRIORITIES):
            for name in LISTS:
                ranged = self.redis.lrange if name in ("wait", "active", "paused") else self.redis.zrange
                for job in ranged(base + name, 0, -1):
                    self.places[base + job.decode(errors="replace")].append(name)

    def life(self, mail: Mail) -> Life:
        record = self._hash(f"{OWN}msg:{mail.id}")
        ref = hashlib.sha256(f"nf:{{bull}}:{mail.id}".encode()).hexdigest()[:32]
        return Life(
            mail=mail,
            record=record,
            attempts=tuple(self._attempt(name) for name in record.get("attempts", "").split()),
            places=tuple(self.places[mail.lane + mail.id]),
            job=self._hash(mail.lane + mail.id),
            copies=self.copies.get(mail.recipient, 0),
            requests=Counter(self.doors.get(ref, {})),
        )

    def accounts(self, verdict: Verdict) -> Iterator[str]:
        """What must hold of all of them together."""
        for attempt in self.redis.zrange(f"{OWN}inflight", 0, -1):
            yield f"the attempt {attempt.decode()} was left open"
        listed = {name.decode() for name in self.redis.zrange(f"{OWN}unknown", 0, -1)}
        for name, life in verdict.lives.items():
            if (name in listed) != (life.state == "unknown"):
                yield f"{name} is {life.state}, listed as unknown: {name in listed}"
        records = [self._hash(key.decode()) for key in self.redis.scan_iter(f"{OWN.replace('{', '[{]')}msg:*", 1000)]
        totals = {name: int(count) for name, count in self._hash(f"{OWN}totals").items() if int(count)}
        if totals != Counter(record["state"] for record in records):
            yield f"the totals say {totals}"

    def _attempt(self, name: str) -> Attempt:
        fields = self._hash(f"{OWN}att:{name}")
        outcome = json.loads(fields.get("outcome", "0{}")[1:])
        return Attempt(fields["provider"], fields["why"], fields.get("by", ""), outcome)

    def _hash(self, key: str) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.redis.hgetall(key).items() if name != b"data"}


def _breaches(life: Life, late: bool) -> Iterator[str]:
    if life.state not in COMPLETED | FAILED:
        yield f"has not ended: {life.state}"
    yield from _wrong_place(life, late)
    yield from _wrong_copies(life)
    yield from _wrong_requests(life)


ANOTHER_TEXT = "rejected: another job with another body has this id"  # such a job ends alone


def _wrong_place(life: Life, late: bool) -> Iterator[str]:
    """The job is where its state says, in no second place, and tells the same as the record."""
    if life.places == ("failed",) and life.job["failedReason"].startswith(ANOTHER_TEXT):
        return
    if late and life.state == "accepted" and life.places == ("failed",):
        if not life.job["failedReason"].startswith("unknown: "):
            yield "was accepted late, and its job does not say that it was unknown"
        return
    if life.places != (("completed",) if life.state in COMPLETED else ("failed",)):
        yield f"is {life.state} and its job in {life.places}"
        return
    if life.state in COMPLETED:
        told = {"state": life.state, **{name: life.record[name] for name in ("provider", "provider_id")}}
        if json.loads(life.job["returnvalue"]) != told or not told["provider_id"]:
            yield "its returnvalue and its record differ"
    elif life.job["failedReason"] != f"{life.state}: {life.record['reason']}":
        yield "its failedReason and its record differ"


def _wrong_copies(life: Life) -> Iterator[str]:
    if life.copies > (1 if life.mail.priority == "bulk" else 1 + life.resends):
        yield f"{life.copies} copies and {life.resends} ambiguous resends"
    if life.unasked > 1 or (life.resends and life.mail.priority == "bulk"):
        yield f"{life.resends} ambiguous resends, {life.unasked} of them by itself"
    if life.state == "accepted" and not life.copies:
        yield "accepted, and no copy"
    if life.state in ("dead", "rejected", "expired") and life.copies:
        yield f"{life.state}, and {life.copies} copies"


def _wrong_requests(life: Life) -> Iterator[str]:
    """Each provider has read what is recorded of it: not less, and nothing more behind our back."""
    for provider in {*life.requests, *(attempt.provider for attempt in life.attempts)}:
        bounds = [attempt.requests for attempt in life.attempts if attempt.provider == provider]
        low, high = sum(low for low, _ in bounds), sum(high for _, high in bounds)
        if not low <= life.requests[provider] <= high:
            yield f"{provider} saw {life.requests[provider]} requests, {low} to {high} are on record"
