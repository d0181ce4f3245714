"""What checks look at in tests: readers to change in one place, and servers of their own kind."""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
import redis

from conftest import free_port, serving
from households import emulator, emulator_process, lab
from notifyctl.checks import REGISTRY, Accounts, Given, Readers
from notifyctl.domain.check import Seen
from notifyctl.domain.secret import Secret
from notifyctl.net.handshake import Greeter
from notifyctl.net.names import Names
from notifyctl.operations import init
from notifyctl.operations.acl import least
from notifyctl.operations.assessment import look
from notifyctl.operations.preflight import examine
from notifyctl.store.connect import connect
from notifyctl.store.link import Link
from notifyctl.store.project import Project
from notifyctl.store.server import Server
from notifyctl.store.server_facts import ServerFacts

__all__ = ["emulator", "emulator_process", "lab"]

TODAY = date(2026, 11, 24)
USERS = least("bull", ("email-critical", "email-bulk"))
NOTHING = Readers(
    TODAY, (3, 11), Given(), None, None, Accounts({}), [], Greeter(), Project(Path("nowhere")), Names(), users=USERS
)
HOST = "127.0.0.1"

Ask = Callable[..., Seen]


@pytest.fixture(scope="session")
def whole_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on which nothing is wrong: the sample, with what its organisation must do itself."""
    folder = tmp_path_factory.mktemp("whole")
    init.apply(folder, init.plan(folder, TODAY))
    edit(folder, "processors.toml", 'agreement = "the', 'signed = 2026-11-24\nreviewed = 2026-11-24\nagreement = "the')
    edit(folder, "processing.toml", "# ico", "ico")
    for name in ("rollback.toml", "breach.toml"):
        edit(folder, name, "# rehearsed", "rehearsed")
    edit(folder, "dpia.toml", '# covers = ""', f'covers = "{fingerprint(folder)}"')
    for line in ("[sign_off]", 'by = "J. ', "on = 2026", "advice = "):
        edit(folder, "dpia.toml", f"# {line}", line)
    return folder


@pytest.fixture
def folder(whole_project: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return shutil.copytree(whole_project, tmp_path / "project")


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text of a file, wherever it stands there; it must."""
    text = (folder / name).read_text()
    assert old in text, f"{name} does not say {old!r}"
    (folder / name).write_text(text.replace(old, new))


def fingerprint(folder: Path) -> str:
    """What a sign-off of the assessment covers."""
    project = Project(folder)
    return look(project, project.revision, TODAY).fingerprint


@pytest.fixture
def ask() -> Ask:
    """The answer of one check alone to readers in which these fields differ."""

    def answer(identity: str, **changes: object) -> Seen:
        readers = NOTHING._replace(**{"greeter": Greeter(), **changes})
        if "accounts" in changes:
            readers = readers._replace(accounts=Accounts(changes["accounts"]))
        check = REGISTRY[identity].check._replace(needs=())
        (report,) = asyncio.run(examine(REGISTRY, [check], readers, lambda _: None))
        return report.seen

    return answer


@pytest.fixture
def ask_server() -> Iterator[Ask]:
    """The answer of one check to a server with these options and users, as one of them."""
    with ExitStack() as stack:

        def answer(
            identity: str, *options: str, users: Sequence[str] = (), username: str | None = None, password: str = ""
        ) -> Seen:
            port = stack.enter_context(serving(free_port(), *options))
            with redis.Redis(port=port) as client:
                for rules in users:
                    client.execute_command("ACL", "SETUSER", *rules.split())
            secret = Secret(password) if password else None
            server = Server(Path("unused"), HOST, port, username=username, password=secret)
            return asyncio.run(answer_of(identity, server))

        yield answer


async def answer_of(identity: str, server: Server) -> Seen:
    """The answer of one check to that server."""
    async with connect(server, start=False, name="check") as redis:
        readers = NOTHING._replace(place=server, server=ServerFacts(Link(redis, server)))
        check = REGISTRY[identity].check._replace(needs=())
        (report,) = await examine(REGISTRY, [check], readers, lambda _: None)
        return report.seen
