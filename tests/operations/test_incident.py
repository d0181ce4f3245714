"""Incidents as people work with them, beside a duty and others who write."""

import asyncio
from dataclasses import replace

import pytest

from lab import Lab
from notifyctl.domain.errors import Refused
from notifyctl.domain.incident import Acked
from notifyctl.operations import incident, postmortem


def by_hand(lab: Lab, text: str = "the door scanner fails") -> str:
    lab.now += 1
    return lab.run(incident.log(lab.store.incidents, None, text, "error", "ada")).incident.id


def test_the_reason_of_a_change_is_the_open_incident_when_it_is_the_only_one(lab: Lab):
    reason = incident.default_reason
    assert lab.run(reason(lab.store.incidents, None)) is None
    name = by_hand(lab)
    assert lab.run(reason(lab.store.incidents, None)) == f"{name}: the door scanner fails"
    assert lab.run(reason(lab.store.incidents, "a test")) == "a test"


def test_many_notes_at_once_are_all_kept(lab: Lab):
    name = by_hand(lab)

    async def at_once() -> None:
        notes = (incident.note(lab.store.incidents, name, f"note {number}", "ada") for number in range(5))
        await asyncio.gather(*notes)

    lab.run(at_once())
    texts = {entry.text for entry in lab.run(lab.store.incidents.timeline(name))}
    assert {f"note {number}" for number in range(5)} < texts


def test_of_many_who_take_it_over_at_once_one_has_it_and_the_others_are_told_so(lab: Lab):
    name = by_hand(lab)

    async def at_once() -> list[incident.Changed]:
        people = [f"person {number}" for number in range(5)]
        return await asyncio.gather(
            *(incident.change(lab.store.incidents, name, Acked(who), who, "acknowledged") for who in people)
        )

    changed = lab.run(at_once())
    assert sum(one.did for one in changed) == 1
    assert len({one.incident.acked_by for one in changed}) == 1


def test_two_logs_at_once_open_one_or_two_and_lose_nothing(lab: Lab):
    async def at_once() -> list[incident.Changed]:
        texts = ("the lights flicker", "it is dark")
        return await asyncio.gather(*(incident.log(lab.store.incidents, None, text, "error", "ada") for text in texts))

    changed = lab.run(at_once())
    told = [entry.text for one in changed for entry in lab.run(lab.store.incidents.timeline(one.incident.id))]
    assert {"the lights flicker", "it is dark"} <= set(told)
    assert all(one.incident.version for one in changed)


def test_without_a_name_one_of_several_is_not_guessed(lab: Lab):
    by_hand(lab)
    (first,) = lab.run(lab.store.incidents.open())
    lab.redis("DEL", f"{lab.store.incidents.own}incidents:open")
    by_hand(lab, "another")
    lab.redis("HSET", f"{lab.store.incidents.own}incidents:open", first.key, first.id)
    with pytest.raises(Refused) as caught:
        lab.run(incident.pick(lab.store.incidents, None))
    assert caught.value.code == "INC-WHICH"


def test_the_report_says_what_is_known_and_leaves_open_what_is_not(lab: Lab):
    name = by_hand(lab)
    lab.now += 90_000
    lab.run(incident.note(lab.store.incidents, name, "a | pipe\nand a line", "bob"))
    found = lab.run(incident.shown(lab.store.incidents, name))
    text = postmortem.report(found)
    assert "- Since 2026-11-24 09:00:00Z, by the word of ada; what it did to mail was not measured." in text
    seen = found._replace(incident=replace(found.incident, key="hold"))
    assert "- Mail suffers since 2026-11-24 09:00:00Z." in postmortem.report(seen)
    assert "bob: a | pipe and a line" in text
    assert "## Root cause\n\n_To be written by a person._" in text
    assert "- Told: nobody." in text
