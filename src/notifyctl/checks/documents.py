"""DOC: the papers of an organisation, read as data and held against what is configured."""

from notifyctl.checks.published import published
from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain import dpia as assessment
from notifyctl.domain import processing, processor
from notifyctl.domain.breach import HOURS, REHEARSE
from notifyctl.domain.check import Seen, failed, passed, rehearsed, unfinished, warned
from notifyctl.domain.complaint import DAYS
from notifyctl.domain.dpia import Trouble
from notifyctl.domain.rollback import releases
from notifyctl.store.project import CHANGELOG, PROSE

PROJECT = ("ENV-001", "ENV-006")
RENEW = 30  # days before a registration ends
_WEIGHTS = (Trouble.GAP, Trouble.OLD)  # fail everywhere; a draft fails in production alone


@check(
    "DOC-001",
    "The DPIA is complete, signed and of today",
    expected=f"signed, reviewed within {assessment.SOON} days",
    profile="ci",
    needs=PROJECT,
)
async def dpia(readers: Readers) -> Seen:
    project = readers.project
    facts = project.facts(readers.configuration, readers.today)
    found = assessment.examine(project.dpia, project.text(PROSE), facts, readers.today)
    told = "; ".join(one.what for one in found)
    if any(one.trouble in _WEIGHTS for one in found):
        return failed(told, "mend dpia.md and dpia.toml: notifyctl dpia check")
    if any(one.trouble is Trouble.DRAFT for one in found):
        return unfinished(readers.given.production, told, "have the DPIA signed: [sign_off] in dpia.toml")
    return (
        warned(told, "review the DPIA, and have it signed again")
        if found
        else passed("signed, and nothing has changed since")
    )


@check(
    "DOC-002",
    "The changelog tells of this release",
    expected="a newest version with its day and what changed",
    profile="ci",
    needs=("ENV-006",),
)
async def changelog(readers: Readers) -> Seen:
    found = releases(readers.project.text(CHANGELOG))
    if not found:
        return failed("CHANGELOG.md names no version", "write ## 1.0.0 - 2026-11-24, and below it what changed")
    newest = found[0]
    if not newest.dated or not newest.text.strip():
        return failed(f"{newest.version} has no day, or says nothing", "write the day beside it and what changed below")
    return passed(f"{newest.version}, the newest of {len(found)}")


@check(
    "DOC-003",
    "The record of processing is that of what is done",
    expected="each provider, purpose and recipient in it",
    profile="ci",
    needs=PROJECT,
)
async def record(readers: Readers) -> Seen:
    project, revision = readers.project, readers.configuration
    purposes = sorted({kind.purpose.value for kind in revision.types.values()})
    wrong = processing.mismatches(project.record, project.processors, revision.order, purposes)
    if wrong:
        return failed("; ".join(wrong), "correct processing.toml or processors.toml")
    return passed(f"activities in the record: {len(project.record.activities)}")


@check(
    "DOC-004",
    "A breach would be told in time",
    expected=f"who decides and two to call within {HOURS} hours, rehearsed within {REHEARSE} days",
    profile="ci",
    needs=("ENV-006",),
)
async def breach(readers: Readers) -> Seen:
    plan = readers.project.breach
    if plan.reachable < 2 or not plan.first:
        return failed(
            f"people who can be called: {plan.reachable}; things to do at once: {len(plan.first)}",
            "write two [[contact]] and what to do first into breach.toml: one person is away, and nobody thinks then",
        )
    if plan.rehearsed is None:
        return unfinished(
            readers.given.production, "nobody has played a breach through", "play one, and write rehearsed = DAY"
        )
    days = (readers.today - plan.rehearsed).days
    told = f"{len(plan.contacts)} to call, within {plan.within_hours} hours"
    return rehearsed(told, days, REHEARSE, "play a breach through again")


@check(
    "DOC-006",
    "People can complain",
    expected=f"a page that says how, with the regulator, and an answer within {DAYS} days",
    needs=("ENV-006",),
)
async def complaints(readers: Readers) -> Seen:
    procedure = readers.project.complaints
    seen = await published(procedure.page)
    if not seen.says("complain"):
        return failed(f"{procedure.page} does not say how to complain", "publish the procedure there")
    if not (seen.says("Information Commissioner") or seen.says("ico.org.uk")):
        return failed(f"{procedure.page} does not name the regulator", "say that people may turn to the ICO, too")
    return passed(f"{procedure.page}, and {procedure.also}")


@check(
    "DOC-005",
    "Each processor is under an agreement",
    expected="signed, with a safeguard abroad, seen within a year",
    profile="ci",
    needs=PROJECT,
)
async def processors(readers: Readers) -> Seen:
    found = readers.project.processors
    missing = processor.missing(found, readers.configuration.order)
    bare = [one.name for one in found if one.uncovered]
    if missing or bare:
        told = [*(f"{name} is not in the register" for name in missing), *(f"{name} has no safeguard" for name in bare)]
        return failed("; ".join(told), "add each to processors.toml, with its country and safeguard")
    if unsigned := [one.name for one in found if not one.signed]:
        return unfinished(
            readers.given.production,
            f"no agreement is signed: {', '.join(unsigned)}",
            "sign the agreement, and write signed = DAY into processors.toml",
        )
    due = [one.name for one in found if one.due(readers.today)]
    if due:
        return warned(
            f"not looked at for a year: {', '.join(due)}", "read the agreement again, and write reviewed = DAY"
        )
    return passed(f"processors with an agreement: {len(found)}")


@check(
    "DOC-007",
    "The registration with the regulator holds",
    expected=f"for {RENEW} days or longer",
    profile="ci",
    needs=("ENV-006",),
)
async def registration(readers: Readers) -> Seen:
    controller = readers.project.record.controller
    if controller.ico_expires is None:
        return unfinished(
            readers.given.production,
            "there is no number of a registration",
            "most controllers must pay the ICO's fee; write ico and ico_expires into processing.toml",
        )
    left = (controller.ico_expires - readers.today).days
    if left < 0:
        return failed(f"the registration ended on {controller.ico_expires}", "renew the registration")
    told = f"{controller.ico}, to {controller.ico_expires}"
    return passed(told) if left > RENEW else warned(told, "renew the registration")


@check(
    "DOC-008",
    "Every attestation still holds",
    expected="none is over, none reaches further than a year",
    profile="ci",
    needs=("ENV-006",),
)
async def attestations(readers: Readers) -> Seen:
    found = readers.project.attestations
    over = [f"{one.check} ({one.by}, {one.expires})" for one in found if not one.holds(readers.today)]
    if over:
        return failed(", ".join(over), "look again, and have each attested anew; or remove the attestation")
    return passed(f"attestations that hold: {len(found)}" if found else "nothing is attested")
