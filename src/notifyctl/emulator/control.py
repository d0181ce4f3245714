"""The control API: asks the mailbox and the counts, changes settings, scripts faults."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from notifyctl.emulator import routing
from notifyctl.emulator.faults import Fault
from notifyctl.emulator.state import State
from notifyctl.emulator.wire import Reply, Request


class Doors(Protocol):
    """Opens and closes the listening socket of a provider."""

    def refuse(self, name: str) -> None:
        """Refuse connections from now on. Raises KeyError for an unknown provider."""

    def restore(self, name: str) -> None:
        """Listen again. Raises KeyError for an unknown provider."""


class Control:
    """The site on the control port."""

    close_idle_s = None

    def __init__(self, state: State, doors: Doors) -> None:
        self._state = state
        self._doors = doors
        self._routes: dict[str, Callable[..., Reply]] = {
            "GET /mailbox": self._mailbox,
            "DELETE /mailbox": self._clear,
            "GET /mailbox/counts": self._counts,
            "GET /requests/counts": self._requests,
            "DELETE /requests/counts": self._forget,
            "GET /settings": self._settings,
            "PUT /settings": self._change,
            "POST /faults": self._add_faults,
            "GET /faults": self._faults,
            "DELETE /faults": self._remove_faults,
            "POST /providers/{name}/refuse": self._refuse,
            "POST /providers/{name}/restore": self._restore,
        }

    def begin(self, head: Request) -> None:
        """No fault strikes here."""

    def hold(self, request: Request) -> None:
        """No answer is late here."""

    def release(self, request: Request) -> None:
        """No answer is late here."""

    def handle(self, request: Request) -> tuple[Reply, None]:
        """Answer; a wrong request is told what is wrong with it."""
        found = routing.find(self._routes, request)
        if found is None:
            return Reply.json(404, {"error": "no such route", "routes": list(self._routes)}), None
        try:
            return self._routes[found.pattern](request, *found.words), None
        except KeyError as unknown:
            return Reply.json(404, {"error": f"unknown provider {unknown}"}), None
        except (msgspec.DecodeError, ValueError) as wrong:
            return Reply.json(400, {"error": str(wrong)}), None

    def _mailbox(self, request: Request) -> Reply:
        query = request.query
        box = self._state.mailbox
        if query.get("state") == "suppressed":
            return Reply.json(200, {"total": len(box.suppressed), "copies": box.suppressed})
        after, limit = int(query.get("after", 0)), int(query.get("limit", 1000))
        found = box.find(query.get("recipient", ""), query.get("provider", ""), query.get("ref", ""), after)
        page = found[:limit]
        return Reply.json(200, {"total": len(found), "next": page[-1].seq if page else after, "copies": page})

    def _clear(self, _: Request) -> Reply:
        self._state.mailbox.clear()
        return Reply.json(200, {"copies": 0})

    def _forget(self, request: Request) -> Reply:
        self._state.tally.clear()
        return self._requests(request)

    def _counts(self, _: Request) -> Reply:
        return Reply.json(200, self._state.mailbox.counts())

    def _requests(self, request: Request) -> Reply:
        return Reply.json(200, self._state.tally.counts(request.query.get("ref", ""), request.query.get("key", "")))

    def _settings(self, _: Request) -> Reply:
        return Reply.json(200, self._state.settings)

    def _change(self, request: Request) -> Reply:
        patch = msgspec.json.decode(request.body, type=dict[str, object])
        self._state.settings = self._state.settings.changed(patch)
        return self._settings(request)

    def _add_faults(self, request: Request) -> Reply:
        faults = msgspec.json.decode(request.body, type=list[Fault] | Fault)
        added = [self._add(fault) for fault in (faults if isinstance(faults, list) else [faults])]
        return Reply.json(201, {"faults": added})

    def _add(self, fault: Fault) -> Fault:
        if fault.action == "refuse":
            self._doors.refuse(fault.provider)
            return fault
        return self._state.faults.add(fault)

    def _faults(self, _: Request) -> Reply:
        return Reply.json(200, {"faults": self._state.faults.queue})

    def _remove_faults(self, request: Request) -> Reply:
        removed = self._state.faults.remove(request.query.get("provider", ""), int(request.query.get("id", 0)))
        return Reply.json(200, {"removed": removed})

    def _refuse(self, _: Request, name: str) -> Reply:
        self._doors.refuse(name)
        return Reply.json(200, {"provider": name, "listening": False})

    def _restore(self, _: Request, name: str) -> Reply:
        self._doors.restore(name)
        return Reply.json(200, {"provider": name, "listening": True})
