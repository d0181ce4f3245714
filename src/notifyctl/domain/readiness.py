"""Whether a provider could take over the mail now, what stands against it, and which one is readiest.

Policy:

- An error stands against any move there: no key, a breaker that is not closed, an account that refuses us or does not
  answer, a quota that is used up, our sender refused lately. A person may pass over it by naming its code; then the pin
  passes over the breaker, too. An isolation is never passed over: it is taken back first.
- A warning stands against a planned move alone: an account with limits, a quota that comes to its end or is smaller
  than the mail to be sent, a provider that asks us to wait. In an emergency a slow provider is better than none.
- The readiest has the fewest errors, then the fewest warnings; among equals, one that took mail within the last hour
  comes before one that did not, and then the order decides.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.finding import Finding
from notifyctl.domain.provider import Health
from notifyctl.domain.quota import Watched

LATELY = 3_600_000  # ms
ISOLATED, OPEN = "BRK-ISOLATED", "BRK-OPEN"
_ACCOUNT = {
    "misconfigured": ("PRB-MISCONFIGURED", "error", "check the key and the account at the provider"),
    "unreachable": ("PRB-UNREACHABLE", "error", "check the network, and the provider's status"),
    "degraded": ("PRB-DEGRADED", "warning", "look at the account at the provider"),
}


class Target(NamedTuple):
    """What is known of a provider that might take over. Times are epoch ms, 0 = never or none.

    `account` is the answer of its account, None when it was not asked; `sender_until` says until when it refuses our
    sender, `wait_until` until when it asked us to wait; `needed` is how many mails are to be sent.
    """

    name: str
    keyed: bool = True
    breaker: Breaker = Breaker()
    sender_until: int = 0
    wait_until: int = 0
    quotas: Sequence[Watched] = ()
    account: Health | None = None
    accepted_at: int = 0
    needed: int = 0


def against(target: Target, now: int) -> list[Finding]:
    """What stands against it, errors first; nothing = ready."""
    found = [*_route(target, now), *_account(target), *_room(target, now)]
    return sorted(found, key=lambda one: one.severity != "error")


def weighty(found: Sequence[Finding], planned: bool, force: Collection[str]) -> list[Finding]:
    """Those that forbid the move: warnings only a planned one, and none whose code a person has named; an isolation
    always."""
    grave = [one for one in found if planned or one.severity == "error"]
    return [one for one in grave if one.code not in force or one.code == ISOLATED]


def readiest(targets: Sequence[Target], now: int) -> list[Target]:
    """The targets, best first; they come in the order of the route, which decides between equals."""
    return sorted(targets, key=lambda target: _rank(target, now))


def _rank(target: Target, now: int) -> tuple[int, int, bool]:
    severities = [one.severity for one in against(target, now)]
    fresh = now - target.accepted_at < LATELY
    return severities.count("error"), severities.count("warning"), not fresh


def _finding(target: Target, code: str, severity: str, what: str, hint: str) -> Finding:
    return Finding(code, severity, f"provider/{target.name}", what, hint)


def _route(target: Target, now: int) -> Iterator[Finding]:
    """Key, breaker and sender."""
    if not target.keyed:
        hint = "set it where the workers run; without a key there they pass it over"
        yield _finding(target, "RTE-NO-KEY", "error", "no key is set here", hint)
    phase, why = target.breaker.phase, target.breaker.reason
    if phase is Phase.ISOLATED:
        hint = f"take that back first: notifyctl resume {target.name}"
        yield _finding(target, ISOLATED, "error", f"a person took it out: {why}", hint)
    elif phase is not Phase.CLOSED:
        hint = "it comes back by itself; see notifyctl status"
        yield _finding(target, OPEN, "error", f"its breaker is {phase.value}: {why}", hint)
    if target.sender_until > now:
        hint = "check From, domain and stream at the provider"
        yield _finding(target, "BRK-SENDER", "error", "it refused our sender lately", hint)


def _account(target: Target) -> Iterator[Finding]:
    if target.account and target.account.state in _ACCOUNT:
        code, severity, hint = _ACCOUNT[target.account.state]
        yield _finding(target, code, severity, target.account.detail, hint)


def _room(target: Target, now: int) -> Iterator[Finding]:
    """Quotas, and a pause that the provider asked for."""
    for watched in target.quotas:
        quota = watched.quota
        told = f"{quota.used:,} of {quota.limit:,} mails of the {quota.name} quota are sent"
        if not quota.left:
            yield _finding(target, "LIM-QUOTA", "error", told, "raise the plan")
        elif watched.kept or quota.left < target.needed:
            what = f"{told}; {target.needed:,} are to be sent" if quota.left < target.needed else told
            yield _finding(target, "LIM-QUOTA", "warning", what, "raise the plan, or send less through it")
    if target.wait_until > now:
        yield _finding(target, "LIM-WAIT", "warning", "it asked us to wait: too many calls", "wait a little")
