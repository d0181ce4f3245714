"""The move to the archive: one line a message, wherever it is killed, whatever Redis forgets, whoever else moves."""

import asyncio
from pathlib import Path

import pytest

from deadly import PLACES, Deadly, Killed
from lab import NOON, W1, Lab, intent, outcome_of
from notifyctl.domain.archive import Facts, Row
from notifyctl.domain.attempt import State
from notifyctl.domain.errors import Degraded, Misconfigured, Refused
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.progress import Step
from notifyctl.domain.retention import EVERY_MS, LastMove
from notifyctl.domain.revision import Revision
from notifyctl.domain.transition import replay
from notifyctl.engine.retention import Retention, RetentionDuty
from notifyctl.evidence import archive, months, operations
from notifyctl.store.board import Boards
from notifyctl.store.retired import Retired
from notifyctl.telemetry.logs import Log

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1", http=200)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
DAY = 86_400_000


@pytest.fixture
def retired(lab: Lab) -> Retired:
    return Retired(lab.store.queue)


def mover(retired: Retired, home: Path, place: str = "", host: str = "one") -> Retention:
    queue = retired.queue
    boards = Boards(queue.link, queue.scripts, queue.own)
    return Retention(retired, home, Revision().types, host, boards, Deadly(place))


def accepted(lab: Lab, message: str, kind: str = "booking.confirmation") -> None:
    lab.claimed(message)
    lab.admit(W1, intent(message, f"{message}-a1", type=kind))
    facts = Facts(NOON, NOON, 300, kind, "critical")
    end = outcome_of(
        message, f"{message}-a1", ACCEPTED, state=State.ACCEPTED, action="complete", value="{}", facts=facts
    )
    assert lab.settle(W1, end)[0].code == "ok"


def lines(home: Path) -> list[Row]:
    return [row for month in archive.months(home) for row in archive.rows(home, month)]


def names(home: Path) -> list[str]:
    return sorted(row.id for row in lines(home))


def test_what_has_ended_has_a_line_with_its_purpose_and_leaves_redis(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m1")
    accepted(lab, "m2", kind="newsletter")
    lab.sending("open", "o1")
    assert lab.run(mover(retired, tmp_path).move(lab.now + 1)) == 2
    assert {row.id: row.purpose for row in lines(tmp_path)} == {"m1": "service", "m2": "marketing"}
    assert lab.redis("KEYS", "nf:{bull}:att:*") == ["nf:{bull}:att:o1"]
    assert lab.run(mover(retired, tmp_path).move(lab.now + 1)) == 0


@pytest.mark.parametrize("kind", Revision().types)
def test_the_record_of_an_end_stays_small_in_redis(lab: Lab, kind: str):
    """Valkey keeps a hash as one list while no value has more than 64 bytes; as a table it takes twice the room."""
    accepted(lab, "m1", kind)
    assert lab.redis("OBJECT", "ENCODING", "nf:{bull}:msg:m1") == "listpack"


def test_only_what_is_old_enough_moves_into_the_month_of_its_end(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "november")
    lab.now += 10 * DAY
    accepted(lab, "december")
    lab.now += DAY
    accepted(lab, "young")
    lab.run(mover(retired, tmp_path).move(lab.now))
    assert [[row.id for row in archive.rows(tmp_path, month)] for month in ("2026-11", "2026-12")] == [
        ["november"],
        ["december"],
    ]


def test_a_plan_tells_the_same_and_writes_nothing(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m1")
    lab.sending("doubt", "d1")
    lab.settle(W1, outcome_of("doubt", "d1", DOUBT, state=State.CANCELLED))
    plan = lab.run(mover(retired, tmp_path).plan(lab.now + 1))
    assert (dict(plan.months), plan.total, plan.staying, plan.looked_at) == ({"2026-11": 1}, 1, 1, 2)
    assert list(tmp_path.iterdir()) == []
    assert lab.record("m1").attempts


def test_many_go_in_batches_and_tell_how_far_they_are(lab: Lab, retired: Retired, tmp_path: Path):
    for number in range(450):
        accepted(lab, f"m{number}")
    steps: list[Step] = []
    assert lab.run(mover(retired, tmp_path).move(lab.now + 1, steps.append, total=450)) == 450
    assert len(set(names(tmp_path))) == len(lines(tmp_path)) == 450
    assert (steps[-1].done, steps[-1].total) == (450, 450)
    assert len(steps) >= 3


class TestKilled:
    @pytest.mark.parametrize("place", PLACES)
    def test_anywhere_the_next_move_finishes_it_and_no_line_is_there_twice(
        self, lab: Lab, retired: Retired, tmp_path: Path, place: str
    ):
        accepted(lab, "m1")
        accepted(lab, "m2")
        with pytest.raises(Killed):
            lab.run(mover(retired, tmp_path, place).move(lab.now + 1))
        accepted(lab, "m3")
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
        assert names(tmp_path) == ["m1", "m2", "m3"]
        assert not lab.redis("KEYS", "nf:{bull}:att:*")

    def test_what_changed_before_redis_forgot_it_has_the_line_of_what_it_became(
        self, lab: Lab, retired: Retired, tmp_path: Path
    ):
        lab.sending("m", "a1")
        lab.settle(W1, outcome_of("m", "a1", Outcome(Kind.FAULT), state=State.DEAD, action="fail", value="dead: why"))
        with pytest.raises(Killed):
            lab.run(mover(retired, tmp_path, "after-batch").move(lab.now + 1))
        lab.now += 1
        lab.settle(W1, outcome_of("m", "a1", ACCEPTED, state=State.ACCEPTED, lane=0))
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
        assert [(row.id, row.state) for row in lines(tmp_path)] == [("m", "accepted")]

    def test_half_a_line_is_finished_once(self, lab: Lab, retired: Retired, tmp_path: Path):
        accepted(lab, "m1")
        accepted(lab, "m2")
        with pytest.raises(Killed):
            lab.run(mover(retired, tmp_path, "after-lines").move(lab.now + 1))
        path = tmp_path / "archive" / "2026-11.jsonl"
        path.write_bytes(path.read_bytes()[:-20])
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
        assert names(tmp_path) == ["m1", "m2"]

    def test_a_batch_that_is_not_whole_was_never_told_to_redis(self, lab: Lab, retired: Retired, tmp_path: Path):
        accepted(lab, "m1")
        with pytest.raises(Killed):
            lab.run(mover(retired, tmp_path, "after-batch").move(lab.now + 1))
        (left,) = (tmp_path / "archive").glob(".batch.*")
        for size in (len(left.read_bytes()) - 1, 5, 0):
            left.write_bytes(left.read_bytes()[:size])
            lab.run(mover(retired, tmp_path).move(NOON - DAY))
            assert lines(tmp_path) == []
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
        assert names(tmp_path) == ["m1"]


def test_when_redis_forgets_that_it_forgot_there_is_no_second_line(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m")

    async def dumps() -> dict[bytes, bytes]:
        keys = await lab.link.redis.keys("nf:{bull}:[ma][st][gt]:*")
        return {key: await lab.link.redis.dump(key) for key in keys}

    async def restore(saved: dict[bytes, bytes]) -> None:
        for key, text in saved.items():
            await lab.link.redis.restore(key, 0, text, replace=True)

    saved = lab.run(dumps())
    lab.run(mover(retired, tmp_path).move(lab.now + 1))
    lab.run(restore(saved))
    assert lab.record("m").attempts
    assert lab.run(mover(retired, tmp_path).move(lab.now + 1)) == 0
    assert names(tmp_path) == ["m"]
    assert lab.record("m").archived


def test_two_hosts_at_once_share_the_messages(lab: Lab, retired: Retired, tmp_path: Path):
    for number in range(120):
        accepted(lab, f"m{number}")

    async def both() -> None:
        movers = (mover(retired, tmp_path / host, host=host) for host in ("one", "two"))
        await asyncio.gather(*(one.move(lab.now + 1) for one in movers))

    lab.run(both())
    found = names(tmp_path / "one") + names(tmp_path / "two")
    assert sorted(found) == sorted(f"m{number}" for number in range(120))
    record = lab.record(found[0])
    assert record.archived
    assert record.archived.host == ("one" if found[0] in names(tmp_path / "one") else "two")


def test_two_processes_of_one_host_do_not_move_at_once(lab: Lab, retired: Retired, tmp_path: Path):
    with months.locked(tmp_path, "archive"), pytest.raises(Refused) as error:
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
    assert error.value.code == "EVD-BUSY"


def test_without_a_disk_nothing_is_forgotten(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "2026-11.jsonl").mkdir()  # cannot be opened for writing, whoever asks
    with pytest.raises((Misconfigured, OSError)):
        lab.run(mover(retired, tmp_path).move(lab.now + 1))
    assert lab.record("m").attempts


def test_what_is_still_in_redis_of_a_month_is_told_with_the_same_lines(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m")
    lab.sending("doubt", "d1")
    lab.settle(W1, outcome_of("doubt", "d1", DOUBT, state=State.UNKNOWN))
    lab.sending("open", "o1")

    async def told(month: str) -> list[Row]:
        return [row async for row in mover(retired, tmp_path).rows(month)]

    rows = lab.run(told("2026-11"))
    assert sorted(row.id for row in rows) == ["doubt", "m"]
    assert lab.run(told("2026-12")) == []
    lab.run(mover(retired, tmp_path).move(lab.now + 1))
    assert [row.id for row in lab.run(told("2026-11"))] == ["doubt"]
    assert lines(tmp_path) == [row for row in rows if row.id == "m"]


def test_a_message_that_the_server_tells_again_is_told_once(
    lab: Lab, retired: Retired, tmp_path: Path, stuttering: None
):
    accepted(lab, "m")

    async def told() -> list[Row]:
        return [row async for row in mover(retired, tmp_path).every()]

    assert [row.id for row in lab.run(told())] == ["m"]


def test_what_was_forgotten_by_redis_and_has_no_line_yet_is_told_too(lab: Lab, retired: Retired, tmp_path: Path):
    accepted(lab, "m")

    async def told() -> list[Row]:
        return [row async for row in mover(retired, tmp_path).rows("2026-11")]

    before = lab.run(told())
    for place in PLACES:
        with pytest.raises(Killed):
            lab.run(mover(retired, tmp_path, place).move(lab.now + 1))
        assert lab.run(told()) == before
    lab.run(mover(retired, tmp_path).move(lab.now + 1))
    assert (lab.run(told()), lines(tmp_path)) == ([], before)


class TestTheHistoryOfOperations:
    def test_is_copied_whole_and_leads_to_the_same_state(self, lab: Lab, retired: Retired, tmp_path: Path):
        lab.trip("resend")
        lab.run(mover(retired, tmp_path).move(0))
        lab.trip("ses")
        lab.run(mover(retired, tmp_path).move(0))
        lab.run(mover(retired, tmp_path).move(0))
        kept = [entry for month in operations.months(tmp_path) for entry in operations.rows(tmp_path, month)]
        assert kept == lab.run(lab.store.boards.history())[::-1]
        assert replay(kept).broken == ()

    def test_goes_on_behind_the_newest_also_when_the_clock_was_set_back(
        self, lab: Lab, retired: Retired, tmp_path: Path
    ):
        lab.trip("resend")
        lab.run(mover(retired, tmp_path).move(0))
        lab.now -= 40 * DAY
        lab.trip("ses")
        for _ in range(2):
            lab.run(mover(retired, tmp_path).move(0))
        found = {month: len(list(operations.rows(tmp_path, month))) for month in operations.months(tmp_path)}
        assert found == {"2026-10": 1, "2026-11": 1}

    def test_half_a_line_is_written_again(self, lab: Lab, retired: Retired, tmp_path: Path):
        lab.trip("resend")
        lab.run(mover(retired, tmp_path).move(0))
        path = tmp_path / "operations" / "2026-11.jsonl"
        whole = path.read_bytes()
        path.write_bytes(whole[:-9])
        lab.run(mover(retired, tmp_path).move(0))
        assert path.read_bytes() == whole

    def test_a_line_that_was_edited_is_named(self, lab: Lab, retired: Retired, tmp_path: Path):
        lab.trip("resend")
        lab.run(mover(retired, tmp_path).move(0))
        path = tmp_path / "operations" / "2026-11.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"move"', b'"nove"'))
        with pytest.raises(Degraded) as error:
            list(operations.rows(tmp_path, "2026-11"))
        assert error.value.where == "operations/2026-11.jsonl:1"


class TestTheDuty:
    @pytest.fixture
    def duty(self, lab: Lab, retired: Retired, tmp_path: Path) -> RetentionDuty:
        return RetentionDuty(mover(retired, tmp_path), retired, 30 * DAY, "one", Log(W1, b"pepper"))

    def test_moves_what_ended_30_days_ago_once_a_day(
        self, lab: Lab, retired: Retired, duty: RetentionDuty, tmp_path: Path
    ):
        accepted(lab, "m1")
        lab.now += 30 * DAY
        first = lab.now
        lab.run(duty.daily())
        assert (names(tmp_path), lab.run(retired.last())) == ([], LastMove(first, "one", 0, first))
        lab.now += 1
        lab.run(duty.daily())
        assert names(tmp_path) == []
        lab.now += EVERY_MS
        lab.run(duty.daily())
        assert (names(tmp_path), lab.run(retired.last())) == (["m1"], LastMove(lab.now, "one", 1, first))

    def test_tries_again_at_the_next_look_when_somebody_else_moves(
        self, lab: Lab, retired: Retired, duty: RetentionDuty, tmp_path: Path
    ):
        accepted(lab, "m1")
        lab.now += 31 * DAY
        with months.locked(tmp_path, "archive"):
            lab.run(duty.daily())
        assert lab.run(retired.last()) == LastMove(tried=lab.now)
        lab.run(duty.daily())
        assert names(tmp_path) == ["m1"]
