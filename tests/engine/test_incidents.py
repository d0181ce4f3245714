"""The duty of incidents: several workers, a real server, real receivers; the clock of the server is the test's."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import free_port
from house import PATIENCE, eventually
from lab import W1, W2, Lab
from notifyctl.domain.incident import Incident
from notifyctl.domain.notice import Notice, Told
from notifyctl.domain.pace import DEMO, Watching
from notifyctl.domain.review import Decision, decided, executed, item
from notifyctl.domain.route import Override, Route
from notifyctl.domain.secret import Secret
from notifyctl.engine.failpoint import Failpoint
from notifyctl.engine.incidents import IncidentDuty
from notifyctl.engine.sight import MOST
from notifyctl.engine.telling import Notifier, Teller
from notifyctl.notify.command import Command
from notifyctl.notify.pagerduty import PagerDuty
from notifyctl.notify.webhook import Webhook
from notifyctl.operations.incident import detect
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.watching import readers
from peers import Peer, Talk, answering, serve

ORDER = ("resend", "postmark", "ses")
SENDERS = dict.fromkeys(ORDER, "tickets@venue.example")
WATCHING = Watching(every=0.4, settle=20, calm=120, patience=2)
PACE = replace(DEMO, watching=WATCHING, sender_rest=300)
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Crew:
    """Workers that share one store and one set of notifiers."""

    def __init__(self, lab: Lab, notifiers: list[Notifier], log: Log) -> None:
        self.lab = lab
        self.incidents = lab.store.incidents
        self.duties = {token: self._duty(token, notifiers, log) for token in (W1, W2, "nf.host.3.c")}

    def _duty(self, token: str, notifiers: list[Notifier], log: Log) -> IncidentDuty:
        teller = Teller(self.incidents, notifiers, "production/bull", WATCHING, log, Failpoint())
        return IncidentDuty(readers(self.lab.store), self.lab.store.workers, teller, SENDERS, token, PACE)

    def look(self, seconds: float = 0) -> None:
        """All look at once, so much later; returns when all that was sent has its result."""
        self.lab.now += int(seconds * 1000)
        self.lab.run(self._look())

    async def _look(self) -> None:
        await asyncio.gather(*(duty.watch() for duty in self.duties.values()))
        await self.settled()

    async def settled(self) -> None:
        """Return when no message is under way; fails when patience ends."""
        async with asyncio.timeout(PATIENCE):
            while await self._pending():  # noqa: ASYNC110 - a key in Redis is no event
                await asyncio.sleep(0.01)

    async def _pending(self) -> bool:
        latest = await self.incidents.latest()
        return any(sending.state == "pending" for one in latest for sending in one.sendings.values())

    def all(self) -> list[Incident]:
        return self.lab.run(self.incidents.latest())

    def one(self) -> Incident:
        (incident,) = self.all()
        return incident

    def timeline(self) -> list[str]:
        return [entry.text for entry in self.lab.run(self.incidents.timeline(self.one().id))]

    def close(self) -> None:
        for duty in self.duties.values():
            self.lab.run(duty.close())


def shut(lab: Lab, *providers: str, phase: str = "open", **changes: object) -> None:
    for name in providers:
        fields = {"phase": phase, "generation": lab.now, "since": lab.now, "until": lab.now + 300_000, "rule": "T1",
                  "reason": "3 faults in a row", **changes}  # fmt: skip
        lab.redis(
            "HSET", f"{lab.store.incidents.own}breaker:{name}", *(word for pair in fields.items() for word in pair)
        )


def back(lab: Lab, *providers: str) -> None:
    shut(lab, *providers, phase="closed", closed_at=lab.now, until=0)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with (tmp_path / "log").open("wb") as file:
        yield Log(W1, b"pepper", file.fileno())


@pytest.fixture
def pager() -> Iterator[Peer]:
    with serve(answering) as peer:
        yield peer


@pytest.fixture
def crew(lab: Lab, log: Log, pager: Peer) -> Iterator[Crew]:
    crew = Crew(lab, [pagerduty(pager)], log)
    yield crew
    crew.close()


def pagerduty(peer: Peer) -> PagerDuty:
    return PagerDuty(Secret("0123456789abcdef0123456789abcdef"), peer.url().removesuffix("/emails"), WATCHING.patience)


def pages(peer: Peer) -> list[tuple[str, str]]:
    """What was done under which key."""
    documents = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in peer.requests]
    return [(one["event_action"], one["dedup_key"]) for one in documents]


def actions(peer: Peer) -> list[str]:
    return [action for action, _ in pages(peer)]


class TestOneProvider:
    def test_is_one_incident_and_one_page_when_it_has_settled_whoever_looks(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend")
        crew.look()
        assert (crew.one().key, crew.one().state.value, pages(pager)) == ("provider/resend", "mitigated", [])
        for _ in range(3):
            crew.look(20)
        assert actions(pager) == ["trigger"]
        assert crew.one().sendings["opened/pagerduty"].state == "sent"

    def test_its_end_is_told_once_under_the_same_key(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend")
        crew.look()
        crew.look(20)
        back(lab, "resend")
        crew.look(300)
        crew.look(119)
        assert actions(pager) == ["trigger"]
        crew.look(1)
        crew.look(500)
        assert actions(pager) == ["trigger", "resolve"]
        assert len({key for _, key in pages(pager)}) == 1
        assert crew.one().state.value == "resolved"
        assert lab.run(crew.incidents.owing()) == []

    def test_a_flap_attaches_and_wakes_nobody_again(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend")
        crew.look()
        crew.look(20)
        for _ in range(3):
            back(lab, "resend")
            crew.look(30)
            shut(lab, "resend")
            crew.look(30)
        assert (crew.one().flaps, actions(pager)) == (3, ["trigger"])
        assert crew.timeline().count("the cause is back: a flap") == 3

    def test_what_ends_before_it_was_told_wakes_nobody(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend")
        crew.look()
        back(lab, "resend")
        crew.look(5)
        crew.look(14)
        crew.look(120)
        assert (crew.one().state.value, pages(pager)) == ("resolved", [])

    def test_a_refused_account_is_told_at_once_and_waits_for_review(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend", rule="T3", reason="our account is refused: suspended")
        crew.look()
        assert actions(pager) == ["trigger"]
        (item,) = lab.run(lab.store.reviews.waiting())
        assert (item.id, item.incident) == ("provider/resend", crew.one().id)


class TestAnOutageOfEverything:
    def test_of_ten_minutes_makes_one_page_and_one_message_of_its_end(self, lab: Lab, crew: Crew, pager: Peer):
        """One provider after the other, seen in between; mail grows old; they come back one after the other."""
        lab.enqueue("waits")
        shut(lab, "resend")
        crew.look(1)
        shut(lab, "postmark")
        crew.look(5)
        shut(lab, "ses")
        for _ in range(120):
            crew.look(5)
        assert actions(pager) == ["trigger"]
        for provider in ("ses", "resend", "postmark"):
            back(lab, provider)
            for _ in range(60):
                crew.look(5)
        assert actions(pager) == ["trigger", "resolve"]
        found = {one.key: one for one in crew.all()}
        outage = found.pop("providers")
        assert set(found) == {"provider/resend", "provider/postmark"}
        assert all(one.merged == outage.id and not one.sendings for one in found.values())
        assert outage.mitigate_ms
        assert 595_000 < outage.mitigate_ms < 620_000

    def test_after_a_page_about_one_provider_makes_one_more(self, lab: Lab, crew: Crew, pager: Peer):
        shut(lab, "resend")
        crew.look()
        crew.look(20)
        shut(lab, "postmark", "ses")
        crew.look(60)
        crew.look(60)
        assert actions(pager) == ["trigger", "trigger"]
        assert len(set(pages(pager))) == 2


def test_it_reminds_until_a_person_has_it(lab: Lab, crew: Crew, pager: Peer):
    shut(lab, "resend", until=lab.now + 9_000_000_000)
    crew.look()
    crew.look(20)
    crew.look(899)
    assert actions(pager) == ["trigger"]
    crew.look(1)
    assert actions(pager) == ["trigger"] * 2
    crew.look(2700)
    crew.look(9999)
    assert actions(pager) == ["trigger"] * 3


def test_mail_in_doubt_goes_into_the_review_queue_and_a_decision_ends_the_incident(lab: Lab, crew: Crew, pager: Peer):
    lab.redis("ZADD", f"{crew.incidents.own}unknown", lab.now, "booking-confirm/1")
    crew.look(900)
    assert crew.all() == []
    crew.look(1)
    assert crew.one().key == "unknown"
    crew.look(20)
    (item,) = lab.run(lab.store.reviews.waiting())
    assert (item.id, item.due) == ("unknown/booking-confirm/1", lab.now - 921_000 + 86_400_000)
    assert lab.run(lab.store.reviews.save(decided(item, Decision.DELIVERED, "she has it", "ada", lab.now)))
    crew.look(5)
    crew.look(120)
    assert crew.one().state.value == "resolved"
    assert actions(pager) == ["trigger", "resolve"]


def test_mail_that_is_in_doubt_again_after_a_decision_waits_again(lab: Lab, crew: Crew):
    key = f"{crew.incidents.own}unknown"
    lab.redis("ZADD", key, lab.now, "booking-confirm/1")
    crew.look(901)
    (item,) = lab.run(lab.store.reviews.waiting())
    sent = executed(decided(item, Decision.RESEND, "once more", "ada", lab.now), lab.now)
    assert lab.run(lab.store.reviews.save(sent))
    crew.look(300)
    lab.redis("ZADD", key, lab.now, "booking-confirm/1")  # the second call was never answered, either
    crew.look(901)
    (again,) = lab.run(lab.store.reviews.waiting())
    assert (again.id, again.decision, again.executed_at) == ("unknown/booking-confirm/1", "", 0)
    assert again.since == lab.now - 901_000
    assert crew.all()[0].key == "unknown"
    assert not crew.all()[0].resolved_at


def test_an_account_that_is_refused_another_time_is_asked_about_another_time(lab: Lab, crew: Crew):
    reviews, refused = lab.store.reviews, {"rule": "T3", "reason": "our account is refused: suspended"}
    shut(lab, "resend", **refused)
    crew.look()
    (item,) = lab.run(reviews.waiting())
    assert lab.run(reviews.save(decided(item, Decision.IGNORE, "it was paid", "ada", lab.now)))
    back(lab, "resend")
    crew.look(1)
    crew.look(120)
    shut(lab, "resend", **refused)
    crew.look(1)
    (again,) = lab.run(reviews.waiting())
    assert (again.id, again.incident, again.decision) == ("provider/resend", crew.all()[0].id, "")


def test_what_a_person_must_do_about_a_refused_account_stays_when_its_probe_has_failed(lab: Lab, crew: Crew):
    shut(lab, "resend", rule="T3", reason="our account is refused: suspended")
    crew.look()
    shut(lab, "resend", rule="T7", reason="the probe failed: suspended")
    crew.look(300)
    assert crew.one().what == "the probe failed: suspended."
    assert crew.one().todo.startswith("Repair our account at Resend")


def test_an_outage_that_turns_out_to_be_a_refused_account_is_asked_about(lab: Lab, crew: Crew):
    shut(lab, "resend")
    crew.look()
    assert lab.run(lab.store.reviews.waiting()) == []
    shut(lab, "resend", rule="T3", reason="our account is refused: suspended")
    crew.look(5)
    assert [one.id for one in lab.run(lab.store.reviews.waiting())] == ["provider/resend"]


def test_mails_whose_doubt_may_stay_hide_no_other(lab: Lab, crew: Crew):
    reviews, old = lab.store.reviews, [f"old{number}" for number in range(MOST)]
    for name in old:
        lab.redis("ZADD", f"{crew.incidents.own}unknown", lab.now, name)
        ignored = decided(item("unknown", name, "may be out", lab.now), Decision.IGNORE, "may stay", "ada", lab.now)
        assert lab.run(reviews.save(ignored))
    lab.redis("ZADD", f"{crew.incidents.own}unknown", lab.now + 1, "new")
    crew.look(902)
    assert [one.subject for one in lab.run(reviews.waiting())] == ["new"]
    assert crew.one().key == "unknown"


def test_a_sender_that_is_tried_between_its_rests_is_one_incident(lab: Lab, crew: Crew, pager: Peer):
    key = f"{crew.incidents.own}senders"
    for _ in range(4):
        lab.redis("HSET", key, *(word for name in ORDER for word in (f"{name}|a@venue.example", lab.now + 300_000)))
        for _ in range(60):
            crew.look(10)  # 300 s of rest, and 300 s in which no mail of that sender came
    assert (len(crew.all()), crew.one().flaps) == (1, 3)
    assert actions(pager) == ["trigger", "trigger"]  # the second one reminds, after 15 minutes
    for _ in range(70):
        crew.look(10)
    assert actions(pager)[2:] == ["resolve"]


class TestNotifiers:
    @pytest.fixture
    def make(self, lab: Lab, log: Log) -> Iterator[Callable[..., Crew]]:
        made: list[Crew] = []

        def make(*notifiers: Notifier) -> Crew:
            made.append(Crew(lab, list(notifiers), log))
            return made[-1]

        yield make
        for crew in made:
            crew.close()

    def test_a_dead_one_delays_neither_the_others_nor_the_next_look(
        self, lab: Lab, make: Callable[..., Crew], pager: Peer, tmp_path: Path
    ):
        """One hangs, one refuses, one never ends; two are well, and are told before any of the dead has given up."""
        seen = tmp_path / "seen"
        copy = Command(
            (sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())", str(seen)), 9
        )
        with hanging() as dead:
            hook = Named("hangs", Webhook(Secret(dead.url()), Secret(SECRET), 600))
            nowhere = Named("refuses", Webhook(Secret(f"http://127.0.0.1:{free_port()}"), Secret(SECRET), 600))
            crew = make(hook, nowhere, Forever(), pagerduty(pager), copy)
            shut(lab, *ORDER)

            async def story() -> None:
                first = crew.duties[W1]
                await first.watch()
                async with asyncio.timeout(PATIENCE):
                    while not all(_told(pager, seen, dead)):  # noqa: ASYNC110 - what others did is no event
                        await asyncio.sleep(0.01)
                lab.now += 5000
                await first.watch()

            lab.run(story())
            states = {key: one.state for key, one in crew.one().sendings.items()}
            assert (states["opened/hangs"], states["opened/forever"]) == ("pending", "pending")
            lab.run(crew._look())
        states = {key: one.state for key, one in crew.one().sendings.items()}
        assert states == {
            "opened/hangs": "failed", "opened/refuses": "failed", "opened/forever": "failed",
            "opened/pagerduty": "sent", "opened/command": "sent",
        }  # fmt: skip
        assert crew.one().sendings["opened/refuses"].detail.startswith("connect: ")
        assert actions(pager) == ["trigger"]

    def test_one_that_comes_back_is_told_then(self, lab: Lab, make: Callable[..., Crew]):
        answers = iter(["503 Service Unavailable", "429 Too Many Requests", "202 Accepted"])

        def script(talk: Talk) -> None:
            talk.request()
            talk.answer(status=next(answers))

        with serve(script) as peer:
            crew = make(pagerduty(peer))
            shut(lab, *ORDER)
            crew.look()
            assert crew.one().sendings["opened/pagerduty"].state == "failed"
            crew.look(4)
            assert len(peer.requests) == 1
            crew.look(1)
            crew.look(15)
            crew.look(15)
            sending = crew.one().sendings["opened/pagerduty"]
            assert (sending.state, sending.tries, actions(peer)) == ("sent", 3, ["trigger"] * 3)
        assert "opened: pagerduty not told: 503" in " ".join(crew.timeline())

    def test_a_bug_in_one_ends_nothing(self, lab: Lab, make: Callable[..., Crew], pager: Peer):
        crew = make(Broken(), pagerduty(pager))
        shut(lab, *ORDER)
        lab.run(crew.duties[W1].watch())
        eventually(lambda: lab.run(asyncio.sleep(0.01)) or pager.requests)
        assert crew.one().sendings["opened/broken"].state == "pending"

    def test_without_any_it_is_recorded_all_the_same(self, lab: Lab, make: Callable[..., Crew]):
        crew = make()
        shut(lab, *ORDER)
        crew.look()
        back(lab, *ORDER)
        crew.look(10)
        crew.look(120)
        assert (crew.one().state.value, crew.one().sendings) == ("resolved", {})
        assert lab.run(crew.incidents.owing()) == []


class Named:
    """A notifier under another name."""

    def __init__(self, name: str, inner: Notifier) -> None:
        self.name = name
        self._inner = inner

    def takes(self, occasion: str) -> bool:
        return self._inner.takes(occasion)

    async def tell(self, notice: Notice) -> Told:
        return await self._inner.tell(notice)


class Forever:
    """One that does not keep its time."""

    name = "forever"

    def takes(self, occasion: str) -> bool:
        return True

    async def tell(self, notice: Notice) -> Told:
        await asyncio.Event().wait()
        raise AssertionError


class Broken(Forever):
    """One with a bug."""

    name = "broken"

    async def tell(self, notice: Notice) -> Told:
        raise ZeroDivisionError


def _told(pager: Peer, seen: Path, dead: Peer) -> tuple[object, ...]:
    """What arrived at the three that can be reached."""
    return pager.requests, seen.exists() and seen.read_text(), dead.requests


@contextmanager
def hanging() -> Iterator[Peer]:
    """A server that reads and never answers."""

    def script(talk: Talk) -> None:
        talk.request()
        talk.read()

    with serve(script) as peer:
        yield peer


def test_another_worker_goes_on_where_the_holder_of_the_lease_fell_asleep(lab: Lab, crew: Crew, pager: Peer):
    """It wakes up with an old lease, and what it had in mind is not written."""
    shut(lab, *ORDER)
    asleep, awake = crew.duties[W1], crew.duties[W2]

    async def story() -> None:
        old = await lab.store.workers.lease("incidents", W1, 60)
        await lab.link.redis.delete(f"{crew.incidents.own}lease:incidents")
        new = await lab.store.workers.lease("incidents", W2, 60)
        await awake._follow(new)
        await asleep._follow(old)
        await asleep._teller.tell(old, lab.now)
        await awake._teller.tell(new, lab.now)
        await crew.settled()

    lab.run(story())
    assert (len(crew.all()), actions(pager)) == (1, ["trigger"])


def test_a_lane_that_people_know_of_does_not_end_because_somebody_holds_the_mail(lab: Lab, crew: Crew):
    lab.enqueue("m")
    crew.look(301)
    crew.look(WATCHING.settle + 1)
    assert crew.one().sendings
    hold(lab, Route(hold=Override(lab.now + 3_600_000, "a rest", "ada")))
    crew.look(1)
    crew.look(WATCHING.calm + 1)
    assert {one.key: bool(one.resolved_at) for one in crew.all()} == {"hold": False, "lane/email-critical": False}
    hold(lab, Route())
    crew.look(1)
    lab.remove("m")  # its mail is out at once
    crew.look(1)
    assert {one.key: bool(one.quiet_at) for one in crew.all()} == {"hold": True, "lane/email-critical": True}


def test_who_is_still_out_after_an_outage_of_all_is_no_cause_and_is_told(lab: Lab, crew: Crew):
    for provider in ("resend", "postmark", "ses"):
        shut(lab, provider)
    crew.look(1)
    back(lab, "postmark")
    crew.look(1)
    found = lab.run(detect(readers(lab.store), lab.store.workers, SENDERS, ORDER))
    assert (found.causes, found.left) == ([], ["resend", "ses"])


def test_what_people_know_of_does_not_end_because_all_are_down(lab: Lab, crew: Crew):
    """Nor when somebody holds the mail meanwhile, nor when the outage is back after a moment."""

    def goes_on() -> bool:
        known = {one.key: one for one in crew.all()}
        both = (known["lane/email-critical"], known["provider/resend"])
        return not any(one.quiet_at or one.resolved_at for one in both)

    lab.enqueue("m")
    shut(lab, "resend")
    crew.look(301)
    crew.look(WATCHING.settle + 1)
    assert {one.key: bool(one.sendings) for one in crew.all()} == {"lane/email-critical": True, "provider/resend": True}
    shut(lab, *ORDER)
    crew.look(WATCHING.calm + 1)
    crew.look(WATCHING.calm + 1)
    assert goes_on()
    for provider in ("postmark", "ses"):
        back(lab, provider)
    crew.look(1)
    shut(lab, "postmark", "ses")
    crew.look(1)
    assert goes_on()
    hold(lab, Route(hold=Override(lab.now + 3_600_000, "a rest", "ada")))
    crew.look(WATCHING.calm + 1)
    crew.look(WATCHING.calm + 1)
    assert goes_on()


def test_a_pause_of_seconds_silences_no_lane_for_longer_than_it_excuses(lab: Lab, crew: Crew):
    lab.enqueue("m")
    crew.look(200)
    hold(lab, Route(hold=Override(lab.now + 3_600_000, "a rest", "ada")))
    crew.look(1)
    hold(lab, Route())
    crew.look(9)  # the calm after it, in which it is an incident still, excuses nothing
    assert [one.key for one in crew.all()] == ["hold"]
    crew.look(100)
    assert "lane/email-critical" in {one.key for one in crew.all()}


def hold(lab: Lab, route: Route) -> None:
    """Let a person put this over the route."""
    version = lab.run(lab.store.boards.look()).board.version
    assert lab.run(lab.store.boards.change_route(version, route, "t", "ada", "w"))
