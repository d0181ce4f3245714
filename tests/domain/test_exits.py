"""The exit codes are those of the errors, and the states in words are those of the engine."""

from notifyctl.domain import errors, exits
from notifyctl.domain.attempt import State
from notifyctl.domain.states import STATES


def kinds() -> list[type[errors.NotifyctlError]]:
    return [errors.NotifyctlError, *errors.NotifyctlError.__subclasses__()]


def test_every_error_ends_with_a_code_of_the_table():
    assert {kind.exit for kind in kinds()} <= {entry.code for entry in exits.EXITS}


def test_every_code_for_a_failure_has_an_error_but_those_of_signals():
    signals = {exits.INTERRUPTED, exits.TERMINATED}
    assert {entry.code for entry in exits.EXITS} - signals - {exits.OK} == {kind.exit for kind in kinds()}


def test_the_constants_are_the_codes_of_the_table():
    constants = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert constants == {entry.code for entry in exits.EXITS}


def test_a_refusal_never_changed_anything():
    assert [entry.changed for entry in exits.EXITS if entry.code == exits.REFUSED] == ["never"]


def test_every_state_is_told_and_called_final_when_the_engine_is_done():
    assert {told.name: told.final for told in STATES} == {state.value: state.terminal for state in State}
