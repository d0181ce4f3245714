"""A few values of a TOML text are changed, and nothing else."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.domain.errors import Bad
from notifyctl.domain.tomledit import edited

FILE = """# ours
pace = "production"

[route] # who first
order = [ # by price
  "resend",
  "ses",
]  # reviewed

[providers.resend]
# plan = "free"
rate = 10
plan = 'pro' # since May

[limits]
attempts = 5
"""
ORDER, PLAN = ("route", "order"), ("providers", "resend", "plan")


def test_a_value_is_changed_in_its_place_and_comments_stay():
    found = edited(FILE, {ORDER: ("ses", "resend"), PLAN: "scale"}, "f")
    old, new = FILE.splitlines(), found.splitlines()
    assert [line for line in new if line not in old] == [
        *('order = ["ses", "resend"]  # reviewed', 'plan = "scale" # since May')
    ]
    assert '# plan = "free"' in new


def test_what_is_not_there_is_added_to_its_table_or_with_it():
    found = edited("[providers.resend]\nrate = 10\n\n[limits]\nattempts = 5\n", {PLAN: "pro", ORDER: ("ses",)}, "f")
    assert found == (
        '[providers.resend]\nrate = 10\nplan = "pro"\n\n[limits]\nattempts = 5\n\n[route]\norder = ["ses"]\n'
    )
    assert edited("", {PLAN: "pro"}, "f") == '[providers.resend]\nplan = "pro"\n'
    assert edited("[providers.resend]\n", {PLAN: "pro"}, "f") == '[providers.resend]\nplan = "pro"\n'


@pytest.mark.parametrize(
    "text",
    ['route = { order = ["resend"] }\n', 'route.order = ["resend"]\n', '[providers]\nresend = { plan = "pro" }\n'],
)
def test_another_way_of_writing_is_refused_and_not_spoilt(text: str):
    with pytest.raises(Bad) as raised:
        edited(text, {ORDER: ("ses",), PLAN: "free"}, "f")
    assert 'route.order = ["ses"]; providers.resend.plan = "free"' in raised.value.fix


@given(st.permutations(["resend", "postmark", "ses"]), st.sampled_from(["free", "pro", "scale"]))
def test_what_comes_out_says_what_was_wanted_and_all_else_as_before(order, plan):
    found = tomllib.loads(edited(FILE, {ORDER: tuple(order), PLAN: plan}, "f"))
    wanted = tomllib.loads(FILE)
    wanted["route"]["order"] = list(order)
    wanted["providers"]["resend"]["plan"] = plan
    assert found == wanted
