"""`probe`: a read-only call to each account, all at once, and one exit code."""

import pytest

from conftest import free_port
from house import House
from notifyctl.store import drills


def test_all_ready(house: House) -> None:
    ran = house.ask("probe")
    assert ran.code == 0
    assert {name: one["state"] for name, one in ran.data["providers"].items()} == {
        "resend": "ready", "postmark": "ready", "ses": "ready",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "code", "finding"),
    [
        ({"RESEND_API_KEY": "re_other"}, 1, "PRB-MISCONFIGURED"),
        ({"NOTIFYCTL_RESEND_URL": f"http://127.0.0.1:{free_port()}"}, 6, "PRB-UNREACHABLE"),
    ],
)
def test_one_that_is_not_ready_decides_the_exit_code(
    house: House, environ: dict[str, str], code: int, finding: str
) -> None:
    ran = house.ask("probe", **environ)
    assert (ran.code, ran.codes) == (code, [finding])
    assert ran.document["findings"][0]["subject"] == "provider/resend"
    assert ran.data["providers"]["ses"]["state"] == "ready"


def test_a_limited_account_is_degraded(house: House, emulator) -> None:
    emulator.fault("ses", status=429, match={"path": "/v2/email/account"})
    ran = house.ask("probe", "ses")
    assert (ran.code, ran.codes) == (3, ["PRB-DEGRADED"])


def test_one_that_never_answers_is_given_up(house: House, emulator) -> None:
    emulator.fault("postmark", action="hang", times=-1)
    ran = house.ask("probe")
    assert (ran.code, ran.codes) == (6, ["PRB-UNREACHABLE"])
    assert ran.data["providers"]["postmark"]["detail"] == "timeout: no answer within 5 s"


def test_one_without_a_key_is_skipped_and_shown(house: House) -> None:
    ran = house.run("probe", RESEND_API_KEY="")
    assert ran.code == 0
    assert "resend    SKIP" in ran.out


def test_only_those_that_are_asked_for(house: House) -> None:
    assert list(house.ask("probe", "ses", "ses").data["providers"]) == ["ses"]


def test_nothing_to_ask_is_a_configuration_error(house: House) -> None:
    ran = house.ask("probe", "resend", RESEND_API_KEY="")
    assert (ran.code, ran.codes) == (7, ["CFG-NO-PROVIDER"])


def test_a_name_that_is_no_provider_is_a_usage_error(house: House) -> None:
    assert house.ask("probe", "sendmail").code == 2


def test_it_costs_no_mail_and_needs_no_server(house: House, emulator) -> None:
    assert house.ask("probe", BULLMQ_REDIS_PORT="1").code == 0
    assert emulator.call("GET", "/mailbox")["copies"] == []


def test_a_provider_without_a_key_was_not_asked_by_a_message_either(house: House) -> None:
    ran = house.ask("probe", "resend", "postmark", "--send", "--yes", POSTMARK_API_KEY="")
    assert (ran.code, ran.codes, ran.document["findings"][0]["subject"]) == (7, ["CFG-NO-PROVIDER"], "postmark")
    assert drills.read(house.home) == []


@pytest.mark.parametrize("flag", ["--yes", "--dry-run"])
def test_without_a_message_there_is_nothing_to_agree_to(house: House, flag: str) -> None:
    assert house.ask("probe", flag).code == 2


def test_on_request_a_message_to_its_sink_address_is_the_question_and_the_answer_is_on_record(house: House) -> None:
    refused = house.ask("probe", "ses", "--send")
    assert (refused.code, refused.codes) == (4, ["CLI-NEEDS-YES"])
    planned = house.ask("probe", "ses", "--send", "--dry-run")
    assert (planned.code, planned.data) == (0, {"providers": ["ses"], "count": 1})
    sent = house.ask("probe", "ses", "--send", "--yes")
    assert (sent.code, [(one["provider"], one["kind"]) for one in sent.data["trials"]]) == (0, [("ses", "accepted")])
    assert house.ask("probe", "ses", "--send", "--yes", AWS_SES_SECRET_KEY="revoked").codes == ["STG-001"]
    assert [len(run.trials) for run in drills.read(house.home)] == [1, 1]
