"""`secrets rotate` as a user meets it: a new key without a gap, by the provider's interface or by hand."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from house import Emulator, House, Ran, eventually, mail
from notifyctl.domain.pace import DEMO
from notifyctl.domain.rotation import Rotation, read, read_left, write, write_left
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import SecretFile
from notifyctl.emulator.resend_keys import identity
from notifyctl.engine.failpoint import ROTATION
from notifyctl.operations.keymaking import Smith
from notifyctl.providers.ses.keys import Keys
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place
from terminal import at_notifyctl

FLAGS = ("--reason", "ninety days", "--yes")
ADMIN = {"NOTIFYCTL_RESEND_ADMIN_KEY": "re_emulator_admin"}
KEPT = {"RESEND_API_KEY": "re_emulator", "POSTMARK_API_KEY": "postmark-emulator"}
HORIZON = int(DEMO.heartbeat_ttl + DEMO.max_send)  # seconds
OLD_ID = identity("re_emulator")


@pytest.fixture
def lasting(emulator: Emulator) -> Iterator[Emulator]:
    """The emulator, whose keys are the first ones again afterwards."""
    before = emulator.call("GET", "/settings")
    yield emulator
    emulator.call("PUT", "/settings", before)


@pytest.fixture
def kept(house: House, lasting: Emulator) -> House:
    """A house whose keys are in the file of secrets; an administrator's key is at hand."""
    where = place(house)
    disk.make_identity(where.identity)
    recipients = disk.listed(disk.public_keys(where))
    disk.write(where, SecretFile({name: Secret(value) for name, value in KEPT.items()}, recipients))
    environ = {name: value for name, value in house.environ.items() if name not in KEPT}
    return replace(house, environ={**environ, **ADMIN, "NOTIFYCTL_SECRETS": str(where.file)})


def place(house: House) -> Place:
    return Place(house.home / "secrets.age", house.home / "keys" / "identity")


def rotate(house: House, *more: str, **environ: str) -> Ran:
    return house.ask("secrets", "rotate", "RESEND_API_KEY", *more, *FLAGS, **environ)


def rested(house: House, name: str = "RESEND_API_KEY", seconds: int = HORIZON) -> None:
    """Have all workers followed so long ago that no call with the old key can be under way any more."""
    changed(house, lambda rotation: rotation._replace(followed=int(time.time()) - seconds), name)


def changed(house: House, change: Callable[[Rotation], Rotation], name: str = "RESEND_API_KEY") -> None:
    """Write another rotation into the file."""
    file = disk.read(place(house))
    after = write(change(read(file.rotations[name])))
    disk.write(place(house), file._replace(rotations={**file.rotations, name: after}))


def rotate_soon(house: House, *more: str) -> Ran:
    """A rotation whose wait for calls under way is left out."""
    assert rotate(house, *more, NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
    rested(house)
    return rotate(house)


def key(house: House, name: str = "RESEND_API_KEY") -> str:
    return disk.read(place(house)).values[name].reveal()


def keys(emulator: Emulator) -> set[str]:
    """The keys with which Resend would send."""
    return set(emulator.call("GET", "/settings")["resend"]["keys"])


def test_a_rotation_ends_with_a_new_key_in_use_and_the_old_one_dead(kept: House, lasting: Emulator) -> None:
    ran = rotate_soon(kept, "--old-id", OLD_ID)
    assert (ran.code, ran.data["proved_dead"]) == (0, True), ran
    assert keys(lasting) == {key(kept)} != {"re_emulator"}
    file = disk.read(place(kept))
    assert ([*file.values], file.rotations) == (["RESEND_API_KEY", "POSTMARK_API_KEY"], {})
    assert file.ids == {"RESEND_API_KEY": identity(key(kept))}
    (entry, *_) = kept.ask("history").data["entries"]
    assert entry["verb"] == "secrets rotate RESEND_API_KEY"
    assert all(one in entry["reason"] for one in (ran.data["old"], ran.data["new"], "ninety days"))
    assert kept.ask("probe", "resend").code == 0


def test_the_second_rotation_knows_which_key_is_the_old_one(kept: House, lasting: Emulator) -> None:
    assert rotate_soon(kept, "--old-id", OLD_ID).code == 0
    before = key(kept)
    assert rotate_soon(kept).code == 0
    assert keys(lasting) == {key(kept)} != {before}


def test_a_key_whose_id_nobody_knows_is_asked_for(kept: House, lasting: Emulator) -> None:
    for more in ((), ("--old-id", "no-such-key")):
        ran = rotate(kept, *more)
        assert (ran.code, ran.codes) == (2, ["KEY-OLD-ID"])
        assert OLD_ID in ran.document["findings"][0]["message"]
    assert keys(lasting) == {"re_emulator"}
    assert disk.read(place(kept)).rotations == {}


def test_a_rotation_that_is_killed_at_every_step_goes_on(kept: House, lasting: Emulator) -> None:
    for step in ROTATION:
        assert rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT=f"rotation-{step}").code == -9, step
        if step == "promoted":
            rested(kept)
    ran = rotate(kept)
    assert (ran.code, keys(lasting)) == (0, {key(kept)}), "one key lives, and nothing was left behind"
    verbs = [entry["verb"] for entry in kept.ask("history").data["entries"]]
    assert verbs == ["secrets rotate RESEND_API_KEY"]


def test_a_worker_follows_without_a_new_start_and_says_so(kept: House, lasting: Emulator) -> None:
    worker = kept.start("worker")
    (before,) = kept.await_workers(1)
    kept.run("send", "-", stdin=mail("one"))
    eventually(lambda: kept.state("one") == "accepted")
    ran = rotate(kept, "--old-id", OLD_ID)
    assert ran.code == 0, ran
    (after,) = kept.workers()
    assert (before["keys"]["resend"], after["keys"]["resend"]) == (ran.data["old"], ran.data["new"])
    kept.run("send", "-", stdin=mail("two"))
    eventually(lambda: kept.state("two") == "accepted")
    assert (after["pid"], worker.poll()) == (worker.pid, None)
    assert '"key changed"' in kept.log
    assert "account" not in kept.log, "no call was made with a key that was dead"


def test_a_key_that_was_revoked_in_a_hurry_has_its_successor_taken_up(kept: House, lasting: Emulator) -> None:
    """And a file that does not open meanwhile leaves the worker with the keys that it has."""
    worker = kept.start("worker")
    kept.await_workers(1)
    whole = place(kept).file.read_bytes()
    place(kept).file.write_bytes(b"spoilt")
    eventually(lambda: '"KEY-FILE"' in kept.log)
    kept.environ["NOTIFYCTL_SECRETS"] = ""
    kept.run("send", "-", stdin=mail("spoilt"), RESEND_API_KEY="re_any")
    eventually(lambda: lasting.copies("spoilt@customers.example"))
    kept.environ["NOTIFYCTL_SECRETS"] = str(place(kept).file)
    place(kept).file.write_bytes(whole)
    lasting.call("PUT", "/settings", {"resend": {"keys": ["re_hurry"]}})
    line = ("secrets", "set", "RESEND_API_KEY", "--reason", "leaked", "--yes")
    assert kept.run(*line, stdin=b"re_hurry").code == 0
    eventually(lambda: '"key changed"' in kept.log)
    kept.run("send", "-", stdin=mail("mended"))
    eventually(lambda: kept.state("mended") == "accepted")
    assert (worker.poll(), "re_hurry" in kept.log) == (None, False)


def test_a_worker_that_does_not_follow_keeps_the_old_key_alive(kept: House, lasting: Emulator) -> None:
    replace(kept, environ={**kept.environ, "RESEND_API_KEY": "re_emulator"}).start("worker")
    (worker,) = kept.await_workers(1)
    ran = rotate(kept, "--old-id", OLD_ID)
    assert (ran.code, ran.codes) == (8, ["KEY-IN-USE"]), "and does not wait for one that cannot follow"
    (told,) = ran.document["findings"]
    assert f"{worker['host']}/{worker['pid']} still uses the old key, and never follows" in told["message"]
    assert "without RESEND_API_KEY in its environment" in told["hint"]
    assert keys(lasting) == {"re_emulator", key(kept)}
    assert kept.ask("secrets", "check").codes[-1] == "KEY-ROTATING"
    kept.crew[0].terminate()
    kept.crew[0].wait(30)
    changed(kept, lambda rotation: rotation._replace(promoted=rotation.promoted - 3600))
    ran = rotate(kept, "--wait", "0")
    assert "may be under way" in ran.document["findings"][0]["message"], "a call of that worker, not of the promotion"
    rested(kept)
    assert rotate(kept).code == 0


def test_another_user_of_the_old_key_keeps_it_alive(kept: House, lasting: Emulator) -> None:
    killed = rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted")
    assert killed.code == -9
    rested(kept, seconds=3600)
    lasting.usage()
    ran = rotate(kept, "--wait", "0")
    assert (ran.code, ran.codes) == (8, ["KEY-IN-USE"])
    assert "not by our workers" in ran.document["findings"][0]["message"]


def test_what_the_interface_made_is_not_left_to_chance_without_its_key(kept: House, lasting: Emulator) -> None:
    """Nobody is told of a revocation that nobody made."""
    assert rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
    ran = rotate(kept, NOTIFYCTL_RESEND_ADMIN_KEY="")
    assert (ran.code, ran.codes) == (8, ["KEY-WAITS"])
    assert ran.document["findings"][0]["subject"] == "NOTIFYCTL_RESEND_ADMIN_KEY"
    rested(kept)
    assert rotate(kept, NOTIFYCTL_FAILPOINT="rotation-observed").code == -9
    ran = rotate(kept, "--wait", "0", NOTIFYCTL_RESEND_ADMIN_KEY="")
    assert (ran.code, ran.codes) == (8, ["KEY-ALIVE"]), "a person is asked for it"
    lasting.call("PUT", "/settings", {"resend": {"keys": [key(kept)]}})
    assert rotate(kept, NOTIFYCTL_RESEND_ADMIN_KEY="").code == 0


class TestByHand:
    """Postmark has no interface for keys: a person makes the new one, and deletes the old."""

    def rotate(self, house: House, value: str, *more: str, **environ: str) -> Ran:
        line = ("secrets", "rotate", "POSTMARK_API_KEY", *FLAGS, "-o", "json", *more)
        return house.run(*line, stdin=value.encode(), **environ)

    def test_it_waits_for_the_value_then_for_the_end_of_the_old_one(self, kept: House, lasting: Emulator) -> None:
        waiting = self.rotate(kept, "")
        assert (waiting.code, waiting.codes) == (8, ["KEY-WAITS"])
        assert "API Tokens" in waiting.document["findings"][0]["message"]
        lasting.call("PUT", "/settings", {"postmark": {"keys": ["postmark-emulator", "postmark-new"]}})
        assert self.rotate(kept, "postmark-new\n", NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
        rested(kept, "POSTMARK_API_KEY")
        alive = self.rotate(kept, "", "--wait", "2")
        assert (alive.code, alive.codes, key(kept, "POSTMARK_API_KEY")) == (8, ["KEY-ALIVE"], "postmark-new")
        lasting.call("PUT", "/settings", {"postmark": {"keys": ["postmark-new"]}})
        ran = self.rotate(kept, "")
        assert (ran.code, ran.data["proved_dead"]) == (0, True)
        assert [*disk.read(place(kept)).values] == [*KEPT]

    def test_a_value_that_the_provider_does_not_know_is_asked_for_anew(self, kept: House, lasting: Emulator) -> None:
        ran = self.rotate(kept, "postmark-wrong\n")
        assert (ran.code, ran.codes, key(kept, "POSTMARK_API_KEY")) == (1, ["KEY-REFUSED"], "postmark-emulator")
        assert [*disk.read(place(kept)).values] == [*KEPT]
        assert self.rotate(kept, "").codes == ["KEY-WAITS"]
        ended = kept.ask("secrets", "rotate", "POSTMARK_API_KEY", "--abort", "--reason", "not today")
        assert (ended.code, disk.read(place(kept)).rotations) == (0, {})

    def test_the_key_that_is_in_use_is_no_new_one(self, kept: House) -> None:
        ran = self.rotate(kept, "postmark-emulator\n")
        assert (ran.code, ran.codes) == (2, ["KEY-VALUE"])


class TestCtrlC:
    """At a hidden prompt, once: the first one ends it."""

    def test_changes_nothing_in_the_file(self, kept: House) -> None:
        before = place(kept).file.read_bytes()
        answers = {"(it is not shown): ": "\x03"}
        ran = at_notifyctl(kept, "secrets", "set", "POSTMARK_API_KEY", *FLAGS, answers=answers)
        assert (ran.code, place(kept).file.read_bytes() == before) == (130, True)
        assert ran.out.splitlines()[0].endswith("(it is not shown): "), "the error is on a line of its own"

    def test_leaves_a_rotation_where_it_was_and_says_where_that_is(self, kept: House) -> None:
        answers = {"(it is not shown): ": "\x03"}
        ran = at_notifyctl(kept, "secrets", "rotate", "POSTMARK_API_KEY", *FLAGS, answers=answers)
        assert (ran.code, disk.read(place(kept)).values["POSTMARK_API_KEY"].reveal()) == (130, "postmark-emulator")
        assert "stands at step begun; POSTMARK_API_KEY is the old key" in ran.out
        assert "--abort" in ran.out


@pytest.mark.parametrize("step", ["made", "staged", "promoted"])
def test_an_abort_goes_back_to_the_old_key(kept: House, lasting: Emulator, step: str) -> None:
    rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT=f"rotation-{step}")
    ran = kept.ask("secrets", "rotate", "RESEND_API_KEY", "--abort", "--reason", "not today")
    assert (ran.code, key(kept), [*disk.read(place(kept)).values]) == (0, "re_emulator", [*KEPT])
    assert len(keys(lasting)) == 1 + (step == "promoted"), "a promoted key is not revoked under its workers' feet"
    assert kept.ask("secrets", "list").data["rotating"] == []
    assert disk.read(place(kept)).ids == {"RESEND_API_KEY": OLD_ID}, "which is known for the next time"


def test_an_abort_leaves_the_old_key_as_old_as_it_was(kept: House, lasting: Emulator) -> None:
    where, abort = place(kept), ("secrets", "rotate", "RESEND_API_KEY", "--abort", "--reason", "not today")
    for born in ({"RESEND_API_KEY": 1_790_000_000}, {}):
        disk.write(where, disk.read(where)._replace(created=born))
        rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted")
        assert kept.ask(*abort).code == 0
        assert disk.read(where).created == born


def test_an_abort_says_of_a_key_that_nobody_revoked_that_it_lives(kept: House, lasting: Emulator) -> None:
    rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-staged")
    line = ("secrets", "rotate", "RESEND_API_KEY", "--abort", "--reason", "not today")
    assert "still alive" in kept.run(*line, NOTIFYCTL_RESEND_ADMIN_KEY="").out


ABORT = ("secrets", "rotate", "RESEND_API_KEY", "--abort", "--reason", "not today")


def test_a_key_that_an_abort_leaves_alive_is_remembered_until_it_is_deleted(kept: House, lasting: Emulator) -> None:
    assert rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
    left, new = identity(key(kept)), key(kept)
    ran = kept.ask(*ABORT)
    assert (ran.code, ran.data["left"]["id"]) == (0, left)
    (entry, *_) = kept.ask("history").data["entries"]
    assert all(one in entry["reason"] for one in (left, "still alive", "not today"))
    assert new not in kept.ask("history").out
    (told,) = (one for one in kept.ask("secrets", "check").document["findings"] if one["code"] == "KEY-LEFT")
    assert left in told["message"]
    assert [one["id"] for one in kept.ask("secrets", "list").data["left"]] == [left]
    aged(kept, int(time.time()) + 600)  # so that no machine is so slow that they have ended
    ran = kept.ask(*ABORT, "--yes")
    assert (ran.code, ran.codes, len(keys(lasting))) == (8, ["KEY-IN-USE"], 2), "calls with it may be under way"
    aged(kept)
    assert kept.ask(*ABORT).codes == ["CLI-NEEDS-YES"]
    ran = kept.ask(*ABORT, "--yes")
    assert (ran.code, keys(lasting)) == (0, {"re_emulator"})
    assert "KEY-LEFT" not in kept.ask("secrets", "check").codes
    assert "is deleted at resend" in kept.ask("history").data["entries"][0]["reason"]
    assert kept.ask(*ABORT, "--yes").codes == ["KEY-ABORT"]


def aged(house: House, at: int = 0) -> None:
    """Have the aborts been at that time, else so long ago that no call with those keys can be under way any more."""
    file = disk.read(place(house))
    moved = [(name, write_left(read_left(text)._replace(at=at))) for name, text in file.left]
    disk.write(place(house), file._replace(left=moved))


def test_a_key_that_is_left_is_not_deleted_while_a_worker_or_the_file_uses_it(kept: House, lasting: Emulator) -> None:
    assert rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
    new = key(kept)
    assert kept.ask(*ABORT).code == 0
    aged(kept)
    line = ("secrets", "set", "RESEND_API_KEY", "--reason", "after all", "--yes")
    assert kept.run(*line, stdin=new.encode()).code == 0
    ran = kept.ask(*ABORT, "--yes")
    assert "the file of secrets uses it" in ran.document["findings"][0]["message"]
    assert kept.run(*line, stdin=b"re_emulator").code == 0
    replace(kept, environ={**kept.environ, "RESEND_API_KEY": new}).start("worker")
    kept.await_workers(1)
    ran = kept.ask(*ABORT, "--yes")
    assert (ran.code, "worker" in ran.document["findings"][0]["message"]) == (8, True)
    assert new in keys(lasting)


def test_without_an_administrators_key_a_person_says_that_a_left_key_is_gone(kept: House, lasting: Emulator) -> None:
    assert rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-staged").code == -9
    assert kept.ask(*ABORT, NOTIFYCTL_RESEND_ADMIN_KEY="").data["left"]["id"]
    aged(kept)
    ran = kept.ask(*ABORT, "--yes", NOTIFYCTL_RESEND_ADMIN_KEY="")
    assert (ran.code, ran.data["by_interface"], disk.read(place(kept)).left) == (0, False, ())
    assert "said to be deleted" in kept.ask("history").data["entries"][0]["reason"]


def test_an_abort_without_a_rotation_or_after_the_end_of_the_old_key_is_refused(kept: House) -> None:
    line = ("secrets", "rotate", "RESEND_API_KEY", "--abort", "--reason", "no")
    assert kept.ask(*line).codes == ["KEY-ABORT"]
    rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted")
    rested(kept)
    rotate(kept, NOTIFYCTL_FAILPOINT="rotation-observed")
    assert (kept.ask(*line).code, kept.ask(*line).codes) == (4, ["KEY-ABORT"])


def test_a_dry_run_tells_the_steps_that_are_left_and_changes_nothing(kept: House, lasting: Emulator) -> None:
    before = place(kept).file.read_bytes()
    ran = kept.ask("secrets", "rotate", "RESEND_API_KEY", "--dry-run")
    assert (ran.code, ran.data["by_interface"], len(ran.data["left"])) == (0, True, 7)
    assert (place(kept).file.read_bytes(), keys(lasting)) == (before, {"re_emulator"})
    rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_FAILPOINT="rotation-promoted")
    ran = kept.ask("secrets", "rotate", "RESEND_API_KEY", "--dry-run")
    assert (ran.data["step"], len(ran.data["left"])) == ("promoted", 4)


@pytest.mark.parametrize(
    ("name", "environ", "code", "finding"),
    [
        ("NOTIFYCTL_PEPPER", {}, 2, "KEY-NAME"),
        ("AWS_SES_ACCESS_KEY", {}, 4, "KEY-ELSEWHERE"),
        ("RESEND_API_KEY", {"RESEND_API_KEY": "re_emulator"}, 4, "KEY-HIDDEN"),
        ("RESEND_API_KEY", {"NOTIFYCTL_RESEND_ADMIN_KEY": "re_nobody"}, 1, "KEY-MAKER"),
        ("RESEND_API_KEY", {"NOTIFYCTL_RESEND_ADMIN_KEY": "re_emulator"}, 1, "KEY-MAKER"),
        ("RESEND_API_KEY", {"NOTIFYCTL_RESEND_URL": "http://127.0.0.1:9"}, 6, "KEY-UNSEEN"),
    ],
)
def test_what_cannot_be_rotated_is_left_as_it_is(
    kept: House, lasting: Emulator, name: str, environ: dict[str, str], code: int, finding: str
) -> None:
    ran = kept.ask("secrets", "rotate", name, "--old-id", OLD_ID, *FLAGS, **environ)
    assert (ran.code, ran.codes) == (code, [finding])
    assert (keys(lasting), disk.read(place(kept)).rotations) == ({"re_emulator"}, {})


def test_a_key_of_a_provider_that_is_not_in_the_route_is_not_rotated(kept: House, tmp_path: Path) -> None:
    (tmp_path / "notifyctl.toml").write_text('[route]\norder = ["postmark"]\n')
    ran = rotate(kept, "--old-id", OLD_ID, NOTIFYCTL_CONFIG=str(tmp_path / "notifyctl.toml"))
    assert (ran.code, ran.codes) == (4, ["KEY-UNROUTED"])


def test_without_a_yes_nothing_begins(kept: House) -> None:
    ran = kept.ask("secrets", "rotate", "RESEND_API_KEY", "--reason", "why")
    assert (ran.code, ran.codes) == (4, ["CLI-NEEDS-YES"])


def test_no_value_is_shown_or_kept_in_the_clear(kept: House, lasting: Emulator) -> None:
    kept.start("worker")
    kept.await_workers(1)
    said = [rotate(kept, "--old-id", OLD_ID, "-v", NOTIFYCTL_FAILPOINT="rotation-promoted")]
    rested(kept)
    said.append(kept.run("secrets", "rotate", "RESEND_API_KEY", "-v", *FLAGS))
    alive = keys(lasting)
    text = (
        "".join(one.out + one.err for one in said) + kept.log + kept.ask("history").out + kept.ask("worker", "list").out
    )
    files = b"".join(path.read_bytes() for path in kept.home.rglob("*") if path.is_file() and path.name != "identity")
    for secret in (*alive, "re_emulator_admin", "re_emulator\n"):
        assert secret not in text
        assert secret.encode() not in files
    assert Path(f"/proc/{kept.crew[0].pid}/cmdline").read_bytes().count(b"re_") == 0


class TestAmazon:
    """Two halves are one key, and IAM keeps no names of keys and two of them at most."""

    ADMIN: ClassVar = {
        "NOTIFYCTL_AWS_ADMIN_ACCESS_KEY": "AKIAEMULATORADMIN",
        "NOTIFYCTL_AWS_ADMIN_SECRET_KEY": "emulator-admin-secret",
    }
    NAMES = ("AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")

    @pytest.fixture
    def kept(self, kept: House) -> House:
        """Both halves are in the file, too."""
        file, where = disk.read(place(kept)), place(kept)
        halves = {name: Secret(kept.environ[name]) for name in self.NAMES}
        disk.write(where, file._replace(values={**file.values, **halves}))
        environ = {name: value for name, value in kept.environ.items() if name not in self.NAMES}
        return replace(kept, environ={**environ, **self.ADMIN, "NOTIFYCTL_IAM_URL": kept.environ["NOTIFYCTL_SES_URL"]})

    def rotate(self, house: House, **environ: str) -> Ran:
        return house.ask("secrets", "rotate", "AWS_SES_SECRET_KEY", *FLAGS, **environ)

    def test_both_halves_change_together_whenever_it_is_killed(self, kept: House, lasting: Emulator) -> None:
        for step in ROTATION:
            assert self.rotate(kept, NOTIFYCTL_FAILPOINT=f"rotation-{step}").code == -9, step
            if step == "promoted":
                rested(kept, "AWS_SES_ACCESS_KEY")
        ran = self.rotate(kept)
        access, secret = (key(kept, name) for name in self.NAMES)
        assert (ran.code, ran.data["proved_dead"]) == (0, True), ran
        assert lasting.call("GET", "/settings")["ses"]["keys"] == {access: secret}
        assert access != "AKIAEMULATOR"
        assert kept.ask("probe", "ses").code == 0

    def test_a_key_that_somebody_uses_is_no_orphan_of_ours(self, kept: House, lasting: Emulator) -> None:
        assert self.rotate(kept, NOTIFYCTL_FAILPOINT="rotation-made").code == -9
        others = lasting.call("GET", "/settings")["ses"]["keys"]
        (theirs,) = others.keys() - {"AKIAEMULATOR"}
        pair = dict(zip(self.NAMES, (theirs, others[theirs]), strict=True))
        assert kept.ask("probe", "ses", **pair).code == 0
        assert self.rotate(kept).codes == ["KEY-MAKER"], "two keys are all that AWS allows"
        assert lasting.call("GET", "/settings")["ses"]["keys"] == others

    def test_a_key_that_somebody_made_meanwhile_is_no_orphan_of_ours(self, kept: House, lasting: Emulator) -> None:
        """Ours was refused, since theirs took the second place."""
        assert self.rotate(kept, NOTIFYCTL_FAILPOINT="rotation-begun").code == -9
        url = kept.environ["NOTIFYCTL_IAM_URL"]
        theirs = asyncio.run(Smith("ses", Keys(*self.ADMIN.values(), base_url=url)).make("any"))
        assert [self.rotate(kept).codes for _ in range(2)] == [["KEY-MAKER"]] * 2
        assert theirs.id in lasting.call("GET", "/settings")["ses"]["keys"]

    def test_the_key_that_goes_is_the_one_in_the_file(self, kept: House, lasting: Emulator) -> None:
        """Whatever somebody types, or an edited file still says of another one."""
        keys = lasting.call("GET", "/settings")["ses"]["keys"]
        lasting.call("PUT", "/settings", {"ses": {"keys": {**keys, "AKIAOTHER": "other"}}})
        line = ("secrets", "rotate", "AWS_SES_SECRET_KEY", *FLAGS)
        assert kept.ask(*line, "--old-id", "AKIAOTHER").codes == ["KEY-OLD-ID"]
        disk.write(place(kept), disk.read(place(kept))._replace(ids={"AWS_SES_ACCESS_KEY": "AKIAOTHER"}))
        assert self.rotate(kept, NOTIFYCTL_FAILPOINT="rotation-begun").code == -9
        assert read(disk.read(place(kept)).rotations["AWS_SES_ACCESS_KEY"]).old_id == "AKIAEMULATOR"

    def test_a_worker_tells_the_fingerprint_of_the_pair(self, kept: House, lasting: Emulator) -> None:
        assert self.rotate(kept, NOTIFYCTL_FAILPOINT="rotation-promoted").code == -9
        rested(kept, "AWS_SES_ACCESS_KEY")
        kept.start("worker")
        kept.await_workers(1)
        ran = self.rotate(kept)
        assert ran.code == 0, ran
        assert kept.workers()[0]["keys"]["ses"] == ran.data["new"]
