"""A message is the same after the disk, and nothing in its line says to whom it went."""

import json
from pathlib import Path

import pytest

from notifyctl.domain.archive import Call, Decided, Row, month_of
from notifyctl.domain.errors import Degraded
from notifyctl.evidence import archive

AUTUMN, MIDNIGHT = 1_796_000_000_000, 1_796_083_200_000  # 30 November 2026, and the first moment of December

FIRST = Call("h.1", "resend", AUTUMN - 900, AUTUMN - 800, "fault", "ambiguous", 0, "timeout", "first", 1, 7)
SECOND = Call(
    "h.2", "ses", AUTUMN - 90, AUTUMN, "accepted", "definite", 200, "", "resend", 1, 0, "ann", "ses-1"
)  # fmt: skip
DECIDED = Decided(1, "resend", "ann", "why", "unknown")
ROW = Row(
    id="booking-confirm/1", type="booking.confirmation", purpose="service", priority="critical", state="accepted",
    reason="", ended_at=AUTUMN, enqueued_at=AUTUMN - 1000, claimed_at=AUTUMN - 950, accepted_at=AUTUMN, took_ms=312,
    provider="ses", provider_id="ses-1", version=AUTUMN, attempts=(FIRST, SECOND), decisions=(DECIDED,),
)  # fmt: skip


def test_a_message_comes_back_as_it_was(tmp_path: Path):
    archive.write(tmp_path, [ROW, ROW._replace(id="2", attempts=(), decisions=())])
    assert list(archive.rows(tmp_path, "2026-11")) == [ROW, ROW._replace(id="2", attempts=(), decisions=())]


def test_its_month_is_that_of_its_end_in_utc(tmp_path: Path):
    archive.write(tmp_path, [ROW._replace(ended_at=MIDNIGHT), ROW._replace(ended_at=MIDNIGHT - 1)])
    assert archive.months(tmp_path) == ["2026-11", "2026-12"]
    assert [row.ended_at for row in archive.rows(tmp_path, "2026-12")] == [MIDNIGHT]
    assert month_of(MIDNIGHT - 1) == "2026-11"


def test_a_month_without_a_file_is_empty(tmp_path: Path):
    assert list(archive.rows(tmp_path, "2026-11")) == []
    assert archive.months(tmp_path) == []


def test_copies_that_were_risked_are_counted():
    assert (ROW.resends, ROW._replace(attempts=(FIRST,)).resends) == (1, 0)


def test_a_line_is_json_with_names_that_tell(tmp_path: Path):
    archive.write(tmp_path, [ROW])
    line = json.loads((tmp_path / "archive" / "2026-11.jsonl").read_text())
    assert line["v"] == archive.VERSION
    assert line["attempts"][0] | {"provider": "resend", "kind": "fault", "why": "first"} == line["attempts"][0]


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path):
    archive.write(tmp_path, [ROW])
    path = tmp_path / "archive" / "2026-11.jsonl"
    path.write_text(json.dumps({**json.loads(path.read_text()), "later": 1}) + "\n")
    assert list(archive.rows(tmp_path, "2026-11")) == [ROW]


@pytest.mark.parametrize("spoil", [lambda text: text.replace(b"{", b"[", 1), lambda text: text.replace(b'"ses"', b"3")])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, spoil):
    archive.write(tmp_path, [ROW, ROW])
    path = tmp_path / "archive" / "2026-11.jsonl"
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + spoil(second))
    found = archive.rows(tmp_path, "2026-11")
    assert next(found) == ROW
    with pytest.raises(Degraded) as error:
        next(found)
    assert (error.value.code, error.value.where) == ("EVD-LINE", "archive/2026-11.jsonl:2")


def test_the_sums_are_those_of_the_file(tmp_path: Path):
    archive.write(tmp_path, [ROW])
    found = archive.sums(tmp_path, "2026-11")
    assert (found.lines, archive.sums(tmp_path, "2026-11", found.size)) == (1, found)
