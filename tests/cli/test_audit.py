"""`audit` as cron runs it and as an auditor reads it."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import Any

import pytest

from conftest import WORKER
from house import KEYS, House, eventually, mail
from lab import Lab
from notifyctl import __version__
from notifyctl.domain.period import Cycle, Period, containing
from quarters import seeded

LAST = containing(Cycle.MONTHLY, int(time.time() * 1000)).last


class Watcher:
    """Something that hears heartbeats; `answer` is the status that it gives."""

    def __init__(self, answer: int = 200) -> None:
        self.heard: list[tuple[str, str]] = []
        self.answer = answer


@contextmanager
def watching(answer: int = 200) -> Iterator[tuple[str, Watcher]]:
    watcher = Watcher(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            watcher.heard.append((self.path, body))
            self.send_response(watcher.answer)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", watcher
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def seeded_house(house: House) -> House:
    seeded(house.home, (LAST.name,), 120)
    return house


def place(house: House, period: Period = LAST) -> Path:
    return house.home / "reports" / f"monthly-{period.name}"


def test_it_makes_what_is_due_and_the_next_day_says_nothing(seeded_house: House) -> None:
    first = seeded_house.run("audit", "monthly")
    assert first.code == 3
    assert first.out.splitlines()[0].startswith(f"Monthly provider review {LAST.name}: Incomplete")
    second = seeded_house.run("audit", "monthly")
    assert (second.code, second.out, second.err) == (0, "", "")
    ran = seeded_house.ask("audit", "monthly")
    assert (ran.code, ran.document["outcome"], ran.data["reported"]) == (0, "nothing to do", [LAST.name])


def test_the_document_names_the_report_and_its_hash(seeded_house: House) -> None:
    ran = seeded_house.ask("audit", "monthly")
    [made] = ran.data["made"]
    report = json.loads((place(seeded_house) / "report.json").read_bytes())
    accepted = {name: one["outcomes"]["accepted|definite"] for name, one in report["figures"]["providers"].items()}
    assert {one["provider"]: one["accepted"] for one in report["costs"] if one["accepted"]} == accepted
    assert {one["month"] for one in report["costs"]} == {LAST.name}
    assert (ran.data["busy"], ran.data["reported"]) == ([], [])
    assert (ran.document["outcome"], made["period"], made["root"]) == ("done", LAST.name, report["evidence"]["root"])
    assert sorted(path.name for path in place(seeded_house).iterdir()) == [
        "SHA256SUMS", "SHA256SUMS.sig", "facts.jsonl", "key.pem", "messages.jsonl", "report.csv", "report.html",
        "report.json", "report.json.sig", "report.md",
    ]  # fmt: skip


def test_a_report_that_is_gone_is_told_by_the_next_run(seeded_house: House) -> None:
    seeded_house.run("audit", "monthly")
    shutil.rmtree(place(seeded_house))
    ran = seeded_house.ask("audit", "monthly")
    assert (ran.code, ran.codes, ran.data["reported"]) == (1, ["RPT-GONE"], [LAST.name])
    told = seeded_house.run("audit", "monthly").out
    assert f"error RPT-GONE reports/monthly-{LAST.name}: its report was made here, and is gone" in told


def test_who_asks_for_a_report_that_another_host_is_at_has_none_yet(seeded_house: House, lab: Lab) -> None:
    lab.run(lab.store.workers.lease(f"report:monthly:{LAST.name}", "other", 60))
    ran = seeded_house.ask("audit", "monthly", "--period", LAST.name)
    assert (ran.code, ran.data["made"], ran.data["busy"]) == (3, [], [LAST.name])


def test_a_period_that_is_not_over_is_refused(seeded_house: House) -> None:
    ran = seeded_house.ask("audit", "monthly", "--period", LAST.next.name)
    assert (ran.code, ran.codes) == (4, ["RPT-NOT-OVER"])
    assert seeded_house.ask("audit", "monthly", "--period", "2026-Q1").code == 2


def test_what_was_moved_and_what_went_wrong_is_in_it(seeded_house: House) -> None:
    seeded_house.run("pause", "resend", "--reason", "ann@venue.example is away", "--yes")
    seeded_house.ask("audit", "monthly")
    report = json.loads((place(seeded_house) / "report.json").read_bytes())
    assert "moves" not in report  # it was done today, and the report is of the last month


class TestHeartbeats:
    @staticmethod
    def checked(house: House) -> str:
        """What preflight sees of cron."""
        return house.run("preflight", "--profile", "live", "--only", "OBS-002").out

    def test_beginning_and_end_are_told_with_hashes_and_counts(self, seeded_house: House) -> None:
        with watching() as (url, watcher):
            ran = seeded_house.ask("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL=f"{url}/ping/uuid")
        (start, _), (end, said) = watcher.heard
        assert (start, end) == ("/ping/uuid/start", "/ping/uuid")
        assert said.startswith(f"{LAST.name} {ran.data['made'][0]['root']} incomplete, ")
        seeded_house.ask("audit", "monthly", "--period", LAST.name)  # a person asks, whom nobody watches
        seeded_house.ask("audit", "monthly")  # and looks for what is due
        assert "monthly 0 days ago, watched" in self.checked(seeded_house)

    def test_also_when_nothing_is_due_and_in_the_words_of_sentry(self, house: House) -> None:
        with watching() as (url, watcher):
            ran = house.run("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL=f"{url}/api/1/cron/audit/key/?environment=x")
        paths = [path for path, _ in watcher.heard]
        assert ran.code == 0
        assert paths == [f"/api/1/cron/audit/key/?environment=x&status={word}" for word in ("in_progress", "ok")]

    @pytest.mark.parametrize(
        ("path", "told"), [("/ping", ["/ping/start", "/ping/fail"]),
                           ("/api/1/cron/a/k", [f"/api/1/cron/a/k?status={word}" for word in ("in_progress", "error")])]
    )  # fmt: skip
    def test_a_run_that_failed_says_so(self, house: House, path: str, told: list[str]) -> None:
        with watching() as (url, watcher):
            ran = house.ask(
                "audit", "monthly", NOTIFYCTL_HEARTBEAT_URL=f"{url}{path}", NOTIFYCTL_LEDGER_KEY="no key at all"
            )
        assert (ran.code, [path for path, _ in watcher.heard]) == (7, told)

    def test_a_watcher_that_is_broken_or_gone_changes_nothing(self, seeded_house: House) -> None:
        with watching(500) as (url, _):
            assert seeded_house.run("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL=url).code == 3
        assert "monthly 0 days ago, its watcher silent, quarterly never ran" in self.checked(seeded_house)
        assert seeded_house.run("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL="https://h:abc/").code == 0
        assert seeded_house.run("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL=url).code == 0

    def test_its_url_is_a_secret(self, house: House) -> None:
        ran = house.run("audit", "monthly", NOTIFYCTL_HEARTBEAT_URL="ftp://host/hidden-key")
        assert (ran.code, "hidden-key" in ran.out + ran.err) == (7, False)


class TestKeys:
    def test_production_needs_one(self, house: House) -> None:
        config = house.home / "production.toml"
        config.write_text("")
        told = {"NOTIFYCTL_MODE": "production", "NOTIFYCTL_PEPPER": "0123456789abcdef",
                "NOTIFYCTL_CONFIG": str(config)}  # fmt: skip
        ran = house.ask("audit", "monthly", **told)
        assert (ran.code, ran.document["findings"][0]["subject"]) == (7, "NOTIFYCTL_LEDGER_KEY")
        assert house.ask("audit", "monthly", **told, NOTIFYCTL_LEDGER_KEY="11" * 32).code == 0

    def test_development_makes_one_that_nobody_else_can_read(self, house: House) -> None:
        assert house.run("audit", "monthly").code == 0
        assert (house.home / "keys" / "ledger").stat().st_mode & 0o777 == 0o600

    @pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")
    def test_openssl_and_sha256sum_prove_a_report_without_us(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        line = "openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in report.json -sigfile report.json.sig"
        done = subprocess.run(line.split(), cwd=place(seeded_house), capture_output=True, check=False)
        assert (done.returncode, b"Successfully" in done.stdout) == (0, True)
        line = "openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in SHA256SUMS -sigfile SHA256SUMS.sig"
        assert not subprocess.run(line.split(), cwd=place(seeded_house), capture_output=True, check=False).returncode
        told = subprocess.run(
            ["sha256sum", "-c", "SHA256SUMS"], cwd=place(seeded_house), capture_output=True, check=True
        )
        assert told.stdout.decode().split() == [
            word for name in ("csv", "html", "json", "md") for word in (f"report.{name}:", "OK")
        ]
        report = json.loads((place(seeded_house) / "report.json").read_bytes())
        for one in report["evidence"]["files"]:
            line = f"head -c {one['size']} {seeded_house.home / one['name']} | sha256sum"
            told = subprocess.run(line, shell=True, capture_output=True, check=True).stdout
            assert told.decode().split()[0] == one["sha256"]


class TestReading:
    def test_verify_needs_no_server_and_names_a_changed_byte(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        nowhere = {"BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": "1"}
        ran = seeded_house.ask("audit", "verify", str(place(seeded_house)), **nowhere)
        assert (ran.code, ran.data["same"], ran.data["files"], ran.data["key"]) == (0, True, 3, "beside")
        assert seeded_house.ask("audit", "verify", LAST.name, **nowhere).data["same"] is True, "a period will do"
        told = seeded_house.run("audit", "verify", str(place(seeded_house)))
        assert "The key lay beside the report, and may have been replaced" in " ".join(told.out.split())
        key = ("--key", str(place(seeded_house) / "key.pem"))
        assert seeded_house.ask("audit", "verify", str(place(seeded_house)), *key).data["key"] == "given"
        archive = seeded_house.home / "archive" / f"{LAST.name}.jsonl"
        archive.write_bytes(archive.read_bytes().replace(b"postmark", b"postmarK", 1))
        ran = seeded_house.ask("audit", "verify", str(place(seeded_house) / "report.json"), **nowhere)
        assert (ran.code, set(ran.codes)) == (1, {"RPT-DIFFERS"})
        assert ran.data["differences"][0]["where"] == f"archive/{LAST.name}.jsonl, lines 1 to 120"

    def test_verify_names_the_key_that_was_given_where_it_is_none(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        for key, what in (("/dev/null", "/dev/null is no public key"), ("/dev/null/x", "/dev/null/x cannot be read")):
            ran = seeded_house.ask("audit", "verify", LAST.name, "--key", key)
            (told,) = ran.document["findings"]
            assert (ran.code, told["subject"], what in told["message"]) == (2, "--key", True)

    def test_verify_without_a_report_is_a_wrong_argument(self, house: House) -> None:
        assert house.ask("audit", "verify", str(house.home / "none.json")).code == 2

    def test_show_lists_and_shows(self, seeded_house: House) -> None:
        assert seeded_house.run("audit", "show").out == "No report yet.\n"
        seeded_house.run("audit", "monthly")
        [one] = seeded_house.ask("audit", "show").data["reports"]
        assert (one["cycle"], one["period"], one["verdict"]) == ("monthly", LAST.name, "incomplete")
        told = seeded_house.run("audit", "show", LAST.name).out
        assert told.startswith(f"# Monthly provider review {LAST.name}\n")
        assert seeded_house.ask("audit", "show", LAST.name).data["report"]["period"] == LAST.name

    def test_show_prints_nothing_that_was_changed(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        page = place(seeded_house) / "report.md"
        page.write_bytes(page.read_bytes().replace(b"Incomplete", b"Well"))
        ran = seeded_house.ask("audit", "show", LAST.name)
        assert (ran.code, ran.codes, ran.data["report"]["period"]) == (1, ["RPT-DIFFERS"], LAST.name)
        assert "Well" not in seeded_house.run("audit", "show", LAST.name).out
        (place(seeded_house) / "report.json").write_bytes(b"{")
        ran = seeded_house.ask("audit", "show", LAST.name)
        assert (ran.code, ran.data["report"]) == (1, None)
        assert [one["verdict"] for one in seeded_house.ask("audit", "show").data["reports"]] == ["not as made"]

    def test_a_copied_folder_breaks_neither_show_nor_the_next_run(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        shutil.copytree(place(seeded_house), seeded_house.home / "reports" / f"monthly-{LAST.name}.bak")
        assert len(seeded_house.ask("audit", "show").data["reports"]) == 1
        assert seeded_house.run("audit", "monthly").code == 0

    def test_verify_of_a_file_near_the_root_of_the_disk(self, seeded_house: House) -> None:
        seeded_house.run("audit", "monthly")
        with NamedTemporaryFile(dir="/tmp", suffix=".json") as near:
            near.write((place(seeded_house) / "report.json").read_bytes())
            near.flush()
            ran = seeded_house.ask("audit", "verify", near.name, "--key", str(place(seeded_house) / "key.pem"))
        assert (ran.code, ran.data["differences"][0]["where"]) == (1, "report.json.sig")

    def test_show_of_another_period_says_no(self, house: House) -> None:
        ran = house.ask("audit", "show", "2020-Q1")
        assert (ran.code, ran.codes) == (1, ["RPT-NONE"])
        assert house.ask("audit", "show", "yesterday").code == 2


def test_mail_that_was_sent_is_in_the_report_of_its_month_also_before_it_is_archived(house: House, lab: Lab) -> None:
    """With the server's clock of the last month."""
    house.run("send", "-", stdin=b"\n".join([mail("one"), mail("two", "booking.reminder")]))
    worker = house.start("worker")
    eventually(lambda: house.state("one") == house.state("two") == "accepted")
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)
    for name in ("one", "two"):
        lab.redis("HSET", f"nf:{{bull}}:msg:{name}", "changed_at", LAST.start + 1000)
    house.run("audit", "monthly")
    report = json.loads((place(house) / "report.json").read_bytes())
    figures = report["figures"]
    assert (figures["messages"], figures["states"], figures["failure"]["of"]) == (2, {"accepted": 2}, 2)
    assert figures["types"] == {"booking.confirmation": {"accepted": 1}, "booking.reminder": {"accepted": 1}}
    assert figures["providers"]["resend"]["calls"] == figures["processing"]["calls"] == 2
    assert "customers.example" not in "".join(path.read_text(errors="replace") for path in place(house).iterdir())
    assert house.run("audit", "verify", str(place(house))).code == 0


class TestTheLongerOnes:
    @pytest.fixture
    def project(self, seeded_house: House) -> House:
        """With registers, and with somebody who answers for the firewall."""
        assert seeded_house.run("init", str(seeded_house.home), "--missing").code == 0
        today = datetime.now(UTC).date()
        (seeded_house.home / "attestations.toml").write_text(
            f'[[attestation]]\ncheck = "NET-003"\nwhat = "workers alone"\nby = "J. Smith"\non = {today}\n'
            f'evidence = "https://wiki.venue.example/x"\nexpires = {today + timedelta(days=100)}\n'
        )
        (seeded_house.home / "waivers.toml").write_text(
            f'[[waiver]]\ncheck = "QUE-001"\nreason = "not yet"\nowner = "J. Smith"\nexpires = {today}\n'
        )
        return seeded_house

    def report(self, house: House, cycle: Cycle) -> dict[str, Any]:
        period = containing(cycle, LAST.start)
        told = house.ask("audit", cycle.value, "--period", period.name)
        if told.code == 4:  # its last month is not over yet
            period = period.last
            seeded(house.home, period.months[-1:], 5)
            told = house.ask("audit", cycle.value, "--period", period.name)
        [made] = told.data["made"]
        assert house.run("audit", "verify", made["place"]).code == 0
        document: dict[str, Any] = json.loads((Path(made["place"]) / "report.json").read_bytes())
        return document

    def test_a_quarter_records_checks_keys_waivers_access_and_registers(self, project: House) -> None:
        report = self.report(project, Cycle.QUARTERLY)
        checks = {one["id"]: one for one in report["checks"]}
        assert checks["RDS-002"]["verdict"] in ("pass", "fail", "warn")
        assert (checks["QUE-001"]["verdict"], checks["QUE-001"]["waiver"]) == ("fail", "J. Smith")
        assert "QUE-001/check" not in [one["id"] for one in report["findings"]]
        assert [one["id"] for one in report["attested"]] == ["NET-003"]
        assert "NET-003" not in checks  # attested is not passed
        assert "keys" not in report  # they come from the environment, which nobody knows the age of
        assert [one["check"] for one in report["waivers"]] == ["QUE-001"]
        assert {one["name"] for one in report["registers"]} == {"processors.toml", "processing.toml", "notices.toml"}
        assert report["access"][0]["we are"] == WORKER
        assert "versions" not in report

    def test_what_could_not_be_looked_at_is_named_and_not_fine(self, project: House) -> None:
        report = self.report(project, Cycle.QUARTERLY)
        parts = {one["part"]: one for one in report["parts"]}
        assert parts["checks"]["note"].startswith("could not look: ")
        assert "RESEND_API_KEY" in parts["keys"]["note"]
        assert {"checks", "keys", "consent"} <= set(report["verdict"]["not_seen"])

    def test_without_registers_they_were_not_seen(self, seeded_house: House) -> None:
        report = self.report(seeded_house, Cycle.QUARTERLY)
        parts = {one["part"]: one for one in report["parts"]}
        assert parts["registers"]["note"] == "there is no processors.toml"

    def test_a_half_year_records_versions_and_the_server_too(self, project: House) -> None:
        report = self.report(project, Cycle.BIANNUAL)
        assert report["versions"][0]["notifyctl"] == __version__
        assert "redis_version" in report["versions"][1]
        told = {name: value for one in report["capacity"] for name, value in one.items()}
        assert told["used_memory"] > 0
        assert "aof_enabled" in told
        parts = {one["part"]: one["note"] for one in report["parts"]}
        assert (parts["drills"], parts["restore"]) == ("no drill is on record", "no source yet")

    def test_no_secret_is_in_it(self, project: House) -> None:
        report = self.report(project, Cycle.BIANNUAL)
        text = json.dumps(report)
        assert not [key for key in KEYS.values() if key in text]


def test_two_hosts_at_once_make_one_report(seeded_house: House, tmp_path: Path) -> None:
    """Processes with disks of their own, on one Redis."""
    other = House(tmp_path / "other", {**seeded_house.environ, "NOTIFYCTL_HOME": str(tmp_path / "other")})
    other.home.mkdir()
    seeded(other.home, (LAST.name,), 120)
    started = [one.start("audit", "monthly", "-o", "json") for one in (seeded_house, other)]
    codes = [process.wait(60) for process in started]
    made = [json.loads(one.out)["data"]["made"] for one in (seeded_house, other)]
    assert max(codes) == 3
    assert min(codes) in (
        0,
        1,
    )  # both have the name of this machine: the slower one may miss the other's report as its own
    assert sorted(map(len, made)) == [0, 1]
    assert sum(place(one).exists() for one in (seeded_house, other)) == 1
    assert [one.ask("audit", "monthly").data["made"] for one in (seeded_house, other)] == [[], []]
