"""SEC: whether what is written loses what nobody may see. Each way is gone as in earnest, in memory alone."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed
from notifyctl.domain.redact import redact
from notifyctl.domain.secret import SHORTEST, Secret
from notifyctl.telemetry.crashes import scrub
from notifyctl.telemetry.logs import Log
from notifyctl.telemetry.tracebacks import story

WHO = "canary"
ADDRESS = f"{WHO}@customers.example"


@check("SEC-008", "Secrets are taken out of what is written", profile="ci",
       expected="none is left in a log, a traceback, a report, or what Sentry hears")  # fmt: skip
async def redaction(readers: Readers) -> Seen:
    canary = Secret(secrets.token_hex(10))  # of no shape that is known: only that it is a secret tells
    tried = {"a canary": canary, **readers.given.secrets}
    left = [f"{name} in {way}" for name, secret in tried.items() for way in WAYS if _left(secret.reveal(), WAYS[way])]
    if left:
        hint = f"make short ones {SHORTEST} characters long, or longer; if it is another one, this is a bug: report it"
        return failed(f"left: {', '.join(left)}", hint)
    return passed(f"secrets that were taken out everywhere: {len(tried)}")


def _left(secret: str, write: Callable[[str], str]) -> bool:
    """Whether a secret or an address can be read in what is written of a text with both."""
    writings = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("="))
    seen = write(f"refused: {' '.join(writings)} for {ADDRESS}")
    return any(writing in seen for writing in (*writings, ADDRESS))


def _logged(text: str) -> str:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        log = Log("check", b"", writing)
        log.bug("check", RuntimeError(text))
        log.flush()
        os.close(writing)
        return stream.read()


def _reported(text: str) -> str:
    frame = {"function": "f", "vars": {"key": text}}
    error = {"type": "RuntimeError", "value": text, "stacktrace": {"frames": [frame]}}
    return str(scrub({"exception": {"values": [error]}, "extra": {"sys.argv": [text]}, "message": text}))


WAYS: Mapping[str, Callable[[str], str]] = {
    "a log": _logged,
    "a traceback": lambda text: story(RuntimeError(text), {}),
    "a report": redact,
    "what Sentry hears": _reported,
}
