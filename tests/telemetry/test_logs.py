"""The log: JSON lines that stop nobody, whatever their reader does."""

import asyncio
import json
import os
from collections.abc import Iterator

import pytest

from notifyctl.telemetry.logs import Log

LINES = 2000  # far more than a pipe holds


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        os.close(end)


def say(log: Log, count: int, first: int = 0) -> None:
    async def talk() -> None:
        for number in range(first, first + count):
            log.say("a line", number=number)
        log.flush()

    asyncio.run(asyncio.wait_for(talk(), 20))


def read(reader: int) -> list[dict[str, object]]:
    """Everything that is in the pipe, line by line."""
    os.set_blocking(reader, False)
    text = b""
    try:
        while chunk := os.read(reader, 1 << 20):
            text += chunk
    except BlockingIOError:
        pass
    assert text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def test_a_reader_that_does_not_read_stops_nobody_gets_whole_lines_and_is_told_how_many_it_missed(pipe):
    reader, writer = pipe
    log = Log("w", b"pepper", writer)
    say(log, LINES)
    there = read(reader)
    assert [line["number"] for line in there] == list(range(len(there)))
    say(log, 1, LINES)
    assert [(line["number"], line["lines_missed_before"]) for line in read(reader)] == [(LINES, LINES - len(there))]


def test_a_reader_that_is_gone_stops_nobody():
    reader, writer = os.pipe()
    os.close(reader)
    say(Log("w", b"pepper", writer), LINES)
    os.close(writer)


def test_a_reader_that_reads_gets_every_line(tmp_path):
    with (tmp_path / "log").open("w+b") as file:
        say(Log("w", b"pepper", file.fileno()), LINES)
    lines = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [line["number"] for line in lines] == list(range(LINES))
