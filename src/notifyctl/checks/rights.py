"""RDS: what our user may do in Redis, by the server's own word. Nothing of it is done."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.acl import DANGEROUS, HARMLESS, own
from notifyctl.domain.check import Seen, failed, passed, unseen
from notifyctl.domain.errors import NotifyctlError

NEEDS = ("RDS-007",)
ASK = "let our user ask, +acl|dryrun, as notifyctl config acl prints it; that needs Redis 7, or Valkey"
SHOWN = 8
OURS = "the embedded server belongs to this user alone"


@check("RDS-009", "Our user can do nothing dangerous", expected="neither FLUSHALL, CONFIG nor a key of others",
       needs=NEEDS)  # fmt: skip
async def dangers(readers: Readers) -> Seen:
    if readers.host is None:
        return passed(OURS)
    server, name = readers.facts, await readers.facts.user()
    hint = "take that right away: make the user that notifyctl config acl prints"
    try:
        answers = await server.may(name, DANGEROUS)
    except NotifyctlError as error:
        done = [" ".join(words) for words in HARMLESS if await server.allows(words)]
        told = f"{name} may {', '.join(done)}"
        return failed(told, hint) if done else unseen(f"of FLUSHALL and others nothing was seen: {error.what}", ASK)
    allowed = [" ".join(words) for words, may in zip(DANGEROUS, answers, strict=True) if may]
    if allowed:
        return failed(f"{name} may {_listed(allowed)}", hint)
    unsaid = [" ".join(words) for words, may in zip(DANGEROUS, answers, strict=True) if may is None]
    if unsaid:
        return unseen(f"of {_listed(unsaid)} the server does not say whether {name} may", ASK)
    return passed(f"{name} is refused all of {len(answers)} calls that were asked about")


@check("RDS-010", "Our user can do what it must", expected="all that notifyctl config acl prints for it", needs=NEEDS)
async def needed(readers: Readers) -> Seen:
    if readers.host is None:
        return passed(OURS)
    server, name = readers.facts, await readers.facts.user()
    trials = own(readers.users, name).trials
    calls = [words for ways in trials.values() for words in ways]
    try:
        answers = iter(await server.may(name, calls))
    except NotifyctlError as error:
        return unseen(error.what, ASK)
    said = {what: [next(answers) for _ in ways] for what, ways in trials.items()}
    missing = [what for what, ways in said.items() if not any(ways) and False in ways]
    if missing:
        return failed(f"{name} may not {_listed(missing)}", "give our user the line that notifyctl config acl prints")
    unsaid = [what for what, ways in said.items() if not any(ways)]  # each way has another number of arguments
    if unsaid:
        return unseen(f"of {_listed(unsaid)} the server does not say whether {name} may", ASK)
    return passed(f"{name} may do all of {len(said)} things that are printed for {own(readers.users, name).name}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
