"""The records of drills and load tests: one line of JSON each, in files of this machine. What a check reads, an
operation wrote."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from notifyctl.domain.bench import Bench, Lane, Spread
from notifyctl.domain.errors import Bad, Misconfigured
from notifyctl.domain.trial import Run, Trial

NAME = "drills/staging.jsonl"
LOAD = "drills/load.jsonl"
_Record = TypeVar("_Record")


def read(home: Path) -> list[Run]:
    """All drills, oldest first; raises `Bad` for a file that was written by something else."""
    return _read(home, NAME, _run)


def add(home: Path, run: Run) -> None:
    """Append one, and wait until the disk has it; raises `Misconfigured` when it does not take it."""
    _add(home, NAME, {**run._asdict(), "trials": [trial._asdict() for trial in run.trials]})


def read_loads(home: Path) -> list[Bench]:
    """All load tests, oldest first; raises as `read`."""
    return _read(home, LOAD, _bench)


def add_load(home: Path, bench: Bench) -> None:
    """Append one; as `add`."""
    _add(home, LOAD, bench.plain())


def _read(home: Path, name: str, made: Callable[[dict[str, Any]], _Record]) -> list[_Record]:
    try:
        return [made(json.loads(line)) for line in (home / name).read_text("utf-8").splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Bad("DRL-RECORD", f"the record cannot be read: {error}", name, "move it away") from None


def _add(home: Path, name: str, record: Mapping[str, Any]) -> None:
    try:
        (home / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (home / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = f"it was made, and cannot be recorded: {error.strerror}"
        raise Misconfigured("DRL-RECORD", what, name, "make the data directory writable") from None


def _run(told: dict[str, Any]) -> Run:
    trials = tuple(Trial(**{**one, "ms": tuple(one["ms"])}) for one in told["trials"])
    return Run(**{**told, "trials": trials})


def _bench(told: dict[str, Any]) -> Bench:
    return Bench(**{**told, "total": _lane(told["total"]), "lanes": tuple(map(_lane, told["lanes"]))})


def _lane(told: dict[str, Any]) -> Lane:
    return Lane(**{**told, "wait": Spread(**told["wait"]), "took": Spread(**told["took"])})
