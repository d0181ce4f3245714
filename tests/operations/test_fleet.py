"""A fleet keeps its workers running, and none of them outlives it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from house import House, eventually, lives, mail
from notifyctl.domain.errors import Misconfigured
from notifyctl.operations.fleet import Fleet
from terminal import at_notifyctl


def test_a_killed_worker_is_replaced_and_said(house: House) -> None:
    house.start("worker", "--processes", "2")
    first = {worker["pid"] for worker in house.await_workers(2)}
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    later = eventually(lambda: found if len(found := {w["pid"] for w in house.workers()} - {victim}) == 2 else None)
    assert len(later - first) == 1
    assert f'"pid":{victim},"exit":-9' in house.log


def test_sigterm_drains_all_workers_and_ends_with_zero(house: House) -> None:
    fleet = house.start("worker", "--processes", "2")
    pids = [worker["pid"] for worker in house.await_workers(2)]
    fleet.terminate()
    assert fleet.wait(30) == 0
    assert not any(map(lives, pids))
    assert house.workers() == []
    assert house.out.startswith("Drained.")


def test_workers_drain_when_their_supervisor_is_killed(house: House) -> None:
    fleet = house.start("worker", "--processes", "2")
    pids = [worker["pid"] for worker in house.await_workers(2)]
    fleet.kill()
    fleet.wait(30)
    eventually(lambda: not any(map(lives, pids)))
    assert house.workers() == []  # they said that they left: nobody has to wait for their heartbeats to expire


def test_two_workers_send_each_message_once(house: House, emulator) -> None:
    house.run("send", "-", stdin=b"\n".join(mail(f"two/{number}") for number in range(60)))
    house.start("worker", "--processes", "2")
    eventually(lambda: house.ask("status").data["messages"] == {"accepted": 60})
    assert {emulator.copies(f"two-{number}@customers.example") for number in range(60)} == {1}


def test_a_second_signal_ends_workers_at_once_and_leaves_what_they_held(house: House, emulator) -> None:
    house.config.write_text('pace = "production"\n')  # its call outlasts this test
    emulator.fault("resend", action="hang", times=-1)
    house.run("send", "-", stdin=mail("hangs"))
    fleet = house.start("worker", "--processes", "2")
    pids = [worker["pid"] for worker in house.await_workers(2)]
    eventually(lambda: house.state("hangs") == "attempting")
    eventually(lambda: fleet.terminate() or fleet.poll() is not None)
    assert fleet.returncode == -signal.SIGTERM
    eventually(lambda: not any(map(lives, pids)))
    assert house.state("hangs") == "attempting"


def test_what_no_worker_can_do_is_said_once_and_not_tried_again(house: House, valkey) -> None:
    import redis

    with redis.Redis(port=valkey.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            ran = house.ask("worker", "--processes", "3")
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert ran.code == 7
    assert ran.codes == ["RDS-EVICTION"]
    assert ran.err == ""


DRAINS_LONG = """
import json, signal, sys, time
from pathlib import Path
folder, words = Path(sys.argv[1]), []
signal.signal(signal.SIGTERM, lambda *_: (words.append(1), (folder / "told").touch()))
(folder / "ready").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
print(json.dumps({"words": len(words)}))
"""


def test_a_worker_that_drains_is_not_told_again_when_another_refuses_to_work(tmp_path: Path) -> None:
    async def seen(name: str) -> None:
        while not (tmp_path / name).exists():  # noqa: ASYNC110 - a file is no event
            await asyncio.sleep(0.01)

    async def story() -> list[dict[str, object]]:
        fleet = Fleet((sys.executable, "-c", DRAINS_LONG, str(tmp_path)), 1, lambda event, **fields: None)
        running = asyncio.create_task(fleet.run())
        await seen("ready")
        fleet.stop()
        await seen("told")
        fleet.stop()
        (tmp_path / "go").touch()
        return [ended.document for ended in await running]

    assert asyncio.run(story()) == [{"words": 1}]


@pytest.mark.parametrize(("code", "told"), [(1, ["CLI-X", "because"]), (-9, [])])
def test_an_end_is_told_with_what_the_worker_said(code: int, told: list[str]) -> None:
    print_it = 'print(\'{"findings": [{"code": "CLI-X", "message": "because"}]}\')'
    end = "import os; os.kill(os.getpid(), 9)" if code < 0 else f"{print_it}; raise SystemExit({code})"
    said: list[dict[str, object]] = []

    async def run() -> None:
        fleet = Fleet((sys.executable, "-c", end), 1, lambda event, **fields: (said.append(fields), fleet.stop()))
        await fleet.run()

    asyncio.run(run())
    assert said[0]["exit"] == code
    assert [said[0][name] for name in ("code", "reason") if name in said[0]] == told


def test_pauses_grow_between_workers_that_end_at_once() -> None:
    pauses: list[float] = []

    async def run() -> None:
        def say(event: str, **fields: float) -> None:
            pauses.append(fields["again_s"])
            if len(pauses) == 3:
                fleet.stop()

        fleet = Fleet((sys.executable, "-c", "raise SystemExit(70)"), 1, say)
        await fleet.run()

    asyncio.run(run())
    assert pauses == [0.2, 0.4, 0.8]


def test_a_configuration_error_without_a_document_is_one_too() -> None:
    async def run() -> None:
        await Fleet((sys.executable, "-c", "raise SystemExit(7)"), 2, lambda event, **fields: None).run()

    with pytest.raises(Misconfigured):
        asyncio.run(run())


@pytest.mark.parametrize(("asked", "form"), [((), "Z warning: "), (("-o", "json"), '"event":"call"')])
def test_at_a_terminal_its_log_is_for_people_unless_json_is_asked_for(
    house: House, emulator, asked: tuple[str, ...], form: str
) -> None:
    emulator.fault("resend", status=503)
    house.run("send", "-", stdin=mail("told"))
    ran = at_notifyctl(house, "worker", "--processes", "2", *asked, answers={"told": "\x03"})
    assert form in next(line for line in ran.out.splitlines() if "told" in line)
