"""Bugs in what persons decide: a second copy behind everybody's back, a decision written twice, a job that is lost."""

from seeded.bug import Bug

POLICY = ("domain/test_decide.py",)
STEPS = ("domain/test_decided_steps.py",)
SCRIPT = ("store/test_decisions.py",)

BUGS = (
    Bug(
        "retries what may be out",
        "domain/decide.py",
        "if record.state is State.UNKNOWN:\n        return _no",
        "if False:\n        return _no",
        POLICY,
    ),
    Bug("lets a person send bulk twice", "domain/decide.py", "kind.priority is Priority.BULK or ", "", POLICY),
    Bug("lets a person send marketing twice", "domain/decide.py", " or kind.purpose is Purpose.MARKETING", "", POLICY),
    Bug(
        "lets a decision stand in for permission",
        "domain/decide.py",
        "if reason := refusal(case.type):",
        'if reason := "":',
        POLICY,
    ),
    Bug("sends another text under the old id", "domain/decide.py", "record.body != case.body", "False", POLICY),
    Bug("retries the job of another message", "domain/decide.py", "if record.job != case.job:", "if False:", POLICY),
    Bug(
        "forgets the deadline that a person gave",
        "domain/decide.py",
        "max(self.record.deadline or self.deadline,",
        "max(self.deadline,",
        POLICY,
    ),
    Bug("is late by a millisecond", "domain/decide.py", "return self.now >= max(", "return self.now > max(", POLICY),
    Bug(
        "counts what was spent before another chance",
        "domain/attempt.py",
        "return sum(item.burns and provider in (None, item.provider) for item in self.attempts[self.spent :])",
        "return sum(item.burns and provider in (None, item.provider) for item in self.attempts)",
        STEPS,
    ),
    Bug(
        "makes an ordered resend again and again",
        "domain/attempt.py",
        "return self.ambiguous_resends < self.allowed",
        "return self.ambiguous_resends <= self.allowed",
        STEPS,
    ),
    Bug(
        "does not record an ordered resend as one",
        "domain/step.py",
        "Why.RESEND if record.ordered else Why.FIRST",
        "Why.FIRST",
        STEPS,
    ),
    Bug(
        "calls a message dead that another worker may have sent",
        "domain/attempt.py",
        "return self.suspect is not None or self.allowed > 0",
        "return self.suspect is not None",
        STEPS,
    ),
    Bug(
        "sends bulk again when it is ordered",
        "domain/reconcile.py",
        "if record.ordered and situation.type.priority is not Priority.BULK:",
        "if record.ordered:",
        STEPS,
    ),
    Bug(
        "writes a decision twice when its reply was lost",
        "store/lua/decide.lua",
        "if last == item[11] then return {'ok', version} end",
        "",
        SCRIPT,
    ),
    Bug("overwrites the decision of another person", "store/lua/decide.lua", "version ~= item[4] or ", "", SCRIPT),
    Bug(
        "gives a message back that is under way",
        "store/lua/decide.lua",
        " or OPEN[old] or archived then",
        " or archived then",
        SCRIPT,
    ),
    Bug(
        "opens a record whose job is gone",
        "store/lua/decide.lua",
        "if lane and not give_back(lane, id) then return {'gone'} end",
        "if lane then give_back(lane, id) end",
        SCRIPT,
    ),
    Bug(
        "leaves a decided message among the unknown",
        "store/lua/decide.lua",
        "if old == 'unknown' then redis.call('ZREM', own .. 'unknown', message) end",
        "",
        SCRIPT,
    ),
    Bug(
        "forgets the priority of a retried job",
        "store/lua/decide.lua",
        "if priority > 0 and not older then",
        "if false then",
        SCRIPT,
    ),
    Bug(
        "wakes workers of a paused queue",
        "store/lua/decide.lua",
        "if idle then mark_work(lane) end",
        "mark_work(lane)",
        SCRIPT,
    ),
    Bug(
        "hides who ordered a resend",
        "store/lua/admit.lua",
        "if by then redis.call('HSET', attempt, 'by', by) end",
        "",
        SCRIPT,
    ),
    Bug(
        "drains nobody",
        "store/workers.py",
        "return bool((await pipe.execute())[-1])",
        "await pipe.execute()\n            return False",
        ("store/test_workers.py",),
    ),
)
