"""Three simulated providers and the way to them: what they take is counted here, and nowhere in the engine's books.

Requests are the real ones, answers are the real rows of the providers' tests. A call meets a fate: an answer, good or
bad; an answer that is lost on its way; no connection; a body cut short. What has left its host arrives, whatever
becomes of the host, and a provider may take it as late as a call may last.
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from notifyctl.domain.outcome import Broken, Kind, Request, Response
from notifyctl.domain.pace import Pace
from notifyctl.net.wire import Exchange
from providers import test_postmark_errors, test_resend_errors, test_ses_errors
from simulation.loop import Host, Loop

KEY_LIVES = 24 * 3600.0
SITES = {"api.resend.com": "resend", "api.postmarkapp.com": "postmark"}
PROBE = "Probe"  # the subject of what goes to a sink
FATES = ("taken", "late", "lost", "vanished", "refused", "cut", "unreachable", "garbled")


def _answer(provider: str, status: int, name: str | int, message: str) -> Response:
    """A refusal in the provider's own form."""
    if provider == "resend":
        return Response(status, {}, json.dumps({"statusCode": status, "name": name, "message": message}).encode())
    if provider == "postmark":
        return Response(status, {}, json.dumps({"ErrorCode": name, "Message": message}).encode())
    return Response(status, {"x-amzn-errortype": str(name)}, json.dumps({"message": message}).encode())


def _rows(provider: str, module: Any) -> list[tuple[Kind, bool, Response]]:
    """Kind, whether a copy may have been taken nevertheless, and the answer of each row of a provider's tests."""
    return [
        (kind, certainty is module.AMBIGUOUS, _answer(provider, status, name, message))
        for status, name, message, kind, certainty in module.TAXONOMY
    ]


ROWS = {
    "resend": _rows("resend", test_resend_errors),
    "postmark": [
        *_rows("postmark", test_postmark_errors),
        (Kind.REJECTED, False, _answer("postmark", 422, 406, "Inactive recipient")),
    ],
    "ses": _rows("ses", test_ses_errors),
}
OTHER_BODY = _answer("resend", 409, "invalid_idempotent_request", "Same key used with a different payload.")
KINDS = (Kind.REJECTED, Kind.THROTTLED, Kind.FAULT, Kind.ACCOUNT, Kind.SENDER)


@dataclass
class Copy:
    """A message that a provider took."""

    at: float
    provider: str
    message: str
    ref: str


@dataclass
class Call:
    """A request that has left its host whole or in part; `lands` is when its provider decides, None when never."""

    provider: str
    message: str
    ref: str
    key: str
    body: bytes
    host: str
    began: float
    lands: float | None = None
    attempt: str = ""
    replay: bool = False


@dataclass
class Mood:
    """How a provider treats calls for a while: weights of the fates, and of the kinds of refusals."""

    fates: list[float]
    kinds: list[float]


@dataclass
class Site:
    """One provider."""

    name: str
    mood: Mood
    keys: dict[str, tuple[float, bytes, Response]] = field(default_factory=dict)


class Post:
    """All providers. `watch` is told of each call at its first byte, `tell` of everything for the history."""

    def __init__(self, loop: Loop, chance: random.Random, pace: Pace, tell: Callable[..., None]) -> None:
        self.loop = loop
        self.chance = chance
        self.pace = pace
        self.tell = tell
        self.watch: Callable[[Call], None] = lambda call: None
        self.copies: list[Copy] = []
        self.calls: list[Call] = []
        self.over = False
        self.sites = {name: Site(name, fair()) for name in ROWS}
        self._serial = 0

    @property
    def under_way(self) -> list[Call]:
        """Calls whose provider has not decided yet."""
        return [call for call in self.calls if call.lands is not None and call.lands > self.loop.time()]

    def start(self, site: Site, call: Call) -> str:
        """The first byte leaves: what becomes of it is settled now."""
        fate = self.chance.choices(FATES, site.mood.fates)[0]
        self.watch(call)
        self.calls.append(call)
        self.tell(call.host, "call", call.message, call.provider, fate)
        return fate

    def takes(self, site: Site, call: Call) -> Response:
        """The provider takes a message; one that it knows by its key is answered as before."""
        known = site.keys.get(call.key)
        if known and self.loop.time() - known[0] < KEY_LIVES:
            return known[2] if known[1] == call.body else OTHER_BODY
        self._serial += 1
        self.copies.append(Copy(self.loop.time(), site.name, call.message, call.ref))
        self.tell("-", "copy", call.message, site.name)
        receipt = _receipt(site.name, f"id-{self._serial}")
        if call.key:
            site.keys[call.key] = (self.loop.time(), call.body, receipt)
        return receipt

    def refuses(self, site: Site, call: Call) -> Response:
        """A row of the provider's table; behind an ambiguous one the message may have been taken."""
        kind = self.chance.choices(KINDS, site.mood.kinds)[0]
        if kind is Kind.REJECTED and call.key and self._has(site, call):
            return self.takes(site, call)  # it would have refused the other one, too
        _, doubtful, answer = self.chance.choice([row for row in ROWS[site.name] if row[0] is kind])
        if doubtful and self.chance.random() < 0.5:
            self.takes(site, call)
        if kind is Kind.THROTTLED and self.chance.random() < 0.5:
            wait = str(self.chance.choice((0, 1, 5, 30)))
            answer = Response(answer.status, {**answer.headers, "retry-after": wait}, answer.body)
        return answer

    def _has(self, site: Site, call: Call) -> bool:
        """Whether a provider has another request with this key, taken or still on its way."""
        return call.key in site.keys or any(other.key == call.key for other in self.under_way)

    def account(self, site: Site) -> Response:
        """What an account tells of its limits, if it tells anything."""
        if self.chance.random() < 0.5:
            return Response(403, {}, b"{}")
        rate, used = self.chance.choice((2, 5, 1000)), len(self.copies)
        month = {"used": used, "limit": self.chance.choice((20, 1000)), "resets_at": None}
        told: dict[str, dict[str, object]] = {
            "postmark": {"TotalCount": 0},
            "resend": {"object": "usage", "emails": {"monthly": month}, "rate_limit": {"limit": rate}},
            "ses": {"SendQuota": {"MaxSendRate": rate, "Max24HourSend": -1, "SentLast24Hours": used}},
        }
        return Response(200, {}, json.dumps(told[site.name]).encode())

    def search(self, request: Request) -> Response:
        """Postmark's search by metadata; the index lags behind."""
        if self.chance.random() < 0.2:
            return Response(500, {}, b"{}")
        (ref,) = parse_qs(urlsplit(request.url).query)["metadata_nf_ref"]
        lag = self.chance.choice((0.0, 0.0, 5.0, 20.0))
        found = [copy for copy in self.copies if (copy.provider, copy.ref) == ("postmark", ref)]
        seen = [copy for copy in found if copy.at + lag <= self.loop.time()]
        messages = [{"MessageID": f"found-{ref[:6]}", "Metadata": {"nf_ref": ref}} for _ in seen]
        return Response(200, {}, json.dumps({"TotalCount": len(seen), "Messages": messages}).encode())


class Wire:
    """The sending client of one host, in the place of `net.wire.Wire`."""

    def __init__(self, post: Post, host: Host) -> None:
        self._post = post
        self._host = host

    async def send(self, request: Request, start_by: float | None = None) -> Exchange:
        """One call, as the real one makes it: never repeated, not begun after `start_by`, cut off after `total`."""
        post, loop = self._post, self._post.loop
        if post.over:
            return Exchange(Broken("connect", False, "the history is over"), 0.0, None)
        began, chance = loop.time(), post.chance
        site = post.sites[SITES.get(urlsplit(request.url).hostname or "", "ses")]
        await asyncio.sleep(chance.choice((0.001, 0.01, 0.3, 0.9 * post.pace.connect)))
        if request.url.endswith(("/usage", "/account")):
            return Exchange(post.account(site), loop.time() - began, began)
        if request.method == "GET":
            told = post.search(request) if "nf_ref" in request.url else post.account(site)
            return Exchange(told, loop.time() - began, began)
        if start_by is not None and loop.time() > start_by:
            return Exchange(Broken("late", False, "the moment to start had passed"), loop.time() - began, None)
        call = _call(site.name, request, self._host.name, loop.time())
        answer = await self._make(site, call, post.start(site, call), began + post.pace.total)
        return Exchange(answer, loop.time() - began, call.began)

    async def _make(self, site: Site, call: Call, fate: str, end: float) -> Response | Broken:
        post, loop, chance = self._post, self._post.loop, self._post.chance
        if fate == "unreachable":
            return Broken("connect", False, "refused")
        if fate == "cut":
            await asyncio.sleep(0.01)
            return Broken("write", False, "reset")
        reply: asyncio.Future[Response | Broken] = loop.create_future()
        late = fate == "late" or (fate in ("lost", "vanished") and chance.random() < 0.5)
        away = chance.uniform(0, post.pace.total) if late else chance.choice((0.005, 0.08, 0.5))
        call.lands = loop.time() + away
        loop.later(away, self._land, site, call, fate, reply)
        timer = loop.call_at(end, self._settle, reply, Broken("timeout", True, "no complete answer in time"))
        try:
            return await reply
        finally:
            timer.cancel()

    def _land(self, site: Site, call: Call, fate: str, reply: "asyncio.Future[Response | Broken]") -> None:
        """The provider has the whole request and decides; its answer comes back, or does not."""
        post = self._post
        answer: Response | Broken
        if fate == "vanished":
            answer = Broken("answer", True, "reset")
        else:
            answer = post.refuses(site, call) if fate == "refused" else post.takes(site, call)
        if fate == "garbled":
            answer = Response(200, {}, post.chance.choice((b"<html>fine</html>", b"{}", b'{"id": ')))
        if fate in ("lost", "vanished"):
            if post.chance.random() < 0.5:
                return  # the client waits in vain
            answer = Broken("answer", True, "reset")
        post.loop.later(0.01, self._settle, reply, answer)

    def _settle(self, reply: "asyncio.Future[Response | Broken]", answer: Response | Broken) -> None:
        if not reply.done():
            reply.set_result(answer)


def fair() -> Mood:
    """Everything is taken."""
    return Mood([1.0, *[0.0] * (len(FATES) - 1)], [1.0] * len(KINDS))


def changeable(chance: random.Random) -> Mood:
    """Some mixture of fates, in which one may stand out."""
    fates = [chance.choice((0, 0.2, 1)) for _ in FATES]
    fates[chance.randrange(len(FATES))] += chance.choice((1, 1, 20))
    kinds = [chance.choice((0, 1)) + 0.05 for _ in KINDS]
    kinds[0] *= 0.3
    kinds[2] *= chance.choice((1, 1, 20))
    return Mood(fates, kinds)


def _call(provider: str, request: Request, host: str, now: float) -> Call:
    document = json.loads(request.body)
    if provider == "resend":
        key = next(value for name, value in request.headers if name == "Idempotency-Key")
        return Call(provider, document["subject"], document["tags"][0]["value"], key, request.body, host, now)
    if provider == "postmark":
        return Call(provider, document["Subject"], document["Metadata"]["nf_ref"], "", request.body, host, now)
    subject = document["Content"]["Simple"]["Subject"]["Data"]
    return Call(provider, subject, document["EmailTags"][0]["Value"], "", request.body, host, now)


def _receipt(provider: str, identity: str) -> Response:
    said = {"resend": {"id": identity}, "postmark": {"ErrorCode": 0, "MessageID": identity}}
    return Response(200, {}, json.dumps(said.get(provider, {"MessageId": identity})).encode())
