"""What providers say of their room: closures that only grow, rates that replace one another."""

from lab import NOON, Lab


def test_a_closure_is_told_and_kept(lab: Lab):
    limits = lab.store.limits
    assert lab.run(limits.closed_until("resend")) == 0
    assert lab.run(limits.note("resend", 5000, None)) == NOON + 5000
    assert lab.run(limits.closed_until("resend")) == NOON + 5000
    assert lab.run(limits.closed_until("ses")) == 0


def test_a_later_answer_never_shortens_a_closure(lab: Lab):
    lab.run(lab.store.limits.note("resend", 5000, None))
    assert lab.run(lab.store.limits.note("resend", 100, None)) == NOON + 5000
    lab.now += 4950
    assert lab.run(lab.store.limits.note("resend", 100, None)) == NOON + 5050


def test_a_rate_closes_nothing_and_a_closure_teaches_no_rate(lab: Lab):
    assert lab.run(lab.store.limits.note("resend", None, 2.5)) == 0
    lab.run(lab.store.limits.note("ses", 10, None))
    key = "nf:{bull}:limit:"
    assert lab.redis("HGET", key + "resend", "rate") == "2.5"
    assert lab.redis("HGET", key + "ses", "rate") is None
