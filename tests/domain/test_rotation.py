"""The rotation of a key: what comes after what, whose a key without a name is, and when the old one may die."""

import pytest

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.keymaking import KeyInfo
from notifyctl.domain.provider import Health
from notifyctl.domain.rotation import (
    DEEDS,
    ORDER,
    Rotation,
    Step,
    User,
    dead,
    fixed,
    guidance,
    in_use,
    looked,
    orphans,
    read,
    starting_anew,
    write,
)

AT = 1_796_064_000
ROTATION = Rotation(
    "0a1b2c3d", "resend", Step.PROMOTED, AT, "ann", "ninety days", "0123456789ab", "ba9876543210", "old", "new",
    ["old", "other"], AT + 1, AT + 5, AT + 10,
)  # fmt: skip
FOLLOWED = [User("host/1", ROTATION.new), User("host/2", ROTATION.new)]


def test_what_is_written_is_read() -> None:
    assert read(write(ROTATION)) == ROTATION
    assert "\n" not in write(ROTATION)


@pytest.mark.parametrize("text", ["", "{}", '{"step": "flying"}', "[1]", '{"id": 1, "step": "begun"}'])
def test_what_somebody_has_changed_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="KEY-TEXT"):
        read(text)


def test_every_step_leads_to_the_next() -> None:
    assert [*DEEDS] == [*ORDER]
    assert [ROTATION.done(step) for step in ORDER] == [True] * 4 + [False] * 3


class TestTheOldKey:
    """It may be revoked when nothing of ours uses it any more, nor anybody else."""

    def test_may_be_revoked_when_all_have_followed_and_calls_have_ended(self) -> None:
        assert in_use(ROTATION, FOLLOWED, AT + 9, AT + 50, 40) == ""
        assert in_use(ROTATION, [], 0, AT + 50, 40) == ""

    def test_lives_while_a_worker_uses_it(self) -> None:
        why = in_use(ROTATION, [*FOLLOWED, User("host/3", ROTATION.old)], 0, AT + 5000, 40)
        assert why == "worker host/3 still uses the old key"

    def test_lives_for_ever_beside_a_worker_that_has_its_key_from_its_environment(self) -> None:
        users = [User("host/2", ROTATION.old), User("host/3", ROTATION.old, "RESEND_API_KEY")]
        why = in_use(ROTATION, users, 0, AT + 5000, 40)
        assert why.startswith("worker host/3 still uses the old key, and never follows: RESEND_API_KEY")
        assert fixed(ROTATION, [*FOLLOWED, *users]) == users[1:]
        assert "notifyctl worker drain host/3" in starting_anew(users[1:])

    @pytest.mark.parametrize("fingerprint", ["", "ffffffffffff"])
    def test_lives_while_a_worker_does_not_say_that_it_uses_the_new_one(self, fingerprint: str) -> None:
        assert "host/3 does not use the new key" in in_use(ROTATION, [User("host/3", fingerprint)], 0, AT + 5000, 40)

    def test_lives_while_a_call_may_be_under_way(self) -> None:
        assert in_use(ROTATION, FOLLOWED, 0, AT + 49, 40) == "calls with the old key may be under way for 1 s"

    def test_lives_as_long_after_the_last_straggler_as_a_call_may_take(self) -> None:
        promoted = ROTATION._replace(followed=0)
        assert looked(promoted, [*FOLLOWED, User("host/3", ROTATION.old)], AT + 5000).followed == 0
        followed = looked(promoted, FOLLOWED, AT + 5000)
        assert "under way for 40 s" in in_use(followed, FOLLOWED, 0, AT + 5000, 40)
        assert looked(followed, FOLLOWED, AT + 5030) == followed
        assert looked(followed, [User("host/3", ROTATION.old)], AT + 5030).followed == 0

    def test_lives_when_its_provider_has_seen_it_since(self) -> None:
        assert in_use(ROTATION, FOLLOWED, AT + 50, AT + 60, 40) == ""
        assert "not by our workers" in in_use(ROTATION, FOLLOWED, AT + 51, AT + 60, 40)


class TestAnOrphan:
    """A key that this rotation has made, and was killed before it could write it down."""

    def test_bears_its_label(self) -> None:
        keys = [KeyInfo("x", ROTATION.label), KeyInfo("y", "notifyctl ffffffff"), KeyInfo("z", "other")]
        assert [key.id for key in orphans(ROTATION, keys)] == ["x"]
        assert len(ROTATION.label) <= 50

    @pytest.mark.parametrize("after", [-60, 0, 300])
    def test_without_names_was_made_about_when_it_was_asked_for(self, after: int) -> None:
        assert len(orphans(ROTATION, [KeyInfo("x", created=ROTATION.asked + after)])) == 1

    @pytest.mark.parametrize(
        "key",
        [
            KeyInfo("x", created=ROTATION.asked - 61),
            KeyInfo("x", created=ROTATION.asked + 301),
            KeyInfo("x", created=ROTATION.asked, used=AT + 2),
            KeyInfo("other", created=ROTATION.asked),
            KeyInfo("old", created=ROTATION.asked),
        ],
    )
    def test_is_no_key_that_somebody_else_may_have_made(self, key: KeyInfo) -> None:
        assert orphans(ROTATION, [key]) == []

    def test_is_none_before_a_key_was_asked_for(self) -> None:
        unasked = ROTATION._replace(asked=0)
        assert orphans(unasked, [KeyInfo("x", unasked.label), KeyInfo("y")]) == []


@pytest.mark.parametrize(
    ("health", "proof"),
    [
        (Health("misconfigured", "invalid", {"http": 401}), True),
        (Health("misconfigured", "invalid", {"http": 403}), True),
        (Health("misconfigured", "sending is switched off for this account", {}), False),
        (Health("misconfigured", "no such address", {"http": 404}), False),
        (Health("ready", "the key may only send", {"key": "sending_access"}), False),
        (Health("degraded", "throttled", {"http": 429}), False),
        (Health("unreachable", "connect", {}), False),
    ],
)
def test_only_a_refusal_of_the_key_proves_it_dead(health: Health, proof: bool) -> None:
    assert dead(health) is proof


@pytest.mark.parametrize("provider", ["resend", "postmark", "ses"])
def test_a_person_is_told_where_to_click(provider: str) -> None:
    assert all(len(lines) == 2 for lines in guidance(provider).values())
