"""What was counted, by day, and what it tells of a month."""

from datetime import UTC, date, datetime

import pytest

from notifyctl.domain.errors import Usage as WrongArguments
from notifyctl.domain.usage import Usage, expected, following, parse_month, traffic

NOVEMBER, TODAY = date(2026, 11, 1), date(2026, 11, 21)


def at(day: int, hour: int = 12, month: int = 11) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def counted(*days: tuple[int, int], month: int = 11) -> Usage:
    """Usage with so many mails of Resend on each day."""
    usage = Usage()
    for day, mails in days:
        for _ in range(mails):
            usage.add("resend", at(day, month=month), True)
    return usage


def test_a_month_is_that_of_utc():
    usage = counted((1, 2), (30, 1))
    usage.add("ses", at(31, 23, month=10), True)
    usage.add("ses", at(30, 23), True)
    usage.add("ses", at(30, 23), False)
    assert usage.of_month(NOVEMBER) == {"resend": 3, "ses": 1}
    assert usage.of_month(date(2026, 10, 1)) == {"ses": 1}
    assert (usage.doubtful_of(NOVEMBER), usage.doubtful_of(date(2026, 10, 1))) == (1, 0)
    assert usage.first == date(2026, 10, 31)


def test_the_busiest_day_of_each_provider_is_of_that_month():
    usage = counted((1, 2), (2, 5))
    usage.add("ses", at(2), True)
    usage.add("ses", at(3), False)
    for _ in range(9):
        usage.add("resend", at(31, month=10), True)
    assert usage.busiest(NOVEMBER) == {"resend": 5, "ses": 1}


def test_the_first_day_and_this_one_are_not_whole():
    usage = counted(*((day, 10) for day in range(13, 22)))
    assert expected(usage, TODAY).days == 7
    assert expected(counted((14, 1), (15, 1), (16, 1)), TODAY).days == 6
    assert expected(Usage(), TODAY).days == 0


def test_days_without_mail_count_as_such():
    told = expected(counted((1, 50), (2, 14), (20, 5)), TODAY)
    assert told.days == 19
    assert told.mails == 69 + 10  # one a day, ten days to go
    found = traffic(counted((1, 50), (2, 14), (20, 5)), TODAY)
    assert found is not None
    assert (found.mails, found.peak_day) == (30, 50)
    assert found.most > 30


def test_what_this_day_has_brought_is_part_of_what_is_foretold_for_it():
    usage = counted(*((day, 10) for day in range(1, 21)), (21, 7))
    assert expected(usage, TODAY).mails == 20 * 10 + 10 * 10


def test_nothing_is_foretold_of_too_few():
    assert traffic(counted((19, 5), (20, 5)), TODAY) is None


def test_the_busiest_day_is_that_of_all_that_was_counted():
    usage = counted((2, 400), month=9)
    for day in range(1, 21):
        usage.add("resend", at(day), True)
    found = traffic(usage, TODAY)
    assert found is not None
    assert found.peak_day == 400


def test_a_month_is_written_as_one():
    assert parse_month("2026-02") == date(2026, 2, 1)
    assert (following(NOVEMBER), following(date(2026, 12, 1))) == (date(2026, 12, 1), date(2027, 1, 1))
    for wrong in ("2026", "2026-13", "Nov", ""):
        with pytest.raises(WrongArguments):
            parse_month(wrong)
