"""What providers say of their room: closures only grow, limits replace one another, paces grow and are cut."""

import pytest

from lab import NOON, W1, Lab, intent
from notifyctl.domain.limit import CUT, FAST, FIRST, LEAST, MOST, SLOW, Limit
from notifyctl.domain.quota import Quota, Rest, Watched
from notifyctl.store.limits import News

GOOD, MANY = News(verdict="good"), News(verdict="many")


def note(lab: Lab, news: News, provider: str = "resend") -> int:
    return lab.run(lab.store.limits.note(provider, news))


def field(lab: Lab, name: str, provider: str = "resend") -> str | None:
    return lab.redis("HGET", "nf:{bull}:limit:" + provider, name)


def pace(lab: Lab) -> float | None:
    return lab.run(lab.store.limits.look("resend")).pace


class TestAClosure:
    def test_is_told_and_kept(self, lab: Lab):
        look = lab.store.limits.look
        assert lab.run(look("resend")).closed_until == 0
        assert note(lab, News(closed=5000)) == NOON + 5000
        assert lab.run(look("resend")).closed_until == NOON + 5000
        assert lab.run(look("ses")).closed_until == 0

    def test_is_never_shortened_by_a_later_answer(self, lab: Lab):
        note(lab, News(closed=5000))
        assert note(lab, News(closed=100)) == NOON + 5000
        lab.now += 4950
        assert note(lab, News(closed=100)) == NOON + 5050


class TestALimit:
    def test_closes_nothing_and_a_closure_teaches_none(self, lab: Lab):
        assert note(lab, News(limit=Limit(50))) == 0
        note(lab, News(closed=10), "ses")
        assert lab.run(lab.store.limits.look("resend")).rate == Limit(50).rate
        assert lab.run(lab.store.limits.look("ses")).rate is None

    def test_ends_the_trial_of_a_pace(self, lab: Lab):
        note(lab, MANY)
        note(lab, News(limit=Limit(50)))
        assert pace(lab) is None

    def test_told_again_changes_nothing(self, lab: Lab):
        note(lab, News(limit=Limit(50)))
        note(lab, MANY)
        slower = pace(lab)
        note(lab, News(limit=Limit(50)))
        assert pace(lab) == slower

    def test_whose_window_is_nearly_used_up_leaves_no_tokens_for_a_burst(self, lab: Lab):
        limit = Limit(100)
        note(lab, News(limit=limit))
        note(lab, News(remaining=0))
        lab.claimed("m")
        assert lab.admit(W1, intent("m", "a1", burst=20))[0].code == "full"
        lab.now += int(1000 / limit.rate) + 1
        assert lab.admit(W1, intent("m", "a1", burst=20))[0].code == "ok"


class TestAClockThatIsSetBack:
    def test_closes_no_provider_for_as_long_as_it_was_set_back(self, lab: Lab):
        names = [f"m{number}" for number in range(9)]
        for name in names:
            lab.enqueue(name)
        lab.claim()
        calls = [intent(name, f"a-{name}", rate=10.0, burst=3) for name in names]
        assert [answer.code for answer in lab.admit(W1, *calls)] == ["ok"] * 3 + ["full"] * 6
        lab.now -= 3_600_000
        assert max(answer.free_at for answer in lab.admit(W1, *calls[3:])) <= lab.now + 1000
        lab.now += 1000
        assert [answer.code for answer in lab.admit(W1, *calls[3:6])] == ["ok"] * 3


class TestAPaceThatIsTried:
    def test_doubles_with_good_answers_and_ends_as_no_limit(self, lab: Lab):
        paces = []
        while (paces or [0])[-1] < MOST:
            note(lab, GOOD)
            paces.append(pace(lab))
            lab.now += FAST[1]
        assert paces[:3] == [FIRST * 2, FIRST * 4, FIRST * 8]
        note(lab, GOOD)
        assert pace(lab) == paces[-1]

    def test_grows_once_in_its_time_however_many_say_so(self, lab: Lab):
        for _ in range(5):
            note(lab, GOOD)
        lab.now += FAST[1] - 1
        note(lab, GOOD)
        assert pace(lab) == FIRST * 2

    def test_is_halved_by_one_call_too_many_once_a_second_and_not_below_the_least(self, lab: Lab):
        note(lab, GOOD)
        lab.now += FAST[1]
        note(lab, GOOD)
        for _ in range(5):
            note(lab, MANY)
        assert pace(lab) == FIRST * 4 * CUT[0]
        for _ in range(20):
            lab.now += CUT[2]
            note(lab, MANY)
        assert pace(lab) == LEAST

    def test_grows_slowly_once_it_has_met_a_limit(self, lab: Lab):
        note(lab, MANY)
        met = pace(lab)
        lab.now += FAST[1]
        note(lab, GOOD)
        assert pace(lab) == met
        lab.now += SLOW[1]
        note(lab, GOOD)
        assert pace(lab) == pytest.approx(met * SLOW[0])

    def test_begins_at_the_pace_in_force_when_nothing_was_tried(self, lab: Lab):
        note(lab, News(verdict="many", rate=40.0))
        assert pace(lab) == 20

    def test_below_a_known_rate_gives_way_to_it(self, lab: Lab):
        limit = Limit(50)
        note(lab, News(limit=limit))
        note(lab, MANY)
        assert pace(lab) == pytest.approx(limit.rate * CUT[1], abs=0.001)
        for _ in range(3):
            lab.now += SLOW[1]
            note(lab, GOOD)
        assert pace(lab) is None


def test_quotas_are_kept_with_their_readings_and_replaced(lab: Lab):
    limits = lab.store.limits
    watched = (Watched(Quota("daily", 100, 40, NOON + 1), NOON, 30, NOON - 60_000),)
    lab.run(limits.keep_quotas("resend", watched, Rest(60, 2, 10, NOON + 1)))
    assert lab.run(limits.look("resend")).quotas == watched
    assert (field(lab, "left"), field(lab, "leaves3"), field(lab, "renew")) == ("60", "10", str(NOON + 1))
    lab.run(limits.keep_quotas("resend", (), None))
    assert lab.run(limits.look("resend")).quotas == ()
    assert field(lab, "left") is None
