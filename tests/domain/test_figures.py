"""The figures of a period: each is what a person would count by hand, with other means."""

from statistics import mean

from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.archive import Row
from notifyctl.domain.errors import InvalidMessage
from notifyctl.domain.figures import fold, told
from notifyctl.domain.rate import Judged
from quarters import traffic

ROWS = list(traffic("2026-07", 1500))
FIGURES = told(fold(ROWS))
FAILED = ("dead", "expired", "unknown", "rejected")


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[max(-(-int(part * 100) * len(values) // 100), 1) - 1]


def near(found: float | None, exact: float) -> bool:
    return found is not None and abs(found - exact) <= 0.021 * exact + 0.1


@given(st.randoms())
def test_the_order_of_messages_does_not_matter(dice):
    shuffled = ROWS[:300]
    dice.shuffle(shuffled)
    assert told(fold(shuffled)) == told(fold(ROWS[:300]))


def test_the_failure_rate_counts_what_failed_of_what_was_to_be_sent():
    at_fault = [row for row in ROWS if row.state == "bounced" or row.reason.startswith("MSG-ADDRESS")]
    counted = [row for row in ROWS if row.state != "suppressed" and row not in at_fault]
    failed = [row for row in counted if row.state in FAILED]
    assert (FIGURES["failure"]["count"], FIGURES["failure"]["of"]) == (len(failed), len(counted))
    assert FIGURES["wrong_addresses"] == len(at_fault) > 0
    assert FIGURES["budget"]["left"] == round(1 - len(failed) / (len(counted) / 1000), 4)
    days = {day["day"]: (day["failed"], day["of"]) for day in FIGURES["days"]}
    assert sum(failed for failed, _ in days.values()) == len(failed)
    assert sum(of for _, of in days.values()) == len(counted)


def rejected(field: str, count: int = 1000) -> list[Row]:
    row = next(row for row in ROWS if row.state == "accepted")
    return count * [row._replace(state="rejected", reason=str(InvalidMessage("MSG-ADDRESS", "is none", field)))]


def test_only_the_recipients_address_is_nobodys_failure():
    failure = told(fold(rejected("reply_to")))["failure"]
    assert (failure["count"], failure["of"], failure["judged"]) == (1000, 1000, Judged.ABOVE)
    figures = told(fold(rejected("to.email")))
    assert (figures["failure"]["of"], figures["wrong_addresses"]) == (0, 1000)


def test_more_wrong_addresses_than_people_mistype_are_told():
    well = [row for row in ROWS if row.state == "accepted"][:900]
    for count, judged in ((70, Judged.WITHIN), (100, Judged.TOO_FEW), (150, Judged.ABOVE)):
        addresses = told(fold([*well, *rejected("to.email", count)]))["addresses"]
        assert (addresses["count"], addresses["of"], addresses["judged"]) == (count, 900 + count, judged)


def test_times_are_those_of_accepted_mail():
    took = [float(row.took_ms) for row in ROWS if row.state == "accepted"]
    assert (FIGURES["processing"]["calls"], FIGURES["processing"]["mean"]) == (len(took), round(mean(took), 1))
    for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        assert near(FIGURES["processing"][name], percentile(took, part))


def test_every_call_is_counted_once_under_its_provider():
    for name, told_ in FIGURES["providers"].items():
        calls = [call for row in ROWS for call in row.attempts if call.provider == name]
        assert told_["calls"] == sum(told_["outcomes"].values()) == len(calls)
        assert told_["http_429"] == sum(call.http == 429 for call in calls)
        assert sum(told_["errors"].values()) == sum(call.kind != "accepted" for call in calls)
        bad = [call for call in calls if call.kind in ("fault", "account", "sender") or call.certainty == "ambiguous"]
        assert told_["error_rate"]["count"] == len(bad)
        times = [float(call.result_at - call.at) for call in calls if call.kind == "accepted"]
        assert near(told_["call_time"]["p95"], percentile(times, 0.95))


def test_types_and_priorities_add_up():
    for groups in (FIGURES["types"], FIGURES["priorities"]):
        assert sum(sum(states.values()) for states in groups.values()) == FIGURES["messages"] == len(ROWS)


def test_a_call_without_an_outcome_is_trouble_and_two_acceptances_are_told():
    row = next(row for row in ROWS if row.state == "accepted" and len(row.attempts) == 1)
    open_ = row.attempts[0]._replace(kind="", certainty="", http=0, result_at=0)
    figures = told(fold([row._replace(attempts=(row.attempts[0], open_, row.attempts[0]._replace(why="resend")))]))
    [one] = figures["providers"].values()
    assert (one["error_rate"]["count"], one["errors"]) == (1, {"no answer": 1})
    assert (figures["accepted_twice"], figures["resends"]) == (1, 1)


def test_of_nothing_nothing_is_claimed():
    figures = told(fold([]))
    assert (figures["failure"]["part"], figures["failure"]["judged"]) == (None, Judged.TOO_FEW)
    assert (figures["budget"]["left"], figures["processing"]["mean"], figures["providers"]) == (None, None, {})
