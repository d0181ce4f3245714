"""Failpoints: the process kills itself at a named place, for fault tests; production refuses them.

`NOTIFYCTL_FAILPOINT=after-intent:3` ends the process with SIGKILL at the third time it comes there.
"""

import os
import signal

NAMES = ("after-claim", "after-intent", "after-answer", "before-settle", "after-settle")


class Failpoint:
    """One place at which to die, or none."""

    def __init__(self, spec: str = "") -> None:
        self._name, _, count = spec.partition(":")
        self._left = int(count or 1)

    def reach(self, name: str) -> None:
        """Come to a place; the process ends here when it is the one, as often as was asked."""
        if name != self._name:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
