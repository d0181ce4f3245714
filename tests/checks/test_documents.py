"""DOC, RLS, SEC-001: where each line is drawn. What is caught at all is in test_misconfigurations.py."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from checks.conftest import TODAY, Ask, edit
from notifyctl.checks import Given, leaks
from notifyctl.domain.check import Verdict
from notifyctl.store.project import Project
from notifyctl.store.secret_file import make_identity
from peers import Talk, serve

PRODUCTION, ELSEWHERE = Given(production=True, notice="1.2"), Given(notice="1.2")
PASS, WARN, FAIL, ERROR = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR


@pytest.mark.parametrize(
    ("identity", "file", "old"),
    [
        ("DOC-001", "dpia.toml", "[sign_off]"),
        ("DOC-005", "processors.toml", "signed = 2026"),
        ("DOC-007", "processing.toml", "ico"),
        ("RLS-001", "rollback.toml", "rehearsed = 2026"),
        ("DOC-004", "breach.toml", "rehearsed = 2026"),
    ],
)
def test_what_is_not_done_yet_fails_in_production_and_is_a_warning_elsewhere(
    ask: Ask, folder: Path, identity: str, file: str, old: str
) -> None:
    for given in (PRODUCTION, ELSEWHERE):
        assert ask(identity, project=Project(folder), given=given).verdict is PASS
    text = (folder / file).read_text()
    (folder / file).write_text(text.partition(old)[0] if identity == "DOC-001" else text.replace(old, f"# {old}"))
    told = [ask(identity, project=Project(folder), given=given).verdict for given in (PRODUCTION, ELSEWHERE)]
    assert told == [FAIL, WARN]


@pytest.mark.parametrize("file", ["dpia.toml", "dpia.md"])
def test_an_assessment_that_was_changed_after_it_was_signed_is_signed_by_nobody(
    ask: Ask, folder: Path, file: str
) -> None:
    edit(folder, file, *(("severity = 3", "severity = 1") if file == "dpia.toml" else ("no processing", "processing")))
    seen = [ask("DOC-001", project=Project(folder), given=given) for given in (PRODUCTION, ELSEWHERE)]
    assert [one.verdict for one in seen] == [FAIL, WARN]
    assert "as it stands" in seen[0].observed


@pytest.mark.parametrize(("days", "verdict"), [(31, PASS), (30, WARN), (0, WARN), (-1, FAIL)])
def test_a_registration_is_renewed_a_month_before_it_ends(ask: Ask, folder: Path, days: int, verdict: Verdict) -> None:
    edit(folder, "processing.toml", "2027-01-31", str(TODAY + timedelta(days)))
    assert ask("DOC-007", project=Project(folder)).verdict is verdict


@pytest.mark.parametrize(("days", "verdict"), [(90, PASS), (91, WARN)])
def test_the_way_back_is_rehearsed_each_quarter(ask: Ask, folder: Path, days: int, verdict: Verdict) -> None:
    edit(folder, "rollback.toml", "rehearsed = 2026-11-24", f"rehearsed = {TODAY - timedelta(days)}")
    assert ask("RLS-001", project=Project(folder)).verdict is verdict


@pytest.mark.parametrize(("days", "verdict"), [(365, PASS), (366, WARN)])
def test_a_breach_is_played_through_each_year(ask: Ask, folder: Path, days: int, verdict: Verdict) -> None:
    edit(folder, "breach.toml", "rehearsed = 2026-11-24", f"rehearsed = {TODAY - timedelta(days)}")
    assert ask("DOC-004", project=Project(folder)).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        ("Complain here; the Information Commissioner hears you, too.", PASS, "or a letter"),
        ("Complain here.", FAIL, "regulator"),
        ("This is ico.org.uk.", FAIL, "how to complain"),
        ("", FAIL, "how to complain"),
    ],
)
def test_a_page_says_how_to_complain_and_to_whom_else(
    ask: Ask, folder: Path, answer: str, verdict: Verdict, words: str
) -> None:
    def talk(one: Talk) -> None:
        while one.request():
            one.answer(answer.encode())

    with serve(talk) as peer:
        edit(folder, "complaints.toml", "https://backroom.example/complaints", f"http://127.0.0.1:{peer.port}/")
        seen = ask("DOC-006", project=Project(folder))
    assert (seen.verdict, words in seen.observed) == (verdict, True), seen


@pytest.mark.parametrize(("page", "verdict"), [("http://127.0.0.1:1/", ERROR), ("http://backroom.example/", FAIL)])
def test_a_page_that_is_away_was_not_seen_and_one_that_is_not_encrypted_fails(
    ask: Ask, folder: Path, page: str, verdict: Verdict
) -> None:
    edit(folder, "complaints.toml", "https://backroom.example/complaints", page)
    assert ask("DOC-006", project=Project(folder)).verdict is verdict


def test_a_recipient_that_nobody_knows_is_named(ask: Ask, folder: Path) -> None:
    edit(folder, "processing.toml", '"Amazon SES"]', '"Amazon SES", "A friend"]')
    seen = ask("DOC-003", project=Project(folder))
    assert (seen.verdict, "A friend is no processor" in seen.observed) == (FAIL, True)


@pytest.mark.parametrize(("given", "verdict"), [(Given(), PASS), (Given(production=True), FAIL)])
def test_an_example_says_the_version_of_the_notice_everywhere_but_in_production(
    ask: Ask, folder: Path, given: Given, verdict: Verdict
) -> None:
    assert ask("CON-001", project=Project(folder), given=given).verdict is verdict


def test_a_notice_that_is_drafted_is_a_warning(ask: Ask, folder: Path) -> None:
    text = (folder / "notices.toml").read_text()
    draft = text[text.index("[[notice]]") : text.index("# Every page")].replace('"1.2"', '"1.3"')
    with (folder / "notices.toml").open("a") as file:
        file.write(draft.replace("2026-11-24", "2026-12-24"))
    seen = ask("CON-001", project=Project(folder), given=ELSEWHERE)
    assert (seen.verdict, "until 2026-12-24" in seen.observed) == (WARN, True)


@pytest.mark.parametrize(("days", "verdict"), [(0, Verdict.ATTESTED), (-1, ERROR)])
def test_an_attestation_that_is_over_attests_nothing(ask: Ask, folder: Path, days: int, verdict: Verdict) -> None:
    (folder / "attestations.toml").write_text(
        f'[[attestation]]\ncheck = "NET-005"\nwhat = "w"\nby = "J"\non = 2026-11-01\nevidence = "e"\n'
        f"expires = {TODAY + timedelta(days)}\n"
    )
    assert ask("NET-005", project=Project(folder)).verdict is verdict


class TestTheTree:
    SECRET = "re_" + "12345678_" + 24 * "a"

    def test_is_searched_without_what_git_ignores_and_tools_leave_behind(self, ask: Ask, folder: Path) -> None:
        (folder / ".env").write_text(self.SECRET)
        (folder / "node_modules").mkdir()
        (folder / "node_modules" / "x").write_text(self.SECRET)
        assert ask("SEC-001", project=Project(folder)).verdict is PASS
        (folder / ".gitignore").unlink()
        seen = ask("SEC-001", project=Project(folder))
        assert (seen.verdict, seen.observed) == (FAIL, ".env:1 (a key of Resend)")

    def test_is_searched_without_the_identity_that_is_named_and_with_each_copy_of_it(
        self, ask: Ask, folder: Path
    ) -> None:
        """As on a host, where it lies beside the configuration: SEC-003 looks at who may read it."""
        identity, copy, asked = folder / "identity", folder / "identity.bak", {"project": Project(folder)}
        make_identity(identity)
        assert ask("SEC-001", **asked).observed == "identity:2 (an identity of age)", "nobody says that it is one"
        named = Given(identity=identity)
        seen = ask("SEC-001", given=named, **asked)
        assert (seen.verdict, seen.observed.endswith("the identity were not")) == (PASS, True)
        copy.write_bytes(identity.read_bytes())
        assert ask("SEC-001", given=named, **asked).observed == "identity.bak:2 (an identity of age)"

    @pytest.mark.parametrize(("name", "verdict"), [("README.md", PASS), ("get.sh", FAIL)])
    def test_may_speak_in_prose_of_what_it_must_not_do(
        self, ask: Ask, folder: Path, name: str, verdict: Verdict
    ) -> None:
        (folder / name).write_text("Never write\ncurl --insecure https://host/\n")
        seen = ask("TLS-003", project=Project(folder))
        assert (seen.verdict, "get.sh:2 (curl)" in seen.observed) == (verdict, verdict is FAIL)

    def test_is_searched_whatever_its_bytes_are(self, ask: Ask, folder: Path) -> None:
        (folder / "caf\xe9.txt").write_bytes(b"caf\xe9\n" + self.SECRET.encode())
        seen = ask("SEC-001", project=Project(folder))
        assert (seen.verdict, seen.observed) == (FAIL, "caf\xe9.txt:2 (a key of Resend)")

    def test_was_not_seen_where_a_file_cannot_be_read(self, ask: Ask, folder: Path) -> None:
        (folder / "memory").symlink_to("/proc/self/mem")  # a file that root cannot read from its beginning either
        seen = ask("SEC-001", project=Project(folder))
        assert (seen.verdict, seen.observed) == (ERROR, "cannot be read: memory")

    def test_was_not_seen_where_a_folder_cannot_be_opened(
        self, ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = os.scandir

        def shut(path: str) -> object:
            if str(path).endswith("forms"):  # root may open any
                raise PermissionError(13, "Permission denied", path)
            return scan(path)

        monkeypatch.setattr(os, "scandir", shut)
        assert ask("SEC-001", project=Project(folder)).verdict is ERROR

    @pytest.mark.parametrize(("name", "most"), [("MOST", 3), ("LARGEST", 500)])
    def test_that_is_too_large_was_not_seen(
        self, ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int
    ) -> None:
        monkeypatch.setattr(leaks, name, most)
        assert ask("SEC-001", project=Project(folder)).verdict is ERROR
