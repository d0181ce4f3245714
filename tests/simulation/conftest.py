"""The lab: what the simulated server is compared with."""

from households import lab

__all__ = ["lab"]
