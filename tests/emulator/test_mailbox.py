"""The mailbox keeps every accepted copy and can be asked; with a file it survives a kill."""

import json
from hashlib import sha256

import pytest


@pytest.fixture
def filled(emulator, resend_mail, postmark_mail):
    """Two copies for Jane by Resend, one for Jane and one for Tom by Postmark."""
    emulator.resend(resend_mail)
    emulator.resend({**resend_mail, "tags": []})
    emulator.postmark(postmark_mail)
    emulator.postmark({**postmark_mail, "To": "tom@customers.example", "Metadata": {"nf_ref": "ref-2"}})
    return emulator


class TestAsking:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, 4),
            ({"recipient": "Jane@customers.example"}, 3),
            ({"provider": "resend"}, 2),
            ({"ref": "ref-1"}, 2),
            ({"ref": "ref-1", "provider": "postmark"}, 1),
            ({"ref": "ref-2", "recipient": "jane@customers.example"}, 0),
            ({"recipient": "nobody@customers.example"}, 0),
        ],
    )
    def test_copies_are_found_by_what_is_given(self, filled, query, expected):
        assert len(filled.copies(**query)) == expected

    def test_pages_follow_one_another(self, filled):
        first = filled.control("GET", "/mailbox?limit=3")
        second = filled.control("GET", f"/mailbox?limit=3&after={first['next']}")
        assert [len(first["copies"]), len(second["copies"])] == [3, 1]
        assert [first["total"], second["total"]] == [4, 1]

    def test_copies_are_counted(self, filled):
        counts = filled.control("GET", "/mailbox/counts")
        assert counts == {
            "total": 4,
            "providers": {"resend": 2, "postmark": 2},
            "suppressed": {},
            "recipients": {"jane@customers.example": 3, "tom@customers.example": 1},
            "refs": {"ref-1": 2, "ref-2": 1},
            "histogram": {"3": 1, "1": 1},
        }

    def test_bodies_are_measured_and_hashed(self, filled, resend_mail):
        copy = filled.copies(limit="1")[0]
        assert copy["html_bytes"] == len(resend_mail["html"])
        assert copy["html_sha256"] == sha256(resend_mail["html"].encode()).hexdigest()
        assert copy["text_sha256"] == sha256(resend_mail["text"].encode()).hexdigest()

    def test_it_can_be_emptied(self, filled):
        filled.control("DELETE", "/mailbox")
        assert filled.copies() == []
        assert filled.control("GET", "/mailbox/counts")["recipients"] == {}


class TestStore:
    def test_every_answered_copy_is_in_the_file_after_a_kill(self, start, tmp_path, resend_mail):
        file = tmp_path / "copies.jsonl"
        emulator = start("--store", str(file))
        ids = [emulator.resend(resend_mail).json["id"] for _ in range(5)]
        emulator.process.kill()
        emulator.process.wait(10)
        assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ids

    def test_the_next_process_takes_the_copies_over_and_goes_on(self, start, tmp_path, resend_mail):
        file = tmp_path / "copies.jsonl"
        first = start("--store", str(file))
        kept = first.resend(resend_mail).json["id"]
        assert first.stop() == 0
        with file.open("a") as torn:
            torn.write('{"seq": 2, "prov')
        second = start("--store", str(file))
        added = second.resend(resend_mail).json["id"]
        assert [copy["id"] for copy in second.copies()] == [kept, added]
        assert [json.loads(line)["seq"] for line in file.read_text().splitlines()] == [1, 2]

    def test_bodies_are_kept_only_when_asked_for(self, start, resend_mail):
        emulator = start()
        emulator.resend(resend_mail)
        (copy,) = emulator.copies()
        assert "html" not in copy
        assert copy["html_bytes"] > 0
