"""The histograms of copies, shown at the end of the run."""

import pytest

from faults.checker import REPORTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Number of copies x number of messages, by priority, for each scenario."""
    terminalreporter.section("copies x messages")
    for line in REPORTS:
        terminalreporter.write_line(line)
