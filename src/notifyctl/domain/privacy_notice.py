"""Privacy notices: what people were told when they agreed, by version; the master copy that consent refers to.

    [policy]
    url = "https://venue.example/privacy"
    sha256 = "..."          # of the page's words, see `page.fingerprint`; leave it out until the page is live

    [[notice]]
    version = "1.2"
    effective = 2026-11-24
    file = "notices/1.2.md"
    sha256 = "..."          # of the file
    purposes = ["marketing.events"]
    controller = "The Venue Ltd"

    [[form]]                # a page on which people agree
    file = "forms/newsletter.html"
    notice = "1.2"

What to keep follows the ICO's guide to consent: what people were told, with version and date, as a master copy.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from notifyctl.domain import register
from notifyctl.domain.register import Sheet


class Notice(NamedTuple):
    """One version. It is in effect from `effective` until the next one is; `sha256` is that of the file, in hex."""

    version: str
    effective: date
    file: str
    sha256: str
    purposes: tuple[str, ...]
    controller: str


class Form(NamedTuple):
    """A page with a tick box, and the version of the notice that it shows."""

    file: str
    notice: str


class Policy(NamedTuple):
    """The privacy policy on the web; `sha256` of its words is '' while nobody has pinned it."""

    url: str
    sha256: str


class Registry(NamedTuple):
    """Everything in `notices.toml`."""

    policy: Policy
    notices: tuple[Notice, ...]
    forms: tuple[Form, ...]

    def version(self, name: str) -> Notice | None:
        """The notice of that version."""
        return next((one for one in self.notices if one.version == name), None)

    def current(self, today: date) -> Notice | None:
        """The newest notice that is in effect on that day."""
        return max((one for one in self.notices if one.effective <= today), key=_effective, default=None)

    def drafted(self, today: date) -> Sequence[Notice]:
        """Those that come into effect later."""
        return [one for one in self.notices if one.effective > today]


def read(text: str, where: str) -> Registry:
    """The registry of a TOML text; raises `Misconfigured`, also for a version or a day that is given twice."""
    sheet = register.parse(text, where)
    notices, forms = sheet.sheets("notice"), sheet.sheets("form")
    found = Registry(_policy(sheet.sheet("policy")), tuple(map(_notice, notices)), tuple(map(_form, forms)))
    for key in ("version", "effective"):
        values = [getattr(one, key) for one in found.notices]
        twice = next((number for number, value in enumerate(values) if value in values[:number]), None)
        if twice is not None:
            raise notices[twice].wrong(key, "is that of another notice", "each version and each day is there once")
    for at, form in zip(forms, found.forms, strict=True):
        if not found.version(form.notice):
            raise at.wrong("notice", "is no version of a [[notice]]", "name one that is there")
    return sheet.end(found)


def _effective(notice: Notice) -> date:
    return notice.effective


def _policy(sheet: Sheet) -> Policy:
    return sheet.end(Policy(sheet.text("url"), sheet.maybe("sha256")))


def _notice(sheet: Sheet) -> Notice:
    return sheet.end(
        Notice(
            sheet.text("version"),
            sheet.day("effective"),
            sheet.text("file"),
            sheet.text("sha256"),
            sheet.texts("purposes"),
            sheet.text("controller"),
        )
    )


def _form(sheet: Sheet) -> Form:
    return sheet.end(Form(sheet.text("file"), sheet.text("notice")))
