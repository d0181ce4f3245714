"""Reports in a real browser: whole at each width, by day and by night, on a screen and on paper.

What a page must not do is told by scripts that measure it; a page that is spoilt shows that they see it.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages import documents
from pages.chromium import Browser, browser, found

A4 = 680  # CSS pixels: 210 mm at 96 to the inch, less two margins of 15 mm
WIDTHS = (320, 390, A4, 1280)

OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
ACTS = """document.scripts.length + [...document.querySelectorAll('*')].filter(one =>
    [...one.attributes].some(has => has.name.startsWith('on') || ['src', 'href'].includes(has.name))).length"""
UNTOLD = """[...document.querySelectorAll('svg')].filter(one => !(one.getAttribute('role') === 'img' &&
    (one.getAttribute('aria-labelledby') || '').split(' ').every(name =>
        (document.getElementById(name)?.textContent || '').trim().length > 3))).length"""
# What is cut off, or lies over its neighbour: a box that is narrower than what it holds, or ends beyond the page.
CLIPPED = """[...document.querySelectorAll('table, th, td, caption, li, p, figure, svg')].filter(one =>
    (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0) ||
    one.getBoundingClientRect().right > document.scrollingElement.clientWidth + 1 ||
    one.getBoundingClientRect().left < -1).map(one => `${one.tagName} ${one.textContent.trim().slice(0, 40)}`)"""
FAINT = """(() => {
    const parts = text => text.match(/[\\d.]+/g).map(Number);
    const linear = v => v <= 10 ? v / 3294 : ((v / 255 + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => [r, g, b].map(linear)
        .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
    const ground = one => {
        for (; one; one = one.parentElement) {
            const told = parts(getComputedStyle(one).backgroundColor);
            if (told.length < 4 || told[3] > 0) return told;
        }
        return [255, 255, 255];
    };
    const speaks = one => !one.closest('title, desc') &&
        [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    return [...document.querySelectorAll('main *')].filter(speaks).filter(one => {
        const style = getComputedStyle(one), ink = one.closest('svg') ? style.fill : style.color;
        const [dark, bright] = [light(parts(ink)), light(ground(one))].sort((a, b) => a - b);
        return (bright + .05) / (dark + .05) < 4.5;
    }).map(one => `${one.tagName} ${one.textContent.trim().slice(0, 40)}`);
})()"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Browser]:
    path = found()
    assert path, "there is no Chromium on PATH: apt-get install chromium"
    with tempfile.TemporaryDirectory(prefix="nf-") as home, browser(path, Path(home) / "profile") as one:
        yield one


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return documents.write(tmp_path_factory.mktemp("reports"))


CYCLES = pytest.mark.parametrize("cycle", documents.PERIODS)


@CYCLES
@pytest.mark.parametrize("dark", [False, True], ids=["by day", "by night"])
def test_a_report_is_whole_at_each_width(tab: Browser, reports: dict[str, Path], cycle: str, dark: bool) -> None:
    tab.open(reports[cycle])
    for width in WIDTHS:
        tab.look(width, dark=dark)
        seen = {"width": width, "overflow": tab.ask(OVERFLOW), "clipped": tab.ask(CLIPPED), "faint": tab.ask(FAINT)}
        assert seen == {"width": width, "overflow": 0, "clipped": [], "faint": []}


@CYCLES
def test_a_report_acts_on_nothing_and_says_what_its_charts_show(
    tab: Browser, reports: dict[str, Path], cycle: str
) -> None:
    tab.open(reports[cycle])
    assert (tab.ask(ACTS), tab.ask(UNTOLD), tab.ask("document.querySelectorAll('svg').length")) == (0, 0, 3)


@CYCLES
def test_a_report_is_printed_whole(tab: Browser, reports: dict[str, Path], cycle: str) -> None:
    tab.open(reports[cycle])
    tab.look(A4, paper=True)
    assert (tab.ask(OVERFLOW), tab.ask(CLIPPED), tab.ask(FAINT)) == (0, [], [])
    assert sheets(tab.print()) >= 2
    tab.look(A4, dark=True, paper=True)  # at night, too, paper is white
    assert tab.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


SPOILT = {
    "overflow": ("</main>", "<p style='width: 900px'>wide</p></main>", OVERFLOW, 0),
    "a table that is cut off": (
        "</main>",
        "<table style='width: 900px'><tr><td>x</td></tr></table></main>",
        CLIPPED,
        [],
    ),
    "a cell over its neighbour": (
        "</main>",
        "<table style='table-layout: fixed; width: 60px'><tr><td style='white-space: nowrap'>many words</td><td>x</td>"
        "</tr></table></main>",
        CLIPPED,
        [],
    ),
    "a script": ("</main>", "<script>1</script></main>", ACTS, 0),
    "an attribute that acts": ("<main>", "<main onclick='1'>", ACTS, 0),
    "a chart without words": ('-desc">', '-none">', UNTOLD, 0),
    "faint words": ("</main>", "<p style='color: #ddd'>hardly there</p></main>", FAINT, []),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_page_that_is_spoilt_is_seen(tab: Browser, tmp_path: Path, fault: str) -> None:
    old, new, script, well = SPOILT[fault]
    page = documents.write(tmp_path, lambda text: text.replace(old, new))["monthly"]
    tab.open(page)
    tab.look(390)
    assert tab.ask(script) != well


def sheets(pdf: bytes) -> int:
    """How many pages a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
