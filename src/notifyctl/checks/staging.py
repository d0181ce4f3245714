"""STG, PERF: what the last drill with real messages proved. The check reads; `drill staging` acts."""

from statistics import fmean, quantiles

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.trial import ENOUGH, FRESH, SLOW, SLOWING, STALE, Run, Trial

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


@check("PERF-001", "Each provider takes a message in time", expected=f"a mean below {SLOW:g} ms, of {ENOUGH} calls",
       needs=("ENV-001",))  # fmt: skip
async def latency(readers: Readers) -> Seen:
    run, _ = _last(readers)
    few = [f"{one.provider} {len(one.ms)}" for one in run.trials if not one.accepted or len(one.ms) < ENOUGH]
    if few or not run.trials:
        what = f"too few calls were measured ({', '.join(few)}): {ENOUGH} of each are needed"
        return unseen(what, f"notifyctl drill staging --count {ENOUGH}")
    told = "; ".join(map(_took, run.trials))
    worst = max(fmean(one.ms) for one in run.trials)
    hint = "look at the network, and at the region of the provider"
    if worst >= SLOW:
        return failed(told, hint)
    return passed(told) if worst < SLOWING else warned(told, hint)


def _took(trial: Trial) -> str:
    return f"{trial.provider}: mean {fmean(trial.ms):.0f} ms, 95 of 100 within {quantiles(trial.ms, n=20)[-1]:.0f} ms"


def _last(readers: Readers) -> tuple[Run, int]:
    """The last drill, and its age in ms; raises `Unreachable` where there is none that counts."""
    if not readers.drills:
        raise Unreachable("DRL-NEVER", "no message was ever sent to try it", "", DRILL)
    run = readers.drills[-1]
    age = readers.now - run.at
    if age > STALE:
        raise Unreachable("DRL-NEVER", f"the last drill was {age // (24 * 3_600_000)} days ago", "", DRILL)
    return run, age
