"""STG, PERF: what the last drill with real messages and the last load test proved. The checks read; `drill staging`
and `bench` act."""

from statistics import fmean, quantiles

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain import bench
from notifyctl.domain.check import Seen, failed, passed, unseen, warned
from notifyctl.domain.errors import Unreachable
from notifyctl.domain.trial import ENOUGH, FRESH, SLOW, SLOWING, STALE, Run, Trial

DRILL = "send through all of them: notifyctl drill staging"
LOAD = "measure it: notifyctl bench"
MEASURE = f"notifyctl drill staging --count {ENOUGH}"


@check("STG-001", "A message went through each provider", expected="today, with this version and this set-up",
       needs=("ENV-001",))  # fmt: skip
async def staging(readers: Readers) -> Seen:
    run, age = _last(readers)
    bad = [f"{one.provider}: {one.kind} {one.code}".strip() for one in run.trials if not one.accepted]
    if bad:
        return failed("; ".join(bad), "mend what failed, then drill again: notifyctl drill staging")
    if missing := _missing(readers, run):
        return unseen(f"{', '.join(missing)}: not in the last drill", DRILL)
    told = f"{', '.join(one.provider for one in run.trials)}: accepted"
    return _dated(readers, run, age, told, DRILL)


@check("PERF-001", "Each provider takes a message in time", expected=f"a mean below {SLOW:g} ms, of {ENOUGH} calls",
       needs=("ENV-001",))  # fmt: skip
async def latency(readers: Readers) -> Seen:
    run, age = _last(readers)
    few = [f"{one.provider} {len(one.ms)}" for one in run.trials if not one.accepted or len(one.ms) < ENOUGH]
    if few or not run.trials:
        what = f"too few calls were measured ({', '.join(few)}): {ENOUGH} of each are needed"
        return unseen(what, MEASURE)
    told = "; ".join(map(_took, run.trials))
    if missing := _missing(readers, run):
        return unseen(f"{told}; {', '.join(missing)}: not in the last drill", MEASURE)
    worst = max(fmean(one.ms) for one in run.trials)
    hint = "look at the network, and at the region of the provider"
    if worst >= SLOW:
        return failed(told, hint)
    return warned(told, hint) if worst >= SLOWING else _dated(readers, run, age, told, MEASURE)


@check("PERF-003", "A load test passed", expected=f"a mean below {SLOW:g} ms and a queue that drained, within 30 days",
       needs=("ENV-001",))  # fmt: skip
async def load(readers: Readers) -> Seen:
    run, age = _last_load(readers)
    told, hint = _load_told(run, age), "see where the time goes: docs/bench.md"
    grade = bench.judge(run)
    if grade is bench.Grade.FEW:
        return unseen(f"{told}; {bench.ENOUGH} messages are needed", LOAD)
    if grade is not bench.Grade.GOOD:
        return (failed if grade is bench.Grade.BAD else warned)(told, hint)
    other = run.version != readers.version or (run.against == bench.STAGING and run.setup != readers.setup)
    if other:
        return warned(f"{told}, by another version or set-up", LOAD)
    return passed(told) if age <= bench.FRESH else warned(told, LOAD)


def _last_load(readers: Readers) -> tuple[bench.Bench, int]:
    """The last load test, and its age in ms; raises `Unreachable` where there is none that counts."""
    if not readers.loads:
        raise Unreachable("BEN-NEVER", "no load test is on record", "", LOAD)
    run = readers.loads[-1]
    age = readers.now - run.at
    if age > bench.STALE:
        raise Unreachable("BEN-NEVER", f"the last load test was {age // bench.DAY} days ago", "", LOAD)
    return run, age


def _load_told(run: bench.Bench, age: int) -> str:
    took, total = run.total.took, run.total
    mean = f"mean {took.mean:.0f} ms, 95 of 100 within {took.p95:.0f} ms" if took.mean and took.p95 else "no mean"
    ended = "" if run.drained else f", {total.open:,} still open"
    accepted = f"{total.accepted:,} of {total.sent:,} accepted{ended}"
    return f"{mean}; {accepted}; against the {run.against}, {age // bench.DAY} days ago"


def _missing(readers: Readers, run: Run) -> list[str]:
    """The providers of this set-up that a drill left out."""
    return [name for name in readers.senders if name not in {one.provider for one in run.trials}]


def _dated(readers: Readers, run: Run, age: int, told: str, fix: str) -> Seen:
    """What a drill proved, as long as it is of today and of what is about to run."""
    told = f"{told}, {age // 3_600_000} h ago"
    if age > FRESH:
        return warned(told, fix)
    same = (run.version, run.setup) == (readers.version, readers.setup)
    return passed(told) if same else warned(f"{told}, by another version or set-up", fix)


def _took(trial: Trial) -> str:
    return f"{trial.provider}: mean {fmean(trial.ms):.0f} ms, 95 of 100 within {quantiles(trial.ms, n=20)[-1]:.0f} ms"


def _last(readers: Readers) -> tuple[Run, int]:
    """The last drill, and its age in ms; raises `Unreachable` where there is none that counts."""
    if not readers.drills:
        raise Unreachable("DRL-NEVER", "no trial message was ever sent", "", DRILL)
    run = readers.drills[-1]
    age = readers.now - run.at
    if age > STALE:
        raise Unreachable("DRL-NEVER", f"the last drill was {age // (24 * 3_600_000)} days ago", "", DRILL)
    return run, age
