"""PRV: the accounts at the providers, read without sending anything."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.trial import STALE

NEEDS = ("PRV-001",)
LOOK = "look at the quota at the provider, in its pages"
FULL, FILLING = 0.9, 0.7  # of a quota


@check("PRV-001", "Each provider takes our key", expected="ready, of two providers at least", needs=("ENV-001",))
async def keys(readers: Readers) -> Seen:
    if not readers.accounts:
        return unseen("no provider has a key", "set the key of one at least: docs/configuration.md")
    healths = await readers.accounts.healths()
    told = "; ".join(f"{name}: {health.detail or health.state}" for name, health in healths.items())
    states = {health.state for health in healths.values()}
    if "misconfigured" in states:
        return failed(told, "correct the key or the account: notifyctl probe")
    if "unreachable" in states:
        return unseen(told, "check the network, and the provider's status page")
    if "degraded" in states:
        return warned(told, "look at the account at the provider")
    if len(healths) == 1:
        return warned(
            f"{told}; there is no other provider",
            "give a second provider a key: one that dies alone takes all mail with it",
        )
    return passed(told)


@check("PRV-002", "Each key may only send", expected="no key that may do more, as far as it can be told", needs=NEEDS)
async def privilege(readers: Readers) -> Seen:
    told = {name: str(health.data.get("key", "")) for name, health in (await readers.accounts.healths()).items()}
    full = [name for name, key in told.items() if key == "full_access"]
    if full:
        return failed(
            f"{', '.join(full)}: the key may do everything", "make a key that may only send, and revoke this one"
        )
    silent = [name for name, key in told.items() if not key]
    words = ", ".join(f"{name}: {key or 'cannot be told'}" for name, key in told.items())
    hint = (
        "Postmark's tokens have no scopes: keep a server for this alone; a key of AWS needs ses:SendEmail and no more"
    )
    return warned(words, hint) if silent else passed(words)


@check("PRV-003", "Each account may send as much as is needed", expected=f"no sandbox, quotas used to less than "
       f"{FILLING:.0%}", needs=NEEDS)  # fmt: skip
async def allowance(readers: Readers) -> Seen:
    healths, quotas = await readers.accounts.healths(), await readers.accounts.quotas()
    closed = [f"{name}: {one.detail}" for name, one in healths.items() if one.state == "degraded"]
    if closed:
        return failed("; ".join(closed), "ask the provider for production access")
    used = {
        f"{name}, {quota.name}": max(quota.used / quota.limit, 0) for name, told in quotas.items() for quota in told
    }
    silent = [name for name in healths if name not in quotas]
    untold = [f"{', '.join(silent)}: no quota is told"] if silent else []
    words = "; ".join([*(f"{name}: {part:.0%} used" for name, part in used.items()), *untold])
    if max(used.values(), default=0) >= FULL:
        return failed(words, "raise the quota")
    if silent and not used:
        return unseen(words, LOOK)
    if max(used.values(), default=0) >= FILLING:
        return warned(words, "raise the quota")
    return warned(words, LOOK) if silent else passed(words)


@check("PRV-004", "Each provider knows our domain", expected="it is verified, or mail from it was taken", needs=NEEDS)
async def domains(readers: Readers) -> Seen:
    healths = await readers.accounts.healths()
    found = {name: _known(readers, name, health.data.get("domains")) for name, health in healths.items()}
    words = "; ".join(f"{name}: {told}" for name, told in found.items())
    if any(told not in (*WELL, UNKNOWN) for told in found.values()):
        return failed(words, "verify the domain of the sender at the provider")
    if UNKNOWN in found.values():
        return unseen(words, "have the domain proved by a message to each sink address: notifyctl drill staging")
    return passed(words)


VERIFIED, TAKEN, UNKNOWN = "verified", "mail from it was taken", "this key may not tell"
WELL = (VERIFIED, TAKEN)


def _known(readers: Readers, name: str, domains: object) -> str:
    """What is known of our domain at a provider: by the account, else by the last drill."""
    domain = readers.senders.get(name, "").rpartition("@")[2].lower()
    if isinstance(domains, dict):
        parents = [one for one in domains if domain == one or domain.endswith(f".{one}")]
        return str(domains[parents[0]]) if parents else f"{domain} is not there"
    runs = [run for run in readers.drills[-1:] if readers.now - run.at <= STALE]
    taken = [one for run in runs for one in run.trials if (one.provider, one.domain) == (name, domain)]
    return TAKEN if taken and all(one.accepted for one in taken) else UNKNOWN
