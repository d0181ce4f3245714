"""Audits: a report of each period, once, whatever runs beside it and whatever the clock says; and proven again."""

import asyncio
import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lab import Lab
from notifyctl import __version__
from notifyctl.domain.errors import Misconfigured, Refused, Unreachable
from notifyctl.domain.incident import Incident
from notifyctl.domain.period import Cycle, parse
from notifyctl.evidence import archive, months, operations, reports
from notifyctl.evidence.signing import Signer
from notifyctl.operations.audit import Answer, Desk, audit
from notifyctl.operations.composing import composed
from notifyctl.operations.holding import named
from notifyctl.operations.recorded import elsewhere, incidents, moves
from notifyctl.operations.reperform import reperform
from notifyctl.store.reports import Kept, Reports
from quarters import seeded, traffic
from recount import differences, recounted

KEY = b"11" * 32


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


class Office:
    """A host with its own disk, on the lab's Redis."""

    def __init__(self, lab: Lab, home: Path, host: str = "one") -> None:
        self.lab, self.home, self.host = lab, home, host
        self.facts: list[dict] = []
        self.rows: list = []
        self.elsewhere: set[str] = set()

    @property
    def desk(self) -> Desk:
        store = self.lab.store
        return Desk(
            self.home, Reports(store.link, store.queue.own), store.incidents, store.workers, Signer(KEY, ""),
            self._current, self._recorded, self._away, {"by": "cron", "host": self.host, "version": __version__},
        )  # fmt: skip

    async def _current(self, month: str):
        for row in self.rows:
            if archive.month_of(row.ended_at) == month:
                yield row

    async def _recorded(self, period):
        return [dict(fact) for fact in self.facts]

    async def _away(self, names):
        return [name for name in names if name in self.elsewhere]

    def move(self, now: str) -> list:
        """A failover at that time, in Redis and in the files."""
        self.lab.now = at(now)
        self.lab.trip("resend")
        stored = self.lab.run(self.lab.store.boards.entries(""))
        with months.locked(self.home, operations.FOLDER):
            operations.write(self.home, stored)
        return stored

    def audit(self, now: str = "", cycle: Cycle = Cycle.MONTHLY, period: str = "") -> Answer:
        self.lab.now = at(now) if now else self.lab.now
        return self.lab.run(audit(self.desk, cycle, parse(cycle, period) if period else None))

    def names(self, now: str = "", cycle: Cycle = Cycle.MONTHLY) -> list[str]:
        return [made.period.name for made in self.audit(now, cycle).made]

    def place(self, name: str, cycle: Cycle = Cycle.MONTHLY) -> Path:
        return self.home / reports.folder(parse(cycle, name))


@pytest.fixture
def office(lab: Lab, tmp_path: Path) -> Office:
    seeded(tmp_path, ("2026-09", "2026-10"), 60)
    return Office(lab, tmp_path)


class TestWhenItRuns:
    def test_each_month_is_reported_once_the_oldest_first(self, office: Office):
        assert office.names("2026-11-01T06:00:00") == ["2026-09", "2026-10"]
        assert office.names("2026-11-01T06:00:01") == []
        assert office.names("2026-12-02T06:00:00") == ["2026-11"]

    def test_a_clock_that_was_set_back_makes_nothing_again(self, office: Office):
        assert office.names("2026-11-01T06:00:00") == ["2026-09", "2026-10"]
        assert office.names("2026-10-05T06:00:00") == []
        assert office.names("2026-11-03T06:00:00") == []

    def test_months_end_in_utc_also_where_clocks_have_changed(self, lab: Lab, tmp_path: Path):
        archive.write(tmp_path, list(traffic("2026-03", 5)))
        office = Office(lab, tmp_path)
        assert office.names("2026-03-31T23:30:00") == []  # half past midnight in Leeds
        assert office.names("2026-04-01T00:00:00") == ["2026-03"]

    def test_a_copied_folder_is_no_report(self, office: Office):
        office.audit("2026-11-01T06:00:00")
        shutil.copytree(office.place("2026-10"), office.home / "reports" / "monthly-2026-10.bak")
        assert office.audit() == Answer([], [], ["2026-09", "2026-10"], [])
        assert [one.name for one in reports.every(office.home)] == ["2026-09", "2026-10"]

    def test_a_copy_under_the_name_of_another_month_is_neither_recorded_nor_overwritten(self, office: Office):
        office.audit("2026-11-01T06:00:00")
        shutil.copytree(office.place("2026-10"), office.place("2026-11"))
        with pytest.raises(Misconfigured, match=r"a folder that is no report of 2026-11 is in its place"):
            office.audit("2026-12-01T06:00:00")
        shutil.rmtree(office.place("2026-11"))
        assert office.names() == ["2026-11"]

    @pytest.mark.parametrize("text", [b"{", b"[]", b'{"made": null}', b'{"made": {"at": "x", "host": 5}}'])
    def test_a_damaged_one_that_nobody_recorded_exists_and_stops_nothing(self, office: Office, text: bytes):
        office.audit("2026-11-01T06:00:00", period="2026-10")
        office.lab.redis("DEL", "nf:{bull}:reports")
        (office.place("2026-10") / "report.json").write_bytes(text)
        assert office.names() == ["2026-09"]
        assert office.names("2026-12-01T06:00:00") == ["2026-11"]

    def test_only_what_the_disk_does_not_take_is_said_of_the_disk(self, office: Office):
        async def away(month):
            raise ConnectionResetError("no disk's")
            yield

        office.lab.now = at("2026-11-01T06:00:00")
        with pytest.raises(ConnectionResetError):
            office.lab.run(audit(office.desk._replace(current=away), Cycle.MONTHLY))

    def test_it_is_on_record_before_it_reports_so_that_no_report_says_that_it_never_ran(self, office: Office):
        seen: list[set[Cycle]] = []

        async def looking(period):
            seen.append(set(await office.desk.reports.runs()))
            async for one in office.desk.current(period):
                yield one

        office.lab.now = at("2026-11-01T06:00:00")
        office.lab.run(audit(office.desk._replace(current=looking), Cycle.MONTHLY))
        assert seen == [{Cycle.MONTHLY}, {Cycle.MONTHLY}]

    def test_without_any_evidence_nothing_is_due(self, lab: Lab, tmp_path: Path):
        assert Office(lab, tmp_path).names("2026-11-01T06:00:00") == []

    def test_messages_that_are_still_in_redis_are_evidence(self, lab: Lab, tmp_path: Path):
        office = Office(lab, tmp_path)
        office.rows = list(traffic("2026-10", 5))
        [made] = office.audit("2026-11-01T06:00:00").made
        assert (made.period.name, made.report["figures"]["messages"]) == ("2026-10", 5)

    def test_a_quarter_and_a_half_year_have_reports_of_their_own(self, office: Office):
        assert office.names("2027-01-01T06:00:00", Cycle.QUARTERLY) == ["2026-Q3", "2026-Q4"]
        assert office.names("2027-01-01T06:00:00", Cycle.BIANNUAL) == ["2026-H2"]

    def test_one_that_is_asked_for_is_made_alone_and_once(self, office: Office):
        assert [made.period.name for made in office.audit("2026-12-01T06:00:00", period="2026-10").made] == ["2026-10"]
        assert office.audit(period="2026-10") == Answer([], [], ["2026-10"], [])

    def test_one_that_is_not_over_is_refused(self, office: Office):
        with pytest.raises(Refused, match="2026-11 is not over"):
            office.audit("2026-11-30T23:59:59", period="2026-11")

    @pytest.mark.parametrize("period", ["2020-01", "2026-08"])
    def test_one_from_before_all_evidence_is_refused(self, office: Office, period: str):
        with pytest.raises(Refused, match=f"{period} was over before there was any evidence"):
            office.audit("2026-11-01T06:00:00", period=period)
        assert office.names() == ["2026-09", "2026-10"]

    def test_a_report_of_this_host_that_was_replaced_or_is_gone_is_told(self, office: Office, tmp_path: Path):
        office.audit("2026-11-01T06:00:00")
        assert office.audit().lost == []
        path = office.place("2026-09") / "report.json"
        path.write_bytes(path.read_bytes() + b"\n")
        shutil.rmtree(office.place("2026-10"))
        told = [("RPT-DIFFERS", "reports/monthly-2026-09"), ("RPT-GONE", "reports/monthly-2026-10")]
        assert [one[:2] for one in office.audit().lost] == told
        assert Office(office.lab, tmp_path / "other", "two").audit().lost == []


class TestSeveralHosts:
    def test_two_at_once_make_one_report_each_month(self, office: Office, tmp_path: Path):
        other = Office(office.lab, tmp_path / "other", "two")
        seeded(other.home, ("2026-09", "2026-10"), 60)
        office.lab.now = at("2026-11-01T06:00:00")

        async def both():
            return await asyncio.gather(audit(office.desk, Cycle.MONTHLY), audit(other.desk, Cycle.MONTHLY))

        answers = office.lab.run(both())
        made = sorted(one.period.name for answer in answers for one in answer.made)
        here, there = (reports.reported(home, Cycle.MONTHLY) for home in (office.home, other.home))
        assert made == sorted(here + there) == ["2026-09", "2026-10"]
        assert office.names() == other.names() == []

    def test_what_another_host_has_made_is_not_made_here(self, office: Office, tmp_path: Path):
        other = Office(office.lab, tmp_path / "other", "two")
        seeded(other.home, ("2026-09", "2026-10"), 60)
        assert other.names("2026-11-01T06:00:00") == ["2026-09", "2026-10"]
        assert office.audit() == Answer([], [], ["2026-09", "2026-10"], [])
        assert reports.reported(office.home, Cycle.MONTHLY) == []

    def test_one_that_overslept_its_lease_takes_its_report_away(self, office: Office):
        class Late(Reports):
            async def keep(self, period, kept):
                await super().keep(
                    period, Kept("0" * 64, "two", 1, "cron", {"period": "", "findings": [], "figures": {}})
                )
                return await super().keep(period, kept)

        late = Late(office.lab.store.link, office.lab.store.queue.own)
        office.lab.now = at("2026-11-01T06:00:00")
        answer = office.lab.run(audit(office.desk._replace(reports=late), Cycle.MONTHLY))
        assert (answer.made, answer.busy) == ([], ["2026-09", "2026-10"])
        assert reports.reported(office.home, Cycle.MONTHLY) == []

    def test_one_that_was_published_and_not_recorded_is_recorded(self, office: Office):
        office.audit("2026-11-01T06:00:00")
        text = (office.place("2026-10") / "report.json").read_bytes()
        office.lab.redis("DEL", "nf:{bull}:reports")
        assert office.names() == []
        known = office.lab.run(office.desk.reports.known(Cycle.MONTHLY))
        assert known["2026-10"].summary["period"] == json.loads(text)["period"] == "2026-10"

    def test_after_a_failure_the_next_run_need_not_wait(self, office: Office):
        async def broken(period):
            raise Unreachable("STORE-AWAY", "no")

        office.lab.now = at("2026-11-01T06:00:00")
        with pytest.raises(Unreachable):
            office.lab.run(audit(office.desk._replace(recorded=broken), Cycle.MONTHLY))
        assert office.names() == ["2026-09", "2026-10"]
        assert [path for path in (office.home / "reports").iterdir() if path.name.startswith(".draft")] == []

    def test_what_a_killed_run_has_left_is_swept_away_a_day_later(self, office: Office):
        old, new = office.home / "reports" / ".draft.1.a", office.home / "reports" / ".draft.2.b"
        for path, age in ((old, 90_000), (new, 60)):
            path.mkdir(parents=True)
            os.utime(path, (time.time() - age,) * 2)
        office.audit("2026-11-01T06:00:00")
        assert (old.exists(), new.exists()) == (False, True)


class TestWhatItSays:
    def test_it_follows_the_report_before(self, office: Office):
        office.facts = [{"kind": "incident", "id": "INC-1", "title": "down", "state": "resolved"}]
        first, second = office.audit("2026-11-01T06:00:00").made
        office.facts = [{"kind": "incident", "id": "INC-1", "title": "down", "state": "reviewed"}]
        [third] = office.audit("2026-12-01T06:00:00").made
        status = [
            {one["id"]: one["status"] for one in made.report["findings"]}.get("RPT-INCIDENT/INC-1")
            for made in (first, second, third)
        ]
        assert status == ["new", "open", "closed"]
        assert second.report["last"]["period"] == "2026-09"

    def test_incidents_are_those_that_were_open_or_not_reviewed(self, office: Office):
        october = parse(Cycle.MONTHLY, "2026-10")
        begun, day = october.start - 10, 86_400_000

        def opened(key: str, at: int, resolved: int = 0, reviewed: int = 0) -> str:
            one = Incident(key, "error", key, "", "", "", at, at, resolved_at=resolved, reviewed_at=reviewed)
            return office.lab.run(office.lab.store.incidents.save(one)).incident.id

        wanted = [opened("a", begun), opened("b", begun, begun + 5), opened("c", begun, begun + 5, begun + day),
                  opened("d", begun + day)]  # fmt: skip
        opened("over", begun, begun + 1, begun + 2)
        opened("later", october.end)

        async def told():
            return [fact["id"] async for fact in incidents(office.lab.store.incidents, october)]

        assert office.lab.run(told()) == wanted

    def test_what_other_hosts_have_archived_is_counted_and_not_seen(self, office: Office):
        for name, mark in (("2026-10/1", "2026-10 two b"), ("gone", "2026-10 two b"), ("also", "2026-10 three b"),
                           ("mine", "2026-10 one b"), ("before", "2026-09 two b")):  # fmt: skip
            office.lab.redis("HSET", f"nf:{{bull}}:msg:{name}", "v", "1", "state", "accepted", "archived", mark)

        async def told(period: str):
            found = elsewhere(office.lab.store.retired, office.home, "one", parse(Cycle.MONTHLY, period))
            return [(fact["part"], fact["why"]) async for fact in found]

        said = "1 messages are archived on three, 1 messages are archived on two"
        assert office.lab.run(told("2026-10")) == [("delivery", said)]
        assert office.lab.run(told("2026-08")) == []

    def test_moves_are_those_of_the_files_and_of_redis_each_once(self, office: Office):
        async def told():
            october = parse(Cycle.MONTHLY, "2026-10")
            return [fact async for fact in moves(office.lab.store.boards, office.home, october)]

        stored = office.move("2026-10-10T00:00:00")
        both = office.lab.run(told())
        assert [fact["to"] for fact in both if fact["to"] == "open"] == ["open"]
        assert len(both) == len(stored)
        office.lab.redis("DEL", "nf:{bull}:transitions")
        assert office.lab.run(told()) == both
        office.lab.now = at("2026-11-02T00:00:00")
        office.lab.trip("postmark")  # in another month
        assert office.lab.run(told()) == both

    def test_a_message_that_moves_meanwhile_counts_once(self, office: Office):
        office.rows = list(traffic("2026-10", 60))[:20]  # what is in the archive, too
        _, made = office.audit("2026-11-01T06:00:00").made
        assert made.report["figures"]["messages"] == 60


class TestWhatWasInRedis:
    """A month of which most lay in Redis when it was reported, and moved to the archive afterwards."""

    @pytest.fixture
    def october(self, lab: Lab, tmp_path: Path) -> Office:
        office = Office(lab, tmp_path)
        rows = list(traffic("2026-10", 60))
        archive.write(tmp_path, rows[:10])
        office.rows = [row._replace(state="dead") if row.id == "2026-10/30" else row for row in rows[10:]]
        assert office.names("2026-11-01T06:00:00") == ["2026-10"]
        return office

    def quarter(self, office: Office, rows: list) -> dict:
        """The quarterly report and what proving it and the month says, when these rows were archived meanwhile."""
        archive.write(office.home, rows)
        office.rows = []
        [made] = office.audit("2027-01-01T06:00:00", Cycle.QUARTERLY).made
        found = {one["code"]: one["what"] for one in made.report["findings"]}
        proofs = [reperform(place).differences for place in (made.place, office.place("2026-10"))]
        return {**found, "quarter": [one.what for one in proofs[0]], "month": [one.what for one in proofs[1]]}

    def test_untouched_it_is_the_same(self, october: Office):
        told = self.quarter(october, [row._replace(purpose="another") for row in october.rows])
        assert (told["quarter"], told["month"], "RPT-ALTERED" in told) == ([], [], False)

    def test_an_altered_line_is_named_by_the_longer_report_and_by_both_proofs(self, october: Office):
        changed = [row._replace(state="accepted") if row.state == "dead" else row for row in october.rows]
        told = self.quarter(october, changed)
        assert told["RPT-ALTERED"] == "messages altered in the archive since: 1, missing: 0: 2026-10/30"
        what = ["1 of its messages differ in the archive from what the report signed: 2026-10/30"]
        assert (told["quarter"], told["month"]) == (what, what)

    def test_it_stays_found_until_it_is_as_it_was(self, october: Office):
        changed = [row._replace(state="accepted") if row.state == "dead" else row for row in october.rows]
        self.quarter(october, changed)
        path = october.home / "archive" / "2026-10.jsonl"
        forged, status = path.read_bytes(), []
        line = next(text for text in forged.splitlines() if b'"id":"2026-10/30"' in text)
        for text in (forged, forged.replace(line, line.replace(b'"state":"accepted"', b'"state":"dead"'))):
            path.write_bytes(text)
            [made] = october.audit(f"2027-0{4 + 3 * len(status)}-01T06:00:00", Cycle.QUARTERLY).made
            status += [one["status"] for one in made.report["findings"] if one["code"] == "RPT-ALTERED"]
        assert status == ["open", "closed"]

    def test_one_that_is_missing_or_there_twice(self, october: Office):
        told = self.quarter(october, [*october.rows[:-2], october.rows[0]])
        assert told["RPT-ALTERED"].startswith("messages altered in the archive since: 1, missing: 2: ")
        assert told["quarter"][1] == "2 of its messages are missing: 2026-10/58, 2026-10/59"

    def test_an_id_that_is_made_of_an_address_is_not_named_with_it(self):
        assert "ann@venue.example" not in named(["ann@venue.example/1"])
        assert named([str(number) for number in range(25)]).endswith("19 and 5 more")

    def test_one_that_is_elsewhere_is_not_missing(self, october: Office):
        october.elsewhere = {"2026-10/58", "2026-10/59"}
        assert "RPT-ALTERED" not in self.quarter(october, october.rows[:-2])

    def test_one_that_went_on_is_told_and_is_no_difference(self, october: Office):
        november = parse(Cycle.MONTHLY, "2026-11").start
        rows = [row._replace(state="accepted", ended_at=november, version=row.version + 1)
                if row.state == "dead" else row for row in october.rows]  # fmt: skip
        told = self.quarter(october, rows)
        assert told["RPT-LATER"].endswith(": 2026-10/30")
        assert (told["quarter"], told["month"], "RPT-ALTERED" in told) == ([], [], False)

    def test_what_was_signed_is_not_trusted_when_it_was_changed(self, october: Office):
        path = october.place("2026-10") / "messages.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"state":"dead"', b'"state":"accepted"'))
        told = self.quarter(october, list(map(archive.unpack, path.read_bytes().splitlines())))
        assert told["RPT-ALTERED"] == "its messages are not those that were signed"


class TestProof:
    """A seeded quarter with two outages; every byte of its evidence counts."""

    @pytest.fixture
    def quarter(self, lab: Lab, tmp_path: Path) -> Path:
        seeded(tmp_path, ("2026-07", "2026-08", "2026-09"), 1100)
        office = Office(lab, tmp_path)
        office.move("2026-07-10T00:00:00")
        office.rows = list(traffic("2026-09", 40, seed=1))
        office.rows = [row._replace(id=f"live/{row.id}") for row in office.rows]
        office.facts = [
            {"kind": "move", "at": "2026-07-10T00:00:00Z", "by": "notifyctl", "what": "resend", "from": "closed",
             "to": "open", "rule": "T1", "reason": "3 faults in a row"},
        ]  # fmt: skip
        [made] = office.audit("2026-10-01T06:00:00", Cycle.QUARTERLY).made
        return made.place

    def told(self, place: Path) -> list[str]:
        return [f"{one.where}: {one.what}" for one in reperform(place).differences]

    def change(self, path: Path, old: bytes, new: bytes, times: int = 1) -> None:
        text = path.read_bytes()
        assert old in text
        path.write_bytes(text.replace(old, new, times))

    def test_untouched_it_comes_out_the_same(self, quarter: Path):
        again = reperform(quarter / "report.json")
        assert (again.differences, again.files) == ([], 6)

    def test_every_figure_comes_out_of_the_raw_lines(self, quarter: Path):
        files = [*sorted((quarter.parents[1] / "archive").glob("*.jsonl")), quarter / "messages.jsonl"]
        lines = [line for path in files for line in path.read_bytes().splitlines()]
        figures = json.loads((quarter / "report.json").read_bytes())["figures"]
        assert differences(figures, recounted(lines)) == []
        assert len(figures["providers"]) == 3
        assert figures["providers"]["resend"]["errors"]["http_503"] > 50  # the outage of half a day

    def test_what_the_archive_gets_later_changes_nothing(self, quarter: Path):
        later = [row._replace(id=f"later/{row.id}") for row in traffic("2026-09", 10)]
        archive.write(quarter.parents[1], later)
        assert self.told(quarter) == []

    def test_a_changed_message_is_named_by_its_lines_and_by_the_figures(self, quarter: Path):
        path = quarter.parents[1] / "archive" / "2026-08.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        place = next(at for at, line in enumerate(lines) if at > 1000 and b'"state":"accepted"' in line)
        lines[place] = lines[place].replace(b'"state":"accepted"', b'"state":"rejected"')
        path.write_bytes(b"".join(lines))
        told = self.told(quarter)
        assert told[0] == "archive/2026-08.jsonl, lines 1,001 to 1,100: changed since the report was made"
        assert any(one.startswith("figures.failure.count: the report says") for one in told)

    def test_a_change_that_no_figure_shows_is_named_too(self, quarter: Path):
        self.change(quarter.parents[1] / "archive" / "2026-07.jsonl", b'"id":"2026-07/7"', b'"id":"2026-07/x"')
        assert self.told(quarter) == ["archive/2026-07.jsonl, lines 1 to 1,000: changed since the report was made"]

    def test_a_message_that_was_taken_out(self, quarter: Path):
        path = quarter.parents[1] / "archive" / "2026-09.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
        assert self.told(quarter)[0].startswith("archive/2026-09.jsonl, lines 1 to 1,000")

    def test_a_changed_entry_of_the_history(self, quarter: Path):
        self.change(quarter.parents[1] / "operations" / "2026-07.jsonl", b"resend", b"resenD")
        [told] = self.told(quarter)
        assert told.startswith("operations/2026-07.jsonl, lines 1 to ")

    def test_a_changed_fact(self, quarter: Path):
        self.change(quarter / "facts.jsonl", b"3 faults", b"2 faults")
        told = self.told(quarter)
        assert told[0].startswith("reports/quarterly-2026-Q3/facts.jsonl, lines 1 to 2")
        assert "moves.0.reason: the report says 3 faults in a row, its evidence says 2 faults in a row" in told

    def test_a_changed_message_of_redis(self, quarter: Path):
        self.change(quarter / "messages.jsonl", b'"took_ms":', b'"took_ms":9')
        assert self.told(quarter)[0].startswith("reports/quarterly-2026-Q3/messages.jsonl, lines 1 to 40")

    def test_a_changed_figure_of_the_report(self, quarter: Path):
        self.change(quarter / "report.json", b'"messages": 3340', b'"messages": 3341')
        told = self.told(quarter)
        assert told[0] == "report.json: it is not what was signed with this key"
        assert "figures.messages: the report says 3341, its evidence says 3340" in told

    @pytest.mark.parametrize("page", ["report.md", "report.html", "report.csv"])
    def test_a_changed_page(self, quarter: Path, page: str):
        self.change(quarter / page, b"Q3", b"Q4")
        [told] = self.told(quarter)
        assert told.startswith(f"{page}, lines ")
        (quarter / page).unlink()
        assert self.told(quarter) == [f"{page}: it is missing"]

    def test_pages_of_another_version_are_held_against_the_seal(self, quarter: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("notifyctl.operations.reperform.__version__", "9")
        again = reperform(quarter)
        assert (again.differences, again.by_same_version) == ([], False)
        self.change(quarter / "report.md", b"Q3", b"Q4")
        (quarter / "report.csv").unlink()
        assert self.told(quarter) == [
            "report.csv: it is missing", "report.md: it is not what was signed with this key"
        ]  # fmt: skip
        self.change(quarter / "report.json", b'"messages": 3340', b'"messages": 3341')
        assert "figures.messages: the report says 3341, its evidence says 3340" in self.told(quarter)

    def test_what_a_newer_version_says_beside_it_is_no_difference(
        self, quarter: Path, monkeypatch: pytest.MonkeyPatch
    ):  # fmt: skip
        monkeypatch.setattr("notifyctl.operations.reperform.__version__", "9")
        monkeypatch.setattr(
            "notifyctl.operations.reperform.composed", lambda *words: {**composed(*words), "more": {"said": 1}}
        )
        assert self.told(quarter) == []

    def test_another_signature(self, quarter: Path):
        (quarter / "report.json.sig").write_bytes(bytes(64))
        assert self.told(quarter) == ["report.json: it is not what was signed with this key"]
        (quarter / "report.json.sig").unlink()
        assert self.told(quarter) == ["report.json.sig: it is missing"]

    def test_the_key_beside_it_is_gone(self, quarter: Path):
        (quarter / "key.pem").unlink()
        assert "key.pem: it is missing, so nothing proves who made this" in self.told(quarter)

    def test_another_key_that_is_trusted(self, quarter: Path, tmp_path: Path):
        (tmp_path / "trusted.pem").write_bytes(Signer(b"22" * 32, "").public)
        found = reperform(quarter, tmp_path / "trusted.pem").differences
        assert [(one.where, one.what) for one in found] == [
            (name, "it is not what was signed with this key") for name in ("report.json", "SHA256SUMS")
        ]

    def test_a_seal_that_is_missing_changed_or_of_another_report(self, quarter: Path):
        sums, signature = ((quarter / name).read_bytes() for name in ("SHA256SUMS", "SHA256SUMS.sig"))
        (quarter / "SHA256SUMS").write_bytes(sums.replace(b"report.md", b"report.me"))
        assert self.told(quarter) == ["SHA256SUMS: it is not what was signed with this key"]
        (quarter / "SHA256SUMS.sig").unlink()
        assert self.told(quarter) == ["SHA256SUMS: the seal is missing, so nothing proves the pages"]
        other = sums.replace(sums[:4], b"0000")
        (quarter / "SHA256SUMS").write_bytes(other)
        (quarter / "SHA256SUMS.sig").write_bytes(Signer(KEY, "").sign(other))
        assert self.told(quarter) == ["report.csv: it is not what was signed with this key"]
        assert signature != Signer(KEY, "").sign(other)

    def test_a_copy_under_the_name_of_another_period(self, quarter: Path):
        copy = shutil.copytree(quarter, quarter.parent / "quarterly-2026-Q4")
        told = "quarterly-2026-Q4: the folder is not called quarterly-2026-Q3, as that of this report"
        assert self.told(copy) == [told]

    def test_missing_evidence(self, quarter: Path):
        (quarter.parents[1] / "archive" / "2026-08.jsonl").unlink()
        assert self.told(quarter)[0].startswith("archive/2026-08.jsonl is missing")

    @pytest.mark.parametrize(
        ("old", "new"), [(b'"files"', b'"file"'), (b'"size": ', b'"size": "9", "x": '),
                         (b'"lines": ', b'"lines": -1, "x": '),
                         (b'"made": {', b'"made": null, "x": {'), (b'"name": "archive', b'"name": 5, "x": "'),
                         (b'"name": "archive/', b'"name": "archive/../../../dev/'), (b'"cycle": "q', b'"cycle": "x')]
    )  # fmt: skip
    def test_what_is_no_report_any_more(self, quarter: Path, old: bytes, new: bytes):
        self.change(quarter / "report.json", old, new)
        assert self.told(quarter)[0] == "report.json: it cannot be read as a report any more"

    def test_what_is_no_json_any_more(self, quarter: Path):
        (quarter / "report.json").write_bytes(b"{")
        assert self.told(quarter)[0] == "report.json: it cannot be read as a report any more"

    @pytest.mark.parametrize(("old", "new"), [(b'"at":1', b'"at":"x","y":1'), (b'"kind":"move"', b'"kind":"incident"')])
    def test_facts_that_no_report_can_be_made_of(self, quarter: Path, old: bytes, new: bytes):
        self.change(quarter / "facts.jsonl", old, new)
        assert any("it cannot be made again" in one for one in self.told(quarter))
