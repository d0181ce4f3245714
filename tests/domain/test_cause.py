"""Causes: what is wrong, said once, with what was done and what is to be done."""

import pytest

from notifyctl.domain.board import Board
from notifyctl.domain.breaker import Breaker, Phase
from notifyctl.domain.cause import AFTERMATH, ALL, Cause, Outage, Sight, Waiting, causes
from notifyctl.domain.route import Override, Pin, Route

NOW = 1_795_510_800_000
ORDER = ("resend", "postmark", "ses")
OURS = "tickets@venue.example"
LANES = ("email-critical", "email-standard", "email-bulk")
PLAIN, NONE = Route(), Outage()
HELD = Override(NOW + 3_600_000, "a bad release", "ada")


def shut(rule: str = "T1", phase: Phase = Phase.OPEN, **changes: int) -> Breaker:
    reason = {"T1": "3 faults in a row", "T3": "our account is refused: suspended"}[rule]
    return Breaker(phase, until=NOW + 300_000, since=NOW - 5000, rule=rule, reason=reason)._replace(**changes)


def sight(
    breakers: dict[str, Breaker] | None = None, route: Route = PLAIN, senders: dict[str, int] | None = None,
    waits: tuple[int, ...] = (0, 0, 0), ours: dict[str, str] | None = None, **changes: object,
) -> Sight:  # fmt: skip
    """All is well but for what is given; `waits` are the ages in seconds of the oldest mail of each lane."""
    ages = zip(LANES, waits, strict=False)
    lanes = [Waiting(name, 1 if age else 0, NOW - age * 1000 if age else 0) for name, age in ages]
    seen = Sight(
        NOW,
        Board(1, breakers or {}, route, senders or {}),
        dict.fromkeys(ORDER, OURS) if ours is None else ours,
        lanes,
        1,
    )
    return seen._replace(**changes)


def keys(seen: Sight, held: tuple[str, ...] = (), outage: Outage = NONE) -> list[str]:
    return [one.key for one in causes(seen, held, outage)]


def only(seen: Sight, *held: str) -> Cause:
    (cause,) = causes(seen, held)
    return cause


def test_nothing_is_wrong():
    assert causes(sight()) == []


class TestProviders:
    def test_one_that_is_down_harms_nobody_and_says_who_carries_its_mail(self):
        cause = only(sight({"resend": shut()}))
        assert (cause.key, cause.severity, cause.harm) == ("provider/resend", "error", False)
        assert cause.what == "3 faults in a row."
        assert cause.done.startswith("Its mail goes to Postmark.")
        assert cause.since == NOW - 5000

    def test_a_refused_account_is_critical_and_a_persons_task(self):
        cause = only(sight({"postmark": shut("T3")}))
        assert (cause.key, cause.severity) == ("provider/postmark", "critical")
        assert "Repair our account at Postmark" in cause.todo

    def test_one_that_is_probed_is_still_down_when_it_was(self):
        probed = sight({"resend": shut(phase=Phase.HALF_OPEN)})
        assert keys(probed) == []
        assert only(probed, "provider/resend").what == ""

    def test_one_forced_by_a_person_still_takes_mail_and_that_harms(self):
        pinned = Route(pin=Pin("resend", "force", NOW + 3_600_000, "we know better", "ada"))
        cause = only(sight({"resend": shut()}, pinned))
        assert cause.harm
        assert cause.done == "Mail still goes to Resend: a person has forced it."

    def test_one_without_a_key_is_no_cause(self):
        assert keys(sight({"resend": shut()}, ours={"postmark": OURS, "ses": OURS})) == []

    def test_an_isolated_one_is_not_down(self):
        assert keys(sight({"resend": shut(phase=Phase.ISOLATED, until=NOW + 3_600_000)})) == []


DOWN = {name: shut() for name in ORDER}


class TestAnOutageOfEverything:
    def test_is_one_cause_however_many_providers_there_are_and_however_old_mail_becomes(self):
        cause = only(sight(DOWN, waits=(4000, 4000, 40_000)), "provider/resend", "lane/email-critical")
        assert (cause.key, cause.severity, cause.harm) == (ALL, "critical", True)
        assert all(name in cause.what for name in ("Resend", "Postmark", "Amazon SES"))

    def test_lasts_while_all_are_probed_or_isolated(self):
        assert keys(sight({**DOWN, "ses": shut(phase=Phase.HALF_OPEN)})) == [ALL]
        assert keys(sight({**DOWN, "ses": shut(phase=Phase.ISOLATED, until=NOW + 9e6)})) == [ALL]

    def test_says_how_to_put_back_what_a_person_has_paused(self):
        assert "resume" not in only(sight(DOWN)).todo
        assert "notifyctl resume ses" in only(sight({**DOWN, "ses": shut(phase=Phase.ISOLATED, until=NOW + 9e6)})).todo

    def test_is_none_when_a_person_holds_all_mail(self):
        assert ALL not in keys(sight(DOWN, Route(hold=HELD)))

    def test_ends_with_the_first_that_is_back_and_the_rest_is_no_new_cause_for_half_an_hour(self):
        rest = sight({"postmark": shut(), "ses": shut(phase=Phase.HALF_OPEN)}, waits=(600, 0, 0))
        over = Outage(NOW - 600_000, NOW - 1000)
        assert keys(rest, (), over) == []
        assert keys(rest, ("provider/postmark",), over) == ["provider/postmark"]
        later = Outage(NOW - 600_000 - AFTERMATH * 1000, NOW - AFTERMATH * 1000)
        assert keys(rest, (), later) == ["provider/postmark", "lane/email-critical"]

    def test_leaves_alone_one_that_was_back_since_and_fell_again(self):
        again = sight({"postmark": shut(closed_at=NOW - 500_000)})
        assert keys(again, (), Outage(NOW - 600_000, NOW - 400_000)) == ["provider/postmark"]

    def test_is_not_seen_where_no_provider_has_a_key(self):
        assert keys(sight(ours={})) == []


@pytest.mark.parametrize(
    ("waits", "found"),
    [
        ((300, 0, 0), []),
        ((301, 0, 0), ["lane/email-critical"]),
        ((0, 1800, 21_600), []),
        ((0, 1801, 21_601), ["lane/email-standard", "lane/email-bulk"]),
        ((1700,), []),
        ((1801,), ["lane/email-critical"]),
    ],
)
def test_mail_may_wait_as_long_as_its_lane_allows(waits: tuple[int, ...], found: list[str]):
    assert keys(sight(waits=waits)) == found


class TestNobodyAtWork:
    def test_is_critical_when_there_is_mail_and_hides_that_mail_waits(self):
        assert keys(sight(waits=(400, 0, 0), working=0)) == ["workers"]

    def test_is_nothing_when_there_is_no_mail(self):
        assert keys(sight(working=0)) == []


class TestSenders:
    def test_one_refused_everywhere_is_critical_and_no_provider_is_blamed(self):
        refused = {f"{name}|new@venue.example": NOW + 1000 for name in ORDER}
        cause = only(sight(senders=refused))
        assert (cause.key, cause.severity) == ("sender/new@venue.example", "critical")

    def test_one_that_somebody_takes_or_whose_rest_is_over_is_none(self):
        refused = {f"{name}|new@venue.example": NOW + 1000 for name in ORDER[1:]}
        assert keys(sight(senders=refused)) == []
        assert keys(sight(senders={**refused, "resend|new@venue.example": NOW})) == []

    def test_one_that_is_refused_by_all_who_are_not_out_is_one_too(self):
        refused = {f"{name}|new@venue.example": NOW + 1000 for name in ORDER[1:]}
        assert keys(sight({"resend": shut()}, senders=refused)) == ["sender/new@venue.example", "provider/resend"]

    def test_where_each_provider_has_an_address_of_its_own_all_must_rest(self):
        ours = {name: f"{name}@venue.example" for name in ORDER}
        refused = {f"{name}|{address}": NOW + 1000 for name, address in ours.items()}
        assert keys(sight(senders=refused, ours=ours)) == [f"sender/{name}@venue.example" for name in sorted(ORDER)]
        del refused["ses|ses@venue.example"]
        assert keys(sight(senders=refused, ours=ours)) == []

    def test_that_nobody_takes_mail_is_not_the_senders_fault(self):
        everyone = dict.fromkeys(ORDER, shut())
        assert keys(sight(everyone, senders={"ses|new@venue.example": NOW + 1000})) == [ALL]


class TestPeople:
    def test_mail_in_doubt_waits_for_them(self):
        cause = only(sight(doubtful=2, doubtful_since=NOW - 901_000))
        assert (cause.key, cause.severity, cause.since) == ("unknown", "warning", NOW - 901_000)
        assert cause.what.startswith("2 mails may or may not be out")

    def test_a_hold_is_worth_a_note_and_its_end_a_warning(self):
        assert [(one.key, one.severity) for one in causes(sight(route=Route(hold=HELD)))] == [("hold", "info")]
        ending = HELD._replace(until=NOW + 300_000)
        assert keys(sight(route=Route(hold=ending))) == ["override/hold", "hold"]

    def test_mail_that_waits_too_long_under_a_hold_is_told_as_the_hold_and_the_way_out_is_to_resume(self):
        cause = only(sight(waits=(301, 0, 21_601), route=Route(hold=HELD)))
        assert (cause.key, cause.severity, cause.harm) == ("hold", "error", True)
        assert "Mail waits too long in email-critical, email-bulk" in cause.what
        assert "notifyctl resume queue" in cause.todo

    def test_mail_that_waited_under_a_hold_is_no_cause_for_half_an_hour_after_it(self):
        late, began = sight(waits=(4000, 0, 0)), NOW - 4_000_000
        assert causes(late, hold=Outage(began, 0)) == causes(late, hold=Outage(began, NOW - 1000)) == []
        over = Outage(began, NOW - AFTERMATH * 1000)
        assert [one.key for one in causes(late, hold=over)] == ["lane/email-critical"]

    @pytest.mark.parametrize("ended", ["outage", "hold"])
    def test_mail_that_came_after_its_end_is_looked_at_as_ever(self, ended: str):
        late, over = sight(waits=(350, 0, 0)), Outage(NOW - 3_000_000, NOW - 400_000)
        assert [one.key for one in causes(late, **{ended: over})] == ["lane/email-critical"]

    @pytest.mark.parametrize("ended", ["outage", "hold"])
    @pytest.mark.parametrize(("since", "told"), [(30_000, []), (30_001, ["lane/email-critical"])])
    def test_one_of_ten_seconds_silences_a_lane_for_thirty(self, ended: str, since: int, told: list[str]):
        late, over = sight(waits=(14_400, 0, 0)), Outage(NOW - since - 10_000, NOW - since)
        assert [one.key for one in causes(late, **{ended: over})] == told

    @pytest.mark.parametrize("ended", ["outage", "hold"])
    def test_a_lane_that_is_an_incident_stays_one_until_its_mail_is_out(self, ended: str):
        late, over = sight(waits=(4000, 0, 0)), Outage(NOW - 3_000_000, NOW - 1000)
        assert [one.key for one in causes(late, {"lane/email-critical"}, **{ended: over})] == ["lane/email-critical"]

    def test_that_nobody_works_is_the_one_cause_also_under_a_hold(self):
        told = causes(sight(waits=(4000, 0, 0), working=0, route=Route(hold=HELD)))
        assert [(one.key, one.severity) for one in told] == [("workers", "critical"), ("hold", "info")]

    @pytest.mark.parametrize(
        ("until", "told"), [(300_001, []), (300_000, ["override/pin", "override/manual"]), (0, [])]
    )
    def test_what_they_laid_over_the_route_is_told_before_it_ends(self, until: int, told: list[str]):
        override = HELD._replace(until=NOW + until)
        route = Route(pin=Pin("ses", "prefer", NOW + until, "planned", "ada"), manual=override)
        assert keys(sight(route=route)) == told

    def test_so_is_an_isolation(self):
        ending = shut(phase=Phase.ISOLATED, until=NOW + 60_000)
        assert keys(sight({"ses": ending})) == ["isolation/ses"]


def test_the_gravest_comes_first():
    seen = sight({"resend": shut()}, waits=(0, 2000, 0), doubtful=1, doubtful_since=NOW - 1_000_000)
    assert [one.severity for one in causes(seen)] == ["error", "warning", "warning"]
