"""The table of commands: it says what the functions say."""

import inspect
from importlib import import_module

import pytest

from notifyctl.cli.group import load
from notifyctl.cli.table import GROUPS, VERBS, Verb

WIDTH = 80


def function(verb: Verb):
    module, _, name = verb.target.partition(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
class TestEachCommand:
    def test_has_the_first_line_of_its_docstring_as_help(self, verb):
        assert verb.help == inspect.getdoc(function(verb)).splitlines()[0]

    def test_has_one_or_two_words_and_stands_in_a_known_group(self, verb):
        assert len(verb.name.split()) <= 2
        assert verb.group in GROUPS

    def test_explains_every_parameter(self, verb):
        assert [item.name for item in load(verb).params if not item.help] == []

    def test_names_the_values_of_its_options_itself(self, verb):
        """What the parser calls them by default changes with its version."""
        assert [item.name for item in load(verb).params if not (item.metavar or getattr(item, "is_flag", False))] == []

    def test_fits_into_a_line_of_the_list(self, verb):
        assert len("  ") + max(len(other.name) for other in VERBS) + 2 + len(verb.help) <= WIDTH


def test_every_name_is_there_once():
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)
    assert not {name.split()[0] for name in names if " " in name} & set(names)


def test_the_lines_of_a_group_stand_together_in_the_order_of_the_groups():
    places = [GROUPS.index(verb.group) for verb in VERBS]
    assert places == sorted(places)


def test_a_noun_alone_means_one_verb_at_most():
    alone = [verb.name.split()[0] for verb in VERBS if verb.alone]
    assert len(set(alone)) == len(alone)
