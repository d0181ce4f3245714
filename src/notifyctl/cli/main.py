"""One run: arguments in, one answer out, an exit code; nothing leaves as a raw traceback."""

import gc
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import cast

gc.disable()  # the imports below make many objects and no garbage: 3 ms of 60

import typer  # noqa: E402 - below the switch on purpose

from notifyctl.cli import failure, show  # noqa: E402 - below the switch on purpose
from notifyctl.cli.envelope import Result  # noqa: E402 - below the switch on purpose
from notifyctl.cli.group import VerbGroup, grow  # noqa: E402 - below the switch on purpose
from notifyctl.cli.options import wanted  # noqa: E402 - below the switch on purpose
from notifyctl.cli.screen import Screen, check_format  # noqa: E402 - below the switch on purpose
from notifyctl.cli.table import VERBS, Verb  # noqa: E402 - below the switch on purpose

gc.freeze()  # nor is it looked for among them later
gc.enable()

_COMPLETE = "_NOTIFYCTL_COMPLETE"


def run(argv: Sequence[str], verbs: Sequence[Verb] = VERBS) -> int:
    """Run one command line and return its exit code; with `-o json` exactly one document is printed."""
    screen = Screen(os.environ)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        check_format(screen)
        result = _invoke(grow(verbs), list(argv), screen)
        return 0 if result is None else show.present(result, screen)
    except typer.Exit as done:
        return done.exit_code
    except (Exception, KeyboardInterrupt, failure.Terminated) as error:
        return _fail(error, argv, screen)


def _invoke(root: VerbGroup, argv: list[str], screen: Screen) -> Result | Iterable[Result] | None:
    if _COMPLETE in screen.environ:
        _complete(root, argv)
    with root.make_context("notifyctl", argv, obj=screen) as context:
        return cast("Result | Iterable[Result] | None", root.invoke(context))


def _complete(root: VerbGroup, argv: list[str]) -> None:
    from notifyctl.cli import completion

    completion.use_plain_help()
    root.main(argv, prog_name="notifyctl")  # ends the process


def _fail(error: BaseException, argv: Sequence[str], screen: Screen) -> int:
    if isinstance(error, BrokenPipeError) and screen.reader_left():
        screen.forget_reader()
        return 0
    if isinstance(error, typer.BadParameter.__mro__[1]):
        screen.format = wanted(argv, screen.format)
    result = failure.result_of(error, screen)
    if screen.machine:
        show.present(result, screen)
    else:
        failure.explain(error, result, screen)
    return result.exit


def _terminate(number: int, frame: FrameType | None) -> None:
    raise failure.Terminated


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
