"""How much is done, from which seed, and for how long; and the histograms of copies at the end of the run."""

import random
import time
from dataclasses import dataclass, field

import pytest

from faults.checker import REPORTS
from faults.troubles import draw


@dataclass(frozen=True)
class Extent:
    """How much a run does. `seed` repeats its choices; `minutes` is the time after which it begins nothing more."""

    long: bool
    seed: int
    minutes: float
    began: float = field(default_factory=time.monotonic)

    @property
    def kills(self) -> int:
        """For each of two routes."""
        return 200 if self.long else 15

    @property
    def pairs(self) -> int:
        return 100 if self.long else 10

    @property
    def tries(self) -> int:
        return 10_000 if self.long else 1000

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self.began + self.minutes * 60

    def chance(self, *names: object) -> random.Random:
        """Choices of a test's own, which depend on no other test."""
        return random.Random("/".join(map(str, (self.seed, *names))))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the session `faults`."""
    group = parser.getgroup("faults")
    group.addoption(
        "--long", action="store_true", help="200 kills on each route instead of 15, 100 pairs of faults instead of 10"
    )
    group.addoption("--seed", type=int, default=None, help="repeat the choices of a run; each run names its seed")
    group.addoption("--pair", type=int, default=None, help="of all pairs of faults the one with this number")
    group.addoption("--minutes", type=float, default=120, help="begin nothing more after so many minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Settle on a seed before anything is collected."""
    given = config.getoption("--seed")
    config.addinivalue_line("markers", "long: only with --long")
    seed = random.SystemRandom().randrange(10**6) if given is None else given
    config.stash[EXTENT] = Extent(config.getoption("--long"), seed, config.getoption("--minutes"))


EXTENT = pytest.StashKey[Extent]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """The seed, shown first so that it is known when a run hangs; `-q` leaves out what a header would say."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if isinstance(reporter, pytest.TerminalReporter):
        seed = session.config.stash[EXTENT].seed
        reporter.write_line(f"faults: seed {seed}; repeat it with --seed {seed}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only the long run does."""
    if not config.stash[EXTENT].long:
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A pair is a test of its own, so that one can be repeated alone."""
    if "pair" in metafunc.fixturenames:
        extent, one = metafunc.config.stash[EXTENT], metafunc.config.getoption("--pair")
        numbers = range(extent.pairs) if one is None else [one]
        names = ["+".join(draw(extent.chance("pair", number))) for number in numbers]
        metafunc.parametrize("pair", numbers, ids=map("{}-{}".format, numbers, names))


@pytest.fixture
def extent(pytestconfig: pytest.Config) -> Extent:
    """How much to do; a test that would begin after the time is over is skipped, and says so."""
    found = pytestconfig.stash[EXTENT]
    if found.over:
        pytest.skip(f"the {found.minutes:g} minutes are over")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Number of copies x number of messages, by priority, for each scenario."""
    terminalreporter.section(f"copies x messages (seed {config.stash[EXTENT].seed})")
    for line in REPORTS:
        terminalreporter.write_line(line)
