"""A move to the archive that is killed at a place: the process is gone there, without its `finally`s being trusted."""

from notifyctl.engine.failpoint import RETENTION, Failpoint

PLACES = RETENTION


class Killed(BaseException):
    """The process is gone."""


class Deadly(Failpoint):
    """Ends at a place, once."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def reach(self, name: str) -> None:
        if name == self.place:
            self.place = ""
            raise Killed
