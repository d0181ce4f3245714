"""DNS: whether receivers will believe that our mail is ours."""

from collections.abc import Awaitable, Callable

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain import maildns
from notifyctl.domain.check import Seen, Verdict, failed, passed, unseen, warned
from notifyctl.domain.maildns import MOST_LOOKUPS

NEEDS = ("ENV-001", "ENV-006")
MANY = 9  # look-ups, one below the limit: the next provider's record may break ours
STRONG, WEAK = 2048, 1024  # bits of an RSA key: advised, and the least that receivers take
SELECTORS = {"resend": ("resend",)}  # those that a provider gives to everybody


@check("DNS-001", "SPF says who may send", expected=f"one record, not +all, {MOST_LOOKUPS} look-ups at most",
       needs=NEEDS)  # fmt: skip
async def spf(readers: Readers) -> Seen:
    return await _each(readers, _spf)


@check("DNS-002", "DKIM keys are published", expected=f"one for each provider, {STRONG} bits", needs=NEEDS)
async def dkim(readers: Readers) -> Seen:
    if not readers.senders:
        return unseen("no provider has a key and a sender", "run preflight where the workers run")
    own = {one.provider: one.selectors for one in readers.project.processors if one.selectors}
    found = []
    for provider, sender in readers.senders.items():
        selectors = own.get(provider, SELECTORS.get(provider, ()))
        found += [await _key(readers, provider, f"{one}._domainkey.{_domain(sender)}") for one in selectors]
        if not selectors:
            found.append(
                unseen(f"{provider}: its selector is not known", 'write selectors = ["..."] into processors.toml')
            )
    return _worst(found)


@check(
    "DNS-003", "DMARC says what else to do", expected="quarantine or reject, with an address for reports", needs=NEEDS
)
async def dmarc(readers: Readers) -> Seen:
    return await _each(readers, _dmarc)


async def _each(readers: Readers, look: Callable[[Readers, str], Awaitable[Seen]]) -> Seen:
    """The worst of what was seen of the domains that we send from."""
    domains = sorted({_domain(sender) for sender in readers.senders.values()})
    if not domains:
        return unseen("no provider has a key and a sender", "run preflight where the workers run")
    return _worst([await look(readers, domain) for domain in domains])


async def _spf(readers: Readers, domain: str) -> Seen:
    records = maildns.spf_records(await readers.names.texts(domain))
    if len(records) != 1:
        told = "no record" if not records else f"{len(records)} records, and receivers take none of them"
        return failed(f"{domain}: {told}", 'publish one: "v=spf1 include:... -all"')
    end, costs = await _walk(readers, records[0], set())
    if end == "+" or costs > MOST_LOOKUPS:
        told = "everybody may send" if end == "+" else f"more than {MOST_LOOKUPS} look-ups"
        return failed(f"{domain}: {told}", "end with -all, and ask for fewer names")
    if costs >= MANY or end not in ("-", "~"):
        return warned(
            f"{domain}: {costs} look-ups, {end or 'no '}all", "end with -all or ~all, and ask for fewer names"
        )
    return passed(f"{domain}: {costs} look-ups, {end}all")


async def _walk(readers: Readers, record: str, met: set[str]) -> tuple[str, int]:
    """The end of a record, and the look-ups of it and all that it leads to."""
    told = maildns.spf(record)
    end, costs = told.end, told.costs
    for name in (*filter(None, [told.redirect]), *told.includes):  # first what decides, so that nothing met it before
        if name in met or costs > MOST_LOOKUPS:
            continue
        met.add(name)
        for inner in maildns.spf_records(await readers.names.texts(name)):
            last, more = await _walk(readers, inner, met)
            costs += more
            end = end or (last if name == told.redirect else "")
    return end, costs


async def _key(readers: Readers, provider: str, name: str) -> Seen:
    records = await readers.names.texts(name)
    if not records:
        return failed(f"{provider}: there is no {name}", "publish the record that the provider shows")
    key = maildns.dkim(records[0])
    told = f"{provider}: {key.bits} bits{', testing' if key.testing else ''}"
    if key.bits < WEAK and key.bits != 256:  # the size of Ed25519
        return failed(told, "publish the record that the provider shows")
    return (
        warned(told, "take a key of 2048 bits, without t=y")
        if key.testing or WEAK <= key.bits < STRONG
        else passed(told)
    )


async def _dmarc(readers: Readers, domain: str) -> Seen:
    """The policy that holds for a domain: its own, else that of a domain above it, whose `sp` goes before its `p`."""
    for place in maildns.parents(domain):
        records = maildns.dmarc_records(await readers.names.texts(f"_dmarc.{place}"))
        if len(records) > 1:
            return failed(f"{place}: {len(records)} records, and receivers take none of them", "keep one")
        if records:
            told = records[0]
            policy = "sp" if place != domain and "sp" in told else "p"
            old = [name for name in maildns.REMOVED if name in told]
            faults = [
                *(
                    [f"{policy}={told.get(policy) or 'missing'}"]
                    if told.get(policy) not in ("quarantine", "reject")
                    else []
                ),
                *([] if "rua" in told else ["no rua"]),
                *([f"{', '.join(old)}: no longer read"] if old else []),
            ]
            hint = "go from none to quarantine to reject, with an address for reports (rua)"
            if faults:
                return warned(f"{place}: {'; '.join(faults)}", hint)
            return passed(f"{place}: {policy}={told[policy]}")
    return failed(
        f"{domain}: there is no policy", 'publish _dmarc with "v=DMARC1; p=none; rua=mailto:..." to begin with'
    )


def _worst(found: list[Seen]) -> Seen:
    """All of them in one: what failed goes before what was not seen, that before a warning."""
    order = (Verdict.FAIL, Verdict.ERROR, Verdict.WARN, Verdict.PASS)
    worst = min(found, key=lambda seen: order.index(seen.verdict))
    return worst._replace(observed="; ".join(seen.observed for seen in found))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
