"""The review queue in Redis."""

import asyncio

from lab import NOON, Lab
from notifyctl.domain.review import Decision, Item, decided, item, undone


def add(lab: Lab, subject: str, since: int = NOON) -> Item:
    one = item("unknown", subject, "may be out", since)
    assert lab.run(lab.store.reviews.save(one))
    found = lab.run(lab.store.reviews.get(one.id))
    assert found
    return found


def waiting(lab: Lab) -> list[str]:
    return [one.subject for one in lab.run(lab.store.reviews.waiting())]


def undecided(lab: Lab, **doubts: int) -> list[str]:
    return [name for name, _ in lab.run(lab.store.reviews.undecided("unknown", [*doubts.items()]))]


def test_the_first_due_comes_first(lab: Lab):
    add(lab, "late", NOON + 1)
    add(lab, "early", NOON)
    assert waiting(lab) == ["early", "late"]
    assert lab.run(lab.store.reviews.count()) == 2


def test_an_item_that_is_there_stays_as_it_is(lab: Lab):
    one = add(lab, "a")
    assert lab.run(lab.store.reviews.save(decided(one, Decision.DROP, "seen", "ada", NOON)))
    assert not lab.run(lab.store.reviews.save(item("unknown", "a", "may be out", NOON)))
    found = lab.run(lab.store.reviews.get("unknown/a"))
    assert found
    assert (found.decision, found.reason, waiting(lab)) == ("drop", "seen", [])


def test_of_two_decisions_at_once_one_stands(lab: Lab):
    one = add(lab, "a")
    both = [decided(one, word, "x", "ada", NOON) for word in (Decision.DROP, Decision.RESEND)]

    async def at_once() -> list[bool]:
        return await asyncio.gather(*map(lab.store.reviews.save, both))

    assert sorted(lab.run(at_once())) == [False, True]


def test_a_decision_taken_back_puts_the_item_back(lab: Lab):
    one = add(lab, "a")
    lab.run(lab.store.reviews.save(decided(one, Decision.DROP, "seen", "ada", NOON)))
    assert [each.id for each in lab.run(lab.store.reviews.decided())] == ["unknown/a"]
    assert undecided(lab, a=NOON, b=NOON) == ["b"]
    (found,) = lab.run(lab.store.reviews.decided())
    lab.run(lab.store.reviews.save(undone(found, NOON)))
    assert (waiting(lab), lab.run(lab.store.reviews.decided())) == (["a"], [])
    assert undecided(lab, a=NOON, b=NOON) == ["a", "b"]


def test_a_decision_says_nothing_about_a_doubt_that_began_later(lab: Lab):
    lab.run(lab.store.reviews.save(decided(add(lab, "a"), Decision.RESEND, "again", "ada", NOON + 5)))
    assert [undecided(lab, a=since) for since in (NOON, NOON + 5, NOON + 6)] == [[], [], ["a"]]


def test_the_latest_decisions_are_told_first(lab: Lab):
    for number, name in enumerate(("first", "second", "third")):
        one = add(lab, name, NOON - number)
        lab.run(lab.store.reviews.save(decided(one, Decision.DROP, "seen", "ada", NOON + number)))
    assert [one.subject for one in lab.run(lab.store.reviews.decided(2))] == ["third", "second"]
