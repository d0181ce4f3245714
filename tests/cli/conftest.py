"""A house for each test, and a lab on the same server, with the clock of now."""

import time

import pytest

from households import emulator, emulator_process, house
from households import lab as lab_at_noon
from lab import Lab

__all__ = ["emulator", "emulator_process", "house", "lab_at_noon"]


@pytest.fixture
def lab(lab_at_noon: Lab) -> Lab:
    lab_at_noon.now = int(time.time() * 1000)
    return lab_at_noon
