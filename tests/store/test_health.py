"""Whether the server is fit to hold a queue, as far as it tells."""

import asyncio
from pathlib import Path

import pytest

from conftest import Valkey
from notifyctl.store import embedded
from notifyctl.store.connect import connect
from notifyctl.store.health import eviction_policy
from notifyctl.store.link import Link
from notifyctl.store.server import Server
from solo import solo


def policy(server: Server) -> str:
    async def ask() -> str:
        link = Link(connect(server, start=False, name="health"), server)
        async with link.redis:
            return await eviction_policy(link)

    return asyncio.run(ask())


def test_a_server_tells_what_it_does_when_its_memory_is_full(valkey: Valkey) -> None:
    assert policy(valkey.server) == "noeviction"


@pytest.mark.parametrize(
    "options", [("--rename-command", "INFO", ""), ("--user", "default", "on", "nopass", "~*", "&*", "+@all", "-info")]
)
def test_one_without_the_command_or_the_permission_does_not(tmp_path: Path, options: tuple[str, ...]) -> None:
    with solo(embedded.find_server(), tmp_path, *options) as mute:
        assert policy(mute.server) == ""
