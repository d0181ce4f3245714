"""The review: decisions of people, reversible until they were carried out."""

import pytest

from notifyctl.domain.errors import Refused
from notifyctl.domain.review import DUE, FINAL, Decision, Item, decided, executed, item, undone

NOW = 1_795_510_800_000


def doubtful() -> Item:
    return item("unknown", "booking-confirm/1", "may be out", NOW, "INC-2026-11-24-01")


def test_an_item_is_due_a_day_after_it_began():
    one = doubtful()
    assert (one.id, one.due) == ("unknown/booking-confirm/1", NOW + DUE)
    assert not one.overdue(NOW + DUE)
    assert one.overdue(NOW + DUE + 1)


def test_a_decision_can_be_changed_and_taken_back():
    one = decided(doubtful(), Decision.DROP, "seen at Resend", "ada", NOW)
    assert (one.decision, one.reason, one.decided_by) == ("drop", "seen at Resend", "ada")
    assert not one.overdue(NOW + DUE + 1)
    assert decided(one, Decision.RESEND, "it is not there", "bob", NOW + 1).decision == "resend"
    assert undone(one, NOW + 1) == doubtful()


def test_not_any_more_when_it_was_carried_out():
    one = executed(decided(doubtful(), Decision.RESEND, "not there", "ada", NOW), NOW + 1)
    for change in (lambda: undone(one, NOW + 2), lambda: decided(one, Decision.DROP, "x", "ada", NOW + 2)):
        with pytest.raises(Refused) as caught:
            change()
        assert caught.value.code == "REV-EXECUTED"


def test_a_decision_without_a_deed_is_final_after_a_day_and_a_resend_only_when_it_was_made():
    drop, resend = (decided(doubtful(), word, "x", "ada", NOW) for word in (Decision.DROP, Decision.RESEND))
    assert (drop.final(NOW + FINAL - 1), drop.final(NOW + FINAL)) == (False, True)
    assert not resend.final(NOW + 10 * FINAL)


def test_only_mail_can_be_sent_again():
    with pytest.raises(Refused) as caught:
        decided(item("provider", "resend", "suspended", NOW), Decision.RESEND, "x", "ada", NOW)
    assert caught.value.code == "REV-NO-MAIL"
