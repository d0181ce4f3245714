"""RLS: what was agreed on for this release."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, rehearsed, unfinished
from notifyctl.domain.rollback import REHEARSE, releases
from notifyctl.domain.waiver import LONGEST
from notifyctl.store.project import CHANGELOG


@check(
    "RLS-001",
    "There is a way back",
    expected=f"to a version of the changelog, rehearsed within {REHEARSE} days",
    profile="ci",
    needs=("ENV-006",),
)
async def rollback(readers: Readers) -> Seen:
    plan = readers.project.rollback
    older = [one.version for one in releases(readers.project.text(CHANGELOG))[1:]]
    if plan.previous not in older:
        return failed(
            f"{plan.previous} is no older version of the changelog", "name the version to go back to in rollback.toml"
        )
    if plan.rehearsed is None:
        return unfinished(
            readers.given.production,
            f"to {plan.previous}, and nobody has tried that way",
            "go back once on a trial system, and write rehearsed = DAY into rollback.toml",
        )
    days = (readers.today - plan.rehearsed).days
    return rehearsed(f"to {plan.previous}", days, REHEARSE, "rehearse the way back again")


@check(
    "RLS-003",
    "Every waiver still holds",
    expected=f"none is over, none reaches further than {LONGEST} days",
    profile="ci",
)
async def waivers(readers: Readers) -> Seen:
    bad = [one for one in readers.waivers if not one.holds(readers.today)]
    if bad:
        told = ", ".join(f"{one.check} ({one.owner}, {one.expires})" for one in bad)
        return failed(told, "mend what the waiver excuses, or have its owner agree on a new day")
    return passed(f"waivers that hold: {len(readers.waivers)}" if readers.waivers else "nothing is waived")
