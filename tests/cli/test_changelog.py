"""What was deployed, and what was moved meanwhile."""

from pathlib import Path

from house import House
from terminal import notifyctl


def test_a_deployment_is_written_once(tmp_path: Path):
    file = tmp_path / "CHANGELOG.md"
    line = ("changelog", "add", "1.4.0", "--file", str(file), "--reason", "New template")
    done = notifyctl(*line, "-o", "json", NOTIFYCTL_ACTOR="ci:ada")
    assert (done.code, done.document["outcome"]) == (0, "done")
    assert done.document["data"]["deployment"]["by"] == "ci-ada"
    text = file.read_text()
    again = notifyctl(*line, "-o", "json")
    assert (again.code, again.document["findings"][0]["code"]) == (4, "CHG-TWICE")
    assert file.read_text() == text


def test_nothing_is_written_without_a_reason_or_in_a_dry_run(tmp_path: Path):
    file = tmp_path / "CHANGELOG.md"
    line = ("changelog", "add", "1.4.0", "--file", str(file))
    assert notifyctl(*line).code == 4
    planned = notifyctl(*line, "--dry-run")
    assert (planned.code, "## [1.4.0]" in planned.out) == (0, True)
    assert not file.exists()


def test_a_link_and_the_rights_of_a_file_stay(tmp_path: Path):
    real, link = tmp_path / "real.md", tmp_path / "CHANGELOG.md"
    real.write_text("")
    real.chmod(0o640)
    link.symlink_to(real)
    assert notifyctl("changelog", "add", "2", "--file", str(link), "--reason", "x").code == 0
    assert link.is_symlink()
    assert "## [2]" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_operations_of_that_time_stand_beside_it(house: House):
    file = str(house.home / "CHANGELOG.md")
    house.run("changelog", "add", "1.4.0", "--file", file, "--reason", "New template")
    house.run("pause", "queue", "--reason", "links are broken", "--yes")
    ran = house.ask("changelog", "show", "--file", file)
    assert (ran.code, [one["version"] for one in ran.data["deployments"]]) == (0, ["1.4.0"])
    assert [one["reason"] for one in ran.data["operations"]] == ["links are broken"]
    text = house.run("changelog", "show", "--file", file).out
    assert text.index("links are broken") < text.index("deployed 1.4.0")


def test_operations_before_the_oldest_deployment_are_left_out(house: House):
    file = house.home / "CHANGELOG.md"
    house.run("pause", "queue", "--reason", "long before", "--yes")
    file.write_text("## [1.4.0] - 2099-01-01\n\n- 09:30Z by eve: Early\n")
    assert house.ask("changelog", "show", "--file", str(file)).data["operations"] == []


def test_without_redis_it_is_said_to_be_half(tmp_path: Path):
    file = tmp_path / "CHANGELOG.md"
    notifyctl("changelog", "add", "1", "--file", str(file), "--reason", "x")
    asked = ("changelog", "show", "--file", str(file))
    half = notifyctl(*asked, "-o", "json", NOTIFYCTL_HOME=str(tmp_path))
    assert (half.code, half.document["findings"][0]["code"]) == (3, "CHG-HALF")
    assert notifyctl(*asked, "--deployments").code == 0


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    ran = notifyctl("changelog", "show", "--file", str(tmp_path / "none.md"), "-o", "json")
    assert (ran.code, ran.document["findings"][0]["code"]) == (7, "CHG-FILE")
