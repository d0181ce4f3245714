"""`init` begins a project, and `dpia` an assessment: without a terminal, and over nothing that is there."""

import json
import os
from pathlib import Path

import pytest

from house import House


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.chdir(tmp_path)
    needed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return House(tmp_path, {**needed, "HOME": str(tmp_path), "NOTIFYCTL_HOME": str(tmp_path / "home")})


def test_it_writes_a_project(bare: House) -> None:
    ran = bare.ask("init", "shop")
    assert (ran.code, ran.document["outcome"]) == (0, "done")
    there = {str(path.relative_to("shop")) for path in Path("shop").rglob("*") if path.is_file()}
    assert there == set(ran.data["files"]) >= {".env.example", "notifyctl.toml", "notices/1.2.md", "dpia.md"}
    assert "@" not in Path("shop/rollback.toml").read_text()


def test_a_dry_run_writes_nothing(bare: House) -> None:
    assert len(bare.ask("init", "shop", "--dry-run").data["files"]) > 10
    assert not Path("shop").exists()


def test_what_is_there_is_not_overwritten(bare: House) -> None:
    Path("CHANGELOG.md").write_text("mine")
    ran = bare.ask("init")
    assert (ran.code, ran.codes, [path.name for path in Path().iterdir()]) == (4, ["INI-THERE"], ["CHANGELOG.md"])
    assert bare.ask("init", "--missing").code == 0
    assert (Path("CHANGELOG.md").read_text(), Path("dpia.toml").is_file()) == ("mine", True)
    assert bare.ask("init", "--missing").document["outcome"] == "nothing to do"


def test_a_folder_that_cannot_be_made_is_named(bare: House) -> None:
    Path("file").write_text("")
    ran = bare.ask("init", "file/shop")
    assert (ran.code, ran.codes) == (7, ["INI-WRITE"])


class TestTheAssessment:
    @pytest.fixture(autouse=True)
    def project(self, bare: House) -> None:
        bare.run("init")

    def test_is_a_draft_until_it_is_signed(self, bare: House) -> None:
        ran = bare.ask("dpia", "check")
        assert (ran.code, [one["trouble"] for one in ran.data["troubles"]]) == (1, ["draft"])
        signed = f'\n[sign_off]\nby = "J"\non = 2026-11-24\nadvice = "yes"\ncovers = "{ran.data["fingerprint"]}"\n'
        with Path("dpia.toml").open("a") as file:
            file.write(signed)
        assert bare.ask("dpia", "check").code == 0
        with Path("notifyctl.toml").open("a") as file:
            file.write('[types."gig.offer"]\npurpose = "marketing"\npriority = "bulk"\n')
        ran = bare.ask("dpia", "check")
        assert (ran.code, [one["trouble"] for one in ran.data["troubles"]]) == (3, ["drift"])
        Path("dpia.toml").write_text(Path("dpia.toml").read_text().replace("severity = 3", "severity = 1"))
        ran = bare.ask("dpia", "check")
        assert (ran.code, [one["trouble"] for one in ran.data["troubles"]]) == (1, ["draft", "drift"])

    def test_names_the_place_of_what_it_cannot_use_once(self, bare: House) -> None:
        Path("dpia.toml").write_text(Path("dpia.toml").read_text().replace("severity = 3", "severity = 4"))
        ran = bare.run("dpia", "check")
        assert (ran.code, (ran.out + ran.err).count("(dpia.toml: risk 1)")) == (1, 1)

    def test_begins_with_what_is_configured(self, bare: House) -> None:
        assert bare.ask("dpia", "new").codes == ["INI-THERE"]
        for name in ("dpia.md", "dpia.toml"):
            Path(name).unlink()
        assert bare.ask("dpia", "new", "--dry-run").data["files"] == ["dpia.md", "dpia.toml"]
        assert not Path("dpia.md").exists()
        assert bare.ask("dpia", "new").code == 0
        assert "Postmark (US)" in Path("dpia.md").read_text()
        assert [one["trouble"] for one in bare.ask("dpia", "check").data["troubles"]] == ["draft"]

    def test_without_a_register_the_answer_is_no(self, bare: House) -> None:
        Path("processors.toml").unlink()
        ran = bare.run("dpia", "check", "-o", "json")
        assert (ran.code, json.loads(ran.out)["findings"][0]["code"]) == (1, "CFG-REGISTER")
