"""Questions: asked at a terminal, refused with the missing flag everywhere else; nothing is changed by a no."""

import pytest

from terminal import at_terminal, trial


class TestWithoutATerminal:
    @pytest.mark.parametrize(
        ("arguments", "code", "flag"),
        [
            (["move"], "CLI-NEEDS-REASON", "--reason"),
            (["move", "--reason", "x"], "CLI-NEEDS-YES", "--yes"),
            (["erase"], "CLI-NEEDS-CONFIRM", "--confirm c-17"),
        ],
    )
    def test_a_question_is_a_refusal_that_names_the_flag(self, arguments, code, flag):
        ran = trial(*arguments, "-o", "json")
        (finding,) = ran.document["findings"]
        assert (ran.code, finding["code"]) == (4, code)
        assert flag in finding["hint"]
        assert "nothing was changed" in finding["message"]

    def test_the_flags_answer(self):
        assert trial("move", "--reason", " why ", "--yes", "--json").data == {"reason": "why"}
        assert trial("erase", "--confirm", "c-17").out == "Erased.\n"

    def test_another_name_is_refused(self):
        ran = trial("erase", "--confirm", "c-18", "-o", "json")
        assert (ran.code, ran.codes) == (4, ["CLI-DECLINED"])

    @pytest.mark.parametrize("reason", [" ", "x" * 501])
    def test_an_empty_or_endless_reason_is_refused(self, reason):
        assert trial("move", "--yes", "--reason", reason).code == 4


class TestAtATerminal:
    def test_the_plan_is_shown_before_the_question(self):
        ran = at_terminal("move", "--reason", "x", answers={"[y/N]": "y\n"})
        assert ran.code == 0
        assert ran.out.index("route: resend -> ses") < ran.out.index("Move mail to ses?") < ran.out.index("Moved.")

    @pytest.mark.parametrize("answer", ["n\n", "\n", "Y E S\n", "\x04"])
    def test_anything_but_yes_is_no(self, answer):
        ran = at_terminal("move", "--reason", "x", answers={"[y/N]": answer})
        assert (ran.code, "Moved." in ran.out) == (4, False)

    def test_a_reason_is_asked_for(self):
        ran = at_terminal("move", "--yes", answers={"Why": "the provider is down\n"})
        assert ran.code == 0

    @pytest.mark.parametrize(("answer", "code"), [("c-17\n", 0), ("y\n", 4), ("yes\n", 4)])
    def test_a_severe_question_wants_the_name(self, answer, code):
        assert at_terminal("erase", answers={"to confirm:": answer}).code == code

    def test_ctrl_c_at_a_question_is_an_interruption(self):
        assert at_terminal("erase", answers={"to confirm:": "\x03"}).code == 130

    @pytest.mark.parametrize("quirk", [{"CI": "true"}, {"TERM": "dumb"}])
    def test_nobody_is_asked_in_ci_or_at_a_dumb_terminal(self, quirk):
        assert at_terminal("erase", **quirk).code == 4

    def test_nobody_is_asked_with_no_input(self):
        assert at_terminal("erase", "--no-input").code == 4
