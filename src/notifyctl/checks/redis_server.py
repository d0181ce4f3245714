"""RDS: whether the server is fit to hold a queue, and whom it lets in."""

from statistics import quantiles

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.errors import Unreachable

PINGS = 20
QUICK, SLOW = 5.0, 50.0  # ms of a round trip, 95th percentile
FULL, FILLING = 0.85, 0.70  # of maxmemory
OLDEST, ADVISED = (5, 0), (6, 2)  # what npm bullmq demands, and what it advises
REACHED = ("RDS-001",)
AGREE, APART = 2.0, 30.0  # seconds between two clocks


@check("RDS-001", "Redis answers soon", expected=f"95 of 100 round trips below {QUICK:g} ms", needs=("ENV-001",))
async def reachable(readers: Readers) -> Seen:
    server = readers.facts
    try:
        took = await server.round_trips(PINGS)
    except Unreachable as error:
        return failed(error.what, error.fix)
    late = quantiles(took, n=20)[-1]
    told = f"19 of {PINGS} pings within {late:.1f} ms"
    if late >= SLOW:
        return failed(told, "move the workers closer to Redis, or find what is in between")
    return passed(told) if late < QUICK else warned(told, "a worker waits three round trips for each batch of mail")


@check("RDS-002", "Redis forgets nothing to make room", expected="maxmemory-policy is noeviction", needs=REACHED)
async def eviction(readers: Readers) -> Seen:
    policy = (await readers.facts.info("memory")).get("maxmemory_policy")
    if policy is None:
        return unseen("the server does not tell its maxmemory-policy", "ask whoever runs the server")
    return (
        passed("noeviction")
        if policy == "noeviction"
        else failed(str(policy), "CONFIG SET maxmemory-policy noeviction")
    )


@check("RDS-003", "Redis keeps what it was told", expected="an append-only file whose last write went well",
       needs=REACHED)  # fmt: skip
async def persistence(readers: Readers) -> Seen:
    told = await readers.facts.info("persistence")
    if told.get("aof_enabled") == 1:
        well = told.get("aof_last_write_status") == "ok"
        return (
            passed("append-only file, last write ok")
            if well
            else failed("the last write to the append-only file failed", "look at the disk of the server")
        )
    if told.get("aof_enabled") is None:
        return unseen("the server does not tell whether it has an append-only file", "ask whoever runs the server")
    return failed(
        "there is no append-only file: a restart forgets mail",
        "CONFIG SET appendonly yes, and keep that in its configuration",
    )


@check("RDS-004", "Redis has room", expected=f"a limit, of which less than {FILLING:.0%} is used", needs=REACHED)
async def room(readers: Readers) -> Seen:
    told = await readers.facts.info("memory")
    used, most = told.get("used_memory"), told.get("maxmemory")
    if not isinstance(used, int) or not isinstance(most, int):
        return unseen("the server does not tell its memory", "ask whoever runs the server")
    if most == 0:
        return warned(
            "no limit of memory is set", "set maxmemory: without that the system ends the server when memory is gone"
        )
    part = used / most
    hint = "keep fewer finished jobs ([limits] completed_keep), or give the server more memory"
    if part > FULL:
        return failed(f"{part:.0%} of {most / 2**20:,.0f} MB", hint)
    told_ = f"{part:.0%} of {most / 2**20:,.0f} MB"
    return passed(told_) if part < FILLING else warned(told_, hint)


@check("RDS-005", "Redis is new enough", expected=f"{'.'.join(map(str, ADVISED))} or newer, for BullMQ", needs=REACHED)
async def version(readers: Readers) -> Seen:
    told = await readers.facts.info("server")
    name = "Valkey" if "valkey_version" in told else "Redis"
    text = str(told.get("valkey_version") or told.get("redis_version") or "")
    number = tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
    if len(number) < 2:
        return unseen("the server does not tell its version", "ask whoever runs the server")
    if number < OLDEST:
        return failed(f"{name} {text}", "install a newer one")
    return passed(f"{name} {text}") if number >= ADVISED else warned(f"{name} {text}", "install a newer one")


@check("RDS-006", "The way to Redis is encrypted", expected="TLS, or it does not leave this host", needs=("ENV-001",))
async def encrypted(readers: Readers) -> Seen:
    host = readers.host
    if host is None:
        return passed("a socket file")
    if readers.place and readers.place.tls:
        return passed("TLS is demanded, with the name and the chain of its certificate")
    local = host in ("localhost", "127.0.0.1", "::1")
    return (
        passed("the connection does not leave this host") if local else failed("plain TCP", "set BULLMQ_REDIS_TLS=true")
    )


@check("RDS-007", "We are a user of our own at Redis", expected="not `default`", needs=REACHED)
async def user(readers: Readers) -> Seen:
    name = await readers.facts.user()
    if readers.host is None:
        return passed("the embedded server belongs to this user alone")
    hint = "make a user that notifyctl config acl prints, and set BULLMQ_REDIS_USERNAME"
    return passed(name) if name != "default" else failed("default, who may do everything", hint)


@check("RDS-008", "Redis lets no stranger in", expected="a connection without a password is refused", needs=REACHED)
async def strangers(readers: Readers) -> Seen:
    if readers.host is None:
        return passed("the socket file of the embedded server belongs to this user alone")
    if await readers.facts.lets_strangers_in():
        return failed("anybody who reaches the server may give it commands", "ACL SETUSER default off")
    return passed("a connection without a password is refused")


@check("ENV-004", "The clocks agree", expected=f"this one and that of Redis within {AGREE:g} s", needs=REACHED)
async def clock(readers: Readers) -> Seen:
    ahead = await readers.facts.clock()
    told, hint = f"Redis is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}", "have both follow a time server"
    if abs(ahead) > APART:
        return failed(told, hint)
    return passed(told) if abs(ahead) <= AGREE else warned(told, hint)
