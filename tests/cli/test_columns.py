"""Columns of a table at a terminal: no word is cut."""

from notifyctl.cli.columns import paragraphs, widths
from notifyctl.cli.envelope import Table

ID = "newsletter-of-the-month-november-2026/customer-0003"


def test_a_table_that_fits_is_as_wide_as_its_cells():
    assert widths(Table(("book", "steps"), [("all-providers-down", "6")]), 80) == [18, 5]


def test_what_does_not_fit_is_broken_between_words_where_there_are_most():
    long = "a word or two " * 10
    shared = widths(Table(("when", "who", "what"), [("2026-11-24 09:00:00Z", "ann", long)]), 80)
    assert shared == [20, 3, 80 - 2 - 6 - 23]


def test_no_column_is_narrower_than_its_longest_word():
    table = Table(("message", "what"), [(ID, "a word or two " * 10)])
    assert (widths(table, 80) or [0])[0] == len(ID)


def test_a_time_is_broken_only_where_nothing_else_helps():
    wide = Table(("when", "what"), [("2026-11-24 09:00:00Z", "x" * 50)])
    assert widths(wide, 80) == [20, 50]
    assert widths(wide, 70) == [15, 50]


def test_rows_whose_words_do_not_fit_side_by_side_become_paragraphs():
    table = Table(
        ("message", "type", "", "at"), [(ID, "newsletter", "held", "2026-11-24 09:00:00Z"), ("m2", "", "", "")]
    )
    assert widths(table, 60) is None
    told = [f" {ID}\n   type: newsletter; held; at: 2026-11-24 09:00:00Z", " m2"]
    assert [*paragraphs(table)] == told
