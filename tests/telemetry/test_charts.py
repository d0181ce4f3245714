"""Charts: well-formed, without a script, readable by those who listen, and inside their frame."""

from xml.etree import ElementTree as xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifyctl.telemetry.charts import WIDTH, Ids, Point, days, spans, stacked

NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)
VALUES = st.none() | st.floats(0, 1e6)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawing: str) -> xml.Element:
    return xml.fromstring(drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def inside(svg: xml.Element) -> bool:
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    boxes = [
        {name: float(box.get(name, 0)) for name in ("x", "y", "width", "height")} for box in svg.iter(f"{SVG}rect")
    ]
    return all(
        box["x"] >= -3.1 and box["x"] + box["width"] <= width + 3.1 and box["y"] >= -0.1
        and box["y"] + box["height"] <= height + 0.1 and min(box["width"], box["height"]) >= 0
        for box in boxes
    )  # fmt: skip


@given(st.lists(st.builds(Point, NAMES, VALUES), max_size=40), st.floats(0.1, 1000))
def test_days_stay_in_their_frame(points, line):
    assert inside(parsed(days(Ids(), "t", points, line, "%")))


@given(st.dictionaries(NAMES, st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**6)), max_size=5))
def test_bars_stay_in_their_frame(rows):
    assert inside(parsed(stacked(Ids(), "t", rows, "abc")))


@given(st.dictionaries(NAMES, st.lists(st.builds(Point, st.sampled_from("xyz"), VALUES), max_size=3), max_size=5))
def test_marks_stay_in_their_frame(rows):
    assert inside(parsed(spans(Ids(), "t", rows, 500, "ms")))


def test_a_chart_says_in_words_what_it_shows():
    ids = Ids()
    drawings = [
        days(ids, "Failed", [Point("07-01", 0.2), Point("07-02", 1.5), Point("07-03", None)], 0.5, "%"),
        stacked(ids, "Calls", {"ses": {"accepted": 1200, "fault": 3}}, ("accepted", "fault")),
        spans(ids, "Times", {"ses": [Point("p50", 80.0), Point("p95", None)]}, 500, "ms"),
    ]
    told = [parsed(one).findtext(f"{SVG}desc") for one in drawings]
    assert told == [
        "2 days with mail, 1 of them above the limit of 0.5 %.",
        "ses: 1,200 accepted, 3 fault.",
        "ses: p50 80 ms, p95 not measured.",
    ]
    for one in map(parsed, drawings):
        assert one.get("role") == "img"
        named = (one.get("aria-labelledby") or "").split()
        assert named == [part.get("id") for part in one if part.tag in (f"{SVG}title", f"{SVG}desc")]
    names = [parsed(one).get("aria-labelledby") for one in drawings]
    assert len(set(names)) == 3


@pytest.mark.parametrize("name", ["<script>", "a&b", '"quoted"'])
def test_names_are_text_and_nothing_else(name):
    drawing = stacked(Ids(), name, {name: {"a": 1}}, "a")
    assert "<script>" not in drawing
    assert parsed(drawing).findtext(f"{SVG}title") == name


def test_the_width_is_that_of_the_frame():
    assert float(parsed(days(Ids(), "t", [], 1, "%")).get("viewBox", "").split()[2]) == WIDTH
