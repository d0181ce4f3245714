"""Bugs that histories of several workers show, in the engine and in its scripts, for the simulation."""

from seeded.bug import HISTORIES, Bug

BUGS = (
    Bug(
        "resends bulk",
        "domain/reconcile.py",
        "if _bulk(situation):\n        return _unknown",
        "if False:\n        return _unknown",
        HISTORIES,
    ),
    Bug(
        "resends twice",
        "domain/reconcile.py",
        "record.ambiguous_resends >= most",
        "record.ambiguous_resends > most",
        HISTORIES,
    ),
    Bug(
        "calls a cut answer definite",
        "domain/outcome.py",
        "if broken.handed_over else",
        'if broken.stage == "timeout" else',
        HISTORIES,
    ),
    Bug(
        "takes no answer of a look-up for a copy",
        "engine/carry.py",
        "found is not Found.PRESENT",
        "found is Found.ABSENT",
        HISTORIES,
    ),
    Bug(
        "closes a call that may be under way",
        "engine/carry.py",
        "now >= attempt.intent_at + window:",
        "True:",
        HISTORIES,
    ),
    Bug(
        "loses the jobs of a lost reply",
        "engine/duties.py",
        "lost = [held for held in own if (held.lane, held.id) not in self._claimer.held]",
        "lost = []",
        HISTORIES,
    ),
    Bug(
        "changes the key of a copy", "engine/render.py", 'key=f"nf1-{ref}"', 'key=f"nf1-{ref}-{id(message)}"', HISTORIES
    ),
    Bug(
        "admits on an old version",
        "store/lua/admit.lua",
        "if version ~= item[4] or TAKEN[state] or",
        "if TAKEN[state] or",
        HISTORIES,
    ),
    Bug(
        "keeps the lock of a job that ended",
        "store/lua/settle.lua",
        "  freed[#freed + 1] = lane .. id .. ':lock'\n",
        "",
        HISTORIES,
    ),
    Bug(
        "enqueues what is there",
        "store/lua/enqueue.lua",
        "if redis.call('EXISTS', lane .. id) == 1 then",
        "if false then",
        HISTORIES,
    ),
    Bug(
        "calls a 500 of Resend definite",
        "providers/resend/errors.py",
        '("application_error", "internal_server_error"), "", Kind.FAULT, _AMBIGUOUS)',
        '("application_error", "internal_server_error"), "", Kind.FAULT)',
        HISTORIES,
    ),
)
