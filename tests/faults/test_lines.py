"""Providers that read a whole body and reset, and providers that close idle connections at the worst of moments.

Each call carries a number of its own. A request that its provider read whole is a success or a doubt, never a definite
failure, and is read once: there is no silent second copy.
"""

import asyncio
import random
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
import trustme

from faults.arena import PROVIDERS, Fault, arena
from faults.checker import REPORTS, check
from faults.conftest import Extent
from notifyctl.domain.outcome import Broken, Request, Response
from notifyctl.domain.pace import DEMO
from notifyctl.net.wire import Wire
from peers import Script, Talk, serve

CALM = replace(DEMO, connect=5, total=5)
AT_ONCE = 8
FILLING = b"m" * 20_000


@dataclass
class Tries:
    """What the client was told about each call, by number, and how often each came out at the peer."""

    told: dict[int, str] = field(default_factory=dict)
    seen: Counter[int] = field(default_factory=Counter)

    def check(self, scenario: str) -> Counter[str]:
        """Fail where the client's word and the peer's differ; else note the counts, and return them."""
        twice = {number for number, count in self.seen.items() if count > 1}
        denied = {number for number in self.seen if self.told[number] == "definite"}
        invented = {number for number, word in self.told.items() if word == "success" and not self.seen[number]}
        assert (twice, denied, invented) == (set(), set(), set())
        assert self.seen.total() <= len(self.told)
        told = Counter(self.told.values())
        unseen = sum(word == "ambiguous" and not self.seen[number] for number, word in self.told.items())
        counts = "  ".join(f"{word} {told[word]}" for word in ("success", "ambiguous", "definite"))
        REPORTS.append(f"{scenario:44} {len(self.told)} calls: {counts}  (ambiguous and not read whole: {unseen})")
        return told


def word(answer: Response | Broken) -> str:
    if isinstance(answer, Response):
        return "success"
    return "ambiguous" if answer.handed_over else "definite"


def attempt(
    script: Script, tries: int, chance: random.Random, authority: trustme.CA | None = None, file: str | None = None
) -> Tries:
    """So many calls over one wire, a few at once, each after a short random wait."""
    found, numbers = Tries(), iter(range(tries))
    context = None
    if authority:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)

    async def caller(wire: Wire, url: str) -> None:
        for number in numbers:
            await asyncio.sleep(chance.choice([0, 0, 0.0005, 0.001, 0.003]))
            body = b"%d " % number + FILLING
            exchange = await wire.send(Request("POST", url, (("Content-Type", "text/plain"),), body))
            found.told[number] = word(exchange.answer)

    async def run(url: str) -> None:
        async with Wire(CALM, ca_file=file) as wire:
            await asyncio.gather(*(caller(wire, url) for _ in range(AT_ONCE)))

    with serve(script, context) as peer:
        asyncio.run(run(peer.url("localhost")))
    found.seen.update(int(request.partition(b"\r\n\r\n")[2].split()[0]) for request in peer.requests)
    return found


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, tmp_path) -> Iterator[dict[str, object]]:
    """What `attempt` needs for TLS, or nothing."""
    if request.param == "plain":
        yield {}
        return
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    yield {"authority": authority, "file": str(tmp_path / "ca.pem")}


def test_a_body_read_whole_and_a_reset_is_always_in_doubt(extent: Extent, tls: dict[str, object]) -> None:
    def script(talk: Talk) -> None:
        for _ in range(chance.randrange(4)):  # on a new line, and on one that was used before
            if not talk.request():
                return
            talk.answer()
        if talk.request():
            talk.reset()

    chance = extent.chance("read and reset")
    told = attempt(script, extent.tries, chance, **tls).check(f"read whole, then reset{', TLS' if tls else ''}")
    assert told["definite"] == 0
    assert told["ambiguous"] > extent.tries / 8


def test_an_idle_connection_closed_at_any_moment_hides_no_copy(extent: Extent, tls: dict[str, object]) -> None:
    def before(talk: Talk) -> None:
        time.sleep(chance.choice([0, 0, 0.0005, 0.001, 0.003]))  # the next request may be on its way already

    def during(talk: Talk) -> None:
        talk.read(chance.choice([1, 100, 5000, 20_000]))

    def after(talk: Talk) -> None:
        talk.request()

    def script(talk: Talk) -> None:
        for _ in range(chance.randrange(1, 4)):
            if not talk.request():
                return
            talk.answer()
        chance.choice([before, before, during, after])(talk)
        end = chance.choice([talk.reset, talk.sock.close, lambda: talk.sock.shutdown(socket.SHUT_RDWR)])
        end()

    chance = extent.chance("idle")
    told = attempt(script, extent.tries, chance, **tls).check(f"idle connections closed{', TLS' if tls else ''}")
    assert told["success"] > extent.tries / 3
    assert told["ambiguous"] > extent.tries / 20


READ_AND_RESET: Fault = {"action": "cut_response", "after_bytes": 0, "probability": 0.3}


LONG = [pytest.param(order, marks=pytest.mark.long, id=order[0]) for order in (PROVIDERS, ("postmark", "ses"))]


@pytest.mark.parametrize("order", [*LONG, pytest.param(("ses", "resend"), id="ses")])
def test_whole_workers_double_nothing_when_lines_end_like_that(extent: Extent, order: tuple[str, ...]) -> None:
    with arena(order, seed=extent.seed, in_flight=8) as field:
        field.emulator.call("PUT", "/settings", {name: {"close_idle_s": 0.004} for name in PROVIDERS})
        field.strike({"provider": order[0], "times": 60, **READ_AND_RESET, "accept": True})
        field.strike({"provider": order[0], "times": 20, **READ_AND_RESET, "accept": False})
        field.start(2)
        field.await_workers(2)
        for _ in range(12):
            field.burst("lines", 6)
            time.sleep(extent.chance(order).uniform(0.01, 0.1))
        field.end_workers()
        verdict = check(field, f"read and reset, idle closed, {order[0]}")
        assert verdict.ambiguous >= 20
        assert order[0] != "resend" or (verdict.resends, verdict.states["unknown"]) == (0, 0)
