"""Moving the mail from the command line: what is asked, what is refused, what stands in Redis afterwards."""

from pathlib import Path

import pytest
import redis

from conftest import Valkey, free_port
from endings import the_past
from house import House, everything, mail
from lab import Lab
from notifyctl.cli.table import VERBS
from notifyctl.domain.attempt import State
from terminal import at_notifyctl

WHY = ("--reason", "it is slow")
MOVES = [verb.name for verb in VERBS if verb.mutating and verb.group == "MAIL FLOW"]
ROUTE = ("failover", "switchover", "restore", "pause", "resume")
ARGUMENTS = {
    "switchover": ("--to", "ses"),
    "pause": ("queue",),
    "resume": ("queue",),
    "queue retry": ("one",),
    "queue review": ("one", "--decide", "drop"),
    "message resend": ("one",),
}


def carrier(house: House) -> str:
    return house.ask("status").data["carrier"]


class TestFailover:
    def test_it_moves_the_mail_and_reads_it_back(self, house: House) -> None:
        ran = house.ask("failover", *WHY, "--yes", "--for", "30m", NOTIFYCTL_ACTOR="ann")
        assert (ran.code, ran.document["outcome"], ran.data["read_back"]) == (0, "done", True)
        assert ran.data["mail"] == {"before": "resend", "after": "postmark"}
        assert ran.data["written_at"]
        pin = house.ask("status").data["route"]["pin"]
        assert (pin["provider"], pin["by"], pin["reason"]) == ("postmark", "ann", "it is slow")
        assert carrier(house) == "postmark"

    def test_nobody_needs_to_work_and_it_is_said(self, house: House) -> None:
        ran = house.ask("failover", *WHY, "--yes")
        assert (ran.code, ran.codes) == (0, ["WRK-NONE"])

    def test_the_source_may_be_dead_and_hang(self, house: House, emulator) -> None:
        emulator.fault("resend", action="hang", times=-1)
        assert house.ask("failover", *WHY, "--yes").code == 0

    def test_when_the_breaker_moved_it_there_is_nothing_to_do(self, house: House, lab: Lab, valkey: Valkey) -> None:
        lab.trip("resend")
        with redis.Redis(port=valkey.port) as client:
            before = everything(client)
            ran = house.run("failover", *WHY, "--yes")
            assert everything(client) == before
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith("Nothing to do: the mail goes through postmark already: resend was taken out at ")
        assert ran.out.endswith(": 3 faults in a row, over 2 messages or more.\n")

    def test_a_target_that_does_not_answer_is_refused_unless_that_is_named(self, house: House) -> None:
        dead = {"NOTIFYCTL_SES_URL": f"http://127.0.0.1:{free_port()}"}
        ran = house.ask("failover", "--to", "ses", *WHY, "--yes", **dead)
        assert (ran.code, ran.codes[0], carrier(house)) == (4, "PRB-UNREACHABLE", "resend")
        told = house.run("failover", "--to", "ses", *WHY, "--yes", **dead).out
        assert told.startswith("Refused, nothing was changed; to do it all the same: --force PRB-UNREACHABLE.\n")
        forced = house.ask("failover", "--to", "ses", *WHY, "--yes", "--force", "PRB-UNREACHABLE", **dead)
        assert (forced.code, carrier(house)) == (0, "ses")

    @pytest.mark.parametrize("verb", ["failover", "switchover"])
    def test_a_provider_that_is_not_in_the_route_is_refused_before_anything_is_opened(
        self, house: House, tmp_path: Path, verb: str
    ) -> None:
        config = tmp_path / "two.toml"
        config.write_text('pace = "demo"\n[route]\norder = ["resend", "postmark"]\n')
        away = {"NOTIFYCTL_CONFIG": str(config), "BULLMQ_REDIS_PORT": str(free_port())}
        ran = house.ask(verb, "--to", "ses", *WHY, "--yes", "--force", "RTE-NO-KEY", **away)
        assert (ran.code, ran.codes) == (4, ["RTE-ABSENT"])

    def test_the_readiest_is_not_the_one_whose_key_is_refused(self, house: House) -> None:
        assert house.ask("failover", *WHY, "--yes", POSTMARK_API_KEY="revoked").data["mail"]["after"] == "ses"

    def test_at_a_terminal_the_plan_is_shown_and_one_question_asked(self, house: House) -> None:
        ran = at_notifyctl(house, "failover", *WHY, answers={"[y/N] ": "y\n"})
        assert ran.code == 0
        assert ran.out.index("mail: resend -> postmark") < ran.out.index("Move the mail? [y/N] ")
        assert ran.out.count("[y/N]") == 1
        assert carrier(house) == "postmark"

    def test_a_no_changes_nothing(self, house: House) -> None:
        ran = at_notifyctl(house, "failover", *WHY, answers={"[y/N] ": "\n"})
        assert (ran.code, carrier(house)) == (4, "resend")

    def test_ctrl_c_at_the_question_changes_nothing(self, house: House) -> None:
        ran = at_notifyctl(house, "failover", *WHY, answers={"[y/N] ": "\x03"})
        assert (ran.code, carrier(house)) == (130, "resend")

    def test_a_reason_is_asked_for_after_the_yes(self, house: House) -> None:
        ran = at_notifyctl(house, "failover", answers={"[y/N] ": "y\n", "history)? ": "it is slow\n"})
        assert (ran.code, house.ask("history").data["entries"][0]["reason"]) == (0, "it is slow")

    @pytest.mark.parametrize("verb", [("resume", "queue"), ("restore",)], ids=" ".join)
    def test_the_way_back_asks_nothing_not_even_why(self, house: House, verb: tuple[str, ...]) -> None:
        house.run("pause", "queue", *WHY, "--yes")
        ran = at_notifyctl(house, *verb, answers={})
        assert (ran.code, house.ask("status").data["route"]["hold"]) == (0, None)

    @pytest.mark.parametrize("span", ["0", "8d"])
    def test_it_ends_within_7_days(self, house: House, span: str) -> None:
        assert house.ask("failover", *WHY, "--yes", "--for", span).code == 2


class TestSwitchover:
    def test_it_moves_the_mail_to_one_that_is_ready(self, house: House) -> None:
        assert house.ask("switchover", "--to", "ses", *WHY, "--yes").code == 0
        assert carrier(house) == "ses"

    def test_one_with_limits_is_refused(self, house: House, emulator) -> None:
        emulator.fault("ses", status=429, match={"path": "/v2/email/account"})
        ran = house.ask("switchover", "--to", "ses", *WHY, "--yes")
        assert (ran.code, ran.codes[0], carrier(house)) == (4, "PRB-DEGRADED", "resend")

    def test_the_target_takes_a_message_to_its_sink_address_first(self, house: House, emulator) -> None:
        ran = house.ask("switchover", "--to", "ses", *WHY, "--yes")
        assert (ran.code, emulator.copies("success@simulator.amazonses.com")) == (0, 1)

    def test_one_that_does_not_take_it_is_refused_and_nothing_is_written(
        self, house: House, emulator, valkey: Valkey
    ) -> None:
        """Its account says that all is well."""
        emulator.fault("ses", status=503, times=-1, match={"path": "/v2/email/outbound-emails"})
        with redis.Redis(port=valkey.port) as client:
            before = everything(client)
            ran = house.ask("switchover", "--to", "ses", *WHY, "--yes")
            assert everything(client) == before
        assert (ran.code, ran.codes[0]) == (4, "PRB-SINK")
        told = house.run("switchover", "--to", "ses", *WHY, "--yes").out
        assert told.startswith("Refused, nothing was changed; to do it all the same: --force PRB-SINK.\n")
        forced = house.ask("switchover", "--to", "ses", *WHY, "--yes", "--force", "PRB-SINK")
        assert (forced.code, carrier(house)) == (0, "ses")
        assert "PRB-SINK" in forced.codes

    @pytest.mark.parametrize("flags", [("--dry-run",), WHY], ids=["dry run", "no yes"])
    def test_no_message_is_sent_before_the_answer(self, house: House, emulator, flags: tuple[str, ...]) -> None:
        house.ask("switchover", "--to", "ses", *flags)
        assert emulator.copies("success@simulator.amazonses.com") == 0

    def test_that_nobody_knows_of_the_suppressions_is_said_each_time(self, house: House) -> None:
        planned = house.ask("switchover", "--to", "ses", "--dry-run")
        assert [one for one in planned.codes if one == "SUP-PARITY"] == ["SUP-PARITY"]
        assert "not known yet" in house.run("switchover", "--to", "ses", *WHY, "--yes").out

    def test_a_target_must_be_named(self, house: House) -> None:
        assert house.ask("switchover", *WHY, "--yes").code == 2


class TestPauseAndResume:
    @pytest.mark.parametrize("what", ["queue", "automation", "ses"])
    def test_there_and_back(self, house: House, what: str) -> None:
        assert house.ask("pause", what, *WHY, "--yes").document["outcome"] == "done"
        assert house.ask("resume", what, *WHY).document["outcome"] == "done"
        assert house.ask("resume", what, *WHY).document["outcome"] == "nothing to do"

    def test_a_paused_provider_gets_no_failover(self, house: House) -> None:
        house.run("pause", "ses", *WHY, "--yes")
        ran = house.run("failover", "--to", "ses", *WHY, "--yes", "--force", "BRK-ISOLATED")
        assert (ran.code, carrier(house)) == (4, "resend")
        assert ran.out.startswith("Refused, nothing was changed; what a person took out is put back first.\n")

    def test_bullmq_is_not_paused(self, house: House) -> None:
        house.run("pause", "queue", *WHY, "--yes")
        assert not any(lane["paused"] for lane in house.ask("status").data["lanes"])

    def test_an_unknown_thing_is_a_usage_error(self, house: House) -> None:
        assert house.ask("pause", "sendmail", *WHY, "--yes").code == 2

    def test_restore_takes_all_of_it_away(self, house: House) -> None:
        for what in ("queue", "automation", "ses"):
            house.run("pause", what, *WHY, "--yes")
        house.run("failover", "--to", "postmark", *WHY, "--yes")
        assert house.ask("restore", *WHY).code == 0
        assert house.ask("status").data["route"] == {"pin": None, "hold": None, "manual": None}
        assert house.ask("restore", *WHY).document["outcome"] == "nothing to do"


class TestEachMove:
    """A guard that says no says it before anything is opened, names the flag, and leaves every key as it is."""

    @pytest.mark.parametrize("move", MOVES)
    def test_without_terminal_and_flags_it_is_refused_and_names_the_flag(
        self, house: House, valkey: Valkey, move: str
    ) -> None:
        house.run("send", "-", stdin=mail("one"))
        with redis.Redis(port=valkey.port) as client:
            before = everything(client)
            ran = house.ask(*move.split(), *ARGUMENTS.get(move, ()))
            assert everything(client) == before
        assert ran.code == 4
        assert "--reason" in ran.document["findings"][0]["hint"]

    @pytest.mark.parametrize("move", MOVES)
    def test_it_is_refused_before_redis_is_asked(self, house: House, move: str) -> None:
        ran = house.ask(*move.split(), *ARGUMENTS.get(move, ()), BULLMQ_REDIS_PORT=str(free_port()))
        assert ran.code == 4

    @pytest.mark.parametrize("move", ROUTE)
    def test_a_dry_run_needs_no_flags_and_writes_nothing(self, house: House, valkey: Valkey, move: str) -> None:
        house.run("pause", "queue", *WHY, "--yes")
        with redis.Redis(port=valkey.port) as client:
            before = everything(client)
            ran = house.ask(*move.split(), *ARGUMENTS.get(move, ()), "--dry-run")
            assert everything(client) == before
        assert (ran.code, ran.document["outcome"]) == (0, "planned")

    @pytest.mark.parametrize("move", ROUTE)
    def test_an_embedded_server_is_not_started_for_a_dry_run(self, house: House, move: str) -> None:
        ran = house.ask(*move.split(), *ARGUMENTS.get(move, ()), "--dry-run", BULLMQ_REDIS_HOST="")
        assert (ran.code, ran.codes) == (6, ["STORE-NOT-RUNNING"])


class TestTheReason:
    """Without --reason it is the incident that is open, when it is the only one."""

    @pytest.fixture
    def incident(self, house: House) -> str:
        opened = house.ask("incident", "log", "resend is slow")
        return f"{opened.data['id']}: resend is slow"

    def test_is_the_incident_that_is_open(self, house: House, incident: str) -> None:
        ran = house.ask("failover", "--yes")
        assert (ran.code, ran.data["reason"]) == (0, incident)
        assert f"reason: {incident}\n" in ran.err
        assert house.ask("history").data["entries"][0]["reason"] == incident
        assert house.ask("restore").data["reason"] == incident

    def test_is_not_asked_for_at_a_terminal_then(self, house: House, incident: str) -> None:
        ran = at_notifyctl(house, "pause", "queue", answers={"[y/N] ": "y\n"})
        assert (ran.code, house.ask("status").data["route"]["hold"]["reason"]) == (0, incident)

    def test_is_that_of_a_decision_too(
        self, house: House, incident: str, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with the_past(house, valkey, monkeypatch) as past:
            past.ended("dead", State.DEAD)
        assert house.ask("queue", "retry", "dead", "--yes").code == 0
        assert house.ask("message", "show", "dead").data["decisions"][0]["reason"] == incident

    def test_a_yes_is_still_needed(self, house: House, incident: str) -> None:
        ran = house.ask("failover")
        assert (ran.code, ran.document["findings"][0]["hint"]) == (4, "answer with --yes")

    def test_an_end_of_the_incident_needs_its_own(self, house: House, incident: str) -> None:
        ran = house.ask("incident", "resolve", "--yes")
        assert (ran.code, ran.document["findings"][0]["hint"]) == (4, "answer with --reason TEXT")


@pytest.mark.parametrize("move", ["failover", "switchover", "pause"])
def test_a_move_away_from_safe_needs_a_yes(house: House, move: str) -> None:
    ran = house.ask(move, *ARGUMENTS.get(move, ()), *WHY)
    assert (ran.code, ran.document["findings"][0]["hint"]) == (4, "answer with --yes")
