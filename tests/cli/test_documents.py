"""The JSON of the commands only grows: its shape is pinned by golden files, with the types of what varies.

GOLDEN=write writes them anew; read the difference.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from house import House, eventually, mail

GOLDEN = Path(__file__).parent.parent / "golden" / "commands"
COMMANDS = (
    ("status",), ("queue", "show"), ("queue", "unknown"), ("message", "show", "one"), ("worker", "list"), ("probe",),
    ("send", "-"),
)  # fmt: skip


def shape(value: Any) -> Any:
    """The value with the names of types in place of what may vary."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "null" if value is None else type(value).__name__


@pytest.fixture
def busy(house: House) -> House:
    """A house with one message that is out and a worker that lives."""
    house.run("send", "-", stdin=mail("one"))
    house.start("worker")
    eventually(lambda: house.state("one") == "accepted")
    return house


def test_the_documents_have_their_shape(busy: House) -> None:
    for command in COMMANDS:
        document = shape(busy.ask(*command).document)
        file = GOLDEN / f"{'-'.join(word for word in command if word.isalpha())}.json"
        if os.environ.get("GOLDEN") == "write":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(document, indent=1) + "\n")
        assert document == json.loads(file.read_text()), command
