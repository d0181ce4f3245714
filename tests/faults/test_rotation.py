"""A key is rotated under load, and the rotation is killed at every step: no mail notices, and the old key is dead."""

from faults.arena import Arena, arena
from faults.checker import check
from house import Ran
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import SecretFile
from notifyctl.emulator.resend_keys import identity
from notifyctl.engine.failpoint import ROTATION
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place

OLD = "re_emulator"


def test_a_rotation_killed_at_every_step_under_load_loses_and_doubles_nothing() -> None:
    with arena(("resend", "postmark"), breaker=True) as field:
        place = keep_secrets(field)
        field.slow_down(0.05)
        crew = [field.start(), field.start()]
        field.await_workers(2)
        for step in ROTATION:
            field.flood(f"before-{step}", 60)
            assert rotate(field, NOTIFYCTL_FAILPOINT=f"rotation-{step}").code == -9, step
            if step == "promoted":
                crew[0].kill()
                field.start()
        field.flood("after", 60)
        done = rotate(field)
        assert (done.code, done.data["proved_dead"]) == (0, True), done
        new = disk.read(place).values["RESEND_API_KEY"].reveal()
        assert field.emulator.call("GET", "/settings")["resend"]["keys"] == [new] != [OLD]
        (entry,) = [one for one in field.house.ask("history").data["entries"] if one["verb"].startswith("secrets")]
        assert all(one in entry["reason"] for one in (done.data["old"], done.data["new"]))
        field.end_workers()
        verdict = check(field, "a rotation, killed at every step")
    kinds = {attempt.told[0] for life in verdict.lives.values() for attempt in life.attempts}
    assert kinds <= {"accepted", "fault"}, "no call was made with a dead key"
    assert verdict.states == {"accepted": len(verdict.lives)}


def keep_secrets(field: Arena) -> Place:
    """Put the key of Resend into a file of secrets, and nowhere else."""
    place = Place(field.house.home / "secrets.age", field.house.home / "keys" / "identity")
    disk.make_identity(place.identity)
    recipients = disk.listed(disk.public_keys(place))
    disk.write(place, SecretFile({"RESEND_API_KEY": Secret(OLD)}, recipients))
    del field.house.environ["RESEND_API_KEY"]
    field.house.environ["NOTIFYCTL_SECRETS"] = str(place.file)
    return place


def rotate(field: Arena, **environ: str) -> Ran:
    line = ("secrets", "rotate", "RESEND_API_KEY", "--old-id", identity(OLD), "--reason", "ninety days", "--yes")
    return field.house.ask(*line, NOTIFYCTL_RESEND_ADMIN_KEY="re_emulator_admin", **environ)
