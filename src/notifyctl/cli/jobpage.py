"""The data of a job as a page for people, made from the schema that machines read: fields, limits, an example."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from notifyctl.cli.envelope import Line, Table, Verbatim

_MORE = {"maxProperties": "at most {} of them", "maxLength": "at most {:,} characters"}


def lines(schema: Mapping[str, Any]) -> Iterator[Line]:
    """What a producer writes into a job."""
    yield f"{schema['title']}: one JSON object, which is one e-mail to one recipient."
    fields = schema["properties"].items()
    yield Table(("field", "needed", "what"), [(name, _needed(schema, name), _what(told)) for name, told in fields])
    yield ""
    yield "For example:"
    yield Verbatim(json.dumps(schema["examples"][0], indent=2, ensure_ascii=False))
    yield ""
    yield "The exact rules, as a JSON Schema: notifyctl explain message-schema"


def _needed(schema: Mapping[str, Any], name: str) -> str:
    written = schema["oneOf"][0]
    bodies = [one for branch in written["anyOf"] for one in branch["required"]]
    if name in bodies:
        return " or ".join(bodies)
    return "yes" if name in (*schema["required"], *written["required"]) else ""


def _what(told: Mapping[str, Any]) -> str:
    """The description, and the limits that stand beside it."""
    places = [told, *told.get("anyOf", ())]
    limits = [text.format(place[key]) for place in places for key, text in _MORE.items() if key in place]
    return f"{told['description']}{f' {limits[0].capitalize()}.' if limits else ''}"
