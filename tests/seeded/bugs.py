"""Every bug that is planted."""

from seeded import (
    audits,
    client_and_formats,
    decisions,
    failover,
    histories,
    incidents,
    policy_and_scripts,
    retention,
    runbooks,
)

BUGS = (
    *(*policy_and_scripts.BUGS, *client_and_formats.BUGS, *histories.BUGS, *audits.BUGS),
    *(*decisions.BUGS, *incidents.BUGS, *runbooks.BUGS, *failover.BUGS, *retention.BUGS),
)
