"""PagerDuty: what goes over the wire, as its Events API v2 wants it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from alarms import BROKEN, notice
from conftest import free_port
from notifyctl.domain.notice import Told
from notifyctl.domain.secret import Secret
from notifyctl.notify.pagerduty import BASE_URL, PagerDuty
from peers import Talk, serve

KEY = "0123456789abcdef0123456789abcdef"


def tell(occasion: str, *, status: str = "202 Accepted", answer: bytes = b"{}") -> tuple[Told, bytes]:
    def script(talk: Talk) -> None:
        talk.request()
        talk.answer(answer, status=status)

    with serve(script) as peer:
        told = asyncio.run(PagerDuty(Secret(KEY), peer.url().removesuffix("/emails"), 5).tell(notice(occasion)))
    (request,) = peer.requests
    return told, request


def body(request: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(request.partition(b"\r\n\r\n")[2])
    return document


def test_an_incident_triggers_with_all_that_the_api_demands():
    told, request = tell("opened")
    assert told == Told(True, "202")
    assert request.startswith(b"POST /v2/enqueue HTTP/1.1\r\n")
    document = body(request)
    assert (document["routing_key"], document["event_action"]) == (KEY, "trigger")
    payload = document["payload"]
    assert (payload["severity"], payload["source"]) == ("critical", "notifyctl production/bull")
    assert payload["summary"] == "no provider takes mail (INC-2026-11-24-01)"
    assert payload["timestamp"] == "2026-11-24T09:00:00Z"
    assert payload["custom_details"]["done"] == "Mail is held."


@pytest.mark.parametrize(("occasion", "action"), [("recovered", "resolve"), ("acked", "acknowledge")])
def test_its_end_and_its_taking_over_have_the_same_key_and_no_payload(occasion: str, action: str):
    first, later = (body(tell(one)[1]) for one in ("opened", occasion))
    assert later == {"routing_key": KEY, "event_action": action, "dedup_key": first["dedup_key"]}
    assert len(first["dedup_key"]) <= 255


@pytest.mark.parametrize("occasion", ["reminder-1", "worse"])
def test_what_comes_between_triggers_the_same_alert(occasion: str):
    assert body(tell(occasion)[1])["event_action"] == "trigger"


def test_a_summary_is_cut_to_what_the_api_takes():
    long = notice("opened")
    long = long._replace(incident=replace(long.incident, title="x" * 5000))
    document = body(b"\r\n\r\n" + PagerDuty(Secret(KEY)).request(long).body)
    assert len(document["payload"]["summary"]) == 1024


def test_a_refusal_is_told_in_the_words_of_the_api_and_without_the_key():
    answer = json.dumps({"status": "invalid event", "message": f"bad routing_key {KEY}"}).encode()
    told, _ = tell("opened", status="400 Bad Request", answer=answer)
    assert not told.well
    assert told.detail.startswith('400 {"status": "invalid event"')
    assert KEY not in told.detail


def test_nobody_there_and_nobody_answering_end_within_the_patience():
    for script in BROKEN:
        with serve(script) as peer:
            told = asyncio.run(PagerDuty(Secret(KEY), peer.url(), 0.2).tell(notice("opened")))
        assert not told.well
        assert told.detail
    nowhere = PagerDuty(Secret(KEY), f"http://127.0.0.1:{free_port()}", 5)
    assert asyncio.run(nowhere.tell(notice("opened"))).detail.startswith("connect: ")


def test_without_another_address_it_goes_to_pagerduty():
    assert PagerDuty(Secret(KEY)).request(notice("opened")).url == f"{BASE_URL}/v2/enqueue"
