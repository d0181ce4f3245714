"""The file of deployments on a real disk: nothing of it is lost."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifyctl.domain.deployments import Deployment
from notifyctl.operations import changelog

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def test_of_many_at_once_none_is_lost(tmp_path: Path):
    file = tmp_path / "CHANGELOG.md"
    wanted = [Deployment(f"1.{number}", NOON, "ada", "x") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: changelog.add(file, one), wanted))
    assert sorted(changelog.deployments(file)) == sorted(wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["CHANGELOG.md"]


def test_what_another_one_left_behind_is_in_nobodys_way(tmp_path: Path):
    (tmp_path / ".CHANGELOG.md.new").mkdir()
    changelog.add(tmp_path / "CHANGELOG.md", Deployment("1", NOON, "ada", "x"))
    assert len(changelog.deployments(tmp_path / "CHANGELOG.md")) == 1


def test_the_disk_has_it_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file, real, there = tmp_path / "CHANGELOG.md", os.fsync, []

    def fsync(descriptor: int) -> None:
        there.append(file.exists())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    changelog.add(file, Deployment("1", NOON, "ada", "x"))
    assert there == [False, True]  # its text, and then the folder with its name
