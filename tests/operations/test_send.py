"""Sending a file: every line checked at the door, the good ones enqueued, nothing kept in memory."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from conftest import Valkey
from house import mail
from notifyctl import settings, wiring
from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.progress import Step
from notifyctl.domain.revision import Revision
from notifyctl.operations.send import Door, Tally, admitted, count_lines, enqueue, lines, message

DOOR = Door(Revision().types, 3)
_Answer = TypeVar("_Answer")


class Kept(list[bytes]):
    """Rejects that are kept in memory."""

    def take(self, line: bytes) -> None:
        self.append(line)


def on_store(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, work: Callable[[wiring.Store], Awaitable[_Answer]]
) -> _Answer:
    monkeypatch.setenv("BULLMQ_REDIS_HOST", "127.0.0.1")
    monkeypatch.setenv("BULLMQ_REDIS_PORT", str(valkey.port))

    async def inside() -> _Answer:
        async with wiring.store(settings.load(), start=False) as store:
            return await work(store)

    return asyncio.run(inside())


def test_a_thousand_lines_with_some_refused(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [mail(f"t/{number}") for number in range(997)]
    bad = [b"no json", b'{"id":"x"}', mail("y", "unheard.of")]
    file = io.BytesIO(b"\n".join([*good[:500], *bad, *good[500:]]))
    tally, kept, steps = Tally(), Kept(), list[Step]()

    async def work(store: wiring.Store) -> None:
        await enqueue(store.queue, store.attempts, admitted(file, DOOR, tally, kept), tally, steps.append, 999)

    on_store(valkey, monkeypatch, work)
    assert (tally.lines, tally.good, tally.added, tally.duplicates, tally.refused) == (1000, 997, 997, 0, 3)
    assert [(one.line, one.code, one.where) for one in tally.refusals] == [
        (501, "MSG-JSON", "data"), (502, "MSG-SHAPE", "data"), (503, "MSG-TYPE", "type"),
    ]  # fmt: skip
    assert kept == bad
    assert steps[-1] == Step("enqueue", 999, 999, "3 refused")
    with redis.Redis(port=valkey.port) as client:
        assert client.llen("bull:email-critical:wait") == 997


def test_what_is_there_already_is_counted_and_not_added(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()

    async def work(store: wiring.Store) -> None:
        for _ in range(2):
            await enqueue(store.queue, store.attempts, admitted(io.BytesIO(mail("same")), DOOR, tally, Kept()), tally)

    on_store(valkey, monkeypatch, work)
    assert (tally.added, tally.duplicates, tally.other.count, tally.known.count) == (1, 1, 0, 0)


def test_an_id_that_stands_for_other_content_is_named(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    first, tally = Tally(), Tally()
    corrected = b"\n".join(
        [
            mail("t/1"),
            mail("t/2", subject="The right one"),
            mail("t/3"),
            mail("t/3", subject="Twice"),
            mail("t/3", subject="Thrice"),
        ]
    )

    async def work(store: wiring.Store) -> None:
        earlier = io.BytesIO(b"\n".join([mail("t/1"), mail("t/2")]))
        await enqueue(store.queue, store.attempts, admitted(earlier, DOOR, first, Kept()), first)
        await enqueue(store.queue, store.attempts, admitted(io.BytesIO(corrected), DOOR, tally, Kept()), tally)

    on_store(valkey, monkeypatch, work)
    assert (tally.added, tally.duplicates) == (1, 4)
    assert (tally.other.count, tally.other.first) == (3, ["t/2", "t/3"])


def test_an_id_whose_mail_is_on_record_is_named_although_its_job_is_gone(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Tally()

    async def work(store: wiring.Store) -> None:
        await store.link.redis.hset(f"{store.attempts.own}msg:t/1", mapping={"v": "1", "state": "accepted"})
        await enqueue(store.queue, store.attempts, admitted(io.BytesIO(mail("t/1")), DOOR, tally, Kept()), tally)

    on_store(valkey, monkeypatch, work)
    assert (tally.added, tally.known.first, tally.other.count) == (1, ["t/1"], 0)


def test_batches_are_small_whatever_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    many = io.BytesIO(b"\n".join(mail(f"t/{number}") for number in range(401)))
    assert [len(batch) for batch in admitted(many, DOOR, Tally(), Kept())] == [200, 200, 1]
    large = io.BytesIO(b"\n".join(mail(f"t/{number}", text="x" * 1_500_000) for number in range(4)))
    assert [len(batch) for batch in admitted(large, DOOR, Tally(), Kept())] == [3, 1]


def test_the_file_is_read_no_further_than_the_batch() -> None:
    file = io.BytesIO(b"\n".join(mail(f"t/{number}") for number in range(1000)))
    next(admitted(file, DOOR, Tally(), Kept()))
    assert file.tell() < len(file.getvalue()) / 4


def test_blank_lines_and_a_byte_order_mark_are_skipped_and_numbers_stay() -> None:
    file = io.BytesIO(b"\xef\xbb\xbf{}\n\n  \r\n[]\r\n")
    assert list(lines(file)) == [(1, b"{}"), (4, b"[]")]


def test_an_endless_line_is_refused_and_the_next_one_is_not() -> None:
    tally, kept = Tally(), Kept()
    file = io.BytesIO(b'"' + b"x" * 12_000_000 + b'"\n' + mail("after"))
    [batch] = list(admitted(file, DOOR, tally, kept))
    assert [item.message_id for item in batch] == ["after"]
    assert [(one.line, one.code) for one in tally.refusals] == [(1, "MSG-SIZE")]


def test_the_version_may_be_left_out_and_is_written(tmp_path: Path) -> None:
    fields = json.loads(mail("t/1"))
    del fields["v"]
    assert json.loads(DOOR.admit(json.dumps(fields).encode()).data) == {"v": 1, **fields}
    with pytest.raises(InvalidMessage) as caught:
        DOOR.admit(mail("t/1", v=2))
    assert caught.value.code == "MSG-VERSION"


@pytest.mark.parametrize(("kind", "lane"), [("booking.confirmation", 1), ("booking.reminder", 2), ("newsletter", 3)])
def test_the_type_decides_the_lane_and_names_the_job(kind: str, lane: int) -> None:
    addition = DOOR.admit(mail("t/1", kind))
    assert (addition.lane, addition.name) == (lane, kind)


def test_text_that_is_no_unicode_is_refused_with_a_reason() -> None:
    with pytest.raises(InvalidMessage) as caught:
        message({"id": "x", "text": "\udcff"})
    assert caught.value.code == "MSG-UNICODE"


def test_line_ends_are_counted_and_the_file_is_left_at_its_beginning() -> None:
    file = io.BytesIO(b"a\nb\nc")
    assert (count_lines(file), file.tell()) == (2, 0)
