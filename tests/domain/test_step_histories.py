"""What holds in every history of one message, however providers, workers and clocks behave.

Four thousand lives of a message in the world of `world.py`; a failure names the seed that plays it again.
"""

from collections import Counter

import pytest

from notifyctl.domain.attempt import Finish, Look, Send, State, Wait, Why
from notifyctl.domain.provider import Evidence
from notifyctl.domain.revision import Priority
from notifyctl.domain.situation import exhausted, ready_at
from world import History, play

SEEDS = range(4000)
NO_COPY = (State.DEAD, State.EXPIRED, State.REJECTED, State.SUPPRESSED, State.NO_CONSENT)


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [play(seed) for seed in SEEDS]


def end(history: History) -> Finish:
    return history.decisions[-1][2]


def test_the_histories_reach_every_corner(histories):
    ends = Counter(history.record.state for history in histories)
    assert all(ends[state] >= 20 for state in (*NO_COPY[:3], State.ACCEPTED, State.UNKNOWN)), ends
    steps = Counter(type(step) for history in histories for _, _, step in history.decisions)
    sends = Counter(step.why for history in histories for _, _, step in history.decisions if isinstance(step, Send))
    assert min(steps[Look], steps[Wait], *(sends[why] for why in Why)) >= 200, (steps, sends)
    assert sum(len(history.copies) == 2 for history in histories) >= 20


def test_every_message_ends(histories):
    assert [history.seed for history in histories if not history.ended] == []


def test_copies_are_one_and_the_recorded_ambiguous_resends_at_most(histories):
    wrong = [item.seed for item in histories if len(item.copies) > 1 + item.record.ambiguous_resends]
    assert wrong == []


def test_one_ambiguous_resend_is_the_most_and_bulk_has_none(histories):
    for history in histories:
        bulk = history.decisions[0][1].type.priority is Priority.BULK
        assert history.record.ambiguous_resends <= (0 if bulk else 1), history.seed
        assert not bulk or len(history.copies) <= 1, history.seed


def test_a_message_with_a_copy_never_ends_as_if_there_were_none(histories):
    assert [item.seed for item in histories if item.record.state in NO_COPY and item.copies] == []


def test_nor_does_one_in_doubt_unless_a_replay_was_refused(histories):
    for history in histories:
        record, _, step = history.decisions[-1]
        if isinstance(step, Finish) and step.state in NO_COPY:
            refused = {item.provider for item in record.attempts if item.why is Why.REPLAY and item.harmless}
            doubts = {item.provider for item in record.attempts if item.unresolved and item.why is not Why.REPLAY}
            assert doubts <= (refused if step.state is State.REJECTED else set()), history.seed


def test_accepted_means_at_least_one_copy(histories):
    assert [item.seed for item in histories if item.record.state is State.ACCEPTED and not item.copies] == []


def test_nothing_is_sent_while_an_unanswered_call_may_still_be_leaving(histories):
    for history in histories:
        for record, situation, step in history.decisions:
            if isinstance(step, Send | Look):
                quiet = situation.pace.max_send * 1000
                for item in record.attempts:
                    silent = item.outcome is None or (item.unresolved and item.why is not Why.REPLAY)
                    latest = item.outcome is None or item is record.suspect
                    assert not (silent and latest) or situation.now >= item.intent_at + quiet, history.seed


def test_a_message_in_doubt_is_never_simply_sent(histories):
    for history in histories:
        for record, _, step in history.decisions:
            if isinstance(step, Send):
                assert (step.why is Why.FIRST) == (record.suspect is None), history.seed


def test_a_replay_goes_to_the_provider_of_the_doubt_and_nowhere_else(histories):
    for history in histories:
        for record, situation, step in history.decisions:
            if isinstance(step, Look) or (isinstance(step, Send) and step.why is Why.REPLAY):
                assert step.provider == record.suspect.provider, history.seed
                wanted = Evidence.LOOKUP if isinstance(step, Look) else Evidence.REPLAY
                assert situation.evidence[step.provider] is wanted, history.seed


def test_three_definite_faults_at_a_provider_and_five_in_all_are_the_most(histories):
    for history in histories:
        faults = [history.record.faults(name) for name in ("resend", "postmark", "ses")]
        assert max(faults) <= 3, history.seed
        assert sum(faults) <= 5, history.seed


def test_nothing_is_sent_after_the_deadline_or_after_the_end(histories):
    for history in histories:
        for record, situation, step in history.decisions:
            if isinstance(step, Send):
                assert situation.now < situation.deadline, history.seed
                assert not record.ended, history.seed


def due(record, situation) -> int:
    """When the row of a critical message in doubt says that it is sent once more."""
    wait = min(300_000, (situation.deadline - situation.enqueued_at) / 2)
    if situation.evidence[record.suspect.provider] is Evidence.EVENTS:
        wait = max(wait, 300_000)
    return record.suspect.intent_at + int(max(wait, situation.pace.max_send * 1000))


def test_a_critical_resend_is_not_later_than_its_row_says_when_a_provider_is_ready(histories):
    checked = 0
    for history in histories:
        for record, situation, step in history.decisions:
            critical = situation.type.priority is Priority.CRITICAL
            if not (isinstance(step, Wait) and critical and record.suspect) or record.ambiguous_resends:
                continue
            replayed = situation.evidence[record.suspect.provider] is Evidence.REPLAY
            able = [name for name in situation.route if not (replayed and name == record.suspect.provider)]
            able = [name for name in able if not exhausted(record, name, situation.bounds)]
            if not able or record.faults() >= 5:
                continue
            silent = [item.intent_at for item in record.attempts if item.outcome is None]
            quiet = max(silent, default=0) + int(situation.pace.max_send * 1000) if silent else 0
            room = situation.full.get(record.suspect.provider, 0) if replayed else 0  # a replay waits for its room
            ready = min(ready_at(record, name, situation) for name in able)
            assert step.until <= max(due(record, situation), quiet, ready, room), history.seed
            checked += 1
    assert checked > 200
