"""A person at Bull Board: presses its buttons through the HTTP API that its page uses, with the same requests."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

HERE = Path(__file__).parent
DEADLINE = 30.0  # seconds


class Refused(Exception):
    """The board says no, and tells why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}")
        self.status = status


class Board:
    """Bull Board on one line of BullMQ, as a process; each method is a button of its page."""

    def __init__(self, line: str, port: int, queues: tuple[str, ...]) -> None:
        command = ["node", str(HERE / "board.mjs"), line, str(port), *queues]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> None:
        """Close what it reads; it ends by itself."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(DEADLINE) == 0

    # -- what the page shows

    def page(self) -> str:
        """The page itself."""
        with urlopen(self._url + "/", timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def jobs(self, queue: str, status: str) -> list[dict[str, Any]]:
        """The first jobs of a tab."""
        shown = self._press("GET", query=f"?activeQueue={quote(queue)}&status={status}&jobsPerPage=100")
        return next(one["jobs"] for one in shown["queues"] if one["name"] == queue)

    def counts(self, queue: str) -> dict[str, int]:
        """The numbers on the tabs."""
        return next(one["counts"] for one in self._press("GET")["queues"] if one["name"] == queue)

    def job(self, queue: str, job: str) -> dict[str, Any]:
        """One job and its status."""
        return dict(self._press("GET", queue, job))

    def workers(self, queue: str) -> list[dict[str, Any]]:
        """The workers of a queue."""
        return list(self._press("GET", queue, "workers")["workers"])

    # -- one job

    def retry(self, queue: str, job: str) -> None:
        """Of a failed or completed job."""
        self._press("PUT", queue, job, "retry")

    def promote(self, queue: str, job: str) -> None:
        """Of a delayed job: now."""
        self._press("PUT", queue, job, "promote")

    def remove(self, queue: str, job: str) -> None:
        """The broom beside a job."""
        self._press("PUT", queue, job, "clean")

    def edit(self, queue: str, job: str, data: object) -> None:
        """Another text for a job."""
        self._press("PATCH", queue, job, "update-data", body={"jobData": data})

    def reschedule(self, queue: str, job: str, run_at: int) -> None:
        """Another time for a delayed job, in ms."""
        self._press("PATCH", queue, job, "delay", body={"runAt": run_at})

    def prioritise(self, queue: str, job: str, priority: int) -> None:
        """Another priority; 0 = none."""
        self._press("PATCH", queue, job, "priority", body={"priority": priority})

    def duplicate(self, queue: str, job: str) -> str:
        """Opens the form of `add`, filled in from a job; here it is sent as it is."""
        shown = self.job(queue, job)["job"]
        return self.add(queue, shown["name"], shown["data"], shown["opts"])

    # -- a whole queue

    def add(self, queue: str, name: str, data: object, options: dict[str, Any] | None = None) -> str:
        """A new job; its id."""
        added = self._press("POST", queue, "add", body={"name": name, "data": data, "options": options or {}})
        return str(added["job"]["id"])

    def retry_all(self, queue: str, status: str) -> dict[str, int]:
        """All failed or completed ones: how many were retried and skipped."""
        return dict(self._press("PUT", queue, "retry", status))

    def promote_all(self, queue: str) -> None:
        """All delayed ones."""
        self._press("PUT", queue, "promote")

    def clean(self, queue: str, status: str) -> None:
        """All of a tab that are older than five seconds."""
        self._press("PUT", queue, "clean", status)

    def empty(self, queue: str) -> None:
        """BullMQ's drain."""
        self._press("PUT", queue, "empty")

    def obliterate(self, queue: str, force: bool = False) -> None:
        """The queue and all that is in it; `force` is the check box that appears when jobs are active."""
        self._press("PUT", queue, "obliterate", body={"force": force})

    def pause(self, queue: str) -> None:
        """Of one queue."""
        self._press("PUT", queue, "pause")

    def resume(self, queue: str) -> None:
        """Of one queue."""
        self._press("PUT", queue, "resume")

    def pause_all(self) -> None:
        """Of every queue on the board."""
        self._press("PUT", "pause")

    def resume_all(self) -> None:
        """Of every queue on the board."""
        self._press("PUT", "resume")

    def _press(self, method: str, *path: str, body: object = None, query: str = "") -> Any:
        """One request of the page. Raises `Refused` with what the board answers instead."""
        where = "/".join([self._url, "api/queues", *(quote(part, "") for part in path)]) + query
        data = None if body is None else json.dumps(body).encode()
        request = Request(where, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urlopen(request, timeout=DEADLINE) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as refusal:
            with refusal:
                raise Refused(refusal.status or 0, refusal.read().decode()) from None
