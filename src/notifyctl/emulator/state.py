"""What the parts of one emulator share."""

from dataclasses import dataclass, field

from notifyctl.emulator.faults import Faults
from notifyctl.emulator.mailbox import Mailbox
from notifyctl.emulator.settings import Settings
from notifyctl.emulator.tally import Tally


@dataclass(slots=True)
class State:
    """Settings, faults, mailbox and counts of one emulator; the control API changes them at any time."""

    mailbox: Mailbox = field(default_factory=Mailbox)
    faults: Faults = field(default_factory=Faults)
    tally: Tally = field(default_factory=Tally)
    settings: Settings = field(default_factory=Settings)
