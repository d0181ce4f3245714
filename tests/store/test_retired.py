"""A message that was retired: its attempts are gone, and nothing that anybody does sends it or opens it again."""

import pytest

from lab import LOCK, NOON, W1, W2, Lab, decision, intent, outcome_of
from notifyctl.domain.archive import Archived, Facts
from notifyctl.domain.attempt import State, Why
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.retention import TOMBSTONE_MS, LastMove
from notifyctl.domain.review import item
from notifyctl.store.attempts import Deed
from notifyctl.store.decisions import Order, decide
from notifyctl.store.retired import Retired

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p-1", http=200)
FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
FACTS = Facts(NOON - 500, NOON, 312, "booking.confirmation", "critical")
OWN = "nf:{bull}:"
MARK = "host 1f"


@pytest.fixture
def retired(lab: Lab) -> Retired:
    return Retired(lab.store.queue)


def ended(lab: Lab, state: State = State.ACCEPTED, outcome: Outcome = ACCEPTED, message: str = "m") -> None:
    """A message that ended after one attempt."""
    lab.sending(message, f"{message}-a1")
    action = "complete" if state is State.ACCEPTED else "fail"
    end = outcome_of(message, f"{message}-a1", outcome, state=state, action=action, value="{}", facts=FACTS)
    assert lab.settle(W1, end)[0].code == "ok"


def retire(lab: Lab, retired: Retired, message: str = "m", mark: str = MARK) -> bool:
    (one,) = lab.run(retired.read([message]))
    return lab.run(retired.retire([one.row], mark))[0]


def keys(lab: Lab) -> list[str]:
    return sorted(lab.redis("KEYS", f"{OWN}msg:*") + lab.redis("KEYS", f"{OWN}att:*"))


async def candidates(retired: Retired, before: int) -> list[str]:
    return [name async for _, names in retired.ended(before) for name in names]


class TestItsLine:
    def test_tells_all_that_its_figures_are_made_from(self, lab: Lab, retired: Retired):
        lab.claimed("m")
        lab.admit(W1, intent("m", "a1", revision=4))
        lab.now += 900
        lab.settle(W1, outcome_of("m", "a1", FAULT))
        lab.admit(W1, intent("m", "a2", lab.record("m").version, provider="ses"))
        lab.now += 100
        lab.settle(W1, outcome_of("m", "a2", ACCEPTED, provider="ses", state=State.ACCEPTED, facts=FACTS))
        ((record, row),) = lab.run(retired.read(["m"]))
        assert record == lab.record("m")
        assert row[:5] == ("m", "booking.confirmation", "", "critical", "accepted")
        assert (row.enqueued_at, row.claimed_at, row.took_ms) == FACTS[:3]
        assert (row.ended_at, row.accepted_at, row.provider, row.provider_id) == (lab.now, lab.now, "ses", "p-1")
        assert [call[:11] for call in row.attempts] == [
            ("a1", "resend", NOON, NOON + 900, "fault", "definite", 503, "503", "first", 4, 0),
            ("a2", "ses", NOON + 900, NOON + 1000, "accepted", "definite", 200, "", "first", 1, 0),
        ]

    def test_has_the_facts_of_the_end_and_not_of_a_wait_before(self, lab: Lab, retired: Retired):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, State.HELD, "keep", facts=FACTS._replace(took_ms=1)))
        lab.settle(W1, decision("m", lab.record("m").version, State.EXPIRED, "fail", "expired: why", facts=FACTS))
        ((_, row),) = lab.run(retired.read(["m"]))
        assert (row.state, row.took_ms, row.type, row.priority) == ("expired", 312, "booking.confirmation", "critical")

    def test_shows_no_address_that_somebody_wrote_into_a_reason(self, lab: Lab, retired: Retired):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, State.REJECTED, "fail", "x", reason="no such user ann@customers.example"))
        ((_, row),) = lab.run(retired.read(["m"]))
        assert row.reason == "no such user [address]"


class TestWhatHasEnded:
    def test_is_found_when_it_is_old_enough(self, lab: Lab, retired: Retired):
        ended(lab, message="old")
        lab.now += 1000
        ended(lab, message="young")
        assert lab.run(candidates(retired, lab.now)) == ["old"]
        assert sorted(lab.run(candidates(retired, lab.now + 1))) == ["old", "young"]

    def test_is_not_what_is_open_unknown_or_retired(self, lab: Lab, retired: Retired):
        lab.sending("open", "x1")
        ended(lab, State.UNKNOWN, DOUBT, "unknown")
        ended(lab, message="gone")
        assert retire(lab, retired, "gone")
        assert lab.run(candidates(retired, lab.now + 1)) == []


class TestToRetire:
    def test_forgets_the_attempts_and_leaves_a_tombstone_for_400_days(self, lab: Lab, retired: Retired):
        ended(lab)
        version = lab.record("m").version
        assert retire(lab, retired)
        assert keys(lab) == [f"{OWN}msg:m"]
        record = lab.record("m")
        assert (record.state, record.provider, record.provider_id) == (State.ACCEPTED, "resend", "p-1")
        assert record.archived == Archived("2026-11", "host")
        assert record.ended
        assert record.version > version
        left = lab.redis("PTTL", f"{OWN}msg:m")
        assert TOMBSTONE_MS - 60_000 < left <= TOMBSTONE_MS

    def test_again_after_a_lost_reply_is_the_same_yes_and_under_another_mark_a_no(self, lab: Lab, retired: Retired):
        ended(lab)
        ((_, row),) = lab.run(retired.read(["m"]))
        assert lab.run(retired.retire([row], MARK)) == [True]
        assert lab.run(retired.retire([row], MARK)) == [True]
        assert lab.run(retired.retire([row], "other 2")) == [False]

    def test_leaves_what_has_moved_on_since_it_was_read(self, lab: Lab, retired: Retired):
        ended(lab, State.DEAD, FAULT)
        ((_, row),) = lab.run(retired.read(["m"]))
        settled = outcome_of("m", "m-a1", ACCEPTED, state=State.ACCEPTED, lane=0)
        lab.now += 1
        assert lab.settle(W2, settled)[0].code == "ok"
        assert lab.run(retired.retire([row], MARK)) == [False]
        assert lab.record("m").attempts

    @pytest.mark.parametrize("state", [State.UNKNOWN, State.HELD])
    def test_leaves_what_is_in_doubt_or_open_whoever_asks(self, lab: Lab, retired: Retired, state: State):
        lab.sending("m", "a1")
        lab.settle(W1, outcome_of("m", "a1", DOUBT, state=state))
        assert not retire(lab, retired)

    def test_leaves_what_a_person_shall_review(self, lab: Lab, retired: Retired):
        ended(lab)
        assert lab.run(lab.store.reviews.save(item("unknown", "m", "what", NOON)))
        assert not retire(lab, retired)

    def test_many_at_once_each_has_its_answer(self, lab: Lab, retired: Retired):
        for number in range(130):
            ended(lab, message=f"m{number}")
        rows = [one.row for one in lab.run(retired.read([f"m{number}" for number in range(130)]))]
        rows[77] = rows[77]._replace(version=1)
        assert lab.run(retired.retire(rows, MARK)) == [number != 77 for number in range(130)]


class TestATombstone:
    @pytest.fixture(autouse=True)
    def buried(self, lab: Lab, retired: Retired) -> None:
        ended(lab)
        assert retire(lab, retired)

    def test_refuses_a_call_that_was_decided_before_and_one_on_what_is_there(self, lab: Lab):
        lab.remove("m")
        lab.claimed("m")
        for version in (0, NOON, lab.record("m").version):
            assert lab.admit(W1, intent("m", "b1", version))[0].code == "stale"
        assert not lab.redis("EXISTS", f"{OWN}att:b1")

    def test_ends_a_job_that_was_added_again_as_before(self, lab: Lab):
        lab.remove("m")
        lab.claimed("m")
        told = decision("m", lab.record("m").version, State.ACCEPTED, "complete", '{"state":"accepted"}')
        assert lab.settle(W1, told)[0].code == "ok"
        assert (lab.place("m"), lab.record("m").archived) == ("completed", Archived("2026-11", "host"))
        assert lab.redis("PTTL", f"{OWN}msg:m") > 0

    def test_sends_who_decided_on_an_older_record_back_to_look(self, lab: Lab):
        lab.remove("m")
        lab.claimed("m")
        assert lab.settle(W1, decision("m", 0, State.EXPIRED, "fail", "expired"))[0].code == "stale"
        assert lab.record("m").state is State.ACCEPTED

    def test_has_lost_nothing(self, lab: Lab):
        deed = Deed(intent("m", "m-a1"), NOON)
        settled = outcome_of("m", "m-a1", ACCEPTED, state=State.ACCEPTED, lane=0)
        assert lab.run(lab.store.attempts.reassert(W1, [(deed, settled)])) == (0, [])
        assert keys(lab) == [f"{OWN}msg:m"]

    def test_takes_the_same_acceptance_again_and_tells_of_another(self, lab: Lab):
        again = outcome_of("m", "m-a1", ACCEPTED, state=State.ACCEPTED, lane=0)
        lab.settle(W2, again)
        assert lab.run(lab.store.attempts.findings()) == {}
        lab.settle(W2, outcome_of("m", "b1", Outcome(Kind.ACCEPTED, provider_id="p-2"), state=State.ACCEPTED, lane=0))
        assert lab.run(lab.store.attempts.findings()) == {"MSG-COPY-LATE": 1}
        assert keys(lab) == [f"{OWN}msg:m"]
        assert lab.record("m").provider_id == "p-1"


class TestOneThatWasRefusedOrDied:
    @pytest.mark.parametrize("state", [State.REJECTED, State.DEAD, State.EXPIRED])
    def test_is_final_too(self, lab: Lab, retired: Retired, state: State):
        ended(lab, state, FAULT)
        assert retire(lab, retired)
        record = lab.record("m")
        assert (record.ended, record.reason) == (True, "why")
        order = Order("d1", 1, "m", "m", record.version, "retry", "ada", "mended", state, State.QUEUED)
        assert [one.code for one in lab.run(decide(lab.store.queue, [order]))] == ["stale"]
        assert lab.place("m") == "failed"

    def test_so_is_one_that_ended_at_the_door(self, lab: Lab, retired: Retired):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, State.REJECTED, "fail", "rejected: why"))
        assert not lab.record("m").ended
        assert retire(lab, retired)
        assert lab.record("m").ended
        lab.retry("m")
        lab.claim()
        assert lab.admit(W1, intent("m", "b1", lab.record("m").version))[0].code == "stale"

    def test_is_not_opened_by_what_a_worker_remembers(self, lab: Lab, retired: Retired):
        lab.claimed("m")
        lab.settle(W1, decision("m", 0, State.REJECTED, "fail", "rejected: why"))
        assert retire(lab, retired)
        lab.run(lab.store.attempts.reassert(W1, [(Deed(intent("m", "b1", why=Why.FIRST), NOON), None)]))
        assert (lab.record("m").state, lab.record("m").attempts) == (State.REJECTED, ())


def test_totals_are_as_before(lab: Lab, retired: Retired):
    ended(lab)
    before = lab.run(lab.store.attempts.totals())
    assert retire(lab, retired)
    assert lab.run(lab.store.attempts.totals()) == before


def test_the_audit_takes_its_job_for_ended(lab: Lab, retired: Retired):
    ended(lab)
    assert retire(lab, retired)
    lab.remove("m")
    lab.enqueue("m")
    assert lab.run(lab.store.queue.claim(W1, LOCK, W1, 10, (10, 10, 10))).jobs[0].id == "m"


def test_the_last_move_is_remembered(lab: Lab, retired: Retired):
    assert lab.run(retired.last()) == LastMove()
    lab.run(retired.note(LastMove(NOON, "one", 7)))
    assert lab.run(retired.last()) == LastMove(NOON, "one", 7)
