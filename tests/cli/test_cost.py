"""What the mail costs, told by the command line."""

import shutil
import subprocess
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from house import House, eventually, mail
from lab import Lab
from terminal import notifyctl

DAY = 86_400_000
FILE = """# ours
[route]
order = ["resend", "postmark", "ses"] # by age

[providers.resend]
plan = "scale"

[providers.ses]
plan = "pro"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "notifyctl.toml"
    path.write_text(FILE)
    return path


class TestWithAGivenVolume:
    """On any laptop: no Redis, no keys."""

    def test_a_month_is_priced(self):
        ran = notifyctl("cost", "report", "--volume", "5300", "-o", "json")
        data = ran.document["data"]
        assert (ran.code, data["mails"], data["total"], data["per_accepted"]) == (0, 5300, "35.00", "0.006604")
        assert data["per_delivered"] is None
        first = data["providers"][0]
        assert (first["provider"], first["plan"], first["plan_told"], first["total"]) == (
            "resend",
            "pro",
            False,
            "20.00",
        )
        assert all(one["tariff"]["source"] for one in data["providers"])

    def test_a_plan_that_stops_is_named(self, config: Path):
        config.write_text('[providers.resend]\nplan = "free"\n')
        ran = notifyctl("cost", "report", "--volume", "5300", "-o", "json", NOTIFYCTL_CONFIG=str(config))
        data = ran.document["data"]
        assert [one["code"] for one in ran.document["findings"]] == ["COST-STOPS"]
        assert (ran.code, data["total"], data["per_accepted"]) == (3, None, None)
        assert "?" in notifyctl("cost", "report", "--volume", "5300", "-o", "short", NOTIFYCTL_CONFIG=str(config)).out

    def test_own_prices_are_used(self, config: Path):
        config.write_text('[providers.resend]\nplan = "pro"\n[prices.resend.pro]\nfixed = "12.34"\n')
        ran = notifyctl("cost", "report", "--volume", "10", "-o", "json", NOTIFYCTL_CONFIG=str(config))
        assert ran.document["data"]["providers"][0]["fixed"] == "12.34"

    def test_advice_is_a_difference_that_can_be_applied(self, config: Path, tmp_path: Path):
        asked = ("cost", "advise", "--volume", "120000", "--peak", "12000")
        ran = notifyctl(*asked, "-o", "json", NOTIFYCTL_CONFIG=str(config))
        data = ran.document["data"]
        assert (ran.code, data["saves"], data["change"]) == (0, "173.80", True)
        assert data["diff"] in notifyctl(*asked, NOTIFYCTL_CONFIG=str(config)).out
        assert config.read_text() == FILE
        if shutil.which("patch"):
            subprocess.run(["patch", "-s", str(config)], input=data["diff"].encode(), check=True, timeout=30)
            told = tomllib.loads(config.read_text())
            assert told["route"]["order"] == [one["provider"] for one in data["best"]["route"]]
            again = notifyctl(*asked, "-o", "json", NOTIFYCTL_CONFIG=str(config)).document["data"]
            assert (again["change"], again["diff"], again["present"]["total"]) == (False, None, data["best"]["total"])

    def test_stdout_is_for_patch_alone(self, config: Path):
        config.write_text('[route]\norder = ["ses"]\n')
        for volume in ("120000", "1"):
            line = ("cost", "advise", "--volume", volume)
            ran = notifyctl(*line, NOTIFYCTL_CONFIG=str(config))
            difference = notifyctl(*line, "-o", "json", NOTIFYCTL_CONFIG=str(config)).document["data"]["diff"]
            assert ran.out == (difference or "")
            assert "Rests on" in ran.err

    def test_without_a_file_one_is_made(self):
        ran = notifyctl("cost", "advise", "--volume", "120000", "--peak", "12000")
        assert (
            '--- /dev/null\n+++ notifyctl.toml\n@@ -0,0 +1,2 @@\n+[route]\n+order = ["ses", "resend", "postmark"]\n'
            in ran.out
        )

    def test_a_reserve_that_is_not_kept_is_a_finding_and_repaired(self, config: Path):
        config.write_text('[providers.postmark]\nplan = "free"\n')
        ran = notifyctl("cost", "advise", "--volume", "5300", "-o", "json", NOTIFYCTL_CONFIG=str(config))
        assert [one["code"] for one in ran.document["findings"]] == ["COST-RESERVE"]
        assert ran.document["data"]["saves"] == "-15.00"
        assert '+plan = "basic"' in ran.document["data"]["diff"]

    def test_a_month_that_is_none_is_a_usage_error(self):
        assert notifyctl("cost", "report", "--period", "2026-13").code == 2


class TestWithWhatWasCounted:
    def test_mails_are_those_that_providers_accepted(self, house: House):
        house.run("send", "-", stdin=b"\n".join(mail(f"cost/{n}") for n in range(3)))
        house.start("worker", "run")
        eventually(lambda: house.state("cost/2") == house.state("cost/1") == house.state("cost/0") == "accepted")
        ran = house.ask("cost", "report")
        data = ran.data
        assert (ran.code, data["mails"], data["doubtful"]) == (0, 3, 0)
        assert data["period"] == data["counted_from"][:7] == f"{datetime.now(UTC):%Y-%m}"
        assert data["forecast"]["mails"] is None
        few = house.ask("cost", "advise")
        assert (few.code, few.codes, few.data["days"]) == (3, ["COST-TOO-FEW"], 0)
        assert set(few.data) == set(house.ask("cost", "advise", "--volume", "10").data)

    def test_a_month_without_mail_is_not_called_cheap(self, house: House):
        ran = house.ask("cost", "report", "--period", "2020-01")
        assert (ran.code, ran.codes, ran.data["total"]) == (3, ["COST-NOTHING"], None)
        assert set(ran.data) == set(house.ask("cost", "report", "--volume", "10").data)

    def test_advice_rests_on_the_days_and_on_what_was_granted(self, house: House, lab: Lab):
        now = int(time.time() * 1000)
        lab.redis("HSET", "nf:{bull}:limit:ses", "quotas", _quotas(200, now))
        for day in range(12):
            for number in range(5 + 2 * (day % 2)):
                key = f"nf:{{bull}}:att:d{day}n{number}"
                lab.redis("HSET", key, "provider", "resend", "at", now - day * DAY, "outcome", '2{"kind":"accepted"}')
        ran = house.ask("cost", "advise")
        data = ran.data
        assert (ran.code, data["counted"], data["traffic"]["peak_day"]) == (0, True, 7)
        assert 150 <= data["traffic"]["mails"] <= 220
        assert data["traffic"]["mails"] <= data["traffic"]["most"]
        granted = house.ask("cost", "advise", "--peak", "201")
        assert (granted.code, granted.codes) == (1, ["COST-RESERVE"])


def _quotas(limit: int, at: int) -> str:
    return (
        f'[{{"quota":{{"name":"24 hours","limit":{limit},"used":0,"resets_at":0}},'
        f'"at":{at},"used_before":0,"before":{at}}}]'
    )
