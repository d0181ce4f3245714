"""At a terminal: tables are drawn, progress moves, a watch redraws; colours can be refused."""

import re

from terminal import at_terminal, notifyctl, trial

BOX = "\u2500"  # a horizontal line
COLOUR = re.compile(r"\x1b\[[\d;]*3\dm")


def test_a_table_is_drawn_and_data_cannot_reprogram_the_terminal():
    shown = at_terminal("look").out
    assert BOX in shown
    assert "\x1b[2J" not in shown


def test_a_table_whose_words_do_not_fit_side_by_side_is_told_row_by_row():
    """A place or an id that was cut could not be looked up."""
    shown = at_terminal("look", COLUMNS="12").out
    assert "\n resend\n" in shown
    assert BOX not in shown


def test_plain_lines_where_the_terminal_is_dumb():
    assert BOX not in at_terminal("look", TERM="dumb").out


def test_no_colour_when_it_is_refused():
    assert COLOUR.search(at_terminal("work").out)
    for arguments, environ in ((["--color", "never"], {}), ([], {"NO_COLOR": "1"})):
        assert not COLOUR.search(at_terminal("work", *arguments, **environ).out)


def test_what_is_wrong_is_coloured_and_an_error_too():
    assert "\x1b[33mwarning\x1b[0m CFG-VALUE" in at_terminal("look").out
    assert "\x1b[31munreachable\x1b[0m CFG-VALUE" in at_terminal("unreachable").out
    assert "\x1b[33m" not in at_terminal("look", "--color", "never").out


def test_progress_is_a_bar():
    shown = at_terminal("work").out
    assert "100/100" in shown
    assert "enqueue: two refused" in shown


def test_a_watch_redraws_each_time():
    assert at_terminal("count", "--watch").out.count("\x1b[2J") == 6


def test_what_is_wrong_breaks_between_words_on_a_terminal_and_nowhere_in_a_pipe():
    long = "x" * 60
    assert f"No such command\n  '{long}'." in at_terminal(long).out
    assert f"No such command '{long}'." in notifyctl(long).err


def test_a_watch_keeps_its_first_line_on_the_screen_and_says_how_many_it_left_out():
    """A terminal that tells no size has 24 lines: one is for what comes next, and one for the cursor."""
    shown = at_terminal("pile", "--watch").out.partition("\x1b[2J")[2].splitlines()
    assert shown[:21] == [f"number {number}" for number in range(1, 22)]
    cut = "(9 more lines: a larger window, or without --watch, shows them)"
    assert shown[21:] == ["next: notifyctl status", cut]


def test_what_is_indented_is_broken_below_itself():
    words = "  name  " + "word " * 20
    assert re.search(r"^  name  word .*\n    word ", at_terminal("say", words).out, re.MULTILINE)


def test_a_page_is_laid_out_on_a_terminal_and_stays_markdown_elsewhere():
    shown = at_terminal("page").out
    assert "A report" in shown
    assert not any(mark in shown for mark in ("# ", "|---", "*well*"))
    raw = trial("page").out
    assert raw.startswith("# A report\n\nAll is *well*.\n\n| what | count |\n|---|---|\n")
    assert trial("page", "-o", "short").out == "# A report\n"


def test_a_time_is_not_broken_while_another_column_can_be():
    shown = re.sub(r"\x1b\[[\d;]*m", "", at_terminal("told").out)
    assert re.search(r"2026-11-24 09:00:00Z   a word ", shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_work_of_which_nothing_is_told_leaves_no_empty_line():
    assert at_terminal("idle").out == "Nothing to do.\n"
