"""Changing a few values in a TOML text and nothing else: comments, order and blank lines stay as people wrote them.

Only the plain way of writing is changed: `[table]` and `key = value` below it. What comes out is read again and
compared, so that a file written in another way (inline tables, dotted keys) is refused and not spoilt.
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from notifyctl.domain.errors import Bad

Value = str | tuple[str, ...]


def edited(text: str, values: Mapping[tuple[str, ...], Value], where: str) -> str:
    """The text with each value, a string or a list of strings, at its path of keys; raises `Bad` with what to write by
    hand where the text is written in a way that is not understood."""
    changed = text
    for path, value in values.items():
        changed = _set(changed, ".".join(path[:-1]), path[-1], value)
    if _read(changed) != _wanted(tomllib.loads(text), values):
        wanted = "; ".join(f"{'.'.join(path)} = {written(value)}" for path, value in values.items())
        raise Bad("COST-EDIT", "the file is written in a way that cannot be changed line by line", where, wanted)
    return changed


def written(value: Value) -> str:
    """The value as TOML; the strings are names without anything to escape."""
    return f'"{value}"' if isinstance(value, str) else f"[{', '.join(map(written, value))}]"


def _set(text: str, table: str, key: str, value: Value) -> str:
    head = re.search(rf"^[ \t]*\[{re.escape(table)}\][ \t]*(#.*)?$\n?", text, re.MULTILINE)
    if not head:
        return f"{text.rstrip()}\n\n[{table}]\n{key} = {written(value)}\n".lstrip("\n")
    rest = text[head.end() :]
    following = re.search(r"^[ \t]*\[", rest, re.MULTILINE)
    body, after = (rest[: following.start()], rest[following.start() :]) if following else (rest, "")
    return text[: head.end()] + _in_body(body, key, value) + after


def _in_body(body: str, key: str, value: Value) -> str:
    line = re.compile(rf"^([ \t]*{re.escape(key)}[ \t]*=[ \t]*)(\[[^\]]*\]|\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)
    if line.search(body):
        return line.sub(lambda found: found[1] + written(value), body, count=1)
    filled = body.rstrip("\n")
    return f"{filled}{filled and chr(10)}{key} = {written(value)}\n{body[len(filled) + 1 :]}"


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _wanted(document: dict[str, Any], values: Mapping[tuple[str, ...], Value]) -> dict[str, Any]:
    found = copy.deepcopy(document)
    for path, value in values.items():
        table = found
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = value if isinstance(value, str) else list(value)
    return found
