"""Every wait of the engine in one frozen value.

`production` is what runs for real. `demo` is the same engine with shorter waits, for the demonstration
and for fault tests; it is printed where it is used, and production mode refuses it.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Watching(NamedTuple):
    """The waits of incidents, in seconds.

    Causes are looked at every `every`. What is not critical is told after `settle`, when it has not become part of
    something larger. An incident ends `calm` after its cause was seen last. Until a person has it, `reminders` go out
    so long after the first message. A message that failed is tried again after each of `retry`; a notifier has
    `patience` for one.
    """

    every: float = 5
    settle: float = 20
    calm: float = 120
    reminders: tuple[float, ...] = (900, 3600)
    retry: tuple[float, ...] = (5, 15, 60, 300, 300, 900, 900)
    patience: float = 10


WATCHING = Watching()


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits in seconds unless a name says otherwise.

    `total` bounds one call, connecting included; a call must start within `start_by` of its admission, so no
    copy can leave later than `max_send` after the intent was written. `reconcile` are the ages of an
    ambiguous attempt at which evidence is sought; `events_wait` is how long an attempt at a provider
    without search waits for an event. `allowance` is how often accounts are asked for limits and
    quotas: a call each time, and Resend counts it. `window` and `longest_window` are how long a breaker stays open,
    `flap` the time after a closing in which a further trip makes that longer, `probe_lease` how long a probe has its
    place; `prober` is how often the prober looks, `account` how often it asks the account of a provider. `retention` is
    how often it is asked whether the daily move to the archive is due.
    Sources: facts on BullMQ locks (25 h guard, 5/15 s heartbeat),
    the model check (reconcile only after `max_send`), and the policy per priority (5 and 15 minutes).
    """

    name: str
    connect: float
    total: float
    keepalive: float
    start_by: float
    heartbeat: float
    heartbeat_ttl: float
    adopt: float
    audit: float
    reconcile: tuple[float, ...]
    critical_resend: float
    standard_resend: float
    events_wait: float
    retry: tuple[float, ...]
    sender_rest: float
    drain: float
    block: float
    outage_poll: float
    window: float
    longest_window: float
    flap: float
    probe_lease: float
    prober: float
    account: float
    allowance: float = 60
    retention: float = 3600
    lock: float = 25 * 3600.0
    watching: Watching = WATCHING

    @property
    def max_send(self) -> float:
        """The longest time after the intent at which the body may still be leaving."""
        return self.start_by + self.total


PRODUCTION = Pace(
    name="production", connect=3, total=15, keepalive=30, start_by=5, heartbeat=5, heartbeat_ttl=15, adopt=10, audit=60,
    reconcile=(30, 120, 300, 900), critical_resend=300, standard_resend=900, events_wait=300,
    retry=(5, 30, 120, 300, 900), sender_rest=300, drain=20, block=5, outage_poll=0.5,
    window=300, longest_window=1800, flap=1800, probe_lease=60, prober=5, account=900,
)  # fmt: skip

DEMO = Pace(
    name="demo", connect=0.5, total=1.5, keepalive=10, start_by=1, heartbeat=0.4, heartbeat_ttl=1.2, adopt=0.5, audit=1,
    reconcile=(3.2, 4.5, 6, 8), critical_resend=6, standard_resend=8, events_wait=5,
    retry=(0.3, 0.6, 1.2, 2.4, 4.8), sender_rest=5, drain=5, block=1, outage_poll=0.1, allowance=5,
    watching=Watching(every=0.4, settle=1, calm=2, reminders=(15, 60), retry=(0.5, 1, 2, 5, 5, 5, 5), patience=2),
    window=6, longest_window=36, flap=36, probe_lease=2, prober=0.5, account=10,
)  # fmt: skip

PACES = {pace.name: pace for pace in (PRODUCTION, DEMO)}
