"""What is meant to be copied works: units, pipelines and the server's configuration name only what exists."""

import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import trustme
import yaml
from redis.backoff import NoBackoff
from redis.retry import Retry

from conftest import free_port
from notifyctl.cli.understand import understand
from notifyctl.operations.acl import least
from notifyctl.store import embedded
from terminal import notifyctl

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
KNOWN = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
PASSWORD = "correct horse"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
class TestEachFile:
    def test_is_told_of_in_the_page(self, path: Path):
        assert path.name == "README.md" or str(path.relative_to(DEPLOY)) in (DEPLOY / "README.md").read_text()

    def test_names_only_variables_that_are_read(self, path: Path):
        named = set(re.findall(r"\b((?:NOTIFYCTL|BULLMQ_REDIS)_[A-Z_]+?)(?:_FILE)?\b", path.read_text()))
        assert named - KNOWN == set()

    def test_names_only_commands_that_exist(self, path: Path):
        lines = re.findall(
            r"(?:^ExecStart=\S*/|- run: |^ +- |&& \S*/)notifyctl ([^\n]*)", path.read_text(), re.MULTILINE
        )
        for line in lines:
            words = shlex.split(re.sub(r"\$\([^)]*\)|\$\w+", "x", line.replace("%i", "monthly")).replace('"x"', "x"))
            told = understand(words)
            assert told.wrong == "", line


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
class TestEachService:
    def test_gets_its_secrets_as_credentials(self, path: Path):
        text = path.read_text()
        assert "LoadCredential=notifyctl-identity:" in text
        assert not re.search(r"^Environment=.*(KEY|PASSWORD|SECRET|PEPPER)=", text, re.MULTILINE)

    def test_has_nothing_of_the_machine_that_it_does_not_need(self, path: Path):
        lines = path.read_text().splitlines()
        for wanted in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateTmp=yes",
                       "ProtectHome=yes", "SystemCallFilter=@system-service", "User=notifyctl"):  # fmt: skip
            assert wanted in lines


def test_a_worker_is_given_the_time_that_it_needs_to_end():
    text = (DEPLOY / "systemd" / "notifyctl-worker.service").read_text()
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(seconds) > 20  # what SIGTERM gives to the calls under way


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("ci/*.yml")), ids=lambda path: path.name)
def test_a_pipeline_is_yaml_that_keeps_the_report(path: Path):
    document = yaml.safe_load(path.read_text())
    assert {"github.yml": "jobs", "gitlab.yml": "stages"}[path.name] in document
    assert "preflight.xml" in str(document)


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("ci/*.yml")), ids=lambda path: path.name)
def test_a_job_installs_the_program_before_it_runs_it(path: Path):
    document = yaml.safe_load(path.read_text())
    jobs = document["jobs"] if path.name == "github.yml" else {name: document[name] for name in ("preflight", "deploy")}
    for job in jobs.values():
        lines = job["script"] if "script" in job else [step.get("run", "") for step in job["steps"]]
        installs = [number for number, line in enumerate(lines) if "pip install ./vendor/notifyctl-*.whl" in line]
        runs = [number for number, line in enumerate(lines) if line.startswith("notifyctl ")]
        assert installs
        assert installs[0] < runs[0]


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("ci/*.yml")), ids=lambda path: path.name)
def test_a_pipeline_keeps_the_line_of_a_deployment(path: Path, tmp_path: Path):
    """What it runs around `changelog add`, with git, from a checkout of a tag: the default branch has the line then."""
    here, origin = tmp_path / "checkout", tmp_path / "origin.git"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", "-C"]
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", origin], check=True)
    subprocess.run(["git", "clone", "-q", origin, here], check=True, stderr=subprocess.DEVNULL)
    for words in (("commit", "-q", "--allow-empty", "-m", "Begin"), ("push", "-q", "origin", "HEAD:main")):
        subprocess.run([*git, here, *words], check=True)
    subprocess.run([*git, here, "checkout", "-q", "--detach"], check=True)
    named = {"CI_DEFAULT_BRANCH": "main", "CI_PROJECT_URL": str(origin).removesuffix(".git"), "CI_COMMIT_TAG": "v1",
             "CI_COMMIT_TITLE": "Begin", "GITHUB_REF_NAME": "v1"}  # fmt: skip
    where = {**os.environ, **named, "PYTHONPATH": str(Path(embedded.__file__).parents[2])}
    for line, folder in keeping(path, origin):
        ours = f'notifyctl() {{ "{sys.executable}" -m notifyctl "$@"; }}\n{line}'
        subprocess.run(["bash", "-ec", ours], check=True, cwd=here / folder, env=where, timeout=60)
    shown = subprocess.run(
        [*git, origin, "show", "main:CHANGELOG.md"], check=True, capture_output=True, text=True
    ).stdout
    assert ": Begin" in shown
    assert "## [v1]" in shown


def keeping(path: Path, origin: Path) -> Iterator[tuple[str, str]]:
    """The lines of shell between the deployment and the validation, each with its folder."""
    document = yaml.safe_load(path.read_text())
    if path.name == "gitlab.yml":
        steps: list[dict[str, Any]] = [{"run": line} for line in document["deploy"]["script"]]
    else:
        assert document["jobs"]["deploy"]["permissions"] == {"contents": "write"}
        steps = document["jobs"]["deploy"]["steps"]
    names = [step.get("run", "") for step in steps]
    for step in steps[names.index("./deploy.sh") + 1 : -1]:
        clone = f"git clone -q --branch main {origin} {step['with']['path']}" if "uses" in step else step["run"]
        yield clone, step.get("working-directory", ".")


def test_each_audit_has_a_heartbeat_of_its_own():
    unit, cron = (DEPLOY / "systemd" / "notifyctl-audit@.service").read_text(), (DEPLOY / "crontab").read_text()
    assert "EnvironmentFile=-/etc/notifyctl/heartbeat-%i\n" in unit
    assert re.findall(r"AUDIT=(\w+); .*notifyctl audit (\w+)", cron) == [
        (cycle, cycle) for cycle in ("monthly", "quarterly", "biannual")
    ]


def test_cron_reads_the_heartbeat_of_its_audit(tmp_path: Path):
    text = (DEPLOY / "cron.env").read_text().replace("/etc/notifyctl", str(tmp_path))
    (tmp_path / "cron.env").write_text(text)
    (tmp_path / "environment").write_text("")
    (tmp_path / "heartbeat-monthly").write_text("NOTIFYCTL_HEARTBEAT_URL=https://a.example\n")
    for cycle, url in (("AUDIT=monthly; ", "https://a.example"), ("AUDIT=quarterly; ", ""), ("", "")):
        line = f'{cycle}. {tmp_path}/cron.env && echo "$NOTIFYCTL_HEARTBEAT_URL"'
        told = subprocess.run(["sh", "-ec", line], check=True, capture_output=True, text=True, env={}, timeout=10)
        assert told.stdout.strip() == url


def test_whom_cron_runs_as_owns_what_its_environment_opens():
    """systemd hands secrets over; cron's program opens them itself, and makes no folder of data."""
    page, cron = (DEPLOY / "README.md").read_text(), (DEPLOY / "crontab").read_text()
    (user,) = set(re.findall(r"^\d+ .*\* +(\w+) ", cron, re.MULTILINE))
    told = dict(re.findall(r"^(NOTIFYCTL_\w+)=(/\S+)$", (DEPLOY / "cron.env").read_text(), re.MULTILINE))
    opened = {told[name] for name in ("NOTIFYCTL_SECRETS", "NOTIFYCTL_SECRETS_IDENTITY")}
    (owned,) = re.findall(rf"^ +chown {user}: (.*)$", page, re.MULTILINE)
    assert set(owned.split()) == opened
    assert f"install -d -m 700 -o {user} -g {user} {told['NOTIFYCTL_HOME']}\n" in page


def test_the_slow_log_says_what_it_takes():
    text = (DEPLOY / "redis" / "valkey.conf").read_text()
    assert re.search(r"a tenth of a second.*\nslowlog-log-slower-than 100000\n", text)


def test_the_timer_asks_daily_and_catches_up():
    text = (DEPLOY / "systemd" / "notifyctl-audit@.timer").read_text()
    assert "OnCalendar=*-*-* 05:10:00 UTC" in text
    assert "Persistent=true" in text


def test_the_egress_script_is_one_that_sh_reads():
    subprocess.run(["sh", "-n", str(DEPLOY / "network" / "egress.sh")], check=True, timeout=10)


class TestTheServer:
    """valkey.conf as it stands, with the places of this test. The wheel's server knows no TLS, so only where another
    one is found is it spoken to through TLS; on any, its users and its files are tried."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> tuple[str, int]:
        """The text of the file for this place, and its port."""
        ca = trustme.CA()
        tls, port = tmp_path / "tls", free_port()
        tls.mkdir()
        ca.cert_pem.write_to_path(tls / "ca.pem")
        issued = ca.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(tls / "server.key")
        for part in issued.cert_chain_pems:
            part.write_to_path(tls / "server.pem", append=True)
        (tmp_path / "users.acl").write_text(users())
        text = (DEPLOY / "redis" / "valkey.conf").read_text()
        for old, new in (("/etc/valkey", tmp_path), ("/var/lib/valkey", tmp_path), ("6379", port), (" 10.20.0.5", "")):
            assert str(old) in text
            text = text.replace(str(old), str(new))
        return text, port

    @pytest.fixture
    def server(self, settings: tuple[str, int], tmp_path: Path) -> Iterator[tuple[int, bool]]:
        """The port of a running server, and whether it speaks TLS."""
        text, port = settings
        secure = with_tls()
        program = secure or str(embedded.find_server())
        if not secure:
            text = re.sub(r"^tls-.*\n", "", text, flags=re.MULTILINE).replace("port 0", f"port {port}")
        file = tmp_path / "valkey.conf"
        file.write_text(text)
        with subprocess.Popen([program, str(file)], stdout=subprocess.DEVNULL) as process:
            try:
                await_port(port, process)
                yield port, bool(secure)
            finally:
                process.terminate()

    def test_takes_our_users_and_nobody_else(self, server: tuple[int, bool], tmp_path: Path):
        port, secure = server
        tls = {"ssl": True, "ssl_ca_certs": str(tmp_path / "tls" / "ca.pem")} if secure else {}
        told = {"host": "localhost", "port": port, "password": PASSWORD, "retry": Retry(NoBackoff(), 0), **tls}
        with redis.Redis(username="notifyctl-worker", **told) as worker:
            memory = worker.info("memory")
            assert (worker.info("persistence")["aof_enabled"], memory["maxmemory_policy"]) == (1, "noeviction")
        with redis.Redis(username="default", **told) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()

    def test_is_reached_with_our_settings(self, server: tuple[int, bool], tmp_path: Path):
        port, secure = server
        surroundings = {
            "BULLMQ_REDIS_HOST": "localhost", "BULLMQ_REDIS_PORT": str(port), "BULLMQ_REDIS_TLS": str(secure).lower(),
            "BULLMQ_REDIS_USERNAME": "notifyctl-worker", "BULLMQ_REDIS_PASSWORD": PASSWORD,
            "SSL_CERT_FILE": str(tmp_path / "tls" / "ca.pem"), "NOTIFYCTL_HOME": str(tmp_path / "home"),
        }  # fmt: skip
        line = ("send", "--id", "a/1", "--type", "booking.confirmation", "--to", "a@b.example", "--subject", "x")
        assert notifyctl(*line, "--text", "x", **surroundings).code == 0
        shown = notifyctl("queue", "show", "-o", "json", **{**surroundings, "BULLMQ_REDIS_USERNAME": "notifyctl-look"})
        assert shown.code == 0

    def test_speaks_nothing_older_than_tls_1_3(self, server: tuple[int, bool], tmp_path: Path):
        port, secure = server
        if not secure:
            return  # said above
        context = ssl.create_default_context(cafile=str(tmp_path / "tls" / "ca.pem"))
        with (
            socket.create_connection(("localhost", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as line,
        ):
            assert line.version() == "TLSv1.3"
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("localhost", port)) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="localhost")


def users() -> str:
    """The file that the page has one write, every user with the same password."""
    import hashlib

    digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
    printed = least("bull", ("email-critical", "email-standard", "email-bulk"))
    return "\n".join([*(user.with_password(digest) for user in printed), "user default off resetpass -@all", ""])


def with_tls() -> str | None:
    """A server of the machine that was built with TLS."""
    found = filter(None, map(shutil.which, ("valkey-server", "redis-server")))
    return next((path for path in found if b"SSL_CTX_new" in Path(path).read_bytes()), None)


def await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("the server did not start")
