"""`drill staging`: real messages to the sinks, recorded where preflight reads."""

from house import KEYS, House

PROOF = ("STG-001", "PERF-001")


def verdicts(house: House, *only: str) -> dict[str, str]:
    asked = [word for name in only for word in ("--only", name)]
    return {one["id"]: one["verdict"] for one in house.ask("preflight", *asked).data["checks"]}


def test_it_proves_that_each_provider_takes_a_message(house: House) -> None:
    assert {verdicts(house, *PROOF)[name] for name in PROOF} == {"error"}
    ran = house.ask("drill", "staging", "--yes")
    assert (ran.code, ran.document["outcome"]) == (0, "done")
    assert [(one["provider"], one["kind"], len(one["ms"])) for one in ran.data["trials"]] == [
        (name, "accepted", 1) for name in ("resend", "postmark", "ses")
    ]
    told = verdicts(house, *PROOF)
    assert (told["STG-001"], told["PERF-001"]) == ("pass", "error")  # three calls give no mean


def test_a_provider_that_does_not_take_it_is_named(house: House, emulator: object) -> None:
    emulator.fault("postmark", status=503)  # type: ignore[attr-defined]  # an Emulator
    ran = house.ask("drill", "staging", "--yes")
    assert (ran.code, [finding["subject"] for finding in ran.document["findings"]]) == (1, ["provider/postmark"])
    assert verdicts(house, "STG-001")["STG-001"] == "fail"


def test_one_can_be_named_and_another_set_up_is_no_proof(house: House) -> None:
    assert [one["provider"] for one in house.ask("drill", "staging", "ses", "--yes").data["trials"]] == ["ses"]
    assert verdicts(house, "STG-001")["STG-001"] == "error"
    house.run("drill", "staging", "--yes")
    house.environ["NOTIFYCTL_FROM"] = "Venue <tickets@other.example>"
    assert verdicts(house, "STG-001")["STG-001"] == "warn"


def test_nothing_is_sent_without_a_yes_or_in_a_dry_run(house: House, emulator: object) -> None:
    before = len(emulator.call("GET", "/mailbox")["copies"])  # type: ignore[attr-defined]  # an Emulator
    assert house.ask("drill", "staging").codes == ["CLI-NEEDS-YES"]
    assert house.ask("drill", "staging", "--dry-run").document["outcome"] == "planned"
    assert len(emulator.call("GET", "/mailbox")["copies"]) == before  # type: ignore[attr-defined]  # an Emulator


def test_what_is_missing_is_named_a_key_or_a_sender(house: House) -> None:
    house.environ["NOTIFYCTL_FROM"] = ""
    (told,) = house.ask("drill", "staging", "--yes").document["findings"]
    assert (told["code"], told["subject"]) == ("CFG-SENDER", "NOTIFYCTL_FROM")
    house.environ["POSTMARK_API_KEY"] = ""
    (told,) = house.ask("drill", "staging", "postmark", "--yes").document["findings"]
    assert (told["code"], told["message"]) == ("CFG-NO-PROVIDER", "no key is set for postmark")


def test_without_a_key_there_is_nothing_to_send_through(house: House) -> None:
    for name in KEYS:
        house.environ[name] = ""
    assert (house.ask("drill", "staging", "--yes").code, house.ask("drill", "staging", "--dry-run").code) == (7, 7)
