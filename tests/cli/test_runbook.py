"""Walking through a runbook with real processes: nothing is skipped, and nothing is done twice that must not be."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from house import House, Ran, children, eventually, mail
from terminal import surroundings, typed_into

# A note is what must not be done twice: each time it is written, there is one more.
LOOK = """
## {number}. Look

```console
notifyctl explain states
```

**You should see:** the states.
**If not:** ask.
"""
NOTE = """
## {number}. Note

```console
notifyctl runbook note backlog note-{number}
```

**You should see:** it is noted.
**If not:** ask.
**If interrupted:** look with `notifyctl runbook show backlog`.
"""
KILLED = -signal.SIGKILL


def text(*steps: str, needs: str = "") -> str:
    head = f"# A book\n**When:** in tests.\n{needs}"
    return head + "".join(step.format(number=number) for number, step in enumerate(steps, 1))


@pytest.fixture
def book(house: House) -> str:
    """A book that looks, changes, looks, changes."""
    return write(house, text(LOOK, NOTE, LOOK, NOTE))


def write(house: House, content: str) -> str:
    path = house.home / "book.md"
    path.write_text(content)
    return str(path)


def noted(house: House) -> list[str]:
    return [note["text"] for note in house.ask("runbook", "show", "backlog").data["notes"]]


def states(ran: Ran) -> list[str]:
    return [step["state"] for step in ran.data["steps"]]


def records(house: House) -> list[Path]:
    return [path for path in (house.home / "runbooks").glob("*.jsonl") if path.stem != "notes"]


def at_a_terminal(house: House, *arguments: str, **answers: str) -> Ran:
    """Answers by the beginning of their question, with _ for a space."""
    line = [sys.executable, "-m", "notifyctl", *arguments]
    typed = {question.replace("_", " "): f"{answer}\n" for question, answer in answers.items()}
    return typed_into(
        line, typed, {**surroundings(), **{name: house.environ[name] for name in house.environ if name != "CI"}}
    )


class TestReading:
    def test_books_are_listed_with_when_they_are_opened(self, house: House):
        books = {book["name"]: book for book in house.ask("runbook", "list").data["runbooks"]}
        assert books["backlog"]["steps"] == 5
        assert books["backlog"]["when"]
        assert (books["backlog"]["changes"], books["backlog"]["notes"]) == (False, [])

    def test_a_book_is_shown_as_it_was_written(self, house: House):
        shown = house.run("runbook", "show", "redis-down").out
        assert shown == (Path(__file__).parents[2] / "runbooks" / "redis-down.md").read_text()

    def test_what_was_noted_is_shown_and_told_at_the_next_run(self, house: House, book: str):
        assert house.run("runbook", "note", book, "the pager was silent", NOTIFYCTL_ACTOR="ada").code == 0
        assert "ada: the pager was silent" in house.run("runbook", "show", book).out
        assert "ada: the pager was silent" in house.run("runbook", "run", book, "--yes").err

    def test_reading_writes_nothing(self, house: House, book: str):
        before = sorted(house.home.rglob("*"))
        for look in (["list"], ["show", "backlog"], ["lint"], ["run", book, "--dry-run"]):
            house.ask("runbook", *look)
        assert sorted(house.home.rglob("*")) == before

    @pytest.mark.parametrize("verb", ["show", "run", "lint"])
    @pytest.mark.parametrize("name", ["backlo", "absent.md", "../backlog"])
    def test_a_book_that_is_not_there_is_a_usage_error(self, house: House, verb: str, name: str):
        ran = house.ask("runbook", verb, name)
        assert (ran.code, ran.codes) == (2, ["RBK-UNKNOWN"])

    def test_it_needs_no_valid_configuration(self, house: House):
        house.config.write_text("no toml")
        assert [house.run("runbook", *look).code for look in (["list"], ["show", "backlog"], ["lint"])] == [0, 0, 0]


class TestRunning:
    def test_every_step_is_done_once_and_in_order(self, house: House, book: str):
        ran = house.ask("runbook", "run", book, "--yes")
        assert (ran.code, ran.document["outcome"], states(ran)) == (0, "done", ["done"] * 4)
        assert noted(house) == ["note-2", "note-4"]
        assert [step["document"]["ok"] for step in ran.data["steps"]] == [True] * 4
        assert house.ask("runbook", "list").data["runs"] == []

    def test_a_human_sees_each_command_and_what_to_expect(self, house: House, book: str):
        ran = house.run("runbook", "run", book, "--yes")
        assert "2/4  Note\n     $ notifyctl runbook note backlog note-2" in ran.err
        assert "You should see: it is noted." in ran.err
        assert ran.out.count("Noted.\n") == 2

    def test_a_plan_does_nothing(self, house: House, book: str):
        ran = house.ask("runbook", "run", book, "--dry-run")
        assert (ran.code, [step["changes"] for step in ran.data["steps"]]) == (0, [False, True, False, True])
        assert not (house.home / "runbooks").exists()

    def test_a_step_that_does_not_end_as_expected_stops_it_and_says_what_to_do(self, house: House):
        failing = LOOK.replace("explain states", "explain backlog.md").replace("ask.", "call Ann.")
        ran = house.ask("runbook", "run", write(house, text(LOOK, failing, LOOK)))
        assert (ran.code, ran.codes, states(ran)) == (1, ["RBK-STEP"], ["done", "failed", "to_do"])
        assert ran.document["findings"][0]["hint"] == "call Ann."
        assert ran.document["next"] == [f"notifyctl runbook resume {ran.data['run']}"]

    def test_a_book_that_is_wrong_is_not_begun(self, house: House):
        ran = house.ask("runbook", "run", write(house, text(LOOK, LOOK.replace("states", "states --nope"))))
        assert (ran.code, ran.codes) == (1, ["RBK-COMMAND"])
        assert not (house.home / "runbooks").exists()

    def test_where_it_cannot_be_recorded_nothing_is_done(self, house: House, book: str):
        (house.home / "runbooks").write_text("a file in the way")
        ran = house.ask("runbook", "run", book, "--yes")
        assert (ran.code, ran.codes) == (7, ["RBK-RECORD"])


class TestPlaceholders:
    NEEDS = "**You need:**\n- `<TOPIC>`: what to explain, such as `states`\n"

    def explaining(self, house: House) -> str:
        return write(house, text(LOOK, LOOK.replace("states\n", "<TOPIC>\n"), needs=self.NEEDS))

    def test_are_given_by_set(self, house: House):
        ran = house.ask("runbook", "run", self.explaining(house), "--set", "TOPIC=exit-codes")
        assert (ran.code, ran.data["steps"][1]["document"]["data"]["topic"]) == (0, "exit-codes")

    def test_are_asked_for_at_a_terminal(self, house: House):
        ran = at_a_terminal(house, "runbook", "run", self.explaining(house), **{"such_as_states?": "exit-codes"})
        assert ran.code == 0
        assert "$ notifyctl explain exit-codes" in ran.out

    def test_stay_one_word_whatever_is_in_them(self, house: House):
        needs = "**You need:**\n- `<WHAT>`: what to note, such as `rain`\n"
        noting = write(house, text(NOTE.replace("note-{number}", "<WHAT>"), needs=needs))
        assert house.run("runbook", "run", noting, "--yes", "--set", 'WHAT=it\'s "late"; $HOME').code == 0
        assert noted(house) == ['it\'s "late"; $HOME']

    def test_without_one_the_run_waits_and_goes_on_when_it_is_given(self, house: House):
        ran = house.ask("runbook", "run", self.explaining(house))
        assert (ran.code, ran.codes, states(ran)) == (8, ["RBK-WAITING"], ["done", "to_do"])
        ran = house.ask("runbook", "resume", "--set", "TOPIC=exit-codes")
        assert (ran.code, states(ran)) == (0, ["done", "done"])

    def test_one_that_was_wrong_can_be_given_again(self, house: House):
        assert house.run("runbook", "run", self.explaining(house), "--set", "TOPIC=nonsense").code == 1
        assert house.run("runbook", "resume", "--set", "TOPIC=exit-codes").code == 0

    @pytest.mark.parametrize("given", ["TOPIC", "TOPIC=", "TOPIC=--help", "OTHER=states", "TOPIC=a\nb"])
    def test_a_value_that_is_none_is_refused_before_anything_is_done(self, house: House, given: str):
        ran = house.ask("runbook", "run", self.explaining(house), "--set", given)
        assert (ran.code, ran.codes) == (2, ["CLI-USAGE"])
        assert not (house.home / "runbooks").exists()


class TestQuestions:
    def test_without_a_terminal_a_step_that_changes_something_needs_yes(self, house: House, book: str):
        ran = house.ask("runbook", "run", book)
        assert (ran.code, ran.codes) == (4, ["CLI-NEEDS-YES"])
        assert "--yes" in ran.document["findings"][0]["hint"]
        assert not (house.home / "runbooks").exists()

    def test_a_book_that_only_looks_needs_no_yes(self, house: House):
        assert house.run("runbook", "run", write(house, text(LOOK, LOOK))).code == 0

    def test_at_a_terminal_each_is_asked_about(self, house: House, book: str):
        ran = at_a_terminal(house, "runbook", "run", book, Do_step_2="y", Do_step_4="y")
        assert (ran.code, noted(house)) == (0, ["note-2", "note-4"])

    def test_a_no_stops_the_run_before_the_step_and_it_can_be_resumed(self, house: House, book: str):
        ran = at_a_terminal(house, "runbook", "run", book, Do_step_2="y", Do_step_4="n")
        assert (ran.code, noted(house)) == (8, ["note-2"])
        ran = house.ask("runbook", "resume", "--yes")
        assert (ran.code, noted(house)) == (0, ["note-2", "note-4"])

    def test_the_plan_stands_above_the_question_and_is_not_asked_about_twice(self, house: House):
        flags = "--id a/1 --type newsletter --to a@b.test --subject Hi --text Hi"
        sending = NOTE.replace("runbook note backlog note-{number}", f"send {flags}")
        ran = at_a_terminal(house, "runbook", "run", write(house, text(sending)), Do_step_1="y")
        assert ran.code == 0
        planned, asked, done = (
            re.search(word, ran.out) for word in ("would be enqueued", r"Do step 1\?", "Enqueued a/1")
        )
        assert planned and asked and done
        assert planned.start() < asked.start() < done.start()


@pytest.mark.parametrize("place", ["step-started", "step-over"])
class TestKilledAtEachStep:
    """kill -9 between the record of a step and its command; and between its command and the record of its end."""

    @pytest.mark.parametrize("step", [1, 3])
    def test_a_step_that_only_looks_is_simply_done_again(self, house: House, book: str, place: str, step: int):
        assert house.run("runbook", "run", book, "--yes", NOTIFYCTL_FAILPOINT=f"{place}:{step}").code == KILLED
        ran = house.ask("runbook", "resume", "--yes")
        assert (ran.code, states(ran), noted(house)) == (0, ["done"] * 4, ["note-2", "note-4"])

    @pytest.mark.parametrize("step", [2, 4])
    def test_a_step_that_changes_something_is_looked_at_and_asked_about(
        self, house: House, book: str, place: str, step: int
    ):
        assert house.run("runbook", "run", book, "--yes", NOTIFYCTL_FAILPOINT=f"{place}:{step}").code == KILLED
        before = noted(house)
        assert (f"note-{step}" in before) == (place == "step-over")
        looked = house.run("runbook", "resume", "--yes")
        assert (looked.code, noted(house)) == (8, before)
        assert "Mail piles up" in looked.out, "what the book says one should look with"
        assert "RBK-DOUBT" in looked.out
        ran = house.ask("runbook", "resume", "--yes", "--skip" if place == "step-over" else "--again")
        assert (ran.code, noted(house)) == (0, ["note-2", "note-4"])
        assert {*states(ran)} == ({"done", "skipped"} if place == "step-over" else {"done"})

    def test_at_a_terminal_the_question_can_be_answered(self, house: House, book: str, place: str):
        assert house.run("runbook", "run", book, "--yes", NOTIFYCTL_FAILPOINT=f"{place}:2").code == KILLED
        answer = "skip" if place == "step-over" else "again"
        ran = at_a_terminal(house, "runbook", "resume", or_wait=answer, Do_step_2="y", Do_step_4="y")
        assert (ran.code, noted(house)) == (0, ["note-2", "note-4"])
        assert "It was under way when the run ended" in ran.out


class TestKilledWhileACommandRuns:
    """The command of the step reads its mail from the same stdin as the run, and so ends when the test lets it."""

    @pytest.fixture
    def sending(self, house: House) -> str:
        send = NOTE.replace("runbook note backlog note-{number}", "send -").replace(
            "runbook show backlog", "message show one"
        )
        return write(house, text(LOOK, send, LOOK))

    @pytest.fixture
    def running(self, house: House, sending: str) -> "subprocess.Popen[bytes]":
        """A run whose second step is under way, and its command, too."""
        process = house.start("runbook", "run", sending, "--yes", stdin=subprocess.PIPE)
        eventually(lambda: records(house) and records(house)[0].read_text().count('"started"') == 2)
        eventually(lambda: children(process.pid))
        return process

    def test_nobody_goes_on_before_it_has_ended_and_then_it_is_looked_at(self, house: House, running):
        running.kill()
        running.wait()
        assert (busy := house.ask("runbook", "resume", "--yes")).codes == ["RBK-BUSY"]
        assert busy.code == 4
        running.communicate(mail("one"))
        looked = eventually(lambda: ran if (ran := house.run("runbook", "resume", "--yes")).code != 4 else None)
        assert looked.code == 8
        assert looked.out.startswith("one: queued")
        ran = house.ask("runbook", "resume", "--yes", "--skip")
        assert (ran.code, states(ran)) == (0, ["done", "skipped", "done"])
        assert house.ask("queue", "show").data["queues"][0]["waiting"] == 1

    def test_a_run_that_is_told_to_end_takes_its_command_with_it(self, house: House, running):
        running.terminate()
        assert running.wait(30) == 143
        running.stdin.close()
        # told to end while it starts its command, it leaves that one to the end of its input, and nobody goes on before
        asked = eventually(
            lambda: ran if (ran := house.ask("runbook", "resume", "--yes")).codes != ["RBK-BUSY"] else None
        )
        assert asked.codes == ["RBK-DOUBT"]
        assert house.ask("queue", "show").data["queues"][0]["waiting"] == 0


class TestResuming:
    @pytest.fixture
    def failed(self, house: House) -> str:
        """A run that failed at the second of three steps, since the house has no server."""
        missing = LOOK.replace("explain states", "queue show").replace("**If", "**If", 1)
        house.environ["BULLMQ_REDIS_PORT"], self.port = "1", house.environ["BULLMQ_REDIS_PORT"]
        ran = house.ask("runbook", "run", write(house, text(NOTE, missing, NOTE)), "--yes")
        assert (ran.code, ran.data["steps"][1]["exit"]) == (1, 6)
        return str(ran.data["run"])

    def test_it_goes_on_at_the_step_that_failed(self, house: House, failed: str):
        ran = house.ask("runbook", "resume", failed, "--yes", BULLMQ_REDIS_PORT=self.port)
        assert (ran.code, states(ran), noted(house)) == (0, ["done"] * 3, ["note-1", "note-3"])

    def test_as_often_as_it_fails(self, house: House, failed: str):
        for _ in range(2):
            assert house.ask("runbook", "resume", "--yes").codes == ["RBK-STEP"]
        assert noted(house) == ["note-1"]

    def test_it_goes_on_behind_it_where_another_way_was_found(self, house: House, failed: str):
        ran = house.ask("runbook", "resume", "--yes", "--skip")
        assert (ran.code, states(ran), noted(house)) == (0, ["done", "skipped", "done"], ["note-1", "note-3"])

    def test_it_walks_the_book_as_it_was(self, house: House, failed: str):
        write(house, text(LOOK))
        assert len(states(house.ask("runbook", "resume", "--yes", BULLMQ_REDIS_PORT=self.port))) == 3

    def test_it_can_be_given_up(self, house: House, failed: str):
        assert [run["next"] for run in house.ask("runbook", "list").data["runs"]] == [2]
        assert house.run("runbook", "resume", "--give-up").code == 0
        assert house.ask("runbook", "list").data["runs"] == []
        assert house.ask("runbook", "resume").codes == ["RBK-UNKNOWN"]

    def test_of_two_runs_one_must_be_named(self, house: House, failed: str):
        house.ask("runbook", "run", write(house, text(NOTE, LOOK.replace("states", "nothing"))), "--yes")
        ran = house.ask("runbook", "resume", "--yes")
        assert (ran.code, ran.codes) == (2, ["RBK-UNKNOWN"])
        assert failed in ran.document["findings"][0]["hint"]

    def test_the_ways_out_exclude_each_other(self, house: House, failed: str):
        assert house.ask("runbook", "resume", "--again", "--skip").code == 2


class TestLint:
    def test_the_books_are_right(self, house: House):
        ran = house.ask("runbook", "lint")
        assert (ran.code, ran.document["findings"]) == (0, [])

    def test_a_file_is_held_against_the_real_command_line(self, house: House):
        path = write(house, text(LOOK.replace("explain", "explian"), LOOK.replace("states", "states --nope")))
        ran = house.ask("runbook", "lint", path)
        assert ran.code == 1
        assert [finding["subject"] for finding in ran.document["findings"]] == [f"{path}:7", f"{path}:16"]
        assert "did you mean explain" in ran.document["findings"][0]["message"]
