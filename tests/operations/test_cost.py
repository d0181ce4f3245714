"""Mails are counted where they are on record: in Redis, and in the archive of those that ended long ago."""

from datetime import UTC, datetime
from pathlib import Path

from lab import NOON, Lab
from notifyctl.domain.archive import Call, Row
from notifyctl.domain.cost import Traffic
from notifyctl.domain.period import Cycle, parse
from notifyctl.domain.revision import Revision, overlay
from notifyctl.evidence import archive
from notifyctl.operations.cost import accounts, count, granted
from notifyctl.operations.priced import costs
from notifyctl.operations.recorded import Fact

DAY = datetime.fromtimestamp(NOON / 1000, UTC).date()
MONTH = f"{DAY:%Y-%m}"


def call(name: str, kind: str = "accepted", certainty: str = "definite", provider: str = "ses") -> Call:
    return Call(name, provider, NOON, NOON, kind, certainty, 200, "", "first", 1, 0)


def archived(home: Path, *calls: Call, at: int = NOON) -> None:
    ended = ("accepted", "", at, 0, 0, 0, 1, "ses", "p", 1)
    archive.write(home, [Row("m", "newsletter", "marketing", "bulk", *ended, calls)])


def in_redis(lab: Lab, name: str, outcome: str) -> None:
    lab.redis("HSET", f"nf:{{bull}}:att:{name}", "provider", "resend", "at", NOON, "outcome", outcome)


def test_what_was_accepted_counts_and_what_is_in_doubt_is_told_apart(lab: Lab, tmp_path: Path):
    for name, outcome in (("a", "2{}"), ("b", "1{}"), ("c", "0{}"), ("d", "")):
        in_redis(lab, name, outcome)
    lab.redis("HSET", "nf:{bull}:att:open", "provider", "resend", "at", NOON)
    archived(tmp_path, call("x"), call("y", "fault", "ambiguous"), call("z", "fault"))
    found = lab.run(count(lab.store.queue, tmp_path, MONTH))
    assert found.accepted == {(DAY, "resend"): 1, (DAY, "ses"): 1}
    assert found.doubtful == {(DAY, "resend"): 1, (DAY, "ses"): 1}


def test_a_call_in_both_places_counts_once(lab: Lab, tmp_path: Path):
    in_redis(lab, "a", "2{}")
    archived(tmp_path, call("a", provider="resend"), call("b", provider="resend"))
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {(DAY, "resend"): 2}


def test_a_call_that_the_server_tells_again_counts_once(lab: Lab, tmp_path: Path, stuttering: None):
    in_redis(lab, "a", "2{}")
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {(DAY, "resend"): 1}


def test_months_before_are_not_read(lab: Lab, tmp_path: Path):
    archived(tmp_path, call("a"), at=NOON - 40 * 86_400_000)
    assert lab.run(count(lab.store.queue, tmp_path, MONTH)).accepted == {}
    assert lab.run(count(lab.store.queue, tmp_path, "2020-01")).accepted == {(DAY, "ses"): 1}


def test_what_amazon_granted_is_known_when_a_worker_has_asked(lab: Lab):
    watched = f'[{{"quota":{{"name":"24 hours","limit":200,"used":3,"resets_at":0}},"at":{NOON},'
    lab.redis("HSET", "nf:{bull}:limit:ses", "quotas", f'{watched}"used_before":0,"before":{NOON}}}]')
    assert lab.run(granted(lab.store.limits, ("resend", "ses"))) == {"ses": 200}


def test_a_plan_that_nobody_told_is_the_cheapest_that_its_place_needs():
    traffic = Traffic(120_000, 120_000, 12_000)
    told = overlay(Revision(), {"providers": {"ses": {"plan": "pro"}}}, "f")
    found = accounts(told, ("postmark", "resend", "ses"), traffic, {"ses": 5})
    assert [(one.tariff.name, one.told, one.granted) for one in found] == [
        *(("platform", False, None), ("pro", False, None), ("pro", True, 5))
    ]


class TestAReport:
    """What a report records of the use of quotas."""

    def recorded(self, lab: Lab, home: Path, plans: dict[str, str]) -> list[Fact]:
        archived(home, *(call(f"a{number}", provider="resend") for number in range(60)), call("b"))
        revision = overlay(Revision(), {"providers": {name: {"plan": plan} for name, plan in plans.items()}}, "f")

        async def gathered() -> list[Fact]:
            month = parse(Cycle.MONTHLY, MONTH)
            return [fact async for fact in costs(lab.store.queue, home, revision, ("resend", "ses"), month, {"ses": 5})]

        return lab.run(gathered())

    def test_tells_what_was_used_of_what_each_account_takes(self, lab: Lab, tmp_path: Path):
        facts = self.recorded(lab, tmp_path, {"resend": "free", "ses": "essentials"})
        names = ("included", "used", "beyond it", "busiest day", "a day at most", "used on it")
        assert {one["provider"]: tuple(one[name] for name in names) for one in facts if one["kind"] == "quota"} == {
            "resend": (3000, "2.0 %", "no more is taken", 60, 100, "60.0 %"),
            "ses": ("", "", "", 1, 5, "20.0 %"),  # granted apart from the plan
        }
        assert not [one for one in facts if one["kind"] == "unseen"]

    def test_takes_no_limit_from_a_plan_that_nobody_told(self, lab: Lab, tmp_path: Path):
        facts = self.recorded(lab, tmp_path, {})
        assert [(one["included"], one["a day at most"]) for one in facts if one["kind"] == "quota"] == [
            ("", ""),
            ("", 5),
        ]
        assert {one["part"] for one in facts if one["kind"] == "unseen"} == {"cost", "quota"}
