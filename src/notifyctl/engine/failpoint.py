"""Failpoints: at a named place the process kills itself or stands still, for fault tests; production refuses them.

`NOTIFYCTL_FAILPOINT=after-intent:3` ends the process with SIGKILL at the third time it comes there;
`after-intent:3:block=5` holds its event loop there for five seconds instead, once.
"""

import os
import signal
import time

SENDING = ("after-claim", "after-intent", "after-answer", "before-settle", "after-settle")
RETENTION = ("after-batch", "after-retire", "after-lines")
ROTATION = ("begun", "made", "staged", "probed", "promoted", "observed", "revoked", "dead", "noted")  # rotation-...


class Failpoint:
    """One place at which to die or to stand still, or none."""

    def __init__(self, spec: str = "") -> None:
        place, _, seconds = spec.partition(":block=")
        self._name, _, count = place.partition(":")
        self._left = int(count or 1)
        self._block = float(seconds or 0)

    def reach(self, name: str) -> None:
        """Come to a place; when it is the one, as often as was asked, the process ends or stands still here."""
        if name != self._name:
            return
        self._left -= 1
        if self._left:
            return
        if not self._block:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self._block)
