"""RLS: what was agreed on for this release."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed
from notifyctl.domain.waiver import LONGEST


@check("RLS-003", "Every waiver still holds", expected=f"none is over, none reaches further than {LONGEST} days",
       profile="ci")  # fmt: skip
async def waivers(readers: Readers) -> Seen:
    bad = [one for one in readers.waivers if not one.holds(readers.today)]
    if bad:
        told = ", ".join(f"{one.check} ({one.owner}, {one.expires})" for one in bad)
        return failed(told, "mend what it excuses, or have its owner agree on a new day")
    return passed(f"waivers that hold: {len(readers.waivers)}" if readers.waivers else "nothing is waived")
