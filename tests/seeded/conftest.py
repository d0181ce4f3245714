"""Prints the table when the bugs have been planted."""

import pytest

from seeded.table import CAUGHT, markdown


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the table below the summary, whatever the verdict."""
    if CAUGHT:
        terminalreporter.section(f"{len(CAUGHT)} bugs")
        terminalreporter.write_line(markdown(CAUGHT))
