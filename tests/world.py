"""A small world for one message: providers, workers that die, a network that lies, a clock that steps.

It plays what the engine does around the policy: it writes intents, makes calls, loses workers and answers, searches
and waits. `play(seed)` returns the whole history; the world counts copies itself and never asks the record.
"""

import random
from dataclasses import dataclass, field

from notifyctl.domain.attempt import Attempt, Finish, Look, Record, Send, State, Step, Wait, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.provider import Evidence
from notifyctl.domain.revision import Priority
from notifyctl.domain.situation import Situation
from notifyctl.domain.step import after, first_step, next_step, with_outcome
from situations import ACCEPTED, ACCOUNT, DOUBT, FAULT, REJECTED, SENDER, THROTTLED, situation

KEY_LIVES = 24 * 3600 * 1000
ANSWERS = ("accepted", "rejected", "throttled", "fault", "sender", "account", "lost-with-copy", "lost-without", "busy")
REFUSALS = {"rejected": REJECTED, "fault": FAULT, "sender": SENDER, "account": ACCOUNT, "throttled": THROTTLED}
CONCURRENT = Outcome(Kind.THROTTLED, Certainty.AMBIGUOUS, code="409")


@dataclass
class History:
    """What happened, for the judge: every decision with the record and the situation that it was made on."""

    seed: int
    decisions: list[tuple[Record, Situation, Step]] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    record: Record = field(default_factory=lambda: Record("m"))
    ended: bool = False


@dataclass
class Parcel:
    """A request on its way that its provider will take: it arrives at `at`, whatever becomes of its sender."""

    at: int
    provider: str


@dataclass
class GoodNews:
    """The acceptance of an attempt whose worker was given up; it comes back with it at `at`."""

    at: int
    attempt: str


class World:
    """One message and everything around it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.history = History(seed)
        self.record = Record("m")
        self.now = self.random.randrange(1000)
        self.weights = [self.random.choice((0, 1, 1, 5)) for _ in ANSWERS[:-1]] + [self.random.choice((0, 1))]
        self.weights[self.random.randrange(len(ANSWERS) - 1)] += self.random.choice((1, 1, 50))
        self.deaths = self.random.choice((0, 0.1, 0.4))
        self.full: dict[str, int] = {}
        self.known_full: dict[str, int] = {}
        self.keys: dict[str, int] = {}  # at which time a provider with keys took ours
        self.parcels: list[Parcel] = []
        self.news: list[GoodNews] = []
        self.base = self._base()

    def _base(self) -> Situation:
        priority = self.random.choice(list(Priority))
        patience = self.random.choice((25_000, 60_000, 900_000, 86_400_000, 172_800_000))
        route = self.random.sample(("resend", "postmark", "ses"), self.random.choice((1, 2, 3, 3)))
        return situation(self.now, priority, enqueued_at=self.now, deadline=self.now + patience, route=tuple(route))

    def situation(self) -> Situation:
        return self.base._replace(now=self.now, full=dict(self.known_full))

    def play(self) -> History:
        """Let the message live until it ends, 600 decisions at most."""
        step = first_step(self.record, self.situation(), started_elsewhere=False)
        for _ in range(600):
            self.history.decisions.append((self.record, self.situation(), step))
            if isinstance(step, Finish):
                self.record = self.record._replace(state=step.state, version=self.record.version + 1)
                break
            step = self._take(step)
        self._pass_time(self.base.deadline + KEY_LIVES)  # whatever is still on its way arrives
        self.history.record, self.history.ended = self.record, self.record.state.terminal
        return self.history

    def _take(self, step: Step) -> Step:
        match step:
            case Send():
                return self._send(step)
            case Look():
                return self._look(step)
            case Wait():
                self._wait(step)
        return self._decide()

    def _decide(self) -> Step:
        return next_step(self.record, self.situation())

    # -- time

    def _wait(self, step: Wait) -> None:
        self._pass_time(max(step.until, self.now) + self.random.choice((0, 0, 1, 37, 20_000)))
        if self.random.random() < 0.05:  # the server's clock steps; what was on its way has arrived
            self._pass_time(self.now + 25_000)
            self.now = max(0, self.now + self.random.choice((-3_600_000, -10_000, 10_000, 3_600_000)))
        if self.random.random() < 0.2:  # another worker takes over, and knows less
            self.known_full = {}

    def _pass_time(self, until: int) -> None:
        for parcel in sorted(self.parcels, key=lambda item: item.at):
            if parcel.at <= until:
                self._arrive(parcel.provider, parcel.at)
        for news in [item for item in self.news if item.at <= until]:
            self._hear(news)
        self.parcels = [item for item in self.parcels if item.at > until]
        self.news = [item for item in self.news if item.at > until]
        self.now = max(self.now, until)

    def _hear(self, news: GoodNews) -> None:
        """Acceptance is taken from anybody, whatever was decided meanwhile."""
        self.record = with_outcome(self.record, news.attempt, ACCEPTED, self.now)
        self.record = self.record._replace(state=State.ACCEPTED, version=self.record.version + 1)

    # -- calls

    def _send(self, step: Send) -> Step:
        if self.full.get(step.provider, 0) > self.now:  # admit says so, and no intent is written
            self.known_full[step.provider] = self.full[step.provider]
            return self._decide()
        attempt = Attempt(f"a{len(self.record.attempts)}", step.provider, step.why, self.now, "digest", "nf.w")
        replay = step.why is Why.REPLAY
        self.record = self.record._replace(
            attempts=(*self.record.attempts, attempt), body="body", version=self.record.version + 1,
            state=State.ATTEMPTING, looks=self.record.looks + 1 if replay else 0, looked_at=self.now if replay else 0,
        )  # fmt: skip
        if self.random.random() < self.deaths:
            return self._die(attempt)
        outcome = self._answer(step.provider)
        self._pass_time(self.now + self.random.randrange(1, 20_000))
        if self.record.ended:
            return self._decide()
        self.record = with_outcome(self.record, attempt.id, outcome, self.now)
        filled = next(item for item in self.record.attempts if item.id == attempt.id)
        return after(self.record, filled, self.situation())

    def _die(self, attempt: Attempt) -> Step:
        """The worker dies, or only seems dead; its request leaves before `max_send`, or never."""
        if self.random.random() < 0.5:
            leaves = self.now + self.random.randrange(int(self.base.pace.max_send * 1000))
            self.parcels.append(Parcel(leaves, attempt.provider))
            if self.random.random() < 0.3:
                self.news.append(GoodNews(leaves + self.random.choice((1, 40_000, 400_000, 4_000_000)), attempt.id))
        self._pass_time(self.now + self.random.randrange(1, 60_000))
        self.known_full = {}
        if self.random.random() < 0.5:  # whoever takes over closes what cannot be running any more, or does not yet
            self._abandon()
        return first_step(self.record, self.situation(), started_elsewhere=False)

    def _abandon(self) -> None:
        for item in self.record.attempts:
            if item.outcome is None and self.now >= item.intent_at + self.base.pace.max_send * 1000:
                self.record = with_outcome(self.record, item.id, DOUBT, self.now)

    def _answer(self, provider: str) -> Outcome:
        """What the worker hears at once; a key that the provider knows gives the original answer."""
        answer = self.random.choices(ANSWERS, self.weights)[0]
        if answer == "throttled":
            self.full[provider] = self.now + self.random.choice((1, 1000, 30_000, 10**9))
            self.known_full[provider] = self.full[provider]
            return THROTTLED
        if answer == "fault":
            return FAULT
        if answer == "busy":
            return CONCURRENT if self.base.evidence[provider] is Evidence.REPLAY else DOUBT
        if self._knows_key(provider) and answer not in ("lost-with-copy", "lost-without"):
            return ACCEPTED
        if answer in ("accepted", "lost-with-copy"):
            self._arrive(provider, self.now)
        return ACCEPTED if answer == "accepted" else REFUSALS.get(answer, DOUBT)

    def _knows_key(self, provider: str) -> bool:
        return provider in self.keys and self.now - self.keys[provider] < KEY_LIVES

    def _arrive(self, provider: str, at: int) -> None:
        """A request reaches its provider, which takes it: a copy, unless it knows the key."""
        if provider in self.keys and at - self.keys[provider] < KEY_LIVES:
            return
        self.history.copies.append(provider)
        if self.base.evidence[provider] is Evidence.REPLAY:
            self.keys[provider] = at

    def _look(self, step: Look) -> Step:
        suspect = self.record.suspect
        assert suspect is not None
        self._pass_time(self.now + self.random.randrange(1, 3000))
        if self.record.ended:
            return self._decide()
        if step.provider in self.history.copies and self.random.random() < 0.6:  # else its index lags behind
            self.record = with_outcome(self.record, suspect.id, ACCEPTED, self.now)
            filled = next(item for item in self.record.attempts if item.id == suspect.id)
            return after(self.record, filled, self.situation())
        self.record = self.record._replace(looks=self.record.looks + 1, looked_at=self.now)
        return self._decide()


def play(seed: int) -> History:
    """The history of one seed."""
    return World(seed).play()
