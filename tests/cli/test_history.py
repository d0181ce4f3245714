"""`history` and `explain last-failover`: who moved what, and whether the rules still say the same."""

import json

from house import House
from lab import Lab

WHY = ("--reason", "it is slow", "--yes")


def test_people_and_the_tool_are_told_newest_first(house: House, lab: Lab) -> None:
    lab.trip("resend")
    house.run("failover", "--to", "ses", *WHY, NOTIFYCTL_ACTOR="ann")
    ran = house.ask("history")
    by_ann, by_itself = ran.data["entries"]
    assert (by_ann["by"], by_ann["verb"], by_ann["reason"], by_ann["automatic"]) == (
        "ann", "failover", "it is slow", False,
    )  # fmt: skip
    assert by_ann["after"]["pin"]["provider"] == "ses"
    assert (by_itself["automatic"], by_itself["move"]["rule"], by_itself["move"]["before"]["faults"]) == (True, "T1", 3)
    told = house.run("history").out.splitlines()
    assert told[0] == "2 changes, newest first."
    assert told[3].endswith("T1: 3 faults in a row, over 2 messages or more")


def test_one_provider_alone(house: House, lab: Lab) -> None:
    lab.trip("resend")
    house.run("failover", "--to", "ses", *WHY)
    house.run("pause", "postmark", *WHY)
    verbs = [entry["verb"] for entry in house.ask("history", "--provider", "ses").data["entries"]]
    assert verbs == ["failover"]
    assert len(house.ask("history", "--provider", "postmark").data["entries"]) == 2


def test_as_json_lines_each_change_is_a_line(house: House) -> None:
    house.run("pause", "queue", *WHY)
    house.run("restore", "--reason", "over")
    lines = house.run("history", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["data"]["verb"] for line in lines] == ["restore", "pause queue"]


def test_no_more_than_asked_for(house: House) -> None:
    house.run("pause", "queue", *WHY)
    house.run("restore", "--reason", "over")
    assert [entry["verb"] for entry in house.ask("history", "--limit", "1").data["entries"]] == ["restore"]


def test_an_empty_one(house: House) -> None:
    assert house.run("history").out == "Nothing yet.\n"


class TestLastFailover:
    def test_it_is_decided_again_with_the_same_answer(self, house: House, lab: Lab) -> None:
        lab.trip("resend")
        house.run("restore", "--reason", "nothing to do with it")
        ran = house.ask("explain", "last-failover")
        assert (ran.code, ran.data["same"], ran.data["entry"]["move"]["provider"]) == (0, True, "resend")
        assert ran.data["again"] == ran.data["entry"]["move"]["after"]
        told = house.run("explain", "last-failover").out
        assert "by rule T1: 3 faults in a row, over 2 messages or more." in told
        assert told.endswith("Decided again from these inputs: the same.\n")

    def test_another_answer_is_a_bug(self, house: House, lab: Lab) -> None:
        """As if another version had decided: its log says that two faults were enough."""
        lab.trip("resend")
        [(name, fields)] = lab.redis("XRANGE", "nf:{bull}:transitions", "-", "+")
        pairs = fields if isinstance(fields, list) else [word for pair in fields.items() for word in pair]
        told = [word.replace('"refused":"",', "") for word in pairs]
        place = told.index("move") + 1
        move = json.loads(told[place])
        move[1][2] = 2
        told[place] = json.dumps(move)
        lab.redis("DEL", "nf:{bull}:transitions")
        lab.redis("XADD", "nf:{bull}:transitions", name, *told)
        ran = house.ask("explain", "last-failover")
        assert (ran.code, ran.codes, ran.data["same"], ran.data["again"]) == (70, ["RTE-REPLAY"], False, None)

    def test_without_one_it_says_no(self, house: House) -> None:
        ran = house.ask("explain", "last-failover")
        assert (ran.code, ran.codes) == (1, ["RTE-NO-FAILOVER"])
