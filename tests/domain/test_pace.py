"""The waits: each pace keeps the order on which the guarantees rest."""

import pytest

from notifyctl.domain.pace import DEMO, PACES, PRODUCTION


@pytest.mark.parametrize("pace", PACES.values(), ids=PACES)
def test_nobody_looks_for_evidence_while_the_old_call_may_still_be_leaving(pace):
    assert pace.max_send == pace.start_by + pace.total
    assert pace.max_send < pace.reconcile[0]


@pytest.mark.parametrize("pace", PACES.values(), ids=PACES)
def test_the_ages_of_reconciliation_rise_and_reach_the_resends(pace):
    assert list(pace.reconcile) == sorted(set(pace.reconcile))
    assert pace.reconcile[0] < pace.critical_resend <= pace.standard_resend <= pace.reconcile[-1]
    assert pace.max_send < pace.events_wait


@pytest.mark.parametrize("pace", PACES.values(), ids=PACES)
def test_a_heartbeat_may_be_missed_twice_and_a_lock_outlives_every_call(pace):
    assert round(pace.heartbeat_ttl / pace.heartbeat, 6) >= 3
    assert pace.connect < pace.total < pace.lock
    assert pace.lock == 25 * 3600


def test_production_keeps_the_numbers_of_the_policy():
    assert (PRODUCTION.connect, PRODUCTION.total) == (3, 15)
    assert PRODUCTION.reconcile == (30, 120, 300, 900)
    assert (PRODUCTION.critical_resend, PRODUCTION.standard_resend, PRODUCTION.events_wait) == (300, 900, 300)
    assert (PRODUCTION.heartbeat, PRODUCTION.heartbeat_ttl, PRODUCTION.adopt, PRODUCTION.drain) == (5, 15, 10, 20)
    assert PRODUCTION.sender_rest == 300


def test_the_demo_differs_in_waits_only():
    assert {name: pace.name for name, pace in PACES.items()} == {"production": "production", "demo": "demo"}
    assert DEMO.lock == PRODUCTION.lock
    assert len(DEMO.reconcile) == len(PRODUCTION.reconcile)
    assert len(DEMO.retry) == len(PRODUCTION.retry)
