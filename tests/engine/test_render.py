"""From a job to an errand and a document: the door, the deadline, the route, and bytes that never vary."""

import hashlib
import json
from dataclasses import replace

import pytest
from msgspec import structs

from lab import NOON
from notifyctl.domain.errors import InvalidMessage, Misconfigured
from notifyctl.domain.provider import Provider
from notifyctl.domain.revision import ProviderRules, Revision
from notifyctl.engine.render import Renderer, digest_of
from notifyctl.store.queue import Job

DATA = {
    "v": 1, "id": "m", "type": "booking.confirmation", "to": {"email": "jo@fan.example"}, "subject": "Hi", "text": "x",
}  # fmt: skip
DAY = 86_400_000


def job(kind: str = "", **changes: object) -> Job:
    return Job(1, "m", 1, "", 0, NOON, kind, json.dumps({**DATA, **changes}).encode())


@pytest.fixture
def renderer(revision: Revision, providers: dict[str, Provider]) -> Renderer:
    return Renderer(revision, "nf:{bull}:", providers)


class TestOpening:
    def test_an_errand_knows_its_message_type_body_and_route(self, renderer: Renderer):
        errand = renderer.open(job(), 1.5)
        assert (errand.message.id, errand.type, errand.record.version) == (
            "m",
            renderer.revision.types[DATA["type"]],
            0,
        )
        assert errand.body == hashlib.sha256(job().data).hexdigest()
        assert (errand.route, errand.cannot, errand.taken_at) == (("resend", "postmark", "ses"), "", 1.5)

    @pytest.mark.parametrize(
        ("given", "deadline"),
        [
            (None, NOON + DAY),
            ("2026-11-24T09:00:01Z", NOON + 1000),
            ("2027-11-24T09:00:00Z", NOON + DAY),
            ("2020-01-01T00:00:00Z", 1_577_836_800_000),
        ],
    )
    def test_a_message_may_shorten_its_time_and_never_lengthen_it(self, renderer: Renderer, given, deadline):
        assert renderer.open(job(deadline=given), 0).deadline == deadline

    @pytest.mark.parametrize(("kind", "code"), [("scheduler", "QUE-SCHEDULER"), ("flow", "QUE-FLOW")])
    def test_a_job_whose_next_step_is_bullmqs_is_refused(self, renderer: Renderer, kind: str, code: str):
        with pytest.raises(InvalidMessage) as caught:
            renderer.open(job(kind), 0)
        assert caught.value.code == code

    def test_a_job_that_lost_its_data_is_refused(self, renderer: Renderer):
        with pytest.raises(InvalidMessage):
            renderer.open(structs.replace(job(), data=None), 0)

    def test_a_provider_that_would_drop_a_field_is_not_in_the_route(self, renderer: Renderer):
        errand = renderer.open(job(to={"email": "jö@fan.example"}), 0)
        assert set(errand.route) < {"resend", "postmark", "ses"}
        assert "cannot carry it: to.email" in errand.cannot


class TestRendering:
    @pytest.mark.parametrize("name", ["resend", "postmark", "ses"])
    def test_the_same_message_gives_the_same_bytes_whatever_its_job(self, renderer: Renderer, providers, name: str):
        first = renderer.render(renderer.open(job(), 0), providers[name])
        again = renderer.render(
            renderer.open(structs.replace(job(), id="other", timestamp=NOON + 5, starts=3), 9), providers[name]
        )
        assert first == again
        changed = renderer.render(renderer.open(job(subject="Ho"), 0), providers[name])
        assert changed.digest != first.digest

    @pytest.mark.parametrize("name", ["resend", "postmark", "ses"])
    def test_a_digest_changes_with_the_job_and_with_every_byte_around_its_bodies(
        self, renderer: Renderer, providers, name: str
    ):
        errand = renderer.open(job(html="<p>" + "Doors open at seven. " * 9, text="Doors open at seven."), 0)
        document, message = renderer.render(errand, providers[name]).document, errand.message
        others = {document[:at] + b"\x07" + document[at + 1 :] for at in range(len(document))}
        digests = {digest_of(other, message, errand.body) for other in (document, *others)}
        assert len(digests) == 1 + len(document)
        assert digest_of(document, message, "another") not in digests

    def test_a_digest_tells_apart_which_body_stands_where(self, renderer: Renderer):
        message = renderer.open(job(html="a", text="b"), 0).message
        there, swapped = b'{"html":"a","text":"b"}', b'{"html":"b","text":"a"}'
        assert digest_of(there, message, "body") != digest_of(swapped, message, "body")

    def test_reference_and_key_follow_from_prefix_and_id_alone(self, renderer: Renderer, providers, revision):
        def envelope(renderer: Renderer, name: str, **changes: object):
            return renderer.render(renderer.open(job(**changes), 0), providers[name]).envelope

        first = envelope(renderer, "resend")
        assert first.ref == hashlib.sha256(b"nf:{bull}:m").hexdigest()[:32]
        assert first.ref in first.key
        same = envelope(renderer, "ses", subject="Ho")
        assert (same.ref, same.key) == (first.ref, first.key)
        assert envelope(renderer, "resend", id="m2").ref != first.ref
        assert envelope(Renderer(revision, "other", providers), "resend").ref != first.ref

    def test_marketing_is_told_to_the_provider(self, renderer: Renderer, providers):
        for kind, marketing in (("offer", True), ("event.cancelled", False)):
            assert (
                renderer.render(renderer.open(job(type=kind), 0), providers["postmark"]).envelope.marketing is marketing
            )

    def test_a_provider_has_its_own_sender_or_the_default_and_never_none(self, revision, providers):
        own = revision.sender._replace(email="other@venue.example")
        changed = replace(revision, providers={**revision.providers, "ses": ProviderRules(sender=own)})
        renderer = Renderer(changed, "nf:{bull}:", providers)
        errand = renderer.open(job(), 0)
        assert renderer.render(errand, providers["ses"]).envelope.sender == own
        assert renderer.render(errand, providers["resend"]).envelope.sender == revision.sender
        nobody = Renderer(replace(revision, sender=None), "bull", providers)
        with pytest.raises(Misconfigured):
            nobody.render(nobody.open(job(), 0), providers["resend"])
