"""`incident`: each of the five steps is one command, and what people do is on record."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from conftest import Valkey, free_port
from endings import the_past
from house import KEYS, House, eventually, everything, mail
from notifyctl.domain.attempt import State
from peers import Peer, answering, serve
from terminal import at_notifyctl

GOLDEN = Path(__file__).parent.parent / "golden" / "commands"
OWN = "nf:{bull}:"
LOOKS = (("incident", "detect"), ("incident", "list"), ("incident", "show"), ("incident", "report"))
PAGER_KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client(valkey: Valkey) -> Iterator["redis.Redis"]:
    with redis.Redis(port=valkey.port, decode_responses=True) as client:
        yield client


@pytest.fixture
def pager(house: House) -> Iterator[Peer]:
    with serve(answering) as peer:
        house.environ |= {
            "NOTIFYCTL_PAGERDUTY_KEY": PAGER_KEY, "NOTIFYCTL_PAGERDUTY_URL": peer.url().removesuffix("/emails"),
        }  # fmt: skip
        yield peer


def actions(peer: Peer) -> list[str]:
    return [json.loads(request.partition(b"\r\n\r\n")[2])["event_action"] for request in list(peer.requests)]


def shut(client: "redis.Redis", *providers: str) -> None:
    """As the breaker leaves it."""
    now = int(time.time() * 1000)
    for name in providers:
        fields = {
            "phase": "open",
            "generation": now,
            "since": now,
            "until": now + 10**9,
            "rule": "T1",
            "reason": "3 faults",
        }
        client.hset(f"{OWN}breaker:{name}", mapping=fields)


def incidents(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.ask("incident", "list").data["incidents"]
    return found


def timeline(house: House) -> list[str]:
    return [entry["text"] for entry in house.ask("incident", "show").data["timeline"]]


def shape(value: Any) -> Any:
    """The value with the names of types in place of what may vary."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "null" if value is None else type(value).__name__


def compare(name: str, document: Any) -> None:
    """With the golden file; GOLDEN=write writes it anew."""
    file, told = GOLDEN / f"{name}.json", shape(document)
    if os.environ.get("GOLDEN") == "write":
        file.write_text(json.dumps(told, indent=1) + "\n")
    assert told == json.loads(file.read_text())


class TestDetect:
    def test_nothing_is_wrong(self, house: House) -> None:
        ran = house.run("incident", "detect")
        assert (ran.code, ran.out) == (0, "Nothing is wrong.\n")

    def test_a_provider_that_is_shut_is_told_with_what_the_tool_did(self, house: House, client: "redis.Redis") -> None:
        shut(client, "resend")
        ran = house.ask("incident", "detect")
        assert (ran.code, ran.codes) == (1, ["INC-CAUSE"])
        (cause,) = ran.data["causes"]
        assert (cause["key"], cause["severity"], cause["harm"]) == ("provider/resend", "error", False)
        assert "Its mail goes to Postmark." in house.run("incident", "detect").out
        compare("incident-detect", ran.document)

    def test_it_sees_that_nobody_works_though_no_worker_could_say_so(self, house: House) -> None:
        house.run("send", "-", stdin=mail("one"))
        ran = house.ask("incident", "detect")
        assert (ran.code, [one["key"] for one in ran.data["causes"]]) == (1, ["workers"])

    def test_only_providers_with_a_key_count(self, house: House, client: "redis.Redis") -> None:
        shut(client, "resend")
        without = {"POSTMARK_API_KEY": "", "AWS_SES_ACCESS_KEY": "", "AWS_SES_SECRET_KEY": ""}
        (cause,) = house.ask("incident", "detect", **without).data["causes"]
        assert cause["key"] == "providers"

    def test_a_host_without_keys_sees_what_the_workers_see(self, house: House, client: "redis.Redis") -> None:
        for name in ("resend", "postmark", "ses"):
            shut(client, name)
        here = dict.fromkeys(KEYS, "")
        assert [one["key"] for one in house.ask("incident", "detect", **here).data["causes"]] == ["providers"]
        house.start("worker")
        house.await_workers(1)
        assert [one["key"] for one in house.ask("incident", "detect", **here).data["causes"]] == ["providers"]
        told = house.run("status", **here).out
        assert "No provider gets the mail: resend was taken out" in told
        assert "no key" not in told

    def test_in_production_who_does_not_send_needs_neither_key_nor_sender(self, house: House) -> None:
        here = {
            **dict.fromkeys(KEYS, ""),
            "NOTIFYCTL_FROM": "",
            "NOTIFYCTL_MODE": "production",
            "NOTIFYCTL_PEPPER": 32 * "p",
        }
        house.config.write_text("")  # not the pace of the demo
        looks = (
            ("status",),
            ("incident", "detect"),
            ("provider", "list"),
            ("worker", "list"),
            ("queue", "show"),
            ("history",),
        )
        why = ("--reason", "a rest")
        for verb in (*looks, ("pause", "queue", *why, "--yes"), ("resume", "queue", *why), ("restore", *why)):
            assert house.run(*verb, **here).code == 0, verb
        assert house.ask("worker", "run", **here).codes == ["CFG-PRODUCTION"]


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
class TestLooking:
    def test_writes_nothing_even_when_something_is_wrong(
        self, house: House, client: "redis.Redis", valkey: Valkey, look: tuple[str, ...]
    ) -> None:
        shut(client, "resend")
        house.run("incident", "log", "something")
        with redis.Redis(port=valkey.port) as raw:
            before = everything(raw)
            assert house.ask(*look).code in (0, 1)
            assert everything(raw) == before

    def test_does_so_as_a_user_who_may_only_read(
        self, house: House, client: "redis.Redis", look: tuple[str, ...]
    ) -> None:
        house.run("incident", "log", "something")
        client.acl_setuser(
            "reader", enabled=True, passwords=["+secret"], categories=["+@read", "+@connection"],
            commands=["+info", "+time"], keys=["*"],
        )  # fmt: skip
        try:
            ran = house.ask(*look, BULLMQ_REDIS_USERNAME="reader", BULLMQ_REDIS_PASSWORD="secret")
        finally:
            client.acl_deluser("reader")
        assert ran.code == 0, ran.out

    def test_without_a_server_is_exit_6(self, house: House, look: tuple[str, ...]) -> None:
        assert house.ask(*look, BULLMQ_REDIS_PORT=str(free_port())).code == 6


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (("log",), "TEXT"),
        (("note",), "TEXT"),
        (("ack",), "--yes"),
        (("notify",), "--yes"),
        (("resolve",), "--reason"),
        (("resolve", "--reason", "x"), "--yes"),
        (("review", "unknown/m1"), "--decide"),
        (("review", "unknown/m1", "--decide", "drop"), "--reason"),
    ],
)
def test_a_verb_that_nobody_answers_is_refused_and_names_what_is_missing(
    house: House, valkey: Valkey, arguments: tuple[str, ...], flag: str
) -> None:
    if "--decide" not in arguments:  # else the incident would be the reason
        house.run("incident", "log", "something")
    with redis.Redis(port=valkey.port) as raw:
        before = everything(raw)
        ran = house.ask("incident", *arguments)
        assert ran.code == 4
        assert flag in ran.document["findings"][0]["hint"] + ran.document["findings"][0]["subject"]
        assert everything(raw) == before
    assert house.ask("incident", *arguments, BULLMQ_REDIS_PORT="1").code == 4  # said before anything is opened


class TestByHand:
    def test_a_log_opens_one_when_none_is_open_and_writes_to_it_then(self, house: House) -> None:
        first = house.ask("incident", "log", "the lights flicker", "--severity", "error", NOTIFYCTL_ACTOR="ada")
        assert (first.code, first.document["outcome"]) == (0, "done")
        assert house.ask("incident", "log", "they are off", NOTIFYCTL_ACTOR="bob").data["id"] == first.data["id"]
        (found,) = incidents(house)
        assert (found["title"], found["severity"], found["opened_by"]) == ("the lights flicker", "error", "ada")
        shown = house.ask("incident", "show")
        told = [(one["by"], one["text"]) for one in shown.data["timeline"]]
        assert told == [("ada", "the lights flicker"), ("bob", "they are off")]
        compare("incident-show", shown.document)
        compare("incident-list", house.ask("incident", "list").document)
        compare("incident-log", first.document)

    def test_its_life_to_the_end(self, house: House) -> None:
        identity = house.ask("incident", "log", "the lights flicker").data["id"]
        assert house.ask("incident", "ack", "--yes").data["state"] == "acked"
        again = house.ask("incident", "ack", "--yes")
        assert (again.code, again.document["outcome"]) == (0, "nothing to do")
        early = house.ask("incident", "review", identity, "--root", "a fuse")
        assert (early.code, early.codes) == (4, ["INC-NOT-OVER"])
        assert house.ask("incident", "resolve", "--yes", "--reason", "a new fuse").data["state"] == "resolved"
        listed = house.ask("incident", "review")
        assert (listed.code, [one["id"] for one in listed.data["incidents"]]) == (8, [identity])
        assert house.ask("incident", "note", "the fuse was old", "--id", identity).code == 0
        assert house.ask("incident", "review", identity, "--root", "a fuse").data["state"] == "reviewed"
        assert house.ask("incident", "review").code == 0
        report = house.run("incident", "report", identity).out
        assert report.startswith(f"# {identity}: the lights flicker\n")
        titles = [line for line in report.splitlines() if line.startswith("## ")]
        assert titles[:4] == ["## Summary", "## Impact", "## Timeline (UTC)", "## Detection"]
        assert "\n## Root cause\n\na fuse\n" in report
        assert "the fuse was old" in report

    def test_another_one_is_opened_on_demand_and_two_must_be_told_apart(self, house: House) -> None:
        first = house.ask("incident", "log", "the lights flicker").data["id"]
        second = house.ask("incident", "log", "the door is locked", "--new").data["id"]
        assert second != first
        logged = house.ask("incident", "log", "a word")
        assert (logged.code, logged.codes) == (4, ["INC-WHICH"])
        assert all(flag in logged.document["findings"][0]["hint"] for flag in ("--id", "--new"))
        assert house.ask("incident", "ack", "--yes").codes == ["INC-WHICH"]
        assert house.ask("incident", "ack", first, "--yes").code == 0
        assert house.ask("incident", "log", "x", "--new", "--id", first).code == 2

    def test_a_question_names_the_incident_and_comes_after_it_is_known_which_one(self, house: House) -> None:
        first = house.ask("incident", "log", "the lights flicker").data["id"]
        ran = at_notifyctl(house, "incident", "resolve", answers={"[y/N]": "y\n", "Why": "a new fuse\n"})
        assert ran.code == 0, ran.out
        assert ran.out.index(f"{first} open: the lights flicker.") < ran.out.index("[y/N]")
        for text in ("one", "two"):
            house.run("incident", "log", text, "--new")
        ran = at_notifyctl(house, "incident", "ack")
        assert (ran.code, "[y/N]" in ran.out) == (4, False)

    @pytest.mark.parametrize("verb", [("show",), ("note", "x", "--id"), ("report",)], ids=" ".join)
    def test_an_id_that_nobody_knows(self, house: House, verb: tuple[str, ...]) -> None:
        ran = house.ask("incident", *verb, "INC-2020-01-01-01")
        assert (ran.code, ran.codes) == (1, ["INC-NOT-FOUND"])

    def test_none_is_open(self, house: House) -> None:
        ran = house.ask("incident", "ack", "--yes")
        assert (ran.code, ran.codes) == (1, ["INC-NOT-FOUND"])
        assert house.run("incident", "list").out == "There was none.\n"


class TestNotify:
    def test_tells_everybody_again_and_shows_each_answer(self, house: House, pager: Peer, tmp_path: Path) -> None:
        seen = tmp_path / "seen"
        program = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
        house.environ["NOTIFYCTL_NOTIFY_COMMAND"] = f'{sys.executable} -c "{program}" {seen}'
        house.run("incident", "log", "the lights flicker")
        dry = house.ask("incident", "notify", "--dry-run")
        assert (dry.code, list(dry.data["notifiers"]), pager.requests) == (0, ["pagerduty", "command"], [])
        ran = house.ask("incident", "notify", "--yes")
        assert (ran.code, [one["well"] for one in ran.data["notifiers"].values()]) == (0, [True, True])
        house.run("incident", "notify", "--yes")
        assert actions(pager) == ["trigger", "trigger"]
        assert [json.loads(line)["type"] for line in seen.read_text().splitlines()] == ["incident.opened"] * 2
        assert house.ask("incident", "show").data["notified"]["opened/command"]["tries"] == 2
        assert "pagerduty sent on" in house.run("preflight", "--profile", "live", "--only", "OBS-001", "-v").out
        compare("incident-notify", ran.document)

    def test_says_who_was_not_told(self, house: House, pager: Peer) -> None:
        house.environ["NOTIFYCTL_NOTIFY_COMMAND"] = f"{sys.executable} -c 'import sys; sys.exit(3)'"
        house.run("incident", "log", "the lights flicker")
        ran = house.ask("incident", "notify", "--yes")
        assert (ran.code, ran.data["notifiers"]["command"]) == (3, {"well": False, "detail": "exit 3"})
        assert house.ask("incident", "show").data["notified"]["opened/pagerduty"]["state"] == "sent"

    def test_says_that_nobody_can_be_told(self, house: House) -> None:
        house.run("incident", "log", "the lights flicker")
        ran = house.ask("incident", "notify", "--yes")
        assert (ran.code, ran.codes) == (3, ["INC-NO-NOTIFIER"])


class TestByItself:
    """Workers as processes, at the demo's pace."""

    def test_three_workers_open_one_incident_page_once_and_tell_of_its_end_once(
        self, house: House, client: "redis.Redis", pager: Peer
    ) -> None:
        shut(client, "resend", "postmark", "ses")
        for _ in range(3):
            house.start("worker")
        eventually(lambda: actions(pager) == ["trigger"])
        ran = house.ask("incident", "resolve", "--yes", "--reason", "I say so")
        assert (ran.code, ran.codes) == (4, ["INC-HOLDS"])
        client.delete(*(f"{OWN}breaker:{name}" for name in ("resend", "postmark", "ses")))
        eventually(lambda: "resolve" in actions(pager))
        eventually(lambda: incidents(house)[0]["notified"]["recovered/pagerduty"]["state"] == "sent")
        (incident,) = incidents(house)
        assert (incident["key"], incident["state"]) == ("providers", "resolved")
        assert actions(pager) == ["trigger", "resolve"]
        assert PAGER_KEY not in house.log + json.dumps(house.ask("incident", "show").data)

    def test_an_outage_of_all_providers_is_one_page_and_one_message_of_its_end(
        self, house: House, pager: Peer, emulator
    ) -> None:
        """The breakers trip by themselves, and by themselves the mail goes out when the providers are back."""
        for provider in ("resend", "postmark", "ses"):
            emulator.fault(provider, status=503, times=-1)
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}") for number in range(60)))
        for _ in range(3):
            house.start("worker")
        eventually(lambda: actions(pager) == ["trigger"])
        emulator.call("DELETE", "/faults")
        eventually(lambda: house.ask("status").data["messages"] == {"accepted": 60})
        eventually(lambda: "resolve" in actions(pager))
        assert actions(pager) == ["trigger", "resolve"]
        outages = [one for one in incidents(house) if not one["merged"]]
        assert [(one["key"], one["state"]) for one in outages] == [("providers", "resolved")]

    @pytest.mark.parametrize(("place", "times"), [("after-incident", 1), ("before-notify", 1), ("after-notify", 2)])
    def test_a_worker_that_is_killed_before_the_result_is_on_record_leaves_the_telling_to_the_next(
        self, house: House, client: "redis.Redis", pager: Peer, place: str, times: int
    ) -> None:
        """Told and not recorded: it is told once more, under the same key."""
        shut(client, "resend", "postmark", "ses")
        house.environ["NOTIFYCTL_FAILPOINT"] = place
        assert house.start("worker").wait(30) == -signal.SIGKILL
        (incident,) = incidents(house)
        assert all(one["state"] == "pending" for one in incident["notified"].values())
        del house.environ["NOTIFYCTL_FAILPOINT"]
        house.start("worker")
        eventually(lambda: incidents(house)[0]["notified"].get("opened/pagerduty", {}).get("state") == "sent")
        assert len(incidents(house)) == 1
        assert actions(pager) == ["trigger"] * times
        assert len({json.loads(one.partition(b"\r\n\r\n")[2])["dedup_key"] for one in pager.requests}) == 1

    def test_mail_goes_on_while_nobody_can_be_told(self, house: House, client: "redis.Redis", emulator) -> None:
        house.environ |= {
            "NOTIFYCTL_PAGERDUTY_KEY": PAGER_KEY, "NOTIFYCTL_PAGERDUTY_URL": f"http://127.0.0.1:{free_port()}",
            "NOTIFYCTL_NOTIFY_COMMAND": f"{sys.executable} -c 'import time; time.sleep(1000)'",
        }  # fmt: skip
        shut(client, "ses")
        house.start("worker")
        eventually(lambda: incidents(house) and len(incidents(house)[0]["notified"]) == 2)
        house.run("send", "-", stdin=b"\n".join(mail(f"m{number}") for number in range(50)))
        eventually(lambda: house.ask("status").data["messages"] == {"accepted": 50})
        tried = ("opened: command not told: killed after 2 s", "opened: pagerduty not told: connect: ")
        eventually(lambda: all(any(line.startswith(words) for line in timeline(house)) for words in tried))


class TestReview:
    @pytest.fixture
    def doubtful(self, house: House, valkey: Valkey, monkeypatch: pytest.MonkeyPatch, emulator) -> str:
        """A mail that ended as unknown 16 minutes ago; a worker has put it into the queue."""
        with the_past(house, valkey, monkeypatch) as past:
            past.lab.now -= 900_000
            past.ended("booking-confirm/1", State.UNKNOWN)
        worker = house.start("worker")
        eventually(lambda: house.ask("incident", "review").data["total"])
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        return "unknown/booking-confirm/1"

    def test_what_waits_is_listed_with_its_time_and_decided_and_taken_back(self, house: House, doubtful: str) -> None:
        listed = house.ask("incident", "review")
        assert (listed.code, [one["id"] for one in listed.data["waiting"]]) == (8, [doubtful])
        assert not listed.data["waiting"][0]["overdue"]
        compare("incident-review", listed.document)
        decide = ("incident", "review", doubtful, "--decide", "drop", "--reason", "seen at Resend")
        assert house.ask(*decide, NOTIFYCTL_ACTOR="ada").data["item"]["decision"] == "drop"
        assert house.ask("incident", "detect").data["causes"] == []
        done = house.ask("incident", "review")
        assert (done.code, done.data["total"]) == (0, 0)
        assert [(one["id"], one["decided_by"], one["reason"]) for one in done.data["decided"]] == [
            (doubtful, "ada", "seen at Resend")
        ]
        assert house.state("booking-confirm/1") == "cancelled"
        assert house.ask("queue", "review").data["waiting"] == []
        assert house.ask("incident", "review", doubtful, "--undo").code == 0
        assert house.state("booking-confirm/1") == "unknown"
        assert house.ask("incident", "review").data["total"] == 1
        assert [one["id"] for one in house.ask("queue", "review").data["waiting"]] == ["booking-confirm/1"]

    def test_a_resend_is_decided_where_it_is_carried_out(self, house: House, doubtful: str) -> None:
        ran = house.ask("incident", "review", doubtful, "--decide", "resend", "--reason", "she waits")
        assert (ran.code, ran.codes) == (4, ["REV-RESEND"])
        (refusal,) = ran.document["findings"]
        assert refusal["hint"].startswith("notifyctl queue review booking-confirm/1 --decide resend ")
        assert house.ask("incident", "review").data["total"] == 1

    def test_what_is_not_there_and_what_makes_no_sense(self, house: House, doubtful: str) -> None:
        ran = house.ask("incident", "review", "unknown/x", "--decide", "drop", "--reason", "x")
        assert (ran.code, ran.codes) == (1, ["REV-NOT-FOUND"])
        for arguments in (("--decide", "drop"), (doubtful, "--decide", "perhaps"), (doubtful, "--undo", "--root", "x")):
            assert house.ask("incident", "review", *arguments).code == 2
