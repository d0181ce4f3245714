"""Bugs in what is reported, proven, and told to who watches cron."""

from seeded.bug import AUDITED, PROVEN, REPORTED, VALIDATED, Bug

BUGS = (
    # -- what is due
    Bug(
        "reports a period that was reported",
        "domain/period.py",
        "if one.name not in reported]",
        "if one.name]",
        REPORTED,
    ),
    Bug(
        "forgets the months before the last",
        "domain/period.py",
        "return [one for one in _from(max(first, _before(last, CATCH_UP - 1)), last)",
        "return [one for one in _from(max(first, last), last)",
        REPORTED,
    ),
    Bug(
        "is silent when evidence was lost",
        "domain/period.py",
        "first = min([*known, *(",
        "first = min([*(",
        REPORTED,
    ),
    # -- what is counted
    Bug(
        "counts wrong addresses as failures",
        "domain/figures.py",
        "if wrong or row.state in NOT_MEANT:",
        "if row.state in NOT_MEANT:",
        REPORTED,
    ),
    Bug(
        "counts what was not to be sent",
        "domain/figures.py",
        "if wrong or row.state in NOT_MEANT:",
        "if wrong:",
        REPORTED,
    ),
    Bug(
        "takes a call in doubt for well",
        "domain/figures.py",
        "call.kind in TROUBLE or call.certainty == Certainty.AMBIGUOUS or not call.kind",
        "call.kind in TROUBLE",
        REPORTED,
    ),
    Bug(
        "calls a rate within its limit that nobody can tell",
        "domain/rate.py",
        "return Judged.WITHIN if self.of and high <= limit else Judged.TOO_FEW",
        "return Judged.WITHIN if self.of and (self.part or 0) <= limit else Judged.TOO_FEW",
        REPORTED,
    ),
    Bug(
        "calls two failures too many",
        "domain/rate.py",
        "if self.cases >= LEAST and low > limit:",
        "if low > limit:",
        REPORTED,
    ),
    # -- what is said
    Bug(
        "calls a part without a source fine",
        "domain/report.py",
        "word = BAD if errors else INCOMPLETE if unseen or few else GOOD",
        "word = BAD if errors else INCOMPLETE if few else GOOD",
        REPORTED,
    ),
    Bug(
        "gives a finding a new day in each report",
        "domain/remark.py",
        'since=before["since"], due=before["due"]',
        'since=before["since"], due=day.isoformat()',
        REPORTED,
    ),
    Bug(
        "shows what is attested as passed",
        "operations/inspected.py",
        "yield _attested(one) if one.seen.verdict is Verdict.ATTESTED else _check(one)",
        "yield _check(one)",
        AUDITED,
    ),
    # -- once, whatever runs beside it
    Bug(
        "keeps the report of one that overslept",
        "operations/audit.py",
        "    reports.withdraw(desk.home, period)\n",
        "",
        PROVEN,
    ),
    Bug(
        "does not look what another host has made",
        "operations/audit.py",
        "return here | known",
        "return here",
        PROVEN,
    ),
    Bug(
        "counts a message twice that has moved",
        "operations/composing.py",
        "if hash(row.id) not in moved and period.holds(row.ended_at):",
        "if period.holds(row.ended_at):",
        PROVEN,
    ),
    Bug(
        "reads on behind what was there",
        "operations/composing.py",
        "for row in islice(archive.rows(home, month), sums.lines):",
        "for row in archive.rows(home, month):",
        PROVEN,
    ),
    Bug(
        "lets nobody go on after a failure",
        "store/lua/lease.lua",
        "  redis.call('DEL', key)\n",
        "",
        (*PROVEN, "store/test_workers.py"),
    ),
    # -- proof
    Bug(
        "takes any signature",
        "evidence/signing.py",
        "    except (ValueError, InvalidSignature):\n        return False\n",
        "    except (ValueError, InvalidSignature):\n        pass\n",
        ("evidence/test_signing.py",),
    ),
    Bug(
        "compares no page",
        "operations/reperform.py",
        "yield from _page(file.parent / name, page, damaged)",
        "pass",
        PROVEN,
    ),
    Bug(
        "names no figure",
        "operations/reperform.py",
        "    yield from _leaves(report, again, damaged)\n",
        "",
        PROVEN,
    ),
    # -- after a deployment
    Bug(
        "takes too few for met",
        "domain/validation.py",
        "Judged.TOO_FEW: Verdict.TOO_FEW}",
        "Judged.TOO_FEW: Verdict.MET}",
        VALIDATED,
    ),
    Bug(
        "lets pass what has no source though it is required",
        "domain/validation.py",
        "return [one for one in asked if one.verdict in (Verdict.TOO_FEW, Verdict.UNSEEN)]",
        "return [one for one in asked if one.verdict is Verdict.TOO_FEW]",
        VALIDATED,
    ),
    Bug(
        "overlooks a miss that is not required",
        "domain/validation.py",
        "any(one.verdict is Verdict.MISSED for one in criteria)",
        "any(one.verdict is Verdict.MISSED for one in criteria if not required or one.name in required)",
        VALIDATED,
    ),
    Bug(
        "lets the engine copy bulk mail",
        "domain/validation.py",
        "bool(call.by or not once)",
        "bool(call.by or True)",
        VALIDATED,
    ),
    Bug(
        "counts a message twice that has moved since",
        "operations/validate.py",
        "if row.ended_at >= since and row.id not in seen:",
        "if row.ended_at >= since:",
        ("cli/test_validate.py",),
    ),
    # -- the watcher of cron
    Bug(
        "tells the watcher that a failed run is well",
        "operations/heartbeat.py",
        "beat, state = Beat(), FAIL",
        "beat, state = Beat(), OK",
        AUDITED,
    ),
)
