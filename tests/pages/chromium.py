"""A headless Chromium that is spoken to through a pair of pipes, in the words of its DevTools protocol.

Only what pages need: open a file at a width, ask it something, print it. Messages are JSON, each ended by a zero byte;
https://chromedevtools.github.io/devtools-protocol/ explains them.
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 60  # seconds after which a silent browser is given up; no passing test comes near
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe"),
)  # no sandbox: the pages are ours, and as root there is none


def found() -> str | None:
    """The browser of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One tab of a running browser."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._spare, self._number = b"", 0
        self._session: dict[str, str] = {}
        self._events: list[Mapping[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Page.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        _write_all(self._write, json.dumps(message).encode() + b"\0")
        while (told := self._next()).get("id") != self._number:
            self._events.append(told)
        assert "error" not in told, (method, told["error"])
        result: dict[str, Any] = told["result"]
        return result

    def open(self, page: Path) -> None:
        """Show a file, and wait until all of it is there."""
        self._events.clear()
        loader = self.call("Page.navigate", url=page.as_uri())["loaderId"]
        while not any(_loaded(event, loader) for event in self._events):
            self._events.append(self._next())

    def look(self, width: int, *, dark: bool = False, paper: bool = False) -> None:
        """Be a window of that width (CSS pixels), at night, or a sheet of paper."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "screen", features=[scheme])

    def ask(self, script: str) -> Any:
        """What a script says about the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def picture(self) -> bytes:
        """All of the page, as PNG."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(told["data"])

    def print(self) -> bytes:
        """The page as PDF, on the paper that it asks for."""
        told = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(told["data"])

    def _next(self) -> Mapping[str, Any]:
        while b"\0" not in self._spare:
            more = os.read(self._read, 1 << 20)
            assert more, "the browser has ended"
            self._spare += more
        message, _, self._spare = self._spare.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browser(path: str, home: Path) -> Iterator[Browser]:
    """A browser with a profile of its own; it reads our words at 3 and answers at 4."""
    (low_in, ours_out), (ours_in, low_out) = os.pipe(), os.pipe()
    theirs_in, theirs_out = (fcntl.fcntl(low, fcntl.F_DUPFD, 10) for low in (low_in, low_out))  # beside 3 and 4
    os.close(low_in)
    os.close(low_out)
    become = f"import os, sys; os.dup2({theirs_in}, 3); os.dup2({theirs_out}, 4); os.execv(sys.argv[1], sys.argv[1:])"
    line = [sys.executable, "-c", become, path, *FLAGS, f"--user-data-dir={home}"]
    with (home.parent / "chromium.log").open("wb") as log:
        process = subprocess.Popen(line, pass_fds=(theirs_in, theirs_out), stdout=log, stderr=log)
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_in, ours_out)
    finally:
        os.close(ours_out)  # by which it ends
        os.close(ours_in)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _loaded(event: Mapping[str, Any], loader: str) -> bool:
    told = event.get("params", {})
    return event.get("method") == "Page.lifecycleEvent" and (told["loaderId"], told["name"]) == (loader, "load")


def _write_all(where: int, data: bytes) -> None:
    while data:
        data = data[os.write(where, data) :]
