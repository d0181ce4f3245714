"""The record of drills: one line of JSON each, in a file of this machine. What a check reads, an operation wrote."""

import json
import os
from pathlib import Path
from typing import Any

from notifyctl.domain.errors import Bad, Misconfigured
from notifyctl.domain.trial import Run, Trial

NAME = "drills/staging.jsonl"


def read(home: Path) -> list[Run]:
    """All of them, oldest first; raises `Bad` for a file that was written by something else."""
    try:
        lines = (home / NAME).read_text("utf-8").splitlines()
        return [_run(json.loads(line)) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Bad("DRL-RECORD", f"the record of drills cannot be read: {error}", NAME, "move it away") from None


def add(home: Path, run: Run) -> None:
    """Append one, and wait until the disk has it; raises `Misconfigured` when it does not take it."""
    line = json.dumps({**run._asdict(), "trials": [trial._asdict() for trial in run.trials]}) + "\n"
    try:
        (home / NAME).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (home / NAME).open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        what = f"the drill was made, and cannot be recorded: {error.strerror}"
        raise Misconfigured("DRL-RECORD", what, NAME, "make the data directory writable") from None


def _run(told: dict[str, Any]) -> Run:
    trials = tuple(Trial(**{**one, "ms": tuple(one["ms"])}) for one in told["trials"])
    return Run(**{**told, "trials": trials})
