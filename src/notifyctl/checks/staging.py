"""STG, PERF: what the last drill with real messages proved. The check reads; `drill staging` acts."""

from statistics import fmean, quantiles

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.trial import ENOUGH, FRESH, SLOW, SLOWING, STALE, Run, measured

DRILL = "send through all of them: notifyctl drill staging"


@check("STG-001", "A message went through each provider", expected="today, with this version and this set-up",
       needs=("ENV-001",))  # fmt: skip
async def staging(readers: Readers) -> Seen:
    run, age = _last(readers)
    bad = [f"{one.provider}: {one.kind} {one.code}".strip() for one in run.trials if not one.accepted]
    if bad:
        return failed("; ".join(bad), "mend it, then drill again: notifyctl drill staging")
    missing = [name for name in readers.senders if name not in {one.provider for one in run.trials}]
    if missing:
        return unseen(f"{', '.join(missing)}: not in the last drill", DRILL)
    told = f"{', '.join(one.provider for one in run.trials)}: accepted, {age // 3_600_000} h ago"
    if age > FRESH:
        return warned(told, DRILL)
    same = (run.version, run.setup) == (readers.version, readers.setup)
    return passed(told) if same else warned(f"{told}, by another version or set-up", DRILL)


@check("PERF-001", "A provider takes a message in time", expected=f"a mean below {SLOW:g} ms, of {ENOUGH} calls",
       needs=("ENV-001",))  # fmt: skip
async def latency(readers: Readers) -> Seen:
    run, _ = _last(readers)
    took = measured(run)
    if len(took) < ENOUGH:
        return unseen(f"{len(took)} calls were measured, and {ENOUGH} are needed", "notifyctl drill staging --count 20")
    mean = fmean(took)
    told = f"mean {mean:.0f} ms, 95 of 100 within {quantiles(took, n=20)[-1]:.0f} ms, {len(took)} calls"
    if mean >= SLOW:
        return failed(told, "look at the network, and at the region of the provider")
    return passed(told) if mean < SLOWING else warned(told, "look at the network, and at the region of the provider")


def _last(readers: Readers) -> tuple[Run, int]:
    """The last drill, and its age in ms; raises `Unreachable` where there is none that counts."""
    if not readers.drills:
        raise Unreachable("DRL-NEVER", "no message was ever sent to try it", "", DRILL)
    run = readers.drills[-1]
    age = readers.now - run.at
    if age > STALE:
        raise Unreachable("DRL-NEVER", f"the last drill was {age // (24 * 3_600_000)} days ago", "", DRILL)
    return run, age
