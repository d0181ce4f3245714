"""A house for each test, or a lab on the same server."""

from households import emulator, emulator_process, house, lab, stuttering

__all__ = ["emulator", "emulator_process", "house", "lab", "stuttering"]
