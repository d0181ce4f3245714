"""Bugs to plant in a copy of `src/notifyctl`, one at a time, and who must notice each."""

from typing import NamedTuple

STEP = ("domain/test_step.py", "domain/test_reconcile.py", "domain/test_step_histories.py")
RECORD = ("domain/test_attempt.py", "domain/test_situation.py", "domain/test_outcome.py")
DOOR = ("domain/test_message.py", "store/test_jobdata.py", "store/test_keys.py")
SCRIPTS = ("store/test_attempts.py", "store/test_queue.py", "store/test_limits.py", "store/test_attempts_machine.py")
ENGINE = ("engine/test_journal.py", "engine/test_limiter.py", "engine/test_duties.py", "engine/test_claim.py")


class Bug(NamedTuple):
    """One change to one file; `tests` are files under tests/, of which at least one test must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


BUGS = (
    # -- policy
    Bug(
        "does not wait for an old call to leave",
        "domain/reconcile.py",
        "return max(leaving) + int(situation.pace.max_send * 1000)",
        "return 0",
        STEP,
    ),
    Bug(
        "forgets that a replay may still be leaving",
        "domain/reconcile.py",
        "*(item.intent_at for item in record.attempts if item.outcome is None)",
        "",
        STEP,
    ),
    Bug(
        "sends bulk again",
        "domain/reconcile.py",
        "if situation.type.priority is Priority.BULK:\n        return _unknown",
        "if False:\n        return _unknown",
        STEP,
    ),
    Bug(
        "goes on with a doubt after the deadline",
        "domain/reconcile.py",
        "if now >= situation.deadline:\n        return",
        "if now > situation.deadline:\n        return",
        STEP,
    ),
    Bug(
        "replays a key that the provider has forgotten", "domain/reconcile.py", "REPLAY_MS = 23", "REPLAY_MS = 25", STEP
    ),
    Bug(
        "lets a critical message wait longer than half of its time",
        "domain/reconcile.py",
        "wait = min(pace.critical_resend",
        "wait = max(pace.critical_resend",
        STEP,
    ),
    Bug(
        "resends twice",
        "domain/reconcile.py",
        "record.ambiguous_resends >= situation",
        "record.ambiguous_resends > situation",
        STEP,
    ),
    Bug(
        "resends through a provider that left the route",
        "domain/reconcile.py",
        "able = sorted(situation.route,",
        "able = sorted({suspect.provider, *situation.route},",
        STEP,
    ),
    Bug(
        "resends another text",
        "domain/reconcile.py",
        " or record.body != situation.body:\n        return _unknown",
        ":\n        return _unknown",
        STEP,
    ),
    Bug(
        "resends without one look when time is short",
        "domain/reconcile.py",
        "return planned if bulk else min(planned, end)",
        "return planned if bulk or planned <= end else None",
        STEP,
    ),
    Bug(
        "looks twice in a row after a pause",
        "domain/reconcile.py",
        "look_at = max(planned, record.looked_at",
        "look_at = min(planned, record.looked_at",
        STEP,
    ),
    Bug(
        "sends what a foreign worker may have sent",
        "domain/step.py",
        "if started_elsewhere and not record.ended",
        "if False",
        STEP,
    ),
    Bug(
        "calls a message in doubt expired",
        "domain/step.py",
        "if record.suspect:\n        return reconcile",
        "if record.suspect and situation.now < situation.deadline:\n        return reconcile",
        STEP,
    ),
    Bug(
        "calls a message in doubt no_consent",
        "domain/step.py",
        "State.UNKNOWN if record.suspect else State.NO_CONSENT",
        "State.NO_CONSENT",
        STEP,
    ),
    Bug(
        "burns a sixth attempt",
        "domain/step.py",
        "record.faults() >= situation.bounds.attempts",
        "record.faults() > situation.bounds.attempts",
        STEP,
    ),
    Bug(
        "takes a refused resend for the truth about the first copy",
        "domain/step.py",
        "if _in_doubt(record, attempt):",
        "if False:",
        STEP,
    ),
    Bug(
        "sends an ended message again",
        "domain/step.py",
        "if record.ended:\n        return Finish(record.state",
        "if record.ended and record.state != 'unknown':\n        return Finish(record.state",
        STEP,
    ),
    Bug(
        "waits for a full provider that rests",
        "domain/situation.py",
        " and rest_until(record, provider, situation) <= situation.now",
        "",
        (*STEP, *RECORD),
    ),
    Bug(
        "rests a refused sender for a third of a second",
        "domain/situation.py",
        "int(pace.sender_rest * 1000)",
        "int(pace.sender_rest)",
        (*STEP, *RECORD),
    ),
    Bug(
        "takes silence for a definite answer",
        "domain/attempt.py",
        "return self.outcome is None or self.outcome.ambiguous",
        "return self.outcome is not None and self.outcome.ambiguous",
        (*STEP, *RECORD),
    ),
    Bug(
        "counts replays as attempts",
        "domain/attempt.py",
        "return fault and self.harmless and self.why is not Why.REPLAY",
        "return fault and self.harmless",
        (*STEP, *RECORD),
    ),
    Bug(
        "reopens a message that was rejected after an attempt",
        "domain/attempt.py",
        "(State.REJECTED, State.NO_CONSENT, State.EXPIRED) and not self.attempts",
        "(State.REJECTED, State.NO_CONSENT, State.EXPIRED)",
        (*STEP, *RECORD),
    ),
    Bug(
        "calls a call definite that was cut after its body",
        "domain/outcome.py",
        "if broken.handed_over else",
        'if broken.stage == "timeout" else',
        RECORD,
    ),
    # -- the door
    Bug("lets a line separator through", "domain/message.py", "\\u2028\\u2029]", "]", DOOR),
    Bug("lets bCC through", "domain/message.py", "    re.IGNORECASE,\n", "", DOOR),
    Bug(
        "lets NUL through behind an escape", "store/jobdata.py", 'if b"\\\\u0000" in literal and', "if False and", DOOR
    ),
    Bug(
        "takes a deadline that is no RFC 3339", "domain/message.py", "if _RFC3339.fullmatch(value) else None", "", DOOR
    ),
    Bug(
        "falls over data that are nested too deeply",
        "store/jobdata.py",
        "except RecursionError:",
        "except ZeroDivisionError:",
        DOOR,
    ),
    Bug("gives two messages one job", "store/keys.py", '.replace("%", "%25")', "", DOOR),
    # -- the scripts
    Bug(
        "admits without the lock",
        "store/lua/admit.lua",
        "if redis.call('GET', lane .. item[2] .. ':lock') ~= token then",
        "if false then",
        SCRIPTS,
    ),
    Bug(
        "admits on an old version",
        "store/lua/admit.lua",
        "if tonumber(version) ~= item[4] or TAKEN[state] then",
        "if TAKEN[state] then",
        SCRIPTS,
    ),
    Bug(
        "admits a repeated intent as a second one",
        "store/lua/admit.lua",
        "if redis.call('EXISTS', attempt) == 1 then",
        "if false then",
        SCRIPTS,
    ),
    Bug("gives one token too many", "store/lua/admit.lua", "(burst - 1) * gap", "burst * gap", SCRIPTS),
    Bug(
        "sends all waiters back at the same moment",
        "store/lua/admit.lua",
        "free_at + refused[provider] * gap",
        "free_at",
        SCRIPTS,
    ),
    Bug(
        "takes bad news from a stale worker",
        "store/lua/settle.lua",
        "if not mine and item[6] ~= '2' then",
        "if false then",
        SCRIPTS,
    ),
    Bug(
        "drops good news from a stale worker",
        "store/lua/settle.lua",
        "if not mine and item[6] ~= '2' then",
        "if not mine then",
        SCRIPTS,
    ),
    Bug(
        "settles on an old version",
        "store/lua/settle.lua",
        "elseif tonumber(version or 0) ~= item[4] then",
        "elseif false then",
        SCRIPTS,
    ),
    Bug(
        "leaves a terminal state for another",
        "store/lua/settle.lua",
        "not TAKEN[old] and (not ended or item[6] == '2')",
        "not TAKEN[old]",
        SCRIPTS,
    ),
    Bug(
        "takes an outcome back",
        "store/lua/settle.lua",
        "if written and not (item[6] == '2' and string.sub(written, 1, 1) ~= '2') then return false end",
        "",
        SCRIPTS,
    ),
    Bug(
        "keeps listing what is known by now",
        "store/lua/settle.lua",
        "if old == 'unknown' then redis.call('ZREM'",
        "if false then redis.call('ZREM'",
        SCRIPTS,
    ),
    Bug(
        "acts on a job of somebody else",
        "store/lua/settle.lua",
        "if not mine then return {'late', version} end",
        "",
        SCRIPTS,
    ),
    Bug("adopts whatever it finds", "store/lua/adopt.lua", "if held == seen and", "if", SCRIPTS),
    Bug("ignores a pause", "store/lua/claim.lua", "if paused then return end", "", SCRIPTS),
    Bug(
        "is a millisecond late", "store/lua/claim.lua", "whole((now + 1) * 4096 - 1)", "whole(now * 4096 - 1)", SCRIPTS
    ),
    Bug(
        "runs an empty job for an id without one",
        "store/lua/claim.lua",
        "if is_job(lane .. id) then\n      start",
        "if true then\n      start",
        SCRIPTS,
    ),
    Bug(
        "mixes jobs that are due in the same millisecond",
        "store/lua/prelude.lua",
        "math.min(tonumber(last[2]) + 1, high)",
        "low",
        SCRIPTS,
    ),
    Bug(
        "opens a provider early",
        "store/lua/limit.lua",
        "closed = math.max(closed, now + tonumber(ARGV[3]))",
        "closed = now + tonumber(ARGV[3])",
        SCRIPTS,
    ),
    # -- the engine
    Bug("trips over a torn line", "engine/journal.py", '.split(b"\\n")[:-1]', '.split(b"\\n")', ENGINE),
    Bug(
        "replays the journal of the living",
        "engine/journal.py",
        "fcntl.LOCK_EX | fcntl.LOCK_NB",
        "fcntl.LOCK_UN",
        ENGINE,
    ),
    Bug("closes a provider for one message's sake", "engine/limiter.py", " or outcome.ambiguous or ", " or ", ENGINE),
    Bug(
        "robs the living",
        "engine/duties.py",
        "dead = ours - await self._tools.workers.alive(ours)",
        "dead = ours",
        ENGINE,
    ),
    Bug(
        "lets bulk take all the room",
        "engine/claim.py",
        "most * (8 - min(place, 6)) // 8 - busy",
        "most - busy",
        ENGINE,
    ),
)
