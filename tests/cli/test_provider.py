"""`provider` and `drill`: who gets the mail, who is out, and who would get it."""

import re

from house import House
from lab import Lab


class TestProvider:
    def test_the_list_says_who_gets_the_mail_and_who_is_out(self, house: House, lab: Lab) -> None:
        lab.trip("resend")
        ran = house.ask("provider", "list")
        assert (ran.code, ran.data["carrier"], ran.data["wanted"]) == (0, "postmark", "resend")
        resend = ran.data["providers"]["resend"]
        assert (resend["breaker"]["phase"], resend["breaker"]["trips"], resend["out"]["rule"]) == ("open", 1, "T1")
        told = house.run("provider", "list").out
        assert told.startswith("The mail goes to postmark.\n")
        assert "resend was taken out at " in told

    def test_their_accounts_are_asked_on_request_alone(self, house: House) -> None:
        asked = house.ask("provider", "list", "--probe", POSTMARK_API_KEY="revoked").data["providers"]
        assert [asked[name]["account"]["state"] for name in ("resend", "postmark")] == ["ready", "misconfigured"]
        assert house.ask("provider", "list").data["providers"]["ses"]["account"] is None

    def test_one_alone_is_told_in_full(self, house: House, lab: Lab) -> None:
        lab.trip("ses")
        lab.redis("HSET", "nf:{bull}:senders", "ses|tickets@venue.example", lab.now + 300_000)
        ran = house.ask("provider", "show", "ses")
        assert list(ran.data["providers"]) == ["ses"]
        assert list(ran.data["providers"]["ses"]["senders"]) == ["tickets@venue.example"]
        told = house.run("provider", "show", "ses").out
        assert re.match(r"ses: open since \S+ \S+Z, 4 min \d+ s left\.", told)
        assert "sender tickets@venue.example is closed until 2" in told

    def test_what_an_account_told_the_prober_is_shown_with_its_time(self, house: House, lab: Lab) -> None:
        lab.run(lab.store.boards.note_health("ses", "degraded", "sending is paused", 1_795_000_000_000))
        assert "account: degraded, sending is paused, at " in house.run("provider", "show", "ses").out
        told = house.ask("provider", "list").data["providers"]
        assert (told["ses"]["account_checked"]["state"], told["resend"]["account_checked"]) == ("degraded", None)

    def test_one_without_a_key_is_shown_as_that(self, house: House) -> None:
        assert "postmark  no key" in house.run("provider", "list", POSTMARK_API_KEY="").out

    def test_an_unknown_name_is_a_usage_error(self, house: House) -> None:
        assert house.ask("provider", "show", "sendmail").code == 2


class TestDrill:
    def test_who_would_get_the_mail(self, house: House) -> None:
        ran = house.ask("drill", "failover")
        assert (ran.code, ran.data["provider"], ran.data["during"]) == (0, "resend", "postmark")
        assert [scene["rule"] for scene in ran.data["scenes"]] == ["", "", "T1", "T4", "T5", "T5", "T6"]

    def test_another_one(self, house: House) -> None:
        ran = house.ask("drill", "failover", "ses")
        assert (ran.code, ran.data["provider"], ran.data["during"]) == (0, "ses", "resend")

    def test_that_nobody_would_get_it_is_a_no(self, house: House) -> None:
        ran = house.ask("drill", "failover", POSTMARK_API_KEY="", AWS_SES_ACCESS_KEY="", AWS_SES_SECRET_KEY="")
        assert (ran.code, ran.codes) == (1, ["RTE-NOBODY"])

    def test_that_automation_is_paused_is_a_no(self, house: House) -> None:
        house.run("pause", "automation", "--reason", "by hand", "--yes")
        ran = house.ask("drill", "failover")
        assert (ran.code, ran.codes) == (1, ["RTE-MANUAL"])
