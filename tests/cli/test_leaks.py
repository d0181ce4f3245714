"""Nothing that must stay secret is anywhere that somebody else can look: the whole table of commands.

Every secret of the settings is a canary, given by the environment, by a file of its own or by the encrypted file, in
turn. All commands run, in a house where all is well and in one where everything refuses and says back what it heard.
"""

import copy
import json
import os
import pickle
import pprint
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import pytest
import redis

from canaries import Aviary, files, lines_of_processes, names, parrot, process_list, shaped, texts
from conftest import Valkey
from house import Emulator, House, Ran, emulated, eventually, mail, settled
from notifyctl.cli import main
from notifyctl.cli.table import VERBS
from notifyctl.domain.acl import users
from notifyctl.domain.errors import NotifyctlError
from notifyctl.domain.outcome import Request
from notifyctl.domain.period import Cycle, containing
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import NAMES, SecretFile
from notifyctl.emulator.resend_keys import identity
from notifyctl.net.control import Control
from notifyctl.operations import stage
from notifyctl.settings import load
from notifyctl.store import secret_file
from notifyctl.store.secret_file import Place
from quarters import seeded

WHO = "ADDRESS"  # the recipient, among the canaries
WHY, YES = ("--reason", "a reason"), ("--reason", "a reason", "--yes")
NOW = ("--wait", "0s", *YES)
STARTED = "is started and ended by the tests below"
LASTS = {cycle.value: containing(cycle, int(time.time() * 1000)).last for cycle in Cycle}
PERIODS = {name: ["--period", period.name] for name, period in LASTS.items()}
WALK: dict[str, Sequence[Sequence[str]] | str] = {
    "status": [[]],
    "message show": [["walk/1"], ["walk/none"]],
    "message find": [["{who}"], ["--type", "booking.confirmation"], ["{who}", "surplus-{who}"]],
    "history": [[]],
    "explain": [["last-failover"], ["STORE-DENIED"]],
    "doctor": [[]],
    "commands": [[]],
    "demo": "its processes get none of our variables, see below; tests/cli/test_demo.py runs it",
    "init": [["{home}", "--missing"]],
    "emulator": STARTED,
    "worker run": STARTED,
    "worker list": [[]],
    "worker drain": [["--all", *WHY, "--dry-run"], ["--all", *WHY]],
    "send": [["--id", "walk/2", "--type", "newsletter", "--to", "{who}", "--subject", "x", "--text", "y"],
             ["--id", "walk/3", "--type", "nothing", "--to", "{who}@{who}", "--subject", "x", "--text", "y"]],
    "bench": [["--staging", "--dry-run"]],  # without --staging none of our variables reaches it, as with the demo
    "probe": [[]],
    "failover": [YES],
    "switchover": [["--to", "ses", *YES]],
    "restore": [WHY],
    "pause": [["resend", *YES]],
    "resume": [["resend", *WHY]],
    "provider list": [["--probe"]],
    "provider show": [["resend", "--probe"]],
    "drill failover": [[]],
    "queue show": [[]],
    "queue unknown": [[]],
    "queue review": [[]],
    "queue failed": [[]],
    "queue retry": [["--all", *YES]],
    "message resend": [["walk/1", *YES]],
    "config acl": [[]],
    "incident detect": [[]],
    "incident list": [[]],
    "incident log": [["it broke", "--severity", "error"], ["it broke", "--id", "{incident}"]],
    "incident show": [["{incident}"]],
    "incident note": [["noted", "--id", "{incident}"]],
    "incident notify": [["{incident}", "--yes"]],
    "incident ack": [["{incident}", "--yes"]],
    "incident review": [[]],
    "incident report": [["{incident}"]],
    "incident resolve": [["{incident}", *YES]],
    "preflight": [["--junit", "{tmp}/junit.xml", "--profile", "live"]],
    "validate": [[]],
    "audit monthly": [PERIODS["monthly"]],
    "audit quarterly": [PERIODS["quarterly"]],
    "audit biannual": [PERIODS["biannual"]],
    "audit verify": [["{home}/reports/monthly-" + LASTS["monthly"].name]],
    "audit show": [[LASTS["monthly"].name]],
    "retention run": [["--keep", "0s", "--yes"]],
    "drill staging": [["--yes"]],
    "dpia new": [[]],
    "dpia check": [[]],
    "secrets init": [["--dry-run"], []],
    "secrets set": [["NOTIFYCTL_PEPPER", *YES], ["{typo}", *YES], ["RESEND_API_KEY", "{typo}"], ["--value={typo}"]],
    "secrets list": [[]],
    "secrets rotate": [["RESEND_API_KEY", "--old-id", "{old}", *NOW], ["AWS_SES_SECRET_KEY", *NOW]],
    "secrets rekey": [["--recipient", "{key}", *YES]],
    "secrets check": [[]],
    "cost report": [[]],
    "cost advise": [[]],
    "runbook list": [[]],
    "runbook show": [["backlog"]],
    "runbook lint": [[]],
    "runbook run": [["{tmp}/book.md", "--yes"]],
    "runbook resume": [["--give-up"]],
    "runbook note": [["backlog", "noted"]],
    "changelog add": [["1.0.0", "--file", "{tmp}/CHANGELOG.md", *WHY]],
    "changelog show": [["--file", "{tmp}/CHANGELOG.md"]],
}  # fmt: skip


BOOK = """# A book
**When:** in tests.

## 1. Look

```console
notifyctl probe
```

**You should see:** all of them.
**If not:** go on.
"""


@dataclass
class Story:
    """A house full of canaries, and all that was said in it; `outside` is a folder beside it."""

    house: House
    birds: Aviary
    values: dict[str, str]
    outside: Path
    said: dict[str, str] = field(default_factory=dict)

    def run(self, verb: str, line: Sequence[str], *flags: str) -> Ran:
        birds = self.birds.cores
        words = {"who": f"{birds[WHO]}@customers.example", "tmp": self.outside, "typo": f"re_{birds['typed']}"}
        words |= {"old": identity(self.values["RESEND_API_KEY"]), "key": OTHER}
        words |= {"home": self.house.home, "incident": "{incident}" in line and self._incident()}
        given = [word.format(**words) for word in line]
        ran = self.house.run(*verb.split(), *given, *flags, stdin=f"{birds['set']}\n".encode())
        where = " ".join([verb, *line, *flags])
        self.said |= {f"{where}: {end} of exit {ran.code}": text for end, text in (("out", ran.out), ("err", ran.err))}
        return ran

    def _incident(self) -> str:
        return str(self.house.ask("incident", "list").data["incidents"][0]["id"])

    def walk(self, *flags: str) -> dict[str, list[int]]:
        """All commands; the exit codes of each."""
        return {
            verb: [self.run(verb, line, *flags).code for line in lines]
            for verb, lines in WALK.items() if not isinstance(lines, str)
        }  # fmt: skip

    def leaks(self, client: "redis.Redis", seen: set[str]) -> list[str]:
        """Each place where something is that should not be there."""
        kept, command = texts(client), ("NOTIFYCTL_NOTIFY_COMMAND",)  # a command line is an argument by its nature
        places = [
            *((place, text, ()) for place, text in {**self.said, **files(self.house.home, self.outside)}.items()),
            *((f"Redis {key}", text, (WHO,)) for key, text in kept.items()),  # mails have recipients
            *((f"argv {line}", line, command) for line in seen),
        ]
        return [f"{bird} in {place}" for place, text, without in places for bird in self.birds.found(text, without)]


ROTATED = ("RESEND_API_KEY", "AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")
OTHER = "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"


def plant(house: House, birds: Aviary, away: Path, url: str) -> dict[str, str]:
    """Give the house a canary for each secret, from the environment, a file or the encrypted file; their values."""
    values = {name: shaped(name, birds.hatch(name), away, url) for name in names()}
    kept: dict[str, Secret] = {}
    for number, (name, value) in enumerate(values.items()):
        house.environ.pop(name, None)
        if number % 3 == 0 or name in ROTATED:
            kept[name] = Secret(value)
        elif number % 3 == 1:
            (away / name).write_text(value)
            house.environ[f"{name}_FILE"] = str(away / name)
        else:
            house.environ[name] = value
    where = Place(house.home / "secrets.age", house.home / "keys" / "identity")
    secret_file.make_identity(where.identity)
    secret_file.write(where, SecretFile(kept, secret_file.listed(secret_file.public_keys(where))))
    house.environ |= {"NOTIFYCTL_SECRETS": str(where.file), "TMPDIR": str(away.parent / "outside")}
    return values


@contextmanager
def story(tmp: Path, valkey: Valkey, refusing: str, emulator: Emulator | None) -> Iterator[Story]:
    """A house whose providers are the emulator, which knows the canaries; without one they are what refuses."""
    birds = Aviary()
    for name in (WHO, "typed", "set"):
        birds.hatch(name)
    (away := tmp / "away").mkdir()
    (outside := tmp / "outside").mkdir()
    urls = emulator.urls if emulator else dict.fromkeys(("resend", "postmark", "ses"), refusing)
    environ = {f"NOTIFYCTL_{name.upper()}_URL": urls[name] for name in ("resend", "postmark", "ses")}
    environ |= {"NOTIFYCTL_IAM_URL": urls["ses"], "NOTIFYCTL_PAGERDUTY_URL": refusing}
    environ |= {"BULLMQ_REDIS_HOST": "127.0.0.1", "BULLMQ_REDIS_PORT": str(valkey.port)}
    with settled(tmp / "house", {**environ, "BULLMQ_REDIS_USERNAME": "canary"}) as house:
        values = plant(house, birds, away, refusing)
        with redis.Redis(port=valkey.port) as admin:
            rights = (f"+{command}" for command in users("", ())[0].commands)
            word = f">{values['BULLMQ_REDIS_PASSWORD']}"
            admin.execute_command("ACL", "SETUSER", "canary", "reset", "on", word, "~*", *rights)
        if emulator:
            emulator.call("PUT", "/settings", {
                "resend": {"keys": [values["RESEND_API_KEY"]], "admin_keys": [values["NOTIFYCTL_RESEND_ADMIN_KEY"]]},
                "postmark": {"keys": [values["POSTMARK_API_KEY"]]},
                "ses": {"keys": {values["AWS_SES_ACCESS_KEY"]: values["AWS_SES_SECRET_KEY"]}, "admin_keys": {
                    values["NOTIFYCTL_AWS_ADMIN_ACCESS_KEY"]: values["NOTIFYCTL_AWS_ADMIN_SECRET_KEY"]}},
            })  # fmt: skip
        (outside / "book.md").write_text(BOOK)
        months = {f"{datetime.fromtimestamp(one.start / 1000, UTC):%Y-%m}" for one in LASTS.values()}
        seeded(house.home, tuple(months), 9)
        yield Story(house, birds, values, outside)


def to(story: Story, identity: str, **fields: object) -> bytes:
    return mail(identity, to={"email": f"{story.birds.cores[WHO]}@customers.example", "name": "Ann"}, **fields)


def test_every_command_is_walked() -> None:
    assert set(WALK) == {verb.name for verb in VERBS}, "a command is missing here, or is no more"


def test_every_secret_of_the_settings_can_be_kept_in_the_file() -> None:
    """What the administrator alone needs is left out on purpose."""
    assert {name for name in names() if "_ADMIN_" not in name} == set(NAMES)


def test_where_all_is_well(tmp_path: Path, valkey: Valkey) -> None:
    with parrot() as refusing, emulated() as emulator, process_list() as seen:
        with story(tmp_path, valkey, refusing, emulator) as told:
            assert told.house.run("send", "-", stdin=to(told, "walk/1")).code == 0
            told.house.start("worker", "--processes", "2")
            told.house.start("emulator", "--port-base", "0")
            eventually(lambda: told.house.state("walk/1") == "accepted" and "resend" in told.house.out.lower())
            seen.update(lines_of_processes())
            codes = told.walk("-o", "json")
        assert sum(code == 0 for found in codes.values() for code in found) > len(WALK) / 2, codes
        clear(told, valkey, seen)


def test_where_everything_refuses_and_says_back_what_it_heard(tmp_path: Path, valkey: Valkey) -> None:
    with parrot() as refusing, process_list() as seen:
        with story(tmp_path, valkey, refusing, None) as told:
            assert told.house.run("send", "-", stdin=to(told, "walk/1")).code == 0
            told.house.start("worker")
            eventually(lambda: told.house.ask("message", "show", "walk/1").data["attempts"])
            seen.update(lines_of_processes())
            codes = told.walk("--verbose")
            assert (codes["probe"], codes["drill staging"]) == ([1], [1])
            with redis.Redis(port=valkey.port) as admin:
                admin.execute_command("ACL", "SETUSER", "canary", "resetpass", ">another")
            shut = [told.run(verb, [], "--verbose") for verb in ("status", "worker run", "incident list")]
            assert [ran.code for ran in shut] == [7, 7, 7]
        clear(told, valkey, seen)


def clear(told: Story, valkey: Valkey, seen: set[str]) -> None:
    """Fail with a list of what leaked."""
    with redis.Redis(port=valkey.port, decode_responses=True) as client:
        found = told.leaks(client, seen)
    assert found == [], "\n".join(found)


class TestOneProcess:
    """What could be seen of the secrets from within a process that holds them."""

    @pytest.fixture
    def birds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aviary:
        """The canaries, all of them in the environment of this process."""
        birds = Aviary()
        for name in names():
            monkeypatch.setenv(name, shaped(name, birds.hatch(name), tmp_path, "http://127.0.0.1:9"))
        return birds

    def test_no_way_of_printing_the_settings_shows_one(self, birds: Aviary) -> None:
        settings = load()
        shown = [repr(settings), str(settings), f"{settings}", f"{settings!a:>9}", pprint.pformat(settings)]
        shown += [json.dumps([getattr(settings, name) for name in settings.__slots__], default=str)]
        shown += traceback.TracebackException(*_raised(settings), capture_locals=True).format()
        assert birds.found("\n".join(shown)) == []

    @pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy, asdict])
    def test_a_secret_is_in_no_copy(self, birds: Aviary, copied: Callable[[object], object]) -> None:
        secret = load().redis.password
        with pytest.raises(TypeError):
            copied(secret)
        with pytest.raises(TypeError):
            pickle.dumps(load())

    def test_what_is_wrong_with_one_is_told_without_it(self, birds: Aviary, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in names():
            for spoilt in (f"{os.environ[name]} {birds.hatch('spoilt')}", f"'{birds.hatch('spoilt')}", "\N{SNOWMAN}"):
                with monkeypatch.context() as patch:
                    patch.setenv(name, spoilt)
                    assert birds.found(_complaint()) == []

    def test_a_bug_is_reported_without_them(
        self, birds: Aviary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The error quotes the whole request, header and all, as an error of a library might."""

        async def call(self: Control, request: Request) -> NoReturn:
            raise ExceptionGroup(f"sent {request}", [RuntimeError(f"to {birds.hatch(WHO)}@customers.example")])

        monkeypatch.setattr(Control, "call", call)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        hook, ending = sys.excepthook, signal.getsignal(signal.SIGTERM)
        try:
            assert [main.run(["probe", *flags]) for flags in ((), ("-v",), ("-o", "json"))] == [70] * 3
        finally:
            signal.signal(signal.SIGTERM, ending)
        assert sys.excepthook is hook, "whose traceback would show variables"
        reports = [path.read_text() for path in tmp_path.glob("notifyctl-bug-*")]
        assert (len(reports), birds.found("".join([*reports, *capfd.readouterr()]))) == (3, [])

    def test_the_demo_hands_none_of_them_on(self, birds: Aviary, tmp_path: Path) -> None:
        given = stage._environ(
            tmp_path, dict.fromkeys(("control", "resend", "postmark", "ses"), "http://127.0.0.1:9"), ""
        )
        assert birds.found(json.dumps(given)) == []


def _complaint() -> str:
    try:
        return repr(load())
    except NotifyctlError as error:
        return f"{error} {error.fix}"


def _raised(settings: object) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    try:
        raise RuntimeError(settings)
    except RuntimeError as error:
        return type(error), error, error.__traceback__
