"""A bug to plant in a copy of `src/notifyctl`, the part of the engine that it is in, and who must notice it."""

from typing import NamedTuple

STEP = ("domain/test_step.py", "domain/test_reconcile.py", "domain/test_step_histories.py")
RECORD = ("domain/test_attempt.py", "domain/test_situation.py", "domain/test_outcome.py")
DOOR = ("domain/test_message.py", "store/test_jobdata.py", "store/test_keys.py")
SCRIPTS = ("store/test_attempts.py", "store/test_queue.py", "store/test_limits.py", "store/test_attempts_machine.py")
ENGINE = ("engine/test_journal.py", "engine/test_limiter.py", "engine/test_duties.py", "engine/test_claim.py")
CARRY = ("engine/test_carry.py",)
CLIENT = ("net/test_wire.py", "net/test_line.py", "net/test_lines.py", "net/test_answer.py")
DOCUMENTS = ("providers/test_documents.py", "providers/test_contract.py")
ALARMS = ("domain/test_cause.py", "domain/test_incident.py", "domain/test_notice.py", "domain/test_review.py")
RECORDED = ("store/test_incidents.py", "store/test_reviews.py")
WATCHED = ("engine/test_incidents.py",)
TOLD = ("notify/test_pagerduty.py", "notify/test_webhook.py", "notify/test_command.py")
BOOKS = ("domain/test_runbook.py", "domain/test_runbook_lint.py", "domain/test_runbook_run.py", "store/test_runs.py")
WALKS = ("cli/test_runbook.py", "operations/test_runbook.py")
REPORTED = (*("domain/test_period.py", "domain/test_rate.py", "domain/test_figures.py", "domain/test_report.py"),)
PROVEN = ("operations/test_audit.py",)
AUDITED = ("cli/test_audit.py",)
VALIDATED = ("domain/test_validation.py",)
HISTORIES = ("simulation/test_histories.py",)

ARCHIVED = ("store/test_retired.py", "engine/test_retention.py", "domain/test_retention.py", "evidence/test_months.py")
ARCHIVING = ("engine/test_retention_histories.py",)

PARTS = {  # by the beginning of the file's name, the first that fits
    "domain/reconcile": "reconcile",
    "domain/message": "door",
    "domain/decide": "decisions",
    **dict.fromkeys(("domain/cause", "domain/incident", "domain/notice", "domain/review"), "incidents"),
    **dict.fromkeys(("store/lua/incident", "store/lua/review", "engine/incidents", "engine/telling"), "incidents"),
    "notify/": "notifiers",
    **dict.fromkeys(("domain/retention", "store/lua/retire", "engine/retention", "evidence/"), "retention"),
    "domain/runbook": "runbooks",
    "operations/runbook": "runbooks",
    "store/runs": "runbooks",
    "cli/understand": "runbooks",
    "cli/options": "runbooks",
    **dict.fromkeys(("domain/period", "domain/figures", "domain/rate", "domain/remark", "domain/report"), "audits"),
    **dict.fromkeys(("domain/validation", "operations/validate"), "audits"),
    **dict.fromkeys(("operations/audit", "operations/composing", "operations/reperform"), "audits"),
    **dict.fromkeys(("operations/inspected", "operations/heartbeat", "evidence/", "store/lua/lease"), "audits"),
    "domain/": "policy",
    "store/lua/decide": "decisions",
    "store/lua/claim": "claim",
    "store/lua/prelude": "claim",
    "store/lua/admit": "admit",
    "store/lua/settle": "settle",
    "store/lua/adopt": "adopt",
    "store/lua/enqueue": "enqueue",
    "store/lua/limit": "limits",
    "store/": "serialisers",
    "providers/": "serialisers",
    "net/": "client",
    "engine/claim": "claim",
    "engine/duties": "adopt",
    "engine/": "engine",
}


class Bug(NamedTuple):
    """One change to one file; `tests` are files under tests/, of which at least one test must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def part(self) -> str:
        """What of the engine is broken."""
        return next(part for beginning, part in PARTS.items() if self.file.startswith(beginning))

    def misplaced(self, text: str) -> str:
        """What is wrong with its place in the file's text, or nothing."""
        found = text.count(self.old)
        return "" if found == 1 else f'"{self.name}": {self.file} has its place {found} times; give it its new text'
