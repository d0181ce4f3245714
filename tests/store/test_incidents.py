"""Incidents in Redis: one open incident of a cause, one writer of a version, a timeline that only grows."""

import asyncio
from dataclasses import replace

from lab import NOON, W1, W2, Lab
from notifyctl.domain.cause import Cause
from notifyctl.domain.incident import Incident, Sending, opened
from notifyctl.store.incidents import Entry, Saved

CAUSE = Cause("provider/resend", "error", "Resend gets no more mail", "3 faults.", "Mail goes on.", "", NOON - 5000)


def save(lab: Lab, incident: Incident, *texts: str, owing: bool = True, lease: int | None = None) -> Saved:
    entries = [Entry(lab.now, "ada", text) for text in texts]
    return lab.run(lab.store.incidents.save(incident, entries, owing, lease))


def new(lab: Lab, key: str = "provider/resend") -> Incident:
    return save(lab, opened(CAUSE._replace(key=key), lab.now)).incident


def ids(found: list[Incident]) -> list[str]:
    return [one.id for one in found]


def test_ids_count_the_incidents_of_a_day(lab: Lab):
    assert [new(lab, key).id for key in ("a", "b")] == ["INC-2026-11-24-01", "INC-2026-11-24-02"]
    lab.now += 86_400_000
    assert new(lab, "c").id == "INC-2026-11-25-01"


def test_everything_that_is_written_is_read_again(lab: Lab):
    sendings = {"opened/pagerduty": Sending("failed", NOON, NOON + 5, 2, "no answer")}
    full = Incident(
        key="provider/resend", severity="critical", title="t", what="w", done="d", todo="x",
        started_at=1, opened_at=NOON, opened_by="ada", harm=False, acked_at=3, acked_by="ada",
        mitigated_at=4, quiet_at=5, worse_at=6, resolved_at=7, resolved_by="bob", merged="INC-1",
        reviewed_at=8, reviewed_by="cy", root="r", flaps=2, sendings=sendings,
    )  # fmt: skip
    saved = save(lab, full).incident
    assert lab.run(lab.store.incidents.get(saved.id)) == replace(full, id=saved.id, version=1)


def test_a_cause_has_one_open_incident_whoever_is_first(lab: Lab):
    first = opened(CAUSE, lab.now)

    async def at_once() -> list[Saved]:
        return await asyncio.gather(*(lab.store.incidents.save(first) for _ in range(20)))

    answers = lab.run(at_once())
    assert sorted(one.code for one in answers) == ["ok"] + ["taken"] * 19
    assert {one.incident.id for one in answers} == {"INC-2026-11-24-01"}
    assert len(lab.run(lab.store.incidents.latest())) == 1


def test_of_two_who_change_the_same_version_one_must_look_again(lab: Lab):
    first = new(lab)
    assert save(lab, replace(first, acked_by="ada", acked_at=1), "acked").code == "ok"
    assert save(lab, replace(first, acked_by="bob", acked_at=1), "acked").code == "stale"
    found = lab.run(lab.store.incidents.get(first.id))
    assert found
    assert (found.acked_by, found.version) == ("ada", 2)
    assert len(lab.run(lab.store.incidents.timeline(first.id))) == 1


def test_whoever_overslept_the_lease_writes_nothing(lab: Lab):
    old = lab.run(lab.store.workers.lease("incidents", W1, 60))
    lab.redis("DEL", f"{lab.store.incidents.own}lease:incidents")
    fresh = lab.run(lab.store.workers.lease("incidents", W2, 60))
    assert save(lab, opened(CAUSE, lab.now), lease=old).code == "lost"
    assert lab.run(lab.store.incidents.latest()) == []
    assert save(lab, opened(CAUSE, lab.now), lease=fresh).code == "ok"


def test_one_that_is_over_leaves_room_for_the_next_of_its_cause(lab: Lab):
    first = new(lab)
    over = save(lab, replace(first, resolved_at=lab.now), owing=True).incident
    assert lab.run(lab.store.incidents.open()) == []
    assert ids(lab.run(lab.store.incidents.owing())) == [first.id]
    second = new(lab)
    save(lab, replace(over, reviewed_at=lab.now), owing=False)
    assert ids(lab.run(lab.store.incidents.open())) == [second.id]
    assert ids(lab.run(lab.store.incidents.owing())) == [second.id]
    assert ids(lab.run(lab.store.incidents.latest())) == [second.id, first.id]
    last = lab.run(lab.store.incidents.last_of("provider/resend"))
    assert last
    assert last.id == second.id


def test_the_timeline_keeps_the_order_and_the_last_thousand(lab: Lab):
    first = new(lab)
    saved = save(lab, first, *(str(number) for number in range(1001))).incident
    save(lab, saved, "last")
    texts = [entry.text for entry in lab.run(lab.store.incidents.timeline(first.id))]
    assert (len(texts), texts[0], texts[-1]) == (1000, "2", "last")


def test_what_a_later_release_has_added_is_passed_over(lab: Lab):
    first = new(lab)
    document = lab.redis("HGET", f"{lab.store.incidents.own}inc:{first.id}", "document")
    lab.redis("HSET", f"{lab.store.incidents.own}inc:{first.id}", "document", '{"mood":"calm",' + document[1:])
    assert lab.run(lab.store.incidents.get(first.id)) == first


def test_nothing_is_known_of_a_strange_id(lab: Lab):
    assert lab.run(lab.store.incidents.get("INC-2026-11-24-99")) is None
    assert lab.run(lab.store.incidents.last_of("nothing")) is None
