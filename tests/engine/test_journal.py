"""The journal: results on disk while Redis is away, replayed by others once their worker is gone, and not before."""

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import notifyctl
from lab import decision, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.engine.journal import Journal, elsewhere

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1")
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS)
RESULT = outcome_of("m", "a1", ACCEPTED, state=State.ACCEPTED, action="complete", value="{}")
OTHER = outcome_of("é😀", "a2", DOUBT, state=State.ATTEMPTING, action="delay", value="5")

WORKER = """
import sys
from pathlib import Path
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import Kind, Outcome
from notifyctl.engine.journal import Journal
from notifyctl.store.attempts import Settlement
journal = Journal(Path(sys.argv[1]), "nf.child")
for name in sys.argv[2:]:
    accepted = Outcome(Kind.ACCEPTED, provider_id="p-1")
    journal.append([Settlement(1, name, name, None, "a-" + name, accepted, state=State.ACCEPTED, action="complete")])
print("written", flush=True)
sys.stdin.read()
"""


@contextmanager
def worker(folder: Path, *names: str) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own that has written results and then does nothing; it is killed at the end at the latest."""
    source = str(Path(notifyctl.__file__).parents[1])
    line = [sys.executable, "-c", WORKER, str(folder), *names]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, env={"PYTHONPATH": source}, **pipes) as process:
        assert process.stdout.readline() == "written\n"
        yield process
        process.kill()


@contextmanager
def journal(folder: Path, token: str) -> Iterator[Journal]:
    opened = Journal(folder, token)
    yield opened
    opened.close()


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def abandoned(mine: Journal) -> dict[str, list[str]]:
    """The messages in the journals of workers that are gone, by token."""
    return {left.token: [item.message for item in left.results] for left in mine.abandoned()}


class TestAWorkerThatIsKilled:
    def test_leaves_what_it_wrote(self, tmp_path: Path):
        with worker(tmp_path, "m1", "m2") as process, journal(tmp_path, "nf.me") as mine:
            assert abandoned(mine) == {}
            process.kill()
            process.wait()
            assert abandoned(mine) == {"nf.child": ["m1", "m2"]}

    def test_is_replayed_by_one_at_a_time_and_again_until_the_file_is_removed(self, tmp_path: Path):
        with worker(tmp_path, "m1"):
            pass
        with journal(tmp_path, "nf.me") as mine, journal(tmp_path, "nf.you") as yours:
            for left in mine.abandoned():
                assert (left.token, len(left.results), abandoned(yours)) == ("nf.child", 1, {})
            assert abandoned(yours) == {"nf.child": ["m1"]}
            (tmp_path / "nf.child").unlink()
            assert abandoned(mine) == {}

    @pytest.mark.parametrize("torn", [b'{"lane":1,"jo', b"{", b"\xff\xfe", b'{"lane":1}'])
    def test_may_have_torn_its_last_line_which_is_then_ignored(self, tmp_path: Path, torn: bytes):
        with worker(tmp_path, "m1"):
            pass
        with (tmp_path / "nf.child").open("ab") as file:
            file.write(torn)
        with journal(tmp_path, "nf.me") as mine:
            assert abandoned(mine) == {"nf.child": ["m1"]}

    def test_before_it_wrote_a_whole_line_leaves_nothing(self, tmp_path: Path):
        (tmp_path / "nf.dead").write_bytes(b'{"lane":1')
        with journal(tmp_path, "nf.me") as mine:
            assert abandoned(mine) == {"nf.dead": []}


class TestAJournalOfAnotherVersion:
    """Its lines are whole, and mean something that this version does not know."""

    def test_is_read_as_far_as_that_goes_and_set_aside(self, tmp_path: Path):
        writer = Journal(tmp_path, "nf.dead")
        writer.append([RESULT])
        writer.close()
        with (tmp_path / "nf.dead").open("ab") as file:
            file.write(b'{"lane":"first"}\n')
        with journal(tmp_path, "nf.me") as mine:
            (left,) = mine.abandoned()
            assert (left.results, left.readable) == ([RESULT], False)
            left.done()
            assert abandoned(mine) == {}
        assert (tmp_path / "nf.dead.unreadable").read_bytes().endswith(b'{"lane":"first"}\n')

    def test_keeps_nobody_from_the_others(self, tmp_path: Path):
        (tmp_path / "nf.a").write_bytes(b"binary\n")
        writer = Journal(tmp_path, "nf.b")
        writer.append([RESULT])
        writer.close()
        with journal(tmp_path, "nf.me") as mine:
            assert abandoned(mine) == {"nf.a": [], "nf.b": ["m"]}


class TestTheJournal:
    def test_gives_back_what_was_put_in(self, tmp_path: Path):
        writer = Journal(tmp_path, "nf.dead")
        writer.append([RESULT])
        writer.append([OTHER])
        writer.close()
        with journal(tmp_path, "nf.me") as mine:
            assert [left.results for left in mine.abandoned()] == [[RESULT, OTHER]]

    def test_keeps_results_only_since_a_decision_can_be_made_again(self, tmp_path: Path):
        with journal(tmp_path, "nf.me") as mine:
            mine.append([decision("m", 1, State.EXPIRED, "fail", "x")])
            assert (tmp_path / "nf.me").read_bytes() == b""

    def test_is_empty_once_redis_has_everything_and_can_be_used_again(self, tmp_path: Path):
        writer = Journal(tmp_path, "nf.dead")
        writer.append([RESULT])
        writer.clear()
        assert (tmp_path / "nf.dead").read_bytes() == b""
        writer.append([OTHER])
        writer.close()
        with journal(tmp_path, "nf.me") as mine:
            assert abandoned(mine) == {"nf.dead": ["é😀"]}

    def test_goes_with_its_worker_when_it_is_empty(self, tmp_path: Path):
        Journal(tmp_path, "nf.me").close()
        assert list(tmp_path.iterdir()) == []

    def test_is_never_told_to_another_redis_or_prefix(self, tmp_path: Path):
        writer = Journal(tmp_path, "nf.dead", "bull at redis://one")
        writer.append([RESULT])
        writer.close()
        for realm, found in (("bull at redis://two", {}), ("bull at redis://one", {"nf.dead": ["m"]})):
            reader = Journal(tmp_path, "nf.me", realm)
            assert abandoned(reader) == found
            reader.close()

    def test_of_another_redis_is_seen_once_its_worker_is_gone(self, tmp_path: Path):
        folder = tmp_path / "journal"
        assert elsewhere(folder, "two") == []
        assert not folder.exists()
        writer, idle = Journal(folder, "nf.dead", "one"), Journal(folder, "nf.idle", "one")
        writer.append([RESULT])
        assert elsewhere(folder, "two") == []
        writer.close()
        (folder / "nf.old.unreadable").write_bytes(b"x")
        assert [path.name[:7] for path in elsewhere(folder, "two")] == ["nf.dead"]
        assert elsewhere(folder, "one") == []
        idle.close()

    def test_on_a_full_disk_takes_a_result_whole_or_not_at_all(self, tmp_path: Path):
        with journal(tmp_path, "nf.me") as mine:
            mine.append([RESULT])
            written = (tmp_path / "nf.me").read_bytes()
            with room_for(len(written) + 20), pytest.raises(Misconfigured, match="cannot be written"):
                mine.append([OTHER])
            assert (tmp_path / "nf.me").read_bytes() == written
            mine.append([RESULT])
            assert (tmp_path / "nf.me").read_bytes() == written * 2

    def test_is_for_this_user_only(self, tmp_path: Path):
        with journal(tmp_path / "deep" / "er", "nf.me"):
            assert (tmp_path / "deep" / "er" / "nf.me").stat().st_mode & 0o077 == 0

    def test_that_cannot_be_written_is_told_at_the_start(self, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(Misconfigured) as caught:
            Journal(tmp_path / "file" / "journal", "nf.me")
        assert caught.value.code == "CFG-HOME"


def in_threads(work: list) -> list[BaseException]:
    """Run all at once; what they raised."""
    troubles: list[BaseException] = []

    def guarded(job) -> None:
        try:
            job()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=guarded, args=(job,)) for job in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return troubles


class TestManyWorkersThatStartAtOnce:
    def test_replay_every_result_and_disturb_nobody(self, tmp_path: Path):
        tokens = {f"nf.dead.{number:03}" for number in range(200)}
        for token in tokens:
            writer = Journal(tmp_path, token)
            writer.append([RESULT])
            writer.close()
        replayed: list[str] = []

        def replay(name: str) -> None:
            with journal(tmp_path, name) as mine:
                for left in mine.abandoned():
                    replayed.extend([left.token] * len(left.results))
                    left.done()

        assert in_threads([lambda name=f"nf.me.{number}": replay(name) for number in range(4)]) == []
        assert set(replayed) & tokens == tokens

    def test_never_take_the_file_of_one_that_is_just_beginning(self, tmp_path: Path):
        done = threading.Event()

        def tidy(name: str) -> None:
            with journal(tmp_path, name) as mine:
                while not done.is_set():
                    for left in mine.abandoned():
                        left.done()

        def begin() -> None:
            try:
                for number in range(100):
                    with journal(tmp_path, f"nf.new.{number}") as mine:
                        mine.append([RESULT])
                        assert (tmp_path / f"nf.new.{number}").read_bytes().count(b"\n") == 1
                        mine.clear()
            finally:
                done.set()

        assert in_threads([begin, lambda: tidy("nf.a"), lambda: tidy("nf.b")]) == []
