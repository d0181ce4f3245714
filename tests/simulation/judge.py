"""Who says whether a history was right: copies as the providers count them, records and jobs as the keys show them."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notifyctl.domain.attempt import Record, State
from notifyctl.domain.revision import MessageType, Priority
from notifyctl.domain.transition import lasting, replay
from notifyctl.wiring.parts import Store
from simulation.diary import Diary
from simulation.keyspace import Keyspace
from simulation.post import PROBE, Call, Post

NO_COPY = (State.DEAD, State.EXPIRED, State.REJECTED, State.SUPPRESSED, State.NO_CONSENT)
AT_THE_DOOR = ("rejected", "no_consent", "expired")
OPEN_LISTS = (b"wait", b"paused", b"active")
OPEN_SETS = (b"prioritized", b"delayed")
OWN = b"nf:{bull}:"


@dataclass
class History:
    """What came of a seed: what is wrong with it, and what the histogram counts."""

    seed: int
    wrong: list[str]
    text: str
    copies: list[int] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    resends: int = 0
    events: Counter[str] = field(default_factory=Counter)


class Judge:
    """Watches one history and judges it at its end."""

    def __init__(self, keys: Keyspace, post: Post, outside: Store) -> None:
        self._keys = keys
        self._post = post
        self._outside = outside
        self._expected: dict[str, MessageType] = {}
        self._removed: set[str] = set()  # messages of which a person removed a job
        self._wrong: list[str] = []
        self._records: list[Record] = []
        self._bases = [base.encode() for base in outside.queue.bases]
        post.watch = self._watch
        self._write = keys.do_hset
        keys.commands[b"HSET"] = self._see_write

    def expect(self, message: str, kind: MessageType) -> None:
        """A producer is about to add a message; the first type counts."""
        self._expected.setdefault(message, kind)

    def forgive(self, message: str) -> None:
        """A person removes the message's job: it may never end."""
        self._removed.add(message)

    # -- while it runs

    def _watch(self, call: Call) -> None:
        """A first byte leaves: its intent is on record and open, and nothing else of its message is on its way."""
        if call.message == PROBE:
            return
        here = f"{call.message} through {call.provider} by {call.host}"
        rows = self._attempts(call.message)
        call.attempt = next((name for name, row in rows.items() if self._is_intent(row, call)), "")
        if not call.attempt:
            self._wrong.append(f"a call without an open intent: {here}")
            return
        call.replay = rows[call.attempt][b"why"] == b"replay"
        for other in self._post.under_way:
            silent = b"outcome" not in rows.get(other.attempt, {})
            if other.message == call.message and (silent or not other.replay):  # a replay that was cut off adds no copy
                self._wrong.append(f"a call while another may still be leaving: {here}")

    def _is_intent(self, row: dict[bytes, bytes], call: Call) -> bool:
        mine = row[b"owner"].decode().split(".")[1] == call.host
        return mine and row[b"provider"].decode() == call.provider and b"outcome" not in row

    def _see_write(self, key: bytes, *pairs: bytes) -> int:
        if key.startswith(OWN + b"msg:"):
            row = dict(zip(pairs[::2], pairs[1::2], strict=True))
            self._see_state(key, (self._keys.values.get(key) or {}), row.get(b"state"))
        elif key.startswith(OWN + b"att:"):
            self._see_intent(key, dict(zip(pairs[::2], pairs[1::2], strict=True)))
            self._post.tell("redis", "writes", key.decode().rpartition(":")[2], *(word.decode()[:40] for word in pairs))
        return self._write(key, *pairs)

    def _see_intent(self, key: bytes, row: dict[bytes, bytes]) -> None:
        """Leave is given for closed providers before their third fault, and in a half-open phase to the one probe."""
        breaker = self._keys.values.get(OWN + b"breaker:" + row.get(b"provider", b"")) or {}
        phase, probe = breaker.get(b"phase", b"closed"), breaker.get(b"probe")
        row_of_faults = int(breaker.get(b"faults", 0)) >= 3 and int(breaker.get(b"messages", 0)) >= 2
        due = row_of_faults or breaker.get(b"refused")
        allowed = (phase == b"closed" and not due) or (phase == b"half-open" and probe == key.rpartition(b":")[2])
        if b"gen" in row and not allowed:
            self._wrong.append(f"{key.decode()} was admitted while {row[b'provider'].decode()} was {phase.decode()}")

    def _see_state(self, key: bytes, before: dict[bytes, bytes], state: bytes | None) -> None:
        """A terminal state is left for accepted only; one at the door may be looked at afresh."""
        old = before.get(b"state", b"queued").decode()
        reopened = old in AT_THE_DOOR and b"attempts" not in before
        if state and State(old).terminal and state.decode() not in (old, "accepted") and not reopened:
            self._wrong.append(f"{key.decode()} went from {old} to {state.decode()}")

    # -- at the end

    def at_rest(self) -> bool:
        """Whether no job is open, nothing is on its way, and no journal waits."""
        find = self._keys.values
        waiting = any(find.get(base + name) for base in self._bases for name in (*OPEN_LISTS, *OPEN_SETS))
        return not waiting and not self._post.under_way

    async def read(self) -> None:
        """The records, as the engine reads them."""
        self._records = [await self._outside.attempts.read(message) for message in self._expected]
        self._board = (await self._outside.boards.look()).board
        self._log = replay(reversed(await self._outside.boards.history(1000)))

    def verdict(self, folder: Path) -> list[str]:
        """Everything that is wrong; call `read` before."""
        for record in self._records:
            self._wrong += [f"{record.id} ({record.state}): {words}" for words in self._judge(record)]
        left = [entry.name for entry in os.scandir(folder) if entry.stat().st_size]
        self._wrong += [f"the journal of {name} was not replayed" for name in left]
        return [*self._wrong, *self._jobs(), *self._books(), *self._transitions()]

    def _judge(self, record: Record) -> list[str]:
        kind, copies, wrong = self._expected[record.id], self._copies(record.id), []
        resends = record.ambiguous_resends
        if not record.state.terminal and record.id not in self._removed:
            wrong.append("lost: it never ended")
        if copies > 1 + resends:
            wrong.append(f"{copies} copies with {resends} recorded resends")
        if kind.priority is Priority.BULK and (copies > 1 or resends):
            wrong.append(f"bulk with {copies} copies and {resends} resends")
        if resends > 1:
            wrong.append(f"{resends} ambiguous resends")
        if record.state is State.ACCEPTED and not copies:
            wrong.append("accepted without a copy")
        if record.state in NO_COPY and copies:
            wrong.append(f"{copies} copies although it says that there is none")
        if max(Counter(item.provider for item in record.attempts if item.burns).values(), default=0) > 3:
            wrong.append("more than three faults at one provider")
        return wrong

    def _jobs(self) -> list[str]:
        """Every job that is there is in one place, without a lock, and says what its record says."""
        wrong, states = [], {record.id: record.state for record in self._records}
        for base in self._bases:
            for key, row in self._keys.values.items():
                if key.startswith(base) and isinstance(row, dict) and b"data" in row:
                    wrong += self._job(base, key.removeprefix(base), row, states)
        return wrong

    def _job(self, base: bytes, job: bytes, row: dict[bytes, bytes], states: dict[str, State]) -> list[str]:
        places = [name for name in (b"completed", b"failed", *OPEN_LISTS, *OPEN_SETS)
                  if job in (self._keys.values.get(base + name) or ())]  # fmt: skip
        here = f"job {(base + job).decode()}"
        if len(places) != 1 or (base + job + b":lock") in self._keys.values:
            return [f"{here} is in {places}, its lock is {self._keys.values.get(base + job + b':lock')!r}"]
        told = (row.get(b"returnvalue") or row.get(b"failedReason") or b"").decode()
        state = states[job.decode()]
        if places[0] == b"completed" and '"accepted"' in told and state is not State.ACCEPTED:
            return [f"{here} says {told}, its record {state}"]
        alone = "another job with another body" in told
        if places[0] == b"failed" and not alone and state not in (told.partition(":")[0], State.ACCEPTED):
            return [f"{here} says {told}, its record {state}"]
        return []

    def _books(self) -> list[str]:
        """Totals and calls in flight add up with the records."""
        find = self._keys.values
        counted = {name.decode(): int(count) for name, count in (find.get(OWN + b"totals") or {}).items()}
        ended = Counter(record.state.value for record in self._records if record.state.terminal)
        wrong = [] if {name: count for name, count in counted.items() if count} == ended else [
            f"totals say {counted}, the records {dict(ended)}"
        ]  # fmt: skip
        flying = {name.decode() for name in find.get(OWN + b"inflight") or ()}
        silent = {item.id for record in self._records for item in record.attempts if item.outcome is None}
        return wrong if flying == silent else [*wrong, f"in flight {flying}, without an outcome {silent}"]

    def _transitions(self) -> list[str]:
        """The log replays to the state."""
        now = {name: lasting(breaker) for name, breaker in self._board.breakers.items() if breaker.generation}
        wrong = [f"entry {name} of the log does not follow" for name in self._log.broken]
        return wrong if self._log.breakers == now else [*wrong, f"the log says {self._log.breakers}, the board {now}"]

    def history(self, seed: int, wrong: list[str], diary: Diary, keep: bool) -> History:
        """The history with its numbers."""
        return History(
            seed, wrong, diary.text() if wrong or keep else "", [self._copies(record.id) for record in self._records],
            [record.state.value for record in self._records],
            sum(record.ambiguous_resends for record in self._records),
            Counter(str(line[2]) for line in diary.lines),
        )  # fmt: skip

    def _copies(self, message: str) -> int:
        return sum(copy.message == message for copy in self._post.copies)

    def _attempts(self, message: str) -> dict[str, Any]:
        ids = (self._keys.values.get(OWN + b"msg:" + message.encode()) or {}).get(b"attempts", b"").split()
        return {name.decode(): self._keys.values[OWN + b"att:" + name] for name in ids}
