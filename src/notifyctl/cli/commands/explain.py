"""`explain`: what a word on the screen means, without a network and without a server."""

import textwrap
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Annotated

import typer

from notifyctl.cli import describe
from notifyctl.cli.envelope import Result, Verbatim
from notifyctl.cli.show import aligned
from notifyctl.cli.table import VERBS
from notifyctl.domain import exits
from notifyctl.domain.catalogue import CODES
from notifyctl.domain.errors import Usage
from notifyctl.domain.exits import EXITS
from notifyctl.domain.finding import Finding
from notifyctl.domain.states import STATES

WIDTH = 78
_TOGETHER = "\u00a0"  # a space at which no line ends
STATE_NAMES = tuple(state.name for state in STATES)


def topics(incomplete: str) -> list[str]:
    """All topics that begin with what was typed, for completion."""
    names = [*GENERAL, *(verb.name for verb in VERBS), *STATE_NAMES, *CODES]
    return [name for name in names if name.lower().startswith(incomplete.lower())]


def explain(
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOPIC]", help="A code, a command, or a general topic.", autocompletion=topics),
    ] = None,
) -> Result:
    """Tell what a code, a command or a word means, offline.

    Without a topic it lists the topics. `explain message` tells the fields of a job, `explain message-schema` prints
    their JSON Schema. Only `explain
    last-failover` asks Redis: it makes the decision again from its stored inputs, and must come to the same answer.
    """
    name = " ".join(topic or ())
    if not name:
        return _topics()
    if name.upper() in CODES:
        return _code(name.upper())
    if name in GENERAL:
        return GENERAL[name]()
    if name.lower() in STATE_NAMES:
        return _state(name.lower())
    return _command(name)


def _topics() -> Result:
    rows = [(name, _first_line(page)) for name, page in GENERAL.items()]
    commands = f"a command: {', '.join(verb.name.replace(' ', _TOGETHER) for verb in VERBS)}"
    states = f"a state of a message: {', '.join(STATE_NAMES)}"
    codes = f"a code: {', '.join(CODES)}"
    lines = (*aligned(*rows), "", *_wrapped(commands), "", *_wrapped(states), "", *_wrapped(codes))
    names = {"topics": [*GENERAL], "commands": [verb.name for verb in VERBS], "states": [*STATE_NAMES]}
    return Result({**names, "codes": [*CODES]}, lines)


def _code(code: str) -> Result:
    entry = CODES[code]
    lines = (f"{code}: {entry.title}", "", *_wrapped(entry.meaning), "", *_wrapped(f"Fix: {entry.fix}"))
    return Result({"topic": code, **entry._asdict()}, lines)


def _command(name: str) -> Result:
    found = [verb for verb in VERBS if verb.name == name]
    if not found:
        close = get_close_matches(name.upper(), CODES) or get_close_matches(name, topics(""))
        raise Usage("CLI-TOPIC", f"nothing to explain under {name!r}", "", _meant(close))
    told = describe.command(found[0])
    return Result({"topic": name, **told.data}, told.lines)


def _meant(close: Sequence[str]) -> str:
    return f"did you mean {' or '.join(close)}?" if close else "notifyctl explain lists the topics"


def _exit_codes() -> Result:
    """The exit codes of every command."""
    rows = [(str(entry.code), entry.name, entry.changed, entry.meaning) for entry in EXITS]
    lines = aligned(("code", "outcome", "changed", "meaning"), *rows)
    return Result({"topic": "exit-codes", "exits": [entry._asdict() for entry in EXITS]}, lines)


def _states() -> Result:
    """The states of a message, and what BullMQ calls them."""
    rows = [(state.name, "final" if state.final else "", state.bullmq, state.meaning) for state in STATES]
    lines = aligned(("state", "", "BullMQ", "meaning"), *rows)
    return Result({"topic": "states", "states": [state._asdict() for state in STATES]}, lines)


def _state(name: str) -> Result:
    state = next(state for state in STATES if state.name == name)
    after = "The engine is done with it." if state.final else "The engine is not done with it."
    lines = (f"{name}: {state.meaning}", "", f"A state of a message; BullMQ calls it {state.bullmq}. {after}")
    return Result({"topic": name, **state._asdict()}, lines)


def _message() -> Result:
    """The data of a job, version 1: its fields, and an example."""
    import json

    from notifyctl.cli import jobpage

    schema = json.loads(_schema())
    return Result({"topic": "message", "document": schema}, [*jobpage.lines(schema)])


def _message_schema() -> Result:
    """The JSON Schema of the data of a job, version 1."""
    import json

    text = _schema()
    return Result({"topic": "message-schema", "document": json.loads(text)}, (Verbatim(text.rstrip("\n")),))


def _schema() -> str:
    from importlib import resources

    return resources.files("notifyctl.domain").joinpath("message-v1.schema.json").read_text("utf-8")


def _last_failover() -> Result:
    """The last time a provider was taken out, decided again."""
    from notifyctl.cli.running import with_store
    from notifyctl.cli.telling import decision_data, decision_words
    from notifyctl.operations.history import last_failover

    decision = with_store(lambda store: last_failover(store.boards))
    lines, data = decision_words(decision), {"topic": "last-failover", **decision_data(decision)}
    if decision.same:
        return Result(data, lines)
    what = "the same rules give another answer about the same inputs now"
    finding = Finding("RTE-REPLAY", "critical", f"provider/{decision.move.provider}", what)
    return Result(data, lines, exits.BUG, findings=(finding,))


GENERAL: dict[str, Callable[[], Result]] = {
    "exit-codes": _exit_codes,
    "states": _states,
    "message": _message,
    "message-schema": _message_schema,
    "last-failover": _last_failover,
}


def _first_line(page: Callable[[], Result]) -> str:
    return (page.__doc__ or "").splitlines()[0]


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH, break_on_hyphens=False)
    return [line.replace(_TOGETHER, " ") for line in lines]
