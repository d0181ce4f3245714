"""The pages of a report: all of it, for whoever reads it, and nothing that could act."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from notifyctl.domain.figures import fold, told
from notifyctl.domain.period import Cycle, parse
from notifyctl.domain.report import document
from notifyctl.telemetry.pages import leaves, pages, verdict
from quarters import traffic

NASTY = '<img src=x onerror=alert(1)> | "=1+1"'
PERIOD = parse(Cycle.QUARTERLY, "2026-Q3")
FACTS = {
    "made": [{"at": PERIOD.end, "by": NASTY, "host": "one", "version": "1"}],
    "incident": [{"id": "INC-1", "title": NASTY, "state": "resolved", "root": ""}],
    "check": [
        {"id": "SEC-002", "title": "Secrets are kept encrypted", "verdict": "error", "observed": "none is set here",
         "hint": "set one", "waiver": ""},
        {"id": "RDS-001", "title": "Redis answers soon", "verdict": "fail", "observed": "80 ms", "hint": "",
         "waiver": "J. Smith"},
    ],
    "cost": [{"month": "2026-07", "provider": "ses", "tariff": "", "accepted": 12345, "dollars": "1.234567"}],
    "last": [{"period": "2026-Q2", "figures": {"failure rate": 0.009592}, "findings": []}],
    "attested": [{"id": "NET-003", "title": "A firewall", "attested": "by J. Smith"}],
}  # fmt: skip
REPORT = json.loads(
    json.dumps(document(PERIOD, told(fold(traffic("2026-07", 800))), FACTS, [], "root"))
)  # as it is read from the disk
PAGES = {name: text.decode() for name, text in pages(REPORT).items()}


class Seen(HTMLParser):
    """Tags that are open at the end, and every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "line"):
            assert self.open.pop() == tag


PAGE = Seen(PAGES["report.html"])


def test_the_page_is_closed_in_the_order_in_which_it_was_opened():
    assert PAGE.open == []


def test_the_page_acts_on_nothing_and_asks_nobody():
    names = {tag for tag, _ in PAGE.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "form", "a"}
    assert not [attrs for _, attrs in PAGE.tags if any(key.startswith("on") or key in ("src", "href") for key in attrs)]
    assert "url(" not in PAGES["report.html"]


def test_those_who_listen_find_their_way():
    html = dict(PAGE.tags)["html"]
    heads = [attrs.get("scope") for tag, attrs in PAGE.tags if tag == "th"]
    levels = [int(tag[1]) for tag, _ in PAGE.tags if re.fullmatch(r"h[1-6]", tag)]
    assert html["lang"] == "en-GB"
    assert set(heads) == {"col", "row"}
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert sum(tag == "svg" for tag, _ in PAGE.tags) == 3


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_every_figure_that_people_ask_for_is_on_it(name):
    text, figures = PAGES[name], REPORT["figures"]
    for provider, one in figures["providers"].items():
        assert provider in text
        assert f"{one['calls']:,}" in text
        for code in one["errors"]:
            assert code in text
    assert f"{figures['failure']['count']:,}/{figures['failure']['of']:,}" in text
    assert REPORT["cannot_claim"].replace("'", "&#39;" if name.endswith("html") else "'") in text
    assert "no source yet" in text
    assert "Attested, not measured" in text


def test_markdown_takes_no_text_for_its_own():
    assert "<img" not in PAGES["report.md"]
    rows = [line for line in PAGES["report.md"].splitlines() if line.startswith("| RPT-INCIDENT")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [7]


def test_a_check_that_could_not_look_is_not_seen_for_people_and_an_error_for_machines():
    told = "- **SEC-002 Secrets are kept encrypted**: not seen, none is set here; to do: set one\n"
    assert told in PAGES["report.md"]
    assert "<strong>not seen</strong>: none is set here" in PAGES["report.html"]
    assert REPORT["checks"][0]["verdict"] == "error"


def test_who_answers_for_a_check_stands_beside_it():
    assert "- **RDS-001 Redis answers soon**: fail (J. Smith answers for it), 80 ms\n" in PAGES["report.md"]


def test_what_was_recorded_is_led_by_what_it_is_of():
    assert "- **2026-07 ses**: accepted 12,345; cost $1.23\n" in PAGES["report.md"]
    line = '<li><strong>2026-07 ses</strong>: <span class="key">accepted</span> 12,345; <span class="key">cost</span>'
    assert f"{line} $1.23</li>" in PAGES["report.html"]


@pytest.mark.parametrize(
    ("name", "before"), [("report.html", '<td class="n">0.96 %</td>'), ("report.md", "| 0.96 % |")]
)
def test_a_rate_is_told_in_per_cent(name, before):
    assert before in PAGES[name]
    assert "0.009592" not in PAGES[name]


def test_the_table_for_spreadsheets_has_every_figure():
    rows = list(csv.reader(io.StringIO(PAGES["report.csv"])))
    assert rows[0] == ["period", "figure", "value"]
    assert {row[1] for row in rows[1:]} == {path for path, _ in leaves(REPORT["figures"])}
    assert ["2026-Q3", "failure.count", str(REPORT["figures"]["failure"]["count"])] in rows


def test_the_verdict_is_a_sentence():
    good = {"word": "good", "errors": [], "not_seen": [], "too_few_mails": False}
    assert verdict({"verdict": good}) == "Well: everything was looked at, and no error is open."
    assert verdict({"verdict": {**good, "word": "bad", "errors": ["x"]}}) == "Not well: 1 error is open."
    few = {**good, "word": "incomplete", "not_seen": ["a", "b"], "too_few_mails": True}
    assert verdict({"verdict": few}) == (
        "Incomplete: no error is open, but 2 parts were not seen and there is too little mail to tell the failure rate."
    )
