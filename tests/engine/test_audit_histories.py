"""The audit beside random histories of a real queue: every loss is found, and nothing that was none."""

import pytest

import queue_histories
from lab import W1, Lab, intent, outcome_of
from notifyctl.domain.attempt import State
from notifyctl.domain.outcome import Certainty, Kind, Outcome
from notifyctl.engine.audit import Auditor
from notifyctl.engine.tools import Tools
from notifyctl.store.attempts import Settlement

LANE = "bull:email-critical:"
OUTCOMES = {"hold": Outcome(Kind.FAULT, http=503), "doubt": Outcome(Kind.FAULT, Certainty.AMBIGUOUS)}
BRIEF = '{"removeOnComplete":true,"removeOnFail":true}'
HISTORIES = 60


class RealLane:
    """A lane on a server, with our scripts for the worker and BullMQ's effects for the others."""

    def __init__(self, lab: Lab, tools: Tools) -> None:
        self.lab = lab
        self.tools = tools
        self.look()

    def add(self, name: str) -> None:
        self.lab.enqueue(name)

    def work(self, ends: dict[str, str]) -> None:
        self.lab.now += 6000
        for name, end in ends.items():
            self.lab.redis("HSET", LANE + name, "opts", BRIEF if end.endswith("rule") else "{}")
        assert sorted(job.id for job in self.lab.claim(most=20, lanes=(20, 0, 0)).jobs) == sorted(ends)
        for name, end in ends.items():
            self._end(name, end)

    def _end(self, name: str, end: str) -> None:
        lab, attempt = self.lab, f"a-{name}"
        if end.startswith("alone"):
            lab.settle(W1, Settlement(1, name, "", 0, action="fail", value="rejected: it is no JSON"))
            return
        if not lab.record(name).attempts:
            assert lab.admit(W1, intent(name, attempt, lab.record(name).version))[0].code == "ok"
        outcome = OUTCOMES.get(end, Outcome(Kind.ACCEPTED, provider_id="p-1"))
        delayed = {"state": State.HELD, "action": "delay", "value": str(lab.now + 5000)}
        done = {"state": State.ACCEPTED, "action": "complete", "value": "{}"}
        told = outcome_of(name, attempt, outcome, **(delayed if end in OUTCOMES else done))
        assert lab.settle(W1, told)[0].code == "ok"

    def remove(self, name: str) -> None:
        prev = self.lab.place(name)
        self.lab.remove(name)
        self.lab.redis("XADD", LANE + "events", "*", "event", "removed", "jobId", name, "prev", prev)

    def drain(self) -> None:
        waiting = self.lab.redis("LRANGE", LANE + "wait", 0, -1) + self.lab.redis("ZRANGE", LANE + "delayed", 0, -1)
        for name in waiting:
            self.lab.remove(name)

    def adrift(self, name: str) -> None:
        self.lab.redis("LREM", LANE + "wait", 1, name)
        self.lab.redis("ZREM", LANE + "delayed", name)

    def put_back(self, name: str) -> None:
        self.lab.redis("LPUSH", LANE + "wait", name)

    def retry(self, name: str) -> None:
        prev = self.lab.place(name)
        self.lab.retry(name)
        self.lab.redis("XADD", LANE + "events", "*", "event", "waiting", "jobId", name, "prev", prev)

    def obliterate(self) -> None:
        for key in self.lab.redis("KEYS", LANE + "*"):
            self.lab.redis("DEL", key)

    def trim(self) -> None:
        self.lab.redis("XTRIM", LANE + "events", "MAXLEN", 0)

    def look(self) -> None:
        self.lab.now += 1000
        self.lab.run(Auditor(self.tools).audit())

    def lost(self) -> set[str]:
        return self._where("QUE-REMOVED") | self._where("QUE-VANISHED")

    def orphans(self) -> set[str]:
        return self._where("QUE-ORPHAN")

    def _where(self, code: str) -> set[str]:
        return {key.removeprefix(LANE) for key in self.lab.run(self.lab.store.findings.where(code, 100))}

    def state(self, name: str) -> str:
        return self.lab.record(name).state.value


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_loss_is_found_and_nothing_that_was_none(lab: Lab, tools: Tools, seed: int):
    lane = RealLane(lab, tools)
    account = queue_histories.play(seed, lane)
    assert queue_histories.check(lane, account) == []
    lab.run(_flush(tools))


async def _flush(tools: Tools) -> None:
    tools.log.flush()
