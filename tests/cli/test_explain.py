"""`explain` and `commands`: every word that is shown can be asked about, offline."""

import json
from importlib import resources

import pytest

from notifyctl.cli.commands.explain import explain
from notifyctl.cli.table import VERBS
from notifyctl.domain.catalogue import CODES
from notifyctl.domain.exits import EXITS
from notifyctl.domain.states import STATES
from notifyctl.store import jobdata
from terminal import notifyctl


def told(*topic: str) -> str:
    ran = notifyctl("explain", *topic)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_without_a_topic_the_topics_are_listed():
    listed = notifyctl("explain", "-o", "json").data
    assert {"exit-codes", "states", "message"} <= set(listed["topics"])
    assert listed["codes"] == [*CODES]
    assert listed["commands"] == [verb.name for verb in VERBS]


def test_a_code_in_any_case():
    assert told("msg-type") == told("MSG-TYPE")
    assert "Fix: " in told("MSG-TYPE")


def test_exit_codes_and_states():
    assert [int(line.split()[0]) for line in told("exit-codes").splitlines()[1:]] == [entry.code for entry in EXITS]
    assert [line.split()[0] for line in told("states").splitlines()[1:]] == [state.name for state in STATES]


def test_a_single_state():
    assert told("held").startswith("held: waits")


def test_the_data_of_a_job_is_told_by_field_with_an_example_that_would_be_sent():
    page = told("message")
    example = page[page.index("{") : page.rindex("}") + 1]
    assert jobdata.read(example.encode(), ["booking.confirmation"]).id == "booking-confirm/8731"
    fields = json.loads(told("message-schema"))["properties"]
    assert all(f"\n{name} " in page for name in fields)


def test_the_schema_is_the_published_one_and_nothing_else():
    schema = resources.files("notifyctl.domain").joinpath("message-v1.schema.json").read_text()
    assert told("message-schema") == schema
    assert notifyctl("explain", "message", "-o", "json").data["document"] == json.loads(schema)


def test_a_command_of_two_words():
    assert told("queue", "show").startswith("notifyctl queue show\n")
    assert "--text" in told("send")


@pytest.mark.parametrize(("typed", "meant"), [("MSG-TYP", "MSG-TYPE"), ("exit-code", "exit-codes")])
def test_a_typo_is_met_with_what_may_be_meant(typed, meant):
    ran = notifyctl("explain", typed)
    assert ran.code == 2
    assert meant in ran.err


def test_the_tree_tells_what_every_command_takes_and_changes():
    listed = {command["name"]: command for command in notifyctl("commands", "-o", "json").data["commands"]}
    assert list(listed) == [verb.name for verb in VERBS]
    assert listed["send"]["mutating"]
    assert not listed["status"]["mutating"]
    assert all(
        {"name", "flags", "help", "required"} <= set(item) for one in listed.values() for item in one["parameters"]
    )


def test_every_page_fits_into_80_columns():
    pages = [explain(topic.split()) for topic in ("", "exit-codes", "states", "held", *CODES, *(v.name for v in VERBS))]
    lines = [line for page in pages for line in page.lines if isinstance(line, str)]
    assert [line for line in lines if len(line) > 80] == []
