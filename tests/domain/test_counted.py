"""What `status` says of what was counted."""

import re

from notifyctl.domain.counted import COUNTED


def test_a_command_in_a_hint_can_be_copied() -> None:
    assert [told.hint for told in COUNTED.values() if re.search(r"(?<!notifyctl )\bexplain\b", told.hint)] == []
