"""Registers are read strictly, and an error names the file, the place and the fix."""

from datetime import date, timedelta

import pytest

from notifyctl.domain import attestation, dpia, privacy_notice, processing, processor, rollback
from notifyctl.domain.dpia import Facts, Trouble
from notifyctl.domain.errors import Misconfigured

TODAY = date(2026, 11, 24)
NOTICE = (
    '[[notice]]\nversion = "{}"\neffective = {}\nfile = "n.md"\nsha256 = "aa"\npurposes = ["p"]\ncontroller = "V"\n'
)
POLICY = '[policy]\nurl = "https://v.example/p"\n'
PROCESSOR = '[[processor]]\nname = "R"\nprovider = "resend"\ndoes = "mail"\ncountry = "US"\nagreement = "a"\n'
READERS = {
    "notices": privacy_notice.read,
    "processors": processor.read,
    "processing": processing.read,
    "dpia": dpia.read,
    "rollback": rollback.read,
    "attestations": lambda text, where: attestation.read(text, where, ["NET-005"]),
}
RISK = '[[risk]]\nwhat = "w"\nlikelihood = 1\nseverity = 3\nmeasures = ["m"]\nresidual = "low"\n'
DPIA = f'owner = "J"\nreviewed = 2026-11-24\n{RISK}'
ATTESTED = '[[attestation]]\ncheck = "{}"\nwhat = "w"\nby = "J"\non = 2026-11-24\nevidence = "e"\nexpires = {}\n'


@pytest.mark.parametrize(
    ("register", "text", "what", "where"),
    [
        ("notices", "[policy", "no valid TOML", "notices.toml"),
        ("notices", "", "policy is missing", "notices.toml"),
        ("notices", POLICY + "strange = 1\n", "strange is unknown", "notices.toml: policy"),
        ("notices", POLICY + NOTICE.format("1", '"2026-11-24"'), "effective cannot be used", "notices.toml: notice 1"),
        ("notices", POLICY + 2 * NOTICE.format("1", TODAY), "version is that of another", "notices.toml: notice 2"),
        ("notices", POLICY + '[[form]]\nfile = "f"\nnotice = "9"\n', "notice is no version", "notices.toml: form 1"),
        ("notices", POLICY + "notice = 1\n", "notice is unknown", "notices.toml: policy"),
        ("notices", "notice = 1\n" + POLICY, "notice cannot be used", "notices.toml"),
        ("processors", PROCESSOR.replace('"US"', '"usa"'), "country is no code", "processors.toml: processor 1"),
        (
            "processors",
            PROCESSOR.replace("resend", "sendmail"),
            "provider cannot be used",
            "processors.toml: processor 1",
        ),
        ("processors", PROCESSOR.replace('"a"', '" "'), "agreement cannot be used", "processors.toml: processor 1"),
        (
            "processing",
            '[controller]\nname = "V"\ncontact = "c"\nico = "Z"\n',
            "ico goes with",
            "processing.toml: controller",
        ),
        ("dpia", DPIA.replace("= 3", "= 4"), "severity cannot be used", "dpia.toml: risk 1"),
        ("dpia", DPIA.replace('["m"]', '"m"'), "measures cannot be used", "dpia.toml: risk 1"),
        ("rollback", 'previous = "1"\n', "how is missing", "rollback.toml"),
        (
            "attestations",
            ATTESTED.format("RDS-001", TODAY),
            "check cannot be attested",
            "attestations.toml: attestation 1",
        ),
    ],
)
def test_an_error_names_file_place_and_fix(register: str, text: str, what: str, where: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        READERS[register](text, f"{register}.toml")
    assert (what in caught.value.what, caught.value.where, bool(caught.value.fix)) == (True, where, True)
    assert caught.value.code == "CFG-REGISTER"


class TestNotices:
    TEXT = POLICY + NOTICE.format("1.1", "2026-01-01") + NOTICE.format("1.2", TODAY)

    @pytest.mark.parametrize(
        ("today", "current", "drafted"),
        [
            (date(2025, 12, 31), None, ["1.1", "1.2"]),
            (TODAY - timedelta(1), "1.1", ["1.2"]),
            (TODAY, "1.2", []),
        ],
    )
    def test_the_newest_of_a_day(self, today: date, current: str | None, drafted: list[str]) -> None:
        registry = privacy_notice.read(self.TEXT, "notices.toml")
        assert getattr(registry.current(today), "version", None) == current
        assert [one.version for one in registry.drafted(today)] == drafted


class TestProcessors:
    def test_abroad_needs_a_safeguard(self) -> None:
        (bare,) = processor.read(PROCESSOR, "p")
        (safe,) = processor.read(PROCESSOR + 'safeguard = "SCC"\n', "p")
        (home,) = processor.read(PROCESSOR.replace("US", "GB"), "p")
        assert [one.uncovered for one in (bare, safe, home)] == [True, False, False]

    @pytest.mark.parametrize(("days", "due"), [(0, False), (365, False), (366, True)])
    def test_are_looked_at_each_year(self, days: int, due: bool) -> None:
        (one,) = processor.read(f"{PROCESSOR}reviewed = {TODAY - timedelta(days)}\n", "p")
        assert one.due(TODAY) is due

    def test_stand_for_each_provider(self) -> None:
        assert processor.missing(processor.read(PROCESSOR, "p"), ["resend", "ses"]) == ["ses"]


class TestAttestations:
    @pytest.mark.parametrize(
        ("today", "expires", "holds"),
        [
            (TODAY, TODAY, True),
            (TODAY + timedelta(1), TODAY, False),
            (TODAY - timedelta(1), TODAY, False),
            (TODAY, TODAY + timedelta(366), True),
            (TODAY, TODAY + timedelta(367), False),
        ],
    )
    def test_hold_from_their_day_to_their_last_for_a_year_at_most(
        self, today: date, expires: date, holds: bool
    ) -> None:
        found = attestation.read(ATTESTED.format("NET-005", expires), "a", ["NET-005"])
        assert bool(attestation.holding(found, today)) is holds


class TestTheAssessment:
    FACTS = Facts(["resend", "ses"], ["GB", "US"], {"offer": "marketing"}, "1.2")
    PROSE = "".join(f"## {number}. Step\n\nSomething that is long enough.\n\n" for number in range(1, 8))

    def signed(self, text: str = DPIA, advice: str = "yes") -> str:
        covers = dpia.covered(dpia.read(text, "dpia.toml"), self.PROSE, self.FACTS)
        return f'{text}[sign_off]\nby = "J"\non = 2026-11-24\nadvice = "{advice}"\ncovers = "{covers}"\n'

    def troubles(self, text: str = "", prose: str = PROSE, days: int = 0, **facts: object) -> list[Trouble]:
        found = dpia.read(text or self.signed(), "dpia.toml")
        today = TODAY + timedelta(days)
        return [one.trouble for one in dpia.examine(found, prose, self.FACTS._replace(**facts), today)]

    def test_that_is_whole_has_nothing_wrong(self) -> None:
        assert self.troubles() == []

    def test_that_nobody_signed_is_a_draft(self) -> None:
        assert self.troubles(DPIA) == [Trouble.DRAFT]

    @pytest.mark.parametrize("empty", ["## 3. Step\n", "## 3. Step\n\nTODO: something that is long enough.\n\n"])
    def test_with_a_step_that_says_nothing_has_a_gap(self, empty: str) -> None:
        step = "## 3. Step\n\nSomething that is long enough.\n\n"
        assert self.troubles(prose=self.PROSE.replace(step, empty)) == [Trouble.GAP, Trouble.DRAFT]

    def test_without_a_risk_or_a_measure_has_a_gap(self) -> None:
        assert self.troubles(DPIA.replace(RISK, "")) == [Trouble.GAP, Trouble.DRAFT]
        assert self.troubles(DPIA.replace('["m"]', "[]")) == [Trouble.GAP, Trouble.DRAFT]

    def test_whose_risk_stays_high_must_have_been_with_the_regulator(self) -> None:
        high = DPIA.replace('"low"', '"high"')
        assert self.troubles(self.signed(high)) == [Trouble.GAP]
        assert self.troubles(self.signed(high, "the ICO was consulted on 1 November")) == []

    @pytest.mark.parametrize(
        ("days", "found"), [(303, []), (304, [Trouble.DUE]), (365, [Trouble.DUE]), (366, [Trouble.OLD])]
    )
    def test_ages(self, days: int, found: list[Trouble]) -> None:
        assert self.troubles(days=days) == found

    @pytest.mark.parametrize(
        "change",
        [{"providers": ["resend"]}, {"countries": ["GB"]}, {"types": {"offer": "service"}}, {"notice": "1.3"}],
        ids=lambda change: next(iter(change)),
    )
    def test_drifts_with_each_fact(self, change: dict[str, object]) -> None:
        assert self.troubles(**change) == [Trouble.DRIFT]

    def test_does_not_drift_with_the_order(self) -> None:
        assert self.troubles(providers=["ses", "resend"]) == []

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("severity = 3", "severity = 1"),
            ("likelihood = 1", "likelihood = 2"),
            ('"low"', '"medium"'),
            ('["m"]', '["another"]'),
            ('["m"]', '["m", "another"]'),
            ('"w"', '"another"'),
            ('"J"', '"K"'),
            ("reviewed = 2026-11-24", "reviewed = 2026-11-23"),
            ("[sign_off]", f"{RISK}[sign_off]"),
        ],
    )
    def test_is_unsigned_by_any_other_value(self, old: str, new: str) -> None:
        text = self.signed().replace(old, new, 1)
        assert text != self.signed()
        assert self.troubles(text) == [Trouble.DRAFT]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("long enough.", "longer."),
            ("## 7. Step", "## 7. Stop"),
            ("\n\n## 2", "\n\nMore.\n\n## 2"),
            ("Some", "  Some"),
        ],
    )
    def test_is_unsigned_by_other_words(self, old: str, new: str) -> None:
        prose = self.PROSE.replace(old, new)
        assert prose != self.PROSE
        assert self.troubles(prose=prose) == [Trouble.DRAFT]

    def test_stays_signed_with_another_layout(self) -> None:
        two = RISK + RISK.replace('"w"', '"v"').replace('["m"]', '["m", "n"]')
        text = self.signed(DPIA.replace(RISK, two))
        first, second = two.replace('["m", "n"]', '[ "n",\n"m" ]').split("[[risk]]\n")[1:]
        other = text.replace(two, f"# a comment\n[[risk]]\n{second}[[risk]]\n{first}")
        assert other != text
        assert self.troubles(other, "\n" + self.PROSE.replace("\n", " \t\r\n") + "\n\n") == []

    def test_signed_for_its_facts_alone_is_signed_by_nobody(self) -> None:
        about = self.FACTS.fingerprint
        text = self.signed()
        start = text.index(f'"{about}') + len(about) + 1
        assert self.troubles(f'{text[:start]}"\n') == [Trouble.DRAFT]


def test_releases_are_read_with_their_day_and_their_words() -> None:
    text = """# Changelog\n\n## [Unreleased]\n\n- later\n\n## [config-12] - 2026-11-25\n\n- now\n
## [1.2.0] - 2026-11-24\n\n- new\n\n## 1.1.0 - unreleased\n## v1.0.0\n\n- old\n"""
    found = [(one.version, one.dated, one.text.strip()) for one in rollback.releases(text)]
    assert found == [
        ("config-12", True, "- now"),
        ("1.2.0", True, "- new"),
        ("1.1.0", True, ""),
        ("1.0.0", False, "- old"),
    ]
