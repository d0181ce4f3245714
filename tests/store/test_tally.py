"""What settle counts in breakers, and that nobody is admitted on a board that has moved."""

from msgspec import structs

from lab import NOON, W1, W2, Lab, intent, outcome_of
from notifyctl.domain.breaker import Counted, Minute, Phase, Probed, Rules, Time
from notifyctl.domain.metric import bucket, latency
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.domain.transition import ask
from notifyctl.store.attempts import Admission, Settled

ACCEPTED = Outcome(Kind.ACCEPTED, provider_id="p")
FAULT = Outcome(Kind.FAULT, code="503", http=503)
DOUBT = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="timeout")
ABANDONED = Outcome(Kind.FAULT, Certainty.AMBIGUOUS, code="abandoned")
THROTTLED, REJECTED = Outcome(Kind.THROTTLED), Outcome(Kind.REJECTED)
KEY = Outcome(Kind.ACCOUNT, code="invalid_api_key")
FROM = Outcome(Kind.SENDER, code="from")
RULES = Rules()


def call(lab: Lab, message: str, outcome: Outcome, attempt: str = "", **changes: object) -> Settled:
    """A whole call of a message."""
    begin(lab, message, attempt)
    return end(lab, message, outcome, attempt, **changes)


def begin(lab: Lab, message: str, attempt: str = "", **changes: object) -> Admission:
    record = lab.record(message)
    if not lab.hash(message):
        lab.claimed(message)
    (admission,) = lab.admit(W1, intent(message, attempt or f"a-{message}", record.version, **changes))
    return admission


def end(lab: Lab, message: str, outcome: Outcome, attempt: str = "", **changes: object) -> Settled:
    (settled,) = lab.settle(W1, outcome_of(message, attempt or f"a-{message}", outcome, **changes))
    return settled


def counts(lab: Lab, provider: str = "resend") -> tuple[int, int, str]:
    breaker = lab.run(lab.store.boards.look()).board.breaker(provider)
    return breaker.faults, breaker.messages, breaker.refused


def version(lab: Lab) -> int:
    return lab.run(lab.store.boards.look()).board.version


def trip(lab: Lab) -> None:
    look = lab.run(lab.store.boards.look())
    move = ask("resend", look.board.breaker("resend"), Counted(), RULES, look.now)
    assert move
    assert lab.run(lab.store.boards.move(move, "worker one"))


def half_open(lab: Lab) -> None:
    for number in range(3):
        call(lab, f"f{number}", FAULT)
    trip(lab)
    lab.now += 300_000
    look = lab.run(lab.store.boards.look())
    move = ask("resend", look.board.breaker("resend"), Time(), RULES, look.now)
    assert move
    assert lab.run(lab.store.boards.move(move, "worker one"))


def test_faults_count_with_the_messages_that_met_them(lab: Lab):
    call(lab, "m1", FAULT)
    assert counts(lab) == (1, 1, "")
    call(lab, "m1", DOUBT, "again")
    assert counts(lab) == (2, 1, "")
    call(lab, "m2", FAULT)
    assert counts(lab) == (3, 2, "")


def test_an_acceptance_ends_the_row_and_other_refusals_do_not(lab: Lab):
    call(lab, "m1", FAULT)
    call(lab, "m2", FAULT)
    for number, outcome in enumerate((THROTTLED, REJECTED, ABANDONED)):
        call(lab, f"other{number}", outcome)
    assert counts(lab) == (2, 2, "")
    call(lab, "m3", ACCEPTED)
    assert counts(lab) == (0, 0, "")
    call(lab, "m4", FAULT)
    assert counts(lab) == (1, 1, "")


def test_the_third_fault_raises_the_version_and_the_first_two_do_not(lab: Lab):
    call(lab, "m1", FAULT)
    call(lab, "m2", FAULT)
    assert version(lab) == 0
    call(lab, "m3", FAULT)
    assert version(lab) == NOON


def test_three_faults_of_one_message_raise_nothing(lab: Lab):
    for name in "abc":
        call(lab, "m1", FAULT, name)
    assert (counts(lab), version(lab)) == ((3, 1, ""), 0)


def test_what_has_reached_its_numbers_stays_until_somebody_decides(lab: Lab):
    begin(lab, "slow")
    for number in range(3):
        call(lab, f"m{number}", FAULT)
    end(lab, "slow", ACCEPTED)
    assert counts(lab) == (3, 2, "")


def test_after_the_third_fault_nobody_is_admitted_on_the_board_before(lab: Lab):
    lab.claimed("next")
    lab.claimed("other", worker=W2)
    for number in range(3):
        call(lab, f"m{number}", FAULT)
    old = [structs.replace(intent(name, f"n-{name}"), board=1) for name in ("next", "other")]
    assert [lab.admit(W1, old[0])[0].code, lab.admit(W2, old[1])[0].code] == ["moved", "moved"]
    assert lab.record("next").attempts == ()
    trip(lab)
    assert lab.admit(W1, structs.replace(old[0], board=NOON))[0].code == "moved"


def test_a_lost_reply_gives_the_same_yes_although_the_board_has_moved(lab: Lab):
    begin(lab, "m")
    for number in range(3):
        call(lab, f"f{number}", FAULT)
    assert lab.admit(W1, structs.replace(intent("m", "a-m"), board=1))[0].code == "ok"


def test_what_was_admitted_under_another_generation_counts_nothing(lab: Lab):
    for number in range(4):
        begin(lab, f"late{number}")
    half_open(lab)
    before = lab.run(lab.store.boards.look()).board
    for number in range(3):
        end(lab, f"late{number}", FAULT)
    end(lab, "late3", KEY)
    assert lab.run(lab.store.boards.look()).board == before


def test_a_stopped_worker_that_wakes_up_after_the_recovery_moves_nothing(lab: Lab):
    for number in range(4):
        begin(lab, f"late{number}")
    half_open(lab)
    for number in range(3):
        begin(lab, f"p{number}", lease=60.0)
        look = lab.run(lab.store.boards.look())
        move = ask("resend", look.board.breaker("resend"), Probed(f"a-p{number}", well=True), RULES, look.now)
        assert move
        assert lab.run(lab.store.boards.move(move, "worker one"))
    before = lab.run(lab.store.boards.look()).board
    assert before.breaker("resend").phase is Phase.CLOSED
    for number in range(3):
        end(lab, f"late{number}", FAULT)
    end(lab, "late3", KEY)
    assert lab.run(lab.store.boards.look()).board == before


def test_an_outcome_counts_once(lab: Lab):
    begin(lab, "m")
    for _ in range(3):
        end(lab, "m", FAULT)
    assert counts(lab) == (1, 1, "")


def test_evidence_that_comes_later_does_not_end_the_row(lab: Lab):
    call(lab, "m1", DOUBT)
    end(lab, "m1", ACCEPTED)
    assert counts(lab) == (1, 1, "")


def test_a_refused_account_is_to_be_decided_at_once(lab: Lab):
    call(lab, "m", KEY)
    assert (counts(lab), version(lab)) == ((0, 0, "invalid_api_key"), NOON)


def test_while_automation_is_paused_nothing_is_reached_and_acceptances_begin_anew(lab: Lab):
    attempts = lab.store.attempts
    attempts.counting = attempts.counting._replace(faults=0)
    for number in range(5):
        call(lab, f"m{number}", FAULT)
    call(lab, "key", KEY)
    assert (counts(lab), version(lab)) == ((5, 2, "invalid_api_key"), 0)
    call(lab, "good", ACCEPTED)
    assert counts(lab) == (0, 0, "")


def test_a_refused_sender_is_closed_there_from_the_call_on_and_its_breaker_is_not_touched(lab: Lab):
    begin(lab, "m")
    lab.now += 2000
    end(lab, "m", FROM, sender="a@venue.example")
    seen = lab.run(lab.store.boards.look()).board
    assert seen.senders == {"resend|a@venue.example": NOON + 300_000}
    assert (seen.version, counts(lab)) == (lab.now, (0, 0, ""))
    call(lab, "again", FROM, sender="a@venue.example")
    assert lab.run(lab.store.boards.look()).board == seen, "a closure that holds is not made longer"


def test_a_refusal_of_long_ago_closes_no_sender(lab: Lab):
    begin(lab, "m")
    lab.now += 300_000
    end(lab, "m", FROM, sender="a@venue.example")
    assert lab.run(lab.store.boards.look()).board.senders == {}


def test_one_message_takes_the_place_of_the_probe_and_the_others_hear_until_when(lab: Lab):
    half_open(lab)
    answers = [begin(lab, name, lease=60.0) for name in ("p1", "p2")]
    assert [(answer.code, answer.free_at) for answer in answers] == [("ok", 0), ("shut", lab.now + 60_000)]
    breaker = lab.run(lab.store.boards.look()).board.breaker("resend")
    assert (breaker.phase, breaker.probe, breaker.probe_until) == (Phase.HALF_OPEN, "a-p1", lab.now + 60_000)
    lab.now += 59_999
    assert begin(lab, "p2", lease=60.0).code == "shut"
    lab.now += 1
    assert begin(lab, "p2", lease=60.0).code == "ok"


def test_a_clock_that_was_set_back_keeps_no_place(lab: Lab):
    half_open(lab)
    begin(lab, "p1", lease=60.0)
    lab.now -= 3_600_000
    assert begin(lab, "p2", lease=60.0).code == "ok"


def test_in_a_half_open_phase_nothing_is_counted(lab: Lab):
    half_open(lab)
    begin(lab, "p1", lease=60.0)
    end(lab, "p1", FAULT)
    assert counts(lab) == (0, 0, "")


def test_the_last_minute_of_a_generation_is_counted(lab: Lab):
    call(lab, "m1", FAULT)
    call(lab, "m2", ACCEPTED)
    call(lab, "m3", THROTTLED)
    boards = lab.store.boards
    assert lab.run(boards.minute("resend", 0)) == Minute(2, 1)
    assert lab.run(boards.minute("resend", 7)) == Minute(0, 0)
    lab.now += 49_999
    assert lab.run(boards.minute("resend", 0)) == Minute(2, 1)
    lab.now += 10_001
    assert lab.run(boards.minute("resend", 0)) == Minute(0, 0)


def test_calls_and_times_are_measured_by_the_minute(lab: Lab):
    call(lab, "m1", ACCEPTED, bucket=bucket(0.1))
    call(lab, "m2", FAULT)
    lab.now += 60_000
    call(lab, "m3", ACCEPTED, bucket=bucket(0.1))
    before, now = lab.run(lab.store.metrics.last(2))
    assert before.calls == {"resend|accepted|definite": 1, "resend|fault|definite": 1}
    assert (now.at, now.calls, now.took) == (
        NOON + 60_000,
        {"resend|accepted|definite": 1},
        {"resend": {bucket(0.1): 1}},
    )
    assert latency(now.took["resend"]).calls == 1
    assert 0 < int(lab.redis("PTTL", f"{lab.store.metrics.own}minute:{NOON // 60_000}")) <= 49 * 3_600_000


def test_the_budget_for_retries_runs_out_and_is_filled_by_time_and_by_acceptances(lab: Lab):
    def retry(name: str, cost: int = 10) -> Admission:
        lab.claimed(name)
        return lab.admit(W1, structs.replace(intent(name, f"a-{name}"), cost=cost))[0]

    assert {retry(f"m{number}").code for number in range(10)} == {"ok"}
    poor = retry("poor")
    assert (poor.code, poor.free_at) == ("full", lab.now + 6000)
    for number in range(5):
        end(lab, f"m{number}", ACCEPTED)
    lab.now += 3000
    assert lab.admit(W1, structs.replace(intent("poor", "a-poor"), cost=10))[0].code == "ok"
    assert begin(lab, "first").code == "ok", "a first call costs nothing"


def test_the_version_rises_also_when_the_server_has_lost_the_last_ones(lab: Lab):
    call(lab, "key", KEY)
    lab.redis("DEL", f"{lab.store.boards.own}board")
    lab.now += 1
    trip(lab)
    assert version(lab) == NOON + 1


def test_a_call_that_is_no_message_of_the_queue_counts_in_its_generation_alone(lab: Lab):
    def weigh(name: str, generation: int, outcome: Outcome) -> tuple[int, int, str]:
        lab.run(lab.store.attempts.weigh("resend", generation, name, outcome, "tickets@venue.example"))
        return counts(lab)

    assert weigh("sink-1", 0, FAULT) == (1, 1, "")
    assert weigh("sink-2", 5, FAULT) == (1, 1, "")
    assert weigh("sink-3", 0, FAULT) == (2, 2, "")
    assert weigh("sink-4", 0, ACCEPTED) == (0, 0, "")
    assert weigh("sink-5", 0, KEY) == (0, 0, "invalid_api_key")
