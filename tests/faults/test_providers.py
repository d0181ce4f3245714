"""Providers that refuse, break off, stay silent, answer late or answer nonsense: one arena for each first provider.

Each fault meets a message of each priority, in the same burst as all others, with and without the provider having
taken the message. Nothing else may ever come of it than what the invariant allows.
"""

import time
from collections.abc import Iterator

import pytest

from faults.arena import PRIORITIES, PROVIDERS, Arena, Fault, Mail, arena
from faults.checker import check

ORDERS = {"resend": PROVIDERS, "postmark": ("postmark", "ses", "resend"), "ses": ("ses", "resend", "postmark")}
DOUBTFUL: dict[str, Fault] = {
    "reset-in-answer": {"action": "cut_response", "after_bytes": 20},
    "silent": {"action": "hang"},
    "late": {"delay_s": 2.0},  # a call may take 1.5 s at the demo's pace
    "very-late": {"delay_s": 4.0},  # the first replay comes while the original call is still worked on
    "drip": {"action": "drip", "interval_s": 0.2},
    "closed": {"action": "close"},
    "html": {"body": "<html>Welcome to the hotel's network</html>"},
    "error-json": {"status": 200, "body": {"name": "internal_server_error", "ErrorCode": 100, "message": "?"}},
    "empty-object": {"body": {}},
    "cut-gzip": {"action": "truncated_gzip"},
    "status-500": {"status": 500},
    "status-502": {"status": 502, "body": "<html>bad gateway</html>"},
}
ERRORS_UNDER_200 = {  # single forms of a batch's partial errors: nobody can say what became of the message
    "postmark-406": {"ErrorCode": 406, "Message": "You tried to send to a recipient that is inactive."},
    "postmark-300-with-an-id": {"ErrorCode": 300, "Message": "Invalid 'To' address.", "MessageID": "f4b0-1"},
    "postmark-list": [{"ErrorCode": 0, "Message": "OK", "MessageID": "f4b0-2"}],
    "resend-errors": {"data": [], "errors": [{"index": 0, "message": "The `to` field is missing."}]},
    "resend-null": {"id": None},
    "ses-empty": {"MessageId": ""},
    "ses-error": {"__type": "MessageRejected", "message": "Email address is not verified."},
}
NO_RECEIPT = {
    ("fault", "ambiguous", "unreadable"), ("accepted", "definite", "found by look-up"),
    ("fault", "ambiguous", "timeout"),  # the machine may be slow, too
}  # fmt: skip
DOUBTFUL |= {f"under-200-{name}": {"status": 200, "body": body} for name, body in ERRORS_UNDER_200.items()}
SILENT: Fault = {"action": "hang", "times": -1}


@pytest.fixture(scope="module", params=list(ORDERS))
def field(request: pytest.FixtureRequest) -> Iterator[Arena]:
    with arena(ORDERS[request.param]) as built:
        built.start(2)
        built.await_workers(2)
        yield built


def everywhere(fault: Fault) -> list[Fault]:
    return [{"provider": name, **fault} for name in PROVIDERS]


def test_refused_connections_are_no_doubt_and_the_next_provider_takes_over(field: Arena) -> None:
    first, second, _ = field.order
    field.emulator.call("POST", f"/providers/{first}/refuse")
    mails = field.burst("refused", 5)
    field.await_end(mails)
    field.emulator.call("POST", f"/providers/{first}/restore")
    verdict = check(field, f"F4 refused, {first}", mails)
    for life in verdict.lives.values():
        tried = [item.provider for item in life.attempts]  # the first again, while the second had no room
        assert (set(tried[:-1]), tried[-1], life.ambiguous) == ({first}, second, 0)
        assert (life.state, life.copies) == ("accepted", 1)


def cut(field: Arena, name: str, **fields: object) -> list[Mail]:
    """One message of each priority whose body is cut off after 200 bytes."""
    first = field.order[0]
    field.strike({"provider": first, "action": "cut_request", "after_bytes": 200, "times": len(PRIORITIES)})
    mails = [field.mail(name, priority, **fields) for priority in PRIORITIES]
    field.eventually("three cuts", lambda: not field.emulator.call("GET", "/faults")["faults"])
    return mails


def test_a_large_body_cut_off_surely_did_not_arrive_whole(field: Arena) -> None:
    first, second, _ = field.order
    mails = cut(field, "large", html="x" * 4_900_000, text="y" * 3_000_000)
    field.await_end(mails)
    for life in check(field, f"F5 8 MB cut, {first}", mails).lives.values():
        assert [(item.provider, item.ambiguous) for item in life.attempts] == [(first, False), (second, False)]
        assert (life.state, life.copies) == ("accepted", 1)


def test_whatever_befalls_an_answer_no_copy_is_lost_or_doubled_in_silence(field: Arena) -> None:
    first = field.order[0]
    small = cut(field, "small")  # 20 kB: the system took them all, so they may have arrived for all the client knows
    struck = [
        field.mail(f"{name}-{'taken' if taken else 'dropped'}", priority, {"provider": first, **fault, "accept": taken})
        for name, fault in DOUBTFUL.items()
        for taken in (True, False)
        for priority in PRIORITIES
    ]
    silent = [
        field.mail(name, priority, *faults)
        for name, faults in {
            "silent-for-ever": [{"provider": first, **SILENT}],
            "silent-for-ever-dropped": [{"provider": first, **SILENT, "accept": False}],
            "silent-everywhere": everywhere(SILENT),
            "poison": everywhere({"status": 500, "times": -1}),
        }.items()
        for priority in PRIORITIES
    ]
    neighbours = field.burst("neighbour", 10)
    field.await_end()
    verdict = check(field, f"F5-F9, F12-F13, F36 doubts, {first}", [*small, *struck, *silent, *neighbours])
    assert all(verdict.of(mail).attempts[0].ambiguous and verdict.of(mail).copies <= 1 for mail in small)
    assert all(verdict.of(mail).copies == 1 == len(verdict.of(mail).attempts) for mail in neighbours)
    met = [mail for mail in struck if verdict.of(mail).attempts[0].provider == first]  # critical ones may not wait
    assert {mail.id.split("-taken")[0] for mail in met if mail.priority != "critical"} >= set(DOUBTFUL)
    assert {verdict.of(mail).attempts[0].told for mail in met if under_200(mail)} <= NO_RECEIPT
    assert all(verdict.of(mail).told == ("unknown", 0) for mail in silent if mail.id.startswith("poison"))
    assert all(verdict.of(mail).attempts[0].why == "first" for mail in struck)
    assert all(verdict.of(mail).copies == 1 for mail in struck if first == "resend")  # a replay brings the one copy
    assert not any(verdict.of(mail).resends for mail in struck if first == "resend")
    assert all(verdict.of(mail).state == "unknown" for mail in silent if mail.priority == "bulk" and first == "ses")


def under_200(mail: Mail) -> bool:
    """Whether an error was told as if it were a receipt."""
    return mail.id.startswith("under-200")


def test_definite_ends_leave_no_copy(field: Arena) -> None:
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    causes: dict[str, tuple[Fault, dict[str, object]]] = {
        "dead": ({"status": 503, "times": -1}, {}),
        "expired": ({"status": 401, "times": -1}, {"deadline": soon}),  # our key is refused: the provider rests
        "rejected": ({"status": 422, "times": -1}, {}),
    }
    mails = {
        state: [field.mail(state, priority, *everywhere(fault), **fields) for priority in PRIORITIES]
        for state, (fault, fields) in causes.items()
    }
    field.await_end()
    verdict = check(field, f"definite ends, {field.order[0]}", [mail for group in mails.values() for mail in group])
    for state, group in mails.items():
        assert [verdict.of(mail).state for mail in group] == [state] * len(PRIORITIES)


def test_a_search_that_lags_behind_finds_the_copy_in_the_end_or_a_resend_is_on_record() -> None:
    with arena(ORDERS["postmark"]) as field:
        field.emulator.call("PUT", "/settings", {"postmark": {"lag_s": 5}})
        field.start()
        silent: Fault = {"provider": "postmark", "action": "hang"}
        mails = [field.mail("lagging", priority, silent) for priority in PRIORITIES for _ in range(5)]
        field.await_end()
        verdict = check(field, "look-up that lags", mails)
        assert verdict.states == {"accepted": 15}
        assert all(verdict.of(mail).copies == 1 for mail in mails if mail.priority != "critical")
