"""Which server is this, what became of the one that was known, and when may a worker claim from it?"""

import pytest

from notifyctl.domain.identity import Change, Identity, change, may_claim

NONE = "0" * 40
KNOWN = Identity(run="r1", history="h1", before=NONE)


class TestAServer:
    @pytest.mark.parametrize(
        ("met", "became"),
        [
            (KNOWN, None),
            (Identity(run="r2", history="h2", before=NONE), Change.RESTARTED),
            (Identity(run="r2", history="h2", before="h1"), Change.FAILED_OVER),
            (Identity(run="r2", history="h2", before="h0"), Change.RESTARTED),
            (Identity(run="r1", role="slave", history="h2"), Change.DEMOTED),
            (Identity(run="r1", role="slave", history="h1"), Change.DEMOTED),
            (Identity(run="r1", history="h3", before="h2"), Change.PROMOTED),
        ],
    )
    def test_is_another_after_a_restart_and_after_each_change_of_its_role(self, met: Identity, became: Change | None):
        assert change(KNOWN, met) is became

    def test_that_has_been_without_replicas_for_an_hour_is_the_same(self):
        assert change(KNOWN, Identity(run="r1", history="h2", before=NONE)) is None

    def test_that_does_not_tell_who_it_is_cannot_be_seen_to_change(self):
        assert change(KNOWN, Identity()) is change(Identity(), KNOWN) is change(Identity(), Identity()) is None

    def test_is_agreed_upon_by_a_name_that_tells_it_from_every_other(self):
        named = Identity.named(KNOWN.name)
        assert change(named, KNOWN) is None
        assert change(named, Identity(run="r2", history="h2", before="h1")) is Change.FAILED_OVER
        assert change(Identity.named(Identity().name), Identity()) is None


class TestAWorkerThatHasChecked:
    def test_goes_on_at_once_when_it_is_new_and_so_is_everybody_else(self):
        assert may_claim(set(), set(), knew=False, waited=0, ttl=15)

    def test_waits_when_it_knew_the_server_before_since_heartbeats_may_be_lost_too(self):
        assert not may_claim(set(), set(), knew=True, waited=14.9, ttl=15)
        assert may_claim(set(), set(), knew=True, waited=15, ttl=15)

    def test_waits_for_those_who_were_here_before_even_when_it_is_new(self):
        assert not may_claim({"a"}, set(), knew=False, waited=14.9, ttl=15)
        assert may_claim({"a"}, set(), knew=False, waited=15, ttl=15)

    @pytest.mark.parametrize("knew", [True, False])
    def test_waits_for_the_living_however_long_they_take(self, knew: bool):
        assert not may_claim({"a", "b"}, {"b"}, knew, waited=3600, ttl=15)
        assert may_claim({"a", "b"}, {"c"}, knew, waited=3600, ttl=15)
