"""A line of the log for a person at a terminal: when, what, of which mail; facts of its JSON, fewer of them."""

import time
from collections.abc import Mapping

_LEFT_OUT = ("ts", "level", "event", "worker")
_OF_A_CALL = ("ts", "level", "message", "provider", "outcome", "certainty", "code", "http", "detail", "ms")


def line(facts: Mapping[str, object]) -> str:
    """One line without its end; `facts` are those of a line of the log, times in epoch seconds, UTC on the screen."""
    clock = time.strftime("%H:%M:%SZ", time.gmtime(float(str(facts["ts"]))))
    level = "" if facts["level"] == "info" else f"{facts['level']}: "
    return f"{clock} {level}{_call(facts) if facts['event'] == 'call' else _other(facts)}"


def _call(facts: Mapping[str, object]) -> str:
    message, provider, outcome, certainty, code, http, detail, ms = (facts.get(name, "") for name in _OF_A_CALL[2:])
    doubt = " (in doubt)" if certainty == "ambiguous" else ""
    reason = " ".join(str(word) for word in (http, code, detail) if word)
    why = f": {reason}" if outcome != "accepted" and reason else ""
    return f"{outcome}{doubt} {message} by {provider} in {float(str(ms)):.0f} ms{why}"


def _other(facts: Mapping[str, object]) -> str:
    rest = ", ".join(f"{name} {_word(value)}" for name, value in facts.items() if name not in _LEFT_OUT and value)
    return f"{facts['event']}{f': {rest}' if rest else ''}"


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
