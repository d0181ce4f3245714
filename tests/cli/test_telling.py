"""The state of providers in words."""

from notifyctl.cli.telling import why_words
from notifyctl.domain.course import Detour


def test_one_that_is_on_its_way_back_says_so() -> None:
    out = Detour("resend", 60_000, "T9", "looks odd", "ann")
    assert why_words([out], 60_000) == "resend was taken out at 00:01:00Z by ann: looks odd"
    assert why_words([out._replace(probed=True)], 60_000).endswith("looks odd, and is being probed")
