"""`send`: one message by its flags, or a file of them."""

import json
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from conftest import WORKER, Valkey
from house import House, eventually, mail
from notifyctl.store import embedded

ONE = ("--id", "t/1", "--type", "booking.confirmation", "--to", "ann@customers.example", "--subject", "Hi")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A thousand lines, two of them refused."""
    path = tmp_path / "mails.jsonl"
    path.write_bytes(b"\n".join([*(mail(f"t/{n}") for n in range(998)), b"{", mail("bad", to={"email": "nobody"})]))
    return path


def job(valkey: Valkey, key: str) -> dict[str, str]:
    with redis.Redis(port=valkey.port, decode_responses=True) as client:
        return client.hgetall(key)  # type: ignore[return-value]  # redis-py mixes its twins


def test_one_message_becomes_a_job_as_a_producer_would_add_it(house: House, valkey: Valkey) -> None:
    page = house.home / "page.html"
    page.write_text("<p>Grüße</p>")
    more = (
        "--name",
        "Ann",
        "--html",
        str(page),
        "--metadata",
        "order=1",
        "--header",
        "X-A=b=c",
        "--reply-to",
        "box@venue.example",
    )
    ran = house.ask("send", *ONE, *more, "--text", "Grüße", "--priority", "5")
    assert (ran.code, ran.document["outcome"], ran.data["queue"]) == (0, "done", "email-critical")
    assert ran.document["next"] == ["notifyctl worker"]
    found = job(valkey, "bull:email-critical:t/1")
    assert (found["name"], found["priority"]) == ("booking.confirmation", "5")
    assert json.loads(found["data"]) == {
        "v": 1, "id": "t/1", "type": "booking.confirmation", "to": {"email": "ann@customers.example", "name": "Ann"},
        "subject": "Hi", "html": "<p>Grüße</p>", "text": "Grüße", "reply_to": "box@venue.example",
        "headers": {"X-A": "b=c"}, "metadata": {"order": "1"},
    }  # fmt: skip


def test_html_may_come_from_stdin(house: House, valkey: Valkey) -> None:
    assert house.run("send", *ONE, "--html", "-", stdin=b"<p>x</p>").code == 0
    assert json.loads(job(valkey, "bull:email-critical:t/1")["data"])["html"] == "<p>x</p>"


def test_a_delayed_message_waits_for_its_time(house: House) -> None:
    house.run("send", *ONE, "--text", "x", "--delay", "2h")
    lane = house.ask("queue", "show").data["queues"][0]
    assert (lane["delayed"], lane["waiting"]) == (1, 0)
    assert lane["next_due_at"]


def test_the_same_id_again_changes_nothing(house: House) -> None:
    house.run("send", *ONE, "--text", "x")
    ran = house.ask("send", *ONE, "--text", "other")
    assert (ran.code, ran.document["outcome"], ran.data["added"]) == (0, "nothing to do", 0)
    assert (ran.codes, ran.data["earlier"]) == (["SND-USED"], {"other": True, "state": ""}), "its content was another"
    assert house.ask("send", *ONE, "--text", "x").codes == []


def test_ids_of_a_file_that_were_used_for_other_content_are_told(house: House) -> None:
    house.ask("send", "-", stdin=mail("b/1") + b"\n" + mail("b/2"))
    ran = house.ask("send", "-", stdin=mail("b/1", subject="Corrected") + b"\n" + mail("b/2"))
    assert (ran.code, ran.codes, ran.data["duplicates"]) == (0, ["SND-USED"], 2)
    assert ran.data["used"] == {"other": {"count": 1, "ids": ["b/1"]}, "known": {"count": 0, "ids": []}}
    assert "1 line with an id (b/1) that was used before, for other content" in ran.document["findings"][0]["message"]


def test_what_will_not_be_sent_is_said_when_it_is_enqueued(house: House) -> None:
    line = ("--id", "n/1", "--type", "newsletter", "--to", "ann@customers.example", "--subject", "Hi", "--text", "x")
    for more in (("--dry-run",), ()):
        ran = house.ask("send", *line, *more)
        assert (ran.code, ran.codes, bool(ran.data["foreseen"])) == (0, ["SND-NO-CONSENT"], True)
    many = mail("n/2", "newsletter") + b"\n" + mail("b/1")
    ran = house.ask("send", "-", stdin=many)
    assert (ran.codes, ran.data["foreseen"]) == (["SND-NO-CONSENT"], 1)


def test_a_refused_message_says_which_field_and_is_not_enqueued(house: House) -> None:
    ran = house.ask("send", *ONE[:-1], "a\nBcc: x@y.example", "--text", "x")
    assert (ran.code, ran.codes) == (1, ["MSG-HEADER-INJECTION"])
    assert ran.document["findings"][0]["subject"] == "subject"
    assert house.ask("queue", "show").data["queues"][0]["waiting"] == 0


def test_with_a_single_queue_all_go_there(house: House) -> None:
    ran = house.ask("send", "--type", "newsletter", *ONE[:2], *ONE[4:], "--text", "x", NOTIFYCTL_QUEUES="mixed")
    assert ran.data["queue"] == "mixed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--id, --type, --to, --subject is missing"),
        (ONE, "--html or --text is missing"),
        (("-", "--id", "x"), "exclude each other"),
        ((*ONE, "--text", "x", "--rejects", "r"), "--rejects goes with a FILE"),
        ((*ONE, "--text", "x", "--header", "novalue"), "a pair needs"),
        ((*ONE, "--text", "x", "--delay", "soon"), "no duration"),
        (("nowhere.jsonl",), "cannot read"),
    ],
)
def test_flags_that_make_no_sense_are_usage_errors(house: House, arguments: tuple[str, ...], words: str) -> None:
    ran = house.ask("send", *arguments, BULLMQ_REDIS_PORT="1")  # said before anything is opened
    assert ran.code == 2
    assert words in ran.document["findings"][0]["message"]


def test_a_file_is_enqueued_but_for_its_refused_lines(house: House, file: Path) -> None:
    ran = house.ask("send", str(file))
    assert (ran.code, ran.codes) == (1, ["SND-REFUSED"])
    assert (ran.data["added"], ran.data["refused"], ran.data["lines"]) == (998, 2, 1000)
    assert [(one["line"], one["code"], one["where"]) for one in ran.data["refusals"]] == [
        (999, "MSG-JSON", "data"), (1000, "MSG-ADDRESS", "to.email"),
    ]  # fmt: skip
    assert house.ask("queue", "show").data["queues"][0]["waiting"] == 998


def test_refused_lines_are_written_out_to_be_corrected(house: House, file: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    told = house.run("send", str(file), "--rejects", str(rejects)).out
    assert f"they are in {rejects}" in told
    assert rejects.read_bytes() == b"{\n" + mail("bad", to={"email": "nobody"}) + b"\n"
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600  # it holds addresses
    again = house.ask("send", str(file), "--rejects", str(rejects))
    assert again.code == 2  # never over a file that exists


@contextmanager
def refusing(valkey: Valkey) -> Iterator[None]:
    """The server takes nothing from the worker's user meanwhile."""
    with redis.Redis(port=valkey.port) as client:
        client.execute_command("ACL", "SETUSER", WORKER, "-eval", "-evalsha")
        try:
            yield
        finally:
            client.execute_command("ACL", "SETUSER", WORKER, "+eval", "+evalsha")


def test_after_a_failure_the_same_command_can_be_given_again(house: House, file: Path, tmp_path: Path, valkey: Valkey):
    file.write_bytes(b"{\n" + file.read_bytes())  # refused before the server is asked
    command = ("send", str(file), "--rejects", str(tmp_path / "rejects.jsonl"))
    with refusing(valkey):
        assert [house.ask(*command).codes for _ in range(2)] == [["STORE-DENIED"]] * 2
    assert house.ask(*command).data["added"] == 998


def test_what_is_refused_of_stdin_is_kept_for_there_it_is_gone(
    house: House, file: Path, tmp_path: Path, valkey: Valkey
):
    rejects = tmp_path / "rejects.jsonl"
    with refusing(valkey):
        ran = house.ask("send", "-", "--rejects", str(rejects), stdin=b"{\n" + file.read_bytes())
    assert (ran.codes, rejects.read_bytes()) == (["STORE-DENIED"], b"{\n")


def test_a_dry_run_only_checks(house: House, file: Path) -> None:
    ran = house.ask("send", str(file), "--dry-run", BULLMQ_REDIS_PORT="1")  # no server is needed
    assert (ran.code, ran.data["good"], ran.data["added"]) == (1, 998, 0)
    assert house.ask("send", *ONE, "--text", "x", "--dry-run", BULLMQ_REDIS_PORT="1").data["added"] == 0


def test_progress_is_told_on_stderr_and_the_refused_lines_on_stdout(house: House, file: Path) -> None:
    ran = house.run("send", str(file))
    assert "enqueue 999 of 999, 100 %: 2 refused" in ran.err
    assert ran.out.splitlines()[:3] == [
        "998 of 1,000 messages enqueued, 2 refused.",
        "line   code         where     what",
        "999    MSG-JSON     data      is not JSON: Input data was truncated",
    ]


@pytest.fixture
def alone(house: House) -> Iterator[House]:
    """A house with the embedded server instead of the shared one."""
    house.environ["BULLMQ_REDIS_HOST"] = ""
    yield house
    embedded.stop(house.home / "valkey")


def test_it_starts_the_embedded_server(alone: House) -> None:
    assert alone.run("send", *ONE, "--text", "x").code == 0
    assert alone.ask("status").data["waiting"] == 1


def test_an_outage_tells_how_far_it_came_and_that_it_may_be_repeated(alone: House) -> None:
    process = alone.start("send", "-", "-o", "json", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(b"".join(mail(f"t/{number}") + b"\n" for number in range(200)))
    process.stdin.flush()
    eventually(lambda: alone.ask("status").document["data"].get("waiting") == 200)
    embedded.stop(alone.home / "valkey")
    process.stdin.write(mail("t/200") + b"\n")
    process.stdin.close()
    assert process.wait(30) == 6
    assert "200 were added before" in alone.out
    assert "run the same command again" in alone.out
