"""A worker as a whole: what it does before it takes a job."""

import asyncio

import pytest

from conftest import Valkey
from lab import Lab
from notifyctl.settings import load
from notifyctl.wiring import worker


def test_the_servers_time_is_known_before_the_first_job_whatever_the_clock_of_the_machine_says(
    valkey: Valkey, lab: Lab, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RESEND_API_KEY", "re_test")
    monkeypatch.setenv("NOTIFYCTL_FROM", "tickets@venue.example")
    monkeypatch.setattr("notifyctl.engine.clock.time.time", lambda: 0.0)

    async def run() -> int:
        async with worker(load()) as begun:
            heard: list[int] = []

            def ready() -> None:
                heard.append(begun._tools.clock.now())
                begun.stop()

            await begun.run(ready)
        return heard[0]

    before = int(lab.redis("TIME")[0])
    assert before <= asyncio.run(run()) // 1000 <= int(lab.redis("TIME")[0])
