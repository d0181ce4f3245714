"""Messages that have ended, put on a real server by the scripts that workers use: without the wait for their ends."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import Valkey
from house import House, mail
from lab import W1, Lab, intent, outcome_of
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.settings import load

FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
REFUSED = Outcome(Kind.REJECTED, code="422", http=422)
LANES = {"booking.confirmation": 1, "booking.reminder": 2, "event.cancelled": 3, "newsletter": 3}
OUTCOMES = {State.DEAD: FAULT, State.UNKNOWN: DOUBT, State.REJECTED: REFUSED}


class Past:
    """What happened a minute ago on the server of a house."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.now = int(time.time() * 1000) - 60_000

    def ended(self, name: str, state: State, kind: str = "booking.confirmation", **fields: object) -> str:
        """A message that ended after one call through Amazon SES; its id."""
        data, lane, attempt = mail(name, kind, **fields), LANES[kind], f"{name}-1"
        self.lab.enqueue(name, lane, data=data)
        self.lab.claim()
        body = hashlib.sha256(data).hexdigest()
        begun = intent(name, attempt, lane=lane, provider="ses", body=body, type=kind)
        assert self.lab.admit(W1, begun)[0].code == "ok"
        end = outcome_of(
            name, attempt, OUTCOMES[state], state=state, action="fail", value=f"{state}: why", lane=lane, provider="ses"
        )
        assert self.lab.settle(W1, end)[0].code == "ok"
        return name

    def in_doubt_again(self, name: str) -> None:
        """The resend that a person ordered was not answered, either: it ends as unknown, in this second."""
        self.lab.now = int(time.time() * 1000)
        self.lab.claim()
        before = self.lab.run(self.lab.store.attempts.read(name))
        again = intent(name, f"{name}-2", before.version, why=Why.RESEND, provider="ses", body=before.body)
        assert self.lab.admit(W1, again)[0].code == "ok"
        end = outcome_of(name, f"{name}-2", DOUBT, state=State.UNKNOWN, action="fail", value="unknown: why")
        assert self.lab.settle(W1, end)[0].code == "ok"


@contextmanager
def the_past(house: House, valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Past]:
    """The past of a house."""
    for name in ("BULLMQ_REDIS_HOST", "BULLMQ_REDIS_PORT"):
        monkeypatch.setenv(name, house.environ[name])
    lab = Lab(valkey, load())
    try:
        yield Past(lab)
    finally:
        lab.close()


def lasting(keys: dict[bytes, object]) -> dict[bytes, object]:
    """Those of all keys that do not change by themselves, as heartbeats and leases do."""
    passing = (b":worker:", b":workers", b":lease:")
    return {name: value for name, value in keys.items() if not any(word in name for word in passing)}
