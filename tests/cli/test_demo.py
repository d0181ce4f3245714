"""The demo: the whole thing as a user sees it, small."""

import re

from terminal import notifyctl


def test_the_demo_tells_how_fast_the_mail_left_the_provider_that_died():
    ran = notifyctl("demo", "--messages", "200", "--processes", "2")
    assert ran.code == 0, ran
    assert "200 sent, 0 lost" in ran.out.splitlines()[0]
    switched, faults = (
        int(re.search(f"  {words} +([0-9,]+) ", ran.out)[1].replace(",", ""))
        for words in ("switched after", "faults until then")
    )
    assert switched >= 0
    assert faults >= 3
    assert "resend closed -> open: " in ran.err
    assert "Resend is mended" not in ran.err


def test_on_request_the_demo_shows_the_way_back():
    ran = notifyctl("demo", "--messages", "200", "--processes", "2", "--recovery", "-o", "json")
    assert ran.code == 0, ran
    assert ran.data["lost"] == 0
    back = ran.data["recovery"]
    assert back["opened_at"] < back["mended_at"] < back["closed_at"] <= back["back_at"]
    assert back["opened_at"] < back["half_open_at"] < back["closed_at"]
    rules = [step["rule"] for step in back["steps"]]
    assert rules[0] == "T1"
    assert rules[-4:] == ["T4", "T5", "T5", "T6"]
    assert back["steps"][-1]["phase"] == "closed"
