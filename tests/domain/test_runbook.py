"""Reading a runbook: what a person sees as headings and bold words is what `runbook run` walks through."""

from notifyctl.domain.runbook import Need, fill, parse, placeholders

TEXT = """\
# A provider is down

**When:** mail does not move,
and a page says so.

This is for readers alone.

**You need:**
- `<PROVIDER>`: the provider that is down, such as `resend`

## 1. Look

```console
notifyctl status
```

**You should see (exit 0 or 3):** that it moved; more: `notifyctl history`.

Free text belongs to nothing.

**If not:** go on.

## 2. Move

```console
notifyctl failover --to <PROVIDER>
```

**You should see:** the new one.
**If not:** ask.
**If interrupted:** look with `notifyctl status` first.
"""
BOOK = parse("provider-down", TEXT, "runbooks/provider-down.md")


def test_a_book_says_when_it_is_opened():
    assert (BOOK.name, BOOK.title) == ("provider-down", "A provider is down")
    assert BOOK.when == "mail does not move,\nand a page says so."


def test_what_must_be_known_has_a_meaning_and_an_example():
    assert BOOK.needs == (Need("PROVIDER", "the provider that is down", "resend", 9),)


def test_steps_have_one_command_and_its_line():
    assert [(step.number, step.title, step.command) for step in BOOK.steps] == [
        (1, "Look", "notifyctl status"),
        (2, "Move", "notifyctl failover --to <PROVIDER>"),
    ]
    assert [step.commands[0].line for step in BOOK.steps] == [14, 26]


def test_a_step_expects_exit_0_unless_it_says_otherwise():
    assert [step.exits for step in BOOK.steps] == [(0, 3), (0,)]


def test_a_field_ends_with_its_paragraph():
    first, second = BOOK.steps
    assert first.text("You should see") == "that it moved; more: `notifyctl history`."
    assert (first.text("If not"), second.text("If not")) == ("go on.", "ask.")


def test_what_to_look_with_after_an_interruption_is_the_first_command_there():
    assert [step.look for step in BOOK.steps] == ["", "notifyctl status"]


def test_commands_in_running_text_are_found_with_their_lines():
    assert [(line.text, line.line) for line in BOOK.mentions] == [("notifyctl history", 17), ("notifyctl status", 31)]


def test_a_command_that_goes_on_in_the_next_line_is_found_as_far_as_it_stands_there():
    assert [line.text for line in parse("x", "see `notifyctl queue\nshow`").mentions] == ["notifyctl queue"]


def test_reading_never_fails():
    book = parse("x", "## Steps without a number\n```\n```\n**If not:**")
    assert (book.title, book.when, book.steps[0].number, book.steps[0].command) == ("", "", 0, "")


def test_a_value_never_becomes_several_words():
    assert fill(["--to", "<PROVIDER>", "<OTHER>"], {"PROVIDER": "a; b --c"}) == ["--to", "a; b --c", "<OTHER>"]
    assert placeholders("<B> <A> <B> <b>") == ["B", "A"]
