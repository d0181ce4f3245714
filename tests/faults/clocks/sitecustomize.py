"""Clocks that lie, for single workers of fault tests: Python runs this at its start when its folder is on PYTHONPATH.

LYING_WALL_CLOCK   seconds by which the process takes the time of day to be later, such as `3600`; several, such as
                   `0,3600,-3600`, hold for a second each, again and again
LYING_SERVER_CLOCK a file with the milliseconds by which the time that Redis' scripts work with is later than it is
"""

import os
import time
from functools import partial
from pathlib import Path

real, real_ns = time.time, time.time_ns


def lie_about_the_time_of_day(offsets):
    """Replace time.time and time.time_ns; the monotonic clock stays, as it does when a system's clock is set."""
    born = time.monotonic()

    def offset():
        return offsets[int(time.monotonic() - born) % len(offsets)]

    time.time = lambda: real() + offset()
    time.time_ns = lambda: real_ns() + offset() * 10**9


def lie_about_the_time_of_redis(path):
    """Give the scripts a time, as only tests may."""
    from notifyctl.wiring import parts

    parts.build_store = partial(parts.build_store, now=lambda: int(real() * 1000) + int(path.read_text() or 0))


if "LYING_WALL_CLOCK" in os.environ:
    lie_about_the_time_of_day([int(offset) for offset in os.environ["LYING_WALL_CLOCK"].split(",")])
if "LYING_SERVER_CLOCK" in os.environ:
    lie_about_the_time_of_redis(Path(os.environ["LYING_SERVER_CLOCK"]))
