"""`preflight` as CI runs it: exit codes, one document, JUnit, waivers."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as xml

import pytest
import redis

from conftest import Valkey, free_port, serving
from house import House, Ran, everything, mail
from notifyctl.operations import init


def verdicts(ran: Ran) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in ran.data["checks"]}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An empty environment in a sample project: no variable but the place of our data, nothing that runs."""
    needed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    if "PYTHONPATH" in needed:
        needed["PYTHONPATH"] = os.pathsep.join(
            str(Path(one).absolute()) for one in needed["PYTHONPATH"].split(os.pathsep)
        )
    init.apply(tmp_path / "project", init.plan(tmp_path / "project", datetime.now(UTC).date()))
    monkeypatch.chdir(tmp_path / "project")
    return House(tmp_path, {**needed, "HOME": str(tmp_path), "NOTIFYCTL_HOME": str(tmp_path / "home")})


DRAFTS = ("RLS-001", "DOC-001", "DOC-004", "DOC-005", "DOC-007")  # what an organisation must do itself


def test_a_sample_project_passes_what_ci_asks_but_for_what_nobody_has_signed(bare: House) -> None:
    ran = bare.ask("preflight", "--profile", "ci")
    warned = [name for name, verdict in verdicts(ran).items() if verdict != "pass"]
    assert (ran.code, set(verdicts(ran).values()), sorted(warned)) == (0, {"pass", "warn"}, sorted(DRAFTS))


def test_a_folder_without_a_project_was_not_looked_at(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path.cwd()
    monkeypatch.chdir(bare.home)
    told = verdicts(ran := bare.ask("preflight", "--profile", "ci"))
    assert (ran.code, told["ENV-006"], told["DOC-001"]) == (3, "error", "skip")
    ran = bare.ask("preflight", "--profile", "ci", NOTIFYCTL_CONFIG=str(project / "notifyctl.toml"))
    assert (ran.code, verdicts(ran)["ENV-006"]) == (0, "pass")


def test_one_fault_in_the_project_is_told_by_its_code(bare: House) -> None:
    Path("notices/1.2.md").write_text("Anything goes.")
    ran = bare.ask("preflight", "--profile", "ci", "--only", "CON-001")
    assert (ran.code, [one["id"] for one in ran.data["checks"] if one["verdict"] == "fail"]) == (1, ["CON-001"])


def test_what_a_person_answers_for_is_attested_and_not_passed(bare: House) -> None:
    today = datetime.now(UTC).date()
    text = f"""[[attestation]]\ncheck = "NET-005"\nwhat = "a subnet of its own"\nby = "J. Smith"\non = {today}
evidence = "wiki"\nexpires = {soon()}\n"""
    Path("attestations.toml").write_text(text)
    ran = bare.ask("preflight", "--only", "NET-005", "--junit", "report.xml")
    assert (ran.code, verdicts(ran)["NET-005"]) == (0, "attested")
    assert "J. Smith" in Path("report.xml").read_text()
    assert "1 attested" in bare.run("preflight", "--only", "NET-005").out


def test_the_folder_of_the_deployment_guide_passes_what_cron_asks_of_it(bare: House) -> None:
    """A link to a folder elsewhere, as some hosts have; a register beside the configuration, and no papers."""
    cron = (Path(__file__).parents[2] / "docs" / "deploy" / "crontab").read_text()
    (line,) = re.findall(r"notifyctl (preflight --profile live .*)", cron)
    real, folder = bare.home / "real", bare.home / "etc"
    real.mkdir()
    folder.symlink_to(real)
    for name in ("notifyctl.toml", "processors.toml"):
        Path(name).rename(real / name)
    (real / "environment").write_text("NOTIFYCTL_FROM=tickets@venue.example\n")
    where = {
        "NOTIFYCTL_CONFIG": str(folder / "notifyctl.toml"), "NOTIFYCTL_SECRETS": str(folder / "secrets.age"),
        "NOTIFYCTL_SECRETS_IDENTITY": str(folder / "identity"),
    }  # fmt: skip
    assert bare.run("secrets", "init", **where).code == 0
    ours = [word for name in ("ENV", "SEC", "CON", "DOC", "RLS") for word in ("--only", name)]
    ran = bare.ask(*line.replace("--quiet", "").split(), *ours, **where)
    told = verdicts(ran)
    assert [name for name, verdict in told.items() if verdict == "fail"] == []
    assert (told["SEC-001"], told["SEC-003"], "CON-009" in told) == ("pass", "pass", True)


def test_of_a_deployment_nothing_is_green_there_that_was_not_looked_at(bare: House) -> None:
    ran = bare.ask("preflight")
    told = verdicts(ran)
    assert ran.code == 3
    assert all(told[name] in ("error", "skip") for name in told if name[:3] in ("RDS", "NET", "PRV"))
    assert {told[f"SEC-{number:03d}"] for number in (2, 3, 4, 5, 7)} == {"error"}
    assert {finding["code"] for finding in ran.document["findings"]} >= {"RDS-001", "PRV-001"}


def test_a_fault_is_told_by_its_code_alone(bare: House) -> None:
    ran = bare.ask("preflight", "--profile", "ci", BULLMQ_REDIS_PORT="many")
    failed = [name for name, verdict in verdicts(ran).items() if verdict == "fail"]
    assert (ran.code, failed, verdicts(ran)["ENV-005"]) == (1, ["ENV-001"], "skip")
    assert "BULLMQ_REDIS_PORT" in ran.out


def test_a_warning_fails_where_that_is_asked_for(bare: House) -> None:
    line = ("preflight", "--profile", "ci")
    assert bare.ask(*line, "--only", "ENV", NOTIFYCTL_MOED="x").code == 0
    assert bare.ask(*line, "--only", "ENV", "--fail-on", "warn", NOTIFYCTL_MOED="x").code == 1


def test_a_waiver_takes_the_weight_and_shows_its_owner(bare: House) -> None:
    waivers = bare.home / "agreed.toml"
    until = "2099-01-01"
    text = '[[waiver]]\ncheck = "ENV-001"\nreason = "why"\nowner = "J. Smith"\nexpires = {}\n'
    line = ("preflight", "--only", "ENV", "--profile", "ci", "--waivers", str(waivers))
    waivers.write_text(text.format(until))
    assert bare.ask(*line, BULLMQ_REDIS_PORT="many").code == 1  # too far away to hold
    waivers.write_text(text.format(soon()))
    ran = bare.ask(*line, BULLMQ_REDIS_PORT="many")
    (one,) = [one for one in ran.data["checks"] if one["id"] == "ENV-001"]
    assert (one["verdict"], one["waiver"]["owner"]) == ("fail", "J. Smith")
    assert ran.code == 3  # what rests on it was not asked


def test_a_waiver_of_no_check_is_an_error(bare: House) -> None:
    waivers = bare.home / "waivers.toml"
    waivers.write_text(f'[[waiver]]\ncheck = "RDS-999"\nreason = "r"\nowner = "o"\nexpires = {soon()}\n')
    ran = bare.ask("preflight", "--waivers", str(waivers))
    assert (ran.code, ran.codes) == (7, ["CFG-WAIVERS"])


def test_junit_says_the_same(bare: House) -> None:
    file = bare.home / "report.xml"
    ran = bare.ask("preflight", "--junit", str(file), BULLMQ_REDIS_PORT="many")
    suite = xml.parse(file).getroot()
    told = list(verdicts(ran).values())
    numbers = {name: int(suite.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}
    assert numbers == {
        "tests": len(told), "failures": told.count("fail"), "errors": told.count("error"),
        "skipped": told.count("skip"),
    }  # fmt: skip
    names = [case.get("name", "").partition(" ")[0] for case in suite]
    assert names == [*verdicts(ran)]


def test_junit_that_cannot_be_written_is_named(bare: House) -> None:
    ran = bare.ask("preflight", "--profile", "ci", "--junit", str(bare.home / "none" / "report.xml"))
    assert (ran.code, "report.xml" in ran.out) == (2, True)


def test_on_github_each_finding_is_an_annotation_of_the_run(bare: House) -> None:
    line = ("preflight", "--profile", "ci", "--skip", "DOC", "--skip", "RLS")
    ran = bare.run(*line, GITHUB_ACTIONS="true", BULLMQ_REDIS_PORT="many", NOTIFYCTL_MOED="x")
    told = [one for one in ran.err.splitlines() if one.startswith("::")]
    assert [one.split("::")[1] for one in told] == ["error title=ENV-001"]
    assert "::" not in bare.run(*line, BULLMQ_REDIS_PORT="many").err


def test_it_can_wait_until_all_is_well(bare: House) -> None:
    port = free_port()
    words = ("preflight", "--only", "RDS-002", "--wait", "60s", "-o", "json")
    house = House(bare.home, {**bare.environ, "BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(port)})
    assert house.ask("preflight", "--only", "RDS-002").code == 1  # it is not there yet
    waiting = house.start(*words, stdout=subprocess.PIPE)
    with serving(port):
        out, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, json.loads(out)["exit"]) == (0, 0)


def test_the_first_line_counts(bare: House) -> None:
    ran = bare.run("preflight", "--profile", "ci", "--only", "ENV", "-o", "short")
    assert ran.out == "Preflight (ci), 5 checks: 5 passed.\n"


def test_a_server_with_traffic_is_looked_at_as_it_runs(house: House) -> None:
    ran = house.ask("preflight", "--only", "RDS")
    told = {name: verdict for name, verdict in verdicts(ran).items() if name.startswith("RDS")}
    assert told.pop("RDS-001") in ("pass", "warn"), told
    assert told == {
        **dict.fromkeys(("RDS-002", "RDS-003", "RDS-005", "RDS-006"), "pass"),
        "RDS-004": "warn",
        "RDS-007": "pass",  # we come as a user of our own, though
        "RDS-008": "fail",  # everybody else may do everything
        "RDS-009": "fail",  # it reaches every key, since all tests share the server
        "RDS-010": "pass",
    }
    assert ran.code == 1


def test_nothing_is_written_and_no_server_is_started(house: House, bare: House, valkey: Valkey) -> None:
    house.run("send", "-", stdin=mail("one"))
    with redis.Redis(port=valkey.port) as client:
        before = everything(client)
        house.ask("preflight", "--profile", "live")
        assert everything(client) == before
    bare.ask("preflight", "--profile", "live")
    assert not (bare.home / "home").exists()


def soon() -> str:
    """A day on which a waiver holds."""
    return (datetime.now(UTC).date() + timedelta(30)).isoformat()


def test_doctor_asks_what_is_about_this_machine_alone(house: House) -> None:
    key = house.home / "resend"
    key.write_text("re_emulator")
    key.chmod(0o644)
    ran = house.ask(
        "doctor", NOTIFYCTL_MOED="x", RESEND_API_KEY="", RESEND_API_KEY_FILE=str(key), NOTIFYCTL_ACTOR="ada"
    )
    told = {one["code"]: one["severity"] for one in ran.document["findings"] if one["subject"] == "this host"}
    assert (ran.code, told) == (1, {"ENV-002": "warning", "SEC-003": "error"})


def test_the_changelog_is_that_which_deployments_are_written_to(bare: House) -> None:
    assert bare.ask("changelog", "add", "1.0.2", "--reason", "a test").code == 0
    (one,) = [one for one in bare.ask("preflight", "--only", "DOC-002").data["checks"] if one["id"] == "DOC-002"]
    assert (one["verdict"], "1.0.2" in one["observed"]) == ("pass", True)
