"""How commands run what is asynchronous: an event loop for one operation, on the store of the settings."""

import gc

gc.disable()  # the imports below make many objects and no garbage

import asyncio  # noqa: E402 - below the switch on purpose
from collections.abc import Awaitable, Callable, Coroutine, Iterator  # noqa: E402 - below the switch on purpose
from contextlib import contextmanager  # noqa: E402 - below the switch on purpose
from importlib import import_module  # noqa: E402 - below the switch on purpose
from importlib.util import find_spec  # noqa: E402 - below the switch on purpose
from typing import Any, TypeVar  # noqa: E402 - below the switch on purpose

from notifyctl import wiring  # noqa: E402 - below the switch on purpose
from notifyctl.cli import given  # noqa: E402 - below the switch on purpose

gc.freeze()  # nor is it looked for among them later: not while the command runs, not at its end
gc.enable()

_Answer = TypeVar("_Answer")


def with_store(work: Callable[[wiring.Store], Awaitable[_Answer]], *, start: bool = False) -> _Answer:
    """The answer of an operation on the store; `start` starts the embedded server, which only verbs that write do."""

    async def inside() -> _Answer:
        async with wiring.store(given.load(), start=start) as store:
            return await work(store)

    return asyncio.run(inside())


class Steps:
    """Operations one after another over one connection; between them a person may be asked, and Ctrl-C ends it."""

    def __init__(self, runner: asyncio.Runner, store: wiring.Store) -> None:
        self._runner = runner
        self._store = store

    def __call__(self, work: Callable[[wiring.Store], Awaitable[_Answer]]) -> _Answer:
        """The answer of one operation."""
        return self._runner.run(_awaited(work(self._store)))


@contextmanager
def steps(*, start: bool) -> Iterator[Steps]:
    """A connection for several operations; `start` as for `with_store`."""
    with asyncio.Runner() as runner:
        context = wiring.store(given.load(), start=start)
        store = runner.run(context.__aenter__())
        try:
            yield Steps(runner, store)
        finally:
            runner.run(context.__aexit__(None, None, None))


def looks(work: Callable[[wiring.Store], Awaitable[_Answer]], every: float) -> Iterator[_Answer]:
    """The answer of the same operation again and again, `every` so many seconds, over one connection."""
    with steps(start=False) as step:
        while True:
            yield step(work)
            step(lambda _: asyncio.sleep(every))


async def _awaited(answer: Awaitable[_Answer]) -> _Answer:
    return await answer


def fast(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Run on uvloop where it is installed (extra `uvloop`), else on asyncio's own loop."""
    if not find_spec("uvloop"):
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=import_module("uvloop").new_event_loop) as runner:
        return runner.run(work)
