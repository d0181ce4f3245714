"""Every code that the source can show has its text, and every text has a code that shows it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import notifyctl
from notifyctl.domain.catalogue import CODES

CODE = re.compile(r"[A-Z]{3,5}(?:-[A-Z0-9]+)+")
SOURCES = {path: path.read_text() for path in Path(notifyctl.__file__).parent.rglob("*.py")}
SCRIPTS = {path: path.read_text() for path in Path(notifyctl.__file__).parent.rglob("*.lua")}


def codes(source: str) -> Iterator[str]:
    """First arguments that look like a code: of errors, findings and what makes them."""
    for node in ast.walk(ast.parse(source)):
        first = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and CODE.fullmatch(first.value):
            yield first.value


USED = {code: path.name for path, source in SOURCES.items() for code in codes(source)} | {
    code: path.name for path, source in SCRIPTS.items() for code in re.findall(rf"'({CODE.pattern})'", source)
}


@pytest.mark.parametrize("code", sorted(USED))
def test_every_code_in_use_is_explained(code):
    assert code in CODES, f"{USED[code]} shows it; add an entry to the catalogue"


def test_no_text_is_left_of_a_code_that_nothing_shows():
    shown = [source for path, source in SOURCES.items() if not path.name.startswith("catalogue")]
    everything = "\n".join((*shown, *SCRIPTS.values())).replace("'", '"')
    assert [code for code in CODES if f'"{code}"' not in everything] == []


@pytest.mark.parametrize("code", CODES)
def test_a_text_says_what_it_means_and_what_to_do(code):
    entry = CODES[code]
    assert CODE.fullmatch(code)
    assert not entry.title.endswith(".")
    assert entry.meaning.endswith(".")
    assert entry.fix


def test_a_code_is_found_where_it_is_used():
    assert list(codes('raise Refused("ABC-ONE", "what")\nFinding("ABC-TWO")\nx = "ABC-THREE"')) == [
        "ABC-ONE",
        "ABC-TWO",
    ]
