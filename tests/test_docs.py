"""The documentation is true: links resolve, commands and flags exist, every command is documented."""

from typing import Any

import pytest

import documentation as docs

PAGES = docs.pages()


@pytest.fixture(scope="module")
def commands() -> list[dict[str, Any]]:
    return docs.commands()


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    assert docs.broken_links(name, PAGES[name]) == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_flags_exist(name, commands):
    assert [wrong for line in docs.spoken(PAGES[name]) if (wrong := docs.untrue(line, commands))] == []


def test_the_reference_is_what_the_commands_say(commands):
    written = docs.REFERENCE.read_text() if docs.REFERENCE.exists() else ""
    assert written == docs.reference(commands), "write it again: python3 noxfile.py docs"


def test_the_page_of_checks_is_what_the_checks_say():
    written = docs.CHECKS.read_text() if docs.CHECKS.exists() else ""
    assert written == docs.catalogue_of_checks(), "write it again: python3 noxfile.py docs"


def test_the_readme_names_every_command(commands):
    assert [command["name"] for command in commands if command["name"] not in PAGES["README.md"]] == []


class TestTheTestsThemselves:
    LISTED = (
        {"name": "send", "parameters": [{"flags": ["--to"]}]},
        {"name": "queue show", "parameters": []},
    )

    def test_commands_are_found_in_blocks_and_in_text(self):
        page = (
            'Run `notifyctl status`:\n```sh\neval "$(notifyctl emulator --env)"\nnotifyctl send --to a@b.test \\\n'
            "    --text x\nnotifyctl queue show        what waits | why\n```\n"
        )
        assert list(docs.spoken(page)) == [
            *("notifyctl emulator --env", "notifyctl send --to a@b.test --text x"),
            *("notifyctl queue show", "notifyctl status"),
        ]

    @pytest.mark.parametrize("line", ["notifyctl", "notifyctl --version", "notifyctl send --to a -o json"])
    def test_what_exists_is_true(self, line):
        assert docs.untrue(line, self.LISTED) == ""

    @pytest.mark.parametrize("line", ["notifyctl sned", "notifyctl queue", "notifyctl send --too a"])
    def test_what_does_not_exist_is_untrue(self, line):
        assert docs.untrue(line, self.LISTED) != ""

    def test_a_link_to_nowhere_is_found(self):
        page = "# Here I am\n[a](README.md) [b](#here-i-am) [c](nowhere.md) [d](#nowhere) [e](https://x.test/)"
        assert docs.broken_links("page.md", page) == ["page.md: nowhere.md", "page.md: #nowhere"]
