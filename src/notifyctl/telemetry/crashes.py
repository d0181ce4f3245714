"""Crashes, told to Sentry: a command or a worker that ended with a bug, where `SENTRY_DSN` is set (extra `sentry`).

Only what is named here leaves: which error of which type, with its text redacted, and where in the code; the name of
the command, the versions, the host. No values of variables, no arguments, no environment, no requests, no traces, no
log lines. Telling it takes 5 s at most, and nothing depends on it: whatever goes wrong here is passed over, since the
crash itself is what must be seen.
"""

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from notifyctl import __version__
from notifyctl.domain.redact import redact
from notifyctl.domain.secret import Secret, hide

PATIENCE = 5.0  # seconds, as a heartbeat has
_EVENT = ("event_id", "timestamp", "level", "platform", "release", "environment", "server_name", "tags", "sdk")
_FRAME = ("filename", "module", "function", "lineno", "in_app", "pre_context", "context_line", "post_context")


def installed() -> bool:
    """Whether the extra is there."""
    return find_spec("sentry_sdk") is not None


def tell(error: BaseException, dsn: Secret, mode: str, command: str) -> None:
    """Report an error; never raises, and returns within `PATIENCE`, whether it got there or not."""
    with suppress(Exception):
        client = import_module("sentry_sdk").Client(
            dsn=dsn.reveal(), environment=mode, release=f"notifyctl@{__version__}", before_send=scrub,
            default_integrations=False, auto_enabling_integrations=False, include_local_variables=False,
            max_request_body_size="never", max_breadcrumbs=0, propagate_traces=False,
            auto_session_tracking=False, send_client_reports=False, spotlight=False, debug=False,
        )  # fmt: skip
        event, hint = import_module("sentry_sdk.utils").event_from_exception(error, client_options=client.options)
        client.capture_event({**event, "level": "fatal", "tags": {"command": command}}, hint)
        client.close(timeout=PATIENCE)


def scrub(event: Mapping[str, Any], hint: object = None) -> dict[str, Any]:
    """What may leave of an event; everything that is not named above does not."""
    errors = (event.get("exception") or {}).get("values") or []
    kept = {name: event[name] for name in _EVENT if name in event}
    told: dict[str, Any] = _hidden({**kept, "exception": {"values": [_error(one) for one in errors]}})
    return told


def _error(one: Mapping[str, Any]) -> dict[str, Any]:
    frames = (one.get("stacktrace") or {}).get("frames") or []
    shown = [{name: frame[name] for name in _FRAME if name in frame} for frame in frames]
    names = {name: one.get(name) for name in ("type", "module")}
    return {**names, "value": redact(str(one.get("value") or "")), "stacktrace": {"frames": shown}}


def _hidden(part: Any) -> Any:
    """The same without the secrets of this process, wherever they stand."""
    if isinstance(part, Mapping):
        return {name: _hidden(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_hidden(value) for value in part]
    return hide(part) if isinstance(part, str) else part
