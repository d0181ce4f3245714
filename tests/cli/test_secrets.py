"""`secrets` as a user meets it: a file that is made, filled, opened to others and checked."""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest

from house import House, Ran
from notifyctl.domain.errors import Refused
from notifyctl.domain.key_age import DAY
from notifyctl.domain.secret import Secret
from notifyctl.operations import secrets as operation
from notifyctl.operations.secrets import Who
from notifyctl.store import secret_file as disk
from notifyctl.store.secret_file import Place
from terminal import at_notifyctl

CANARY = "re_c4n4ry_7Qz"
WHY = ("--reason", "why")
HIDDEN = ("RESEND_API_KEY", "POSTMARK_API_KEY", "AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")


@pytest.fixture
def bare(house: House) -> House:
    """A house whose environment holds no keys, and names a file that is not there yet."""
    environ = {name: value for name, value in house.environ.items() if name not in HIDDEN}
    return replace(house, environ={**environ, "NOTIFYCTL_SECRETS": str(house.home / "secrets.age")})


@pytest.fixture
def kept(bare: House) -> House:
    """A house with a file in which a canary is."""
    assert bare.run("secrets", "init").code == 0
    assert put(bare, "RESEND_API_KEY", CANARY).code == 0
    return bare


@pytest.fixture
def second(tmp_path: Path) -> Place:
    """Another identity."""
    place = Place(None, tmp_path / "second")
    disk.make_identity(place.identity)
    return place


def put(house: House, name: str, value: str, *flags: str) -> Ran:
    return house.run("secrets", "set", name, *(flags or WHY), stdin=value.encode())


def place(house: House) -> Place:
    return Place(house.home / "secrets.age", house.home / "keys" / "identity")


def test_init_makes_both_private_and_warns_of_a_single_key(bare: House) -> None:
    ran = bare.ask("secrets", "init")
    assert (ran.code, ran.codes, len(ran.data["recipients"])) == (0, ["KEY-ALONE"], 1)
    for path in place(bare):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert bare.ask("secrets", "init").codes == ["KEY-EXISTS"]


def test_init_for_two_warns_of_nothing(bare: House, second: Place) -> None:
    (key,) = disk.public_keys(second)
    ran = bare.ask("secrets", "init", "--recipient", f"{key} offline")
    assert (ran.codes, [one["name"] for one in ran.data["recipients"]][1:]) == ([], ["offline"])
    assert bare.ask("secrets", "check").code == 0


def test_init_without_a_name_takes_the_data_directory_and_says_what_to_export(bare: House) -> None:
    ran = bare.ask("secrets", "init", NOTIFYCTL_SECRETS="")
    assert ran.document["next"][0] == f"export NOTIFYCTL_SECRETS={bare.home / 'secrets.age'}"


def test_a_dry_run_changes_nothing(kept: House) -> None:
    before = place(kept).file.read_bytes()
    for line in (("set", "POSTMARK_API_KEY"), ("rekey",)):
        assert kept.ask("secrets", *line, "--dry-run").document["outcome"] == "planned"
    assert place(kept).file.read_bytes() == before
    assert not (kept.home / "none").exists()
    assert kept.ask("secrets", "init", "--dry-run", NOTIFYCTL_SECRETS=str(kept.home / "none")).code == 0
    assert not (kept.home / "none").exists()


def test_what_is_set_is_what_a_command_uses(kept: House) -> None:
    told = kept.ask("probe", "resend").data["providers"]["resend"]
    assert told["state"] == "misconfigured", "the canary is no key of the emulator's"
    put(kept, "RESEND_API_KEY", "re_emulator", *WHY, "--yes")
    assert kept.ask("probe", "resend").data["providers"]["resend"]["state"] == "ready"


def test_the_environment_and_a_file_of_its_own_go_before_it(kept: House) -> None:
    (kept.home / "key").write_text("re_emulator")
    for name, value in (("RESEND_API_KEY", "re_emulator"), ("RESEND_API_KEY_FILE", str(kept.home / "key"))):
        assert kept.ask("probe", "resend", **{name: value}).code == 0
        ran = kept.ask("secrets", "check", **{name: value})
        assert ("KEY-HIDDEN", "RESEND_API_KEY") in [(one["code"], one["subject"]) for one in ran.document["findings"]]
        assert kept.ask("secrets", "list", **{name: value}).data["secrets"][0]["hidden_by"] == name


def test_a_value_is_replaced_after_a_yes_alone(kept: House) -> None:
    assert put(kept, "RESEND_API_KEY", "re_2").code == 4
    assert disk.read(place(kept)).values["RESEND_API_KEY"].reveal() == CANARY
    assert put(kept, "RESEND_API_KEY", " re_2 \n", *WHY, "--yes").code == 0
    assert disk.read(place(kept)).values["RESEND_API_KEY"].reveal() == "re_2"


PAIR = ("AWS_SES_ACCESS_KEY", "AWS_SES_SECRET_KEY")


@pytest.mark.parametrize("name", PAIR)
def test_the_two_keys_of_amazon_are_set_at_once(kept: House, name: str) -> None:
    ran = kept.run("secrets", "set", name, *WHY, "-o", "json", stdin=b"AKIANEW\n secret \n")
    assert (ran.code, ran.data["names"], ran.data["secret"]["name"]) == (0, [*PAIR], name)
    assert [disk.read(place(kept)).values[one].reveal() for one in PAIR] == ["AKIANEW", "secret"]
    assert kept.ask("status").code != 7


@pytest.mark.parametrize("text", ["", "AKIANEW", "AKIANEW\n\nsecret", "AKIANEW\nsecret\nmore"])
def test_half_a_pair_is_refused(kept: House, text: str) -> None:
    ran = put(kept, PAIR[1], text)
    assert ran.code == 2
    assert [*disk.read(place(kept)).values] == ["RESEND_API_KEY"]


def test_the_two_keys_of_amazon_are_asked_for_one_after_the_other(kept: House) -> None:
    answers = {f"Value of {PAIR[0]}": "AKIANEW\n", f"Value of {PAIR[1]}": "secret\n"}
    assert at_notifyctl(kept, "secrets", "set", PAIR[0], *WHY, answers=answers).code == 0
    assert [disk.read(place(kept)).values[one].reveal() for one in PAIR] == ["AKIANEW", "secret"]


@pytest.mark.parametrize("name", PAIR)
def test_neither_half_is_set_while_the_pair_is_rotated(kept: House, name: str) -> None:
    disk.write(place(kept), disk.read(place(kept))._replace(rotations={PAIR[0]: "{}"}))
    ran = kept.run("secrets", "set", name, *WHY, "-o", "json", stdin=b"AKIANEW\nsecret")
    assert (ran.code, ran.codes) == (4, ["KEY-ROTATING"])


def test_a_file_for_others_than_its_list_names_is_not_changed(kept: House, second: Place) -> None:
    """Not before somebody has said who shall open it."""
    where = place(kept)
    own, other = disk.identities(where)[0], disk.identities(second)[0]
    plain = pyrage.decrypt(where.file.read_bytes(), [own])
    where.file.write_bytes(pyrage.encrypt(plain, [own.to_public(), other.to_public()], armored=True))
    assert put(kept, "POSTMARK_API_KEY", "pm").code == 7
    assert kept.ask("secrets", "rekey", "--recipient", str(other.to_public()), *WHY, "--yes").code == 0
    assert put(kept, "POSTMARK_API_KEY", "pm").code == 0
    assert "POSTMARK_API_KEY" in disk.read(second._replace(file=where.file)).values


def test_a_plan_that_is_out_of_date_is_not_carried_out(kept: House, second: Place) -> None:
    """Who was added since it was shown would be left out unseen."""
    plan = operation.rekeyed(place(kept), ())
    operation.rekey(place(kept), operation.rekeyed(place(kept), disk.public_keys(second)), Who("ann", 1, "why"))
    with pytest.raises(Refused, match="KEY-BUSY"):
        operation.rekey(place(kept), plan, Who("bob", 2, "why"))
    assert disk.stanzas(place(kept)) == 2


def test_an_identity_that_has_leaked_is_shut_out_by_two_runs_with_a_new_one_between(kept: House, second: Place) -> None:
    """As the book key-leak says it."""
    (new,) = disk.public_keys(second)
    assert kept.ask("secrets", "rekey", "--recipient", new, *WHY, "--yes").code == 0
    switched = {"NOTIFYCTL_SECRETS_IDENTITY": str(second.identity)}
    assert kept.ask("secrets", "rekey", "--recipient", new, *WHY, "--yes", **switched).codes == ["KEY-KNOWN"]
    assert kept.ask("secrets", "list").code == 7
    assert kept.ask("secrets", "list", **switched).code == 0


def test_an_administrators_key_in_the_file_is_told(kept: House) -> None:
    where = place(kept)
    file = disk.read(where)
    disk.write(where, file._replace(values={**file.values, "NOTIFYCTL_RESEND_ADMIN_KEY": Secret("re_admin")}))
    assert "KEY-ADMINISTRATOR" in kept.ask("secrets", "check").codes


def test_without_a_reason_nothing_is_set(kept: House) -> None:
    ran = kept.run("secrets", "set", "POSTMARK_API_KEY", "-o", "json", stdin=b"x")
    assert (ran.code, ran.codes) == (4, ["CLI-NEEDS-REASON"])


@pytest.mark.parametrize("value", ["", "two words", f"{CANARY}\n{CANARY}"])
def test_a_value_that_cannot_be_meant_is_refused(kept: House, value: str) -> None:
    ran = put(kept, "POSTMARK_API_KEY", value)
    assert ran.code == 2
    assert CANARY not in ran.out + ran.err


def test_who_is_left_out_knows_the_secrets_and_that_is_said(kept: House, second: Place) -> None:
    (key,) = disk.public_keys(second)
    assert kept.ask("secrets", "rekey", "--recipient", f"{key} bob").code == 4
    added = kept.ask("secrets", "rekey", "--recipient", f"{key} bob", *WHY, "--yes")
    assert ([one["name"] for one in added.data["new"]], added.codes) == (["bob"], [])
    assert disk.read(second._replace(file=place(kept).file)).values["RESEND_API_KEY"].reveal() == CANARY
    (own,) = disk.public_keys(place(kept))
    left = kept.ask("secrets", "rekey", "--recipient", own, *WHY, "--yes")
    assert (left.codes, left.data["known_to_the_gone"]) == (["KEY-KNOWN"], ["RESEND_API_KEY"])
    assert kept.ask("secrets", "list", NOTIFYCTL_SECRETS_IDENTITY=str(second.identity)).code == 7


def test_check_tells_what_is_wrong(kept: House, second: Place) -> None:
    (mine, other), where = (disk.public_keys(one)[0] for one in (place(kept), second)), place(kept)
    file = disk.read(where)
    old = int(time.time()) - 91 * DAY
    disk.write(where, file._replace(
        recipients=disk.listed([mine, other]), created={"RESEND_API_KEY": old},
        values={**file.values, "RESEND_KEY": Secret("x")}, rotations={"POSTMARK_API_KEY": "{}"},
    ))  # fmt: skip
    where.file.chmod(0o640)
    ran = kept.ask("secrets", "check")
    assert (ran.code, ran.codes) == (1, ["KEY-MODE", "KEY-AGE", "KEY-STRANGE", "KEY-ROTATING"])


def test_check_counts_those_who_can_really_open_it(kept: House, second: Place) -> None:
    where = place(kept)
    own, other = disk.identities(where)[0], disk.identities(second)[0]
    plain = pyrage.decrypt(where.file.read_bytes(), [own])
    where.file.write_bytes(pyrage.encrypt(plain, [own.to_public(), other.to_public()], armored=True))
    ran = kept.ask("secrets", "check")
    assert (ran.code, ran.codes) == (1, ["KEY-READERS"])


def test_without_a_file_each_command_names_the_variable(bare: House) -> None:
    for words in (("list",), ("check",), ("set", "RESEND_API_KEY")):
        ran = bare.ask("secrets", *words, NOTIFYCTL_SECRETS="")
        assert (ran.code, ran.codes) == (7, ["KEY-NONE"])


def test_a_credential_that_systemd_hands_over_opens_it(kept: House, tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    place(kept).identity.rename(tmp_path / "credentials" / "notifyctl-identity")
    assert kept.ask("secrets", "list").code == 7
    assert kept.ask("secrets", "list", CREDENTIALS_DIRECTORY=str(tmp_path / "credentials")).code == 0


def test_preflight_looks_at_the_file_at_its_identity_and_at_the_age_of_its_keys(kept: House, second: Place) -> None:
    def verdicts() -> dict[str, str]:
        checks = kept.ask("preflight", "--only", "SEC-002", "--only", "SEC-003", "--only", "SEC-005").data["checks"]
        return {one["id"]: one["verdict"] for one in checks if one["id"].startswith("SEC")}

    young = verdicts()
    assert (young["SEC-002"], young["SEC-003"]) == ("warn", "pass")
    assert young["SEC-005"] != "fail", "of a password of the environment nobody knows the age, and that is a warning"
    (key,) = disk.public_keys(second)
    kept.run("secrets", "rekey", "--recipient", key, *WHY, "--yes")
    where = place(kept)
    disk.write(where, disk.read(where)._replace(created={"RESEND_API_KEY": int(time.time()) - 92 * DAY}))
    where.identity.chmod(0o644)
    assert verdicts() == {"SEC-002": "pass", "SEC-003": "fail", "SEC-005": "fail"}


class TestTheCanary:
    """A value that is in the file is in nothing that anybody can see."""

    @pytest.fixture
    def said(self, kept: House, second: Place) -> Iterator[list[str]]:
        """All that commands say, the file being well, and shut, and spoilt."""
        (key,) = disk.public_keys(second)
        lines = [
            ("list",), ("check",), ("rekey", "--recipient", key, *WHY, "--yes"), ("set", "RESEND_API_KEY", *WHY),
            ("set", "RESEND_API_KEY", *WHY, "--yes"), ("init",), ("list", "--verbose"),
        ]  # fmt: skip
        forms = ("table", "short", "json", "jsonl")
        told = [kept.run("secrets", *line, "-o", form, stdin=CANARY.encode()) for line in lines for form in forms]
        told += [kept.ask(*line) for line in (("probe",), ("status",), ("preflight",), ("worker", "list"))]
        where = place(kept)
        plain = f"RESEND_API_KEY={CANARY}\nPOSTMARK_API_KEY={CANARY} {CANARY}\n".encode()
        for spoilt in (pyrage.encrypt(plain, [disk.identities(where)[0].to_public()]), plain):
            where.file.write_bytes(spoilt)
            told += [kept.run(*line, "-v") for line in (("secrets", "list"), ("status",), ("probe",))]
        yield [one.out + one.err for one in told]

    def test_is_shown_by_no_command(self, said: list[str]) -> None:
        assert [text for text in said if CANARY in text] == []

    def test_is_in_no_file_in_the_clear(self, kept: House) -> None:
        kept.run("preflight")
        files = [path for path in kept.home.rglob("*") if path.is_file()]
        assert [path for path in files if CANARY.encode() in path.read_bytes()] == []

    def test_is_typed_unseen(self, kept: House) -> None:
        ran = at_notifyctl(kept, "secrets", "set", "POSTMARK_API_KEY", *WHY, answers={"not shown": f"{CANARY}\n"})
        assert (ran.code, CANARY in ran.out) == (0, False)
        assert disk.read(place(kept)).values["POSTMARK_API_KEY"].reveal() == CANARY

    def test_is_in_no_process_list(self, kept: House) -> None:
        """Its worker's command line and environment, as every command of that user could read them."""
        worker = kept.start("worker")
        kept.await_workers(1)
        seen = [Path(f"/proc/{worker.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        assert CANARY.encode() not in b"".join(seen)
        assert os.environ.get("RESEND_API_KEY") is None
