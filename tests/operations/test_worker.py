"""One worker process: what ends it, and how it ends."""

import signal
import subprocess
import sys

import pytest

from house import House, eventually, mail


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_calls_under_way_end_and_exits_with_zero(house: House, emulator, number: int) -> None:
    house.config.write_text('pace = "production"\n')  # its calls may take so long that no look misses one
    emulator.fault("resend", delay_s=3)
    house.run("send", "-", stdin=mail("slow"))
    worker = house.start("worker")
    eventually(lambda: house.state("slow") == "attempting")
    worker.send_signal(number)
    assert worker.wait(30) == 0
    assert house.state("slow") == "accepted"
    assert house.out == "Drained. 1 sent.\n"


def test_a_second_signal_ends_it_as_if_unhandled(house: House, emulator) -> None:
    house.config.write_text('pace = "production"\n')  # its call outlasts this test
    emulator.fault("resend", action="hang", times=-1)
    house.run("send", "-", stdin=mail("hangs"))
    worker = house.start("worker")
    eventually(lambda: house.state("hangs") == "attempting")
    eventually(lambda: worker.terminate() or worker.poll() is not None)
    assert worker.returncode == -signal.SIGTERM


def test_the_end_of_the_pipe_drains(house: House) -> None:
    worker = house.start("worker", "run", "--until-eof", stdin=subprocess.PIPE)
    house.await_workers(1)
    assert worker.poll() is None
    assert worker.stdin
    worker.stdin.close()
    assert worker.wait(30) == 0


def test_until_eof_without_a_pipe_is_a_usage_error(house: House) -> None:
    worker = house.start("worker", "run", "--until-eof")
    assert worker.wait(30) == 2
    assert "needs a pipe" in house.log


def test_without_any_key_it_does_not_start(house: House) -> None:
    keys = ("RESEND_API_KEY", "POSTMARK_API_KEY", "AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")
    ran = house.ask("worker", **dict.fromkeys(keys, ""))
    assert (ran.code, ran.codes) == (7, ["CFG-NO-PROVIDER"])


def test_the_log_is_json_lines_alone_when_nobody_watches(house: House) -> None:
    house.run("send", "-", stdin=mail("one"))
    worker = house.start("worker")
    eventually(lambda: house.state("one") == "accepted")
    worker.terminate()
    worker.wait(30)
    assert [line[0] for line in house.log.splitlines()] == ["{"]


def test_the_list_tells_of_each_worker(house: House) -> None:
    worker = house.start("worker")
    [listed] = house.await_workers(1)
    assert listed["pid"] == worker.pid
    assert (listed["pace"], listed["draining"], listed["in_flight"]) == ("demo", False, 0)
    assert listed["age_ms"] >= 0


def test_messages_without_a_worker_are_a_finding(house: House) -> None:
    assert house.ask("worker", "list").code == 0
    house.run("send", "-", stdin=mail("one"))
    ran = house.ask("worker", "list")
    assert (ran.code, ran.codes, ran.data["waiting"]) == (3, ["WRK-NONE"], 1)


ENDED = """
import asyncio, os, signal
from notifyctl.operations.worker import on_signals
class Running(asyncio.Event):
    stop = asyncio.Event.set
async def work():
    running = Running()
    with on_signals(running):
        os.kill(os.getpid(), signal.SIGTERM)
        await running.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), number)
asyncio.run(work())
os.kill(os.getpid(), signal.SIGTERM)
print("the result")
"""


def test_a_signal_that_comes_after_the_end_cuts_off_nothing() -> None:
    ran = subprocess.run([sys.executable, "-c", ENDED], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.split("\n"), ran.stderr) == (0, ["the result", ""], "")
