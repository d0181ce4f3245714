"""The lab: a store on an empty real server, with a clock that the test sets."""

from households import lab

__all__ = ["lab"]
