"""A finding: something worth saying about a subject, under a stable code that `explain` knows."""

from typing import NamedTuple

SEVERITIES = ("critical", "error", "warning", "info")


class Finding(NamedTuple):
    """`severity` is one of SEVERITIES, `subject` names the thing (`provider/resend`), `hint` is what to do,
    `runbook` an anchor such as `provider-degraded#3`."""

    code: str
    severity: str
    subject: str
    message: str
    hint: str = ""
    runbook: str = ""
