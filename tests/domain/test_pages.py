"""What pages and mails say, and what stands where it should not."""

import pytest

from notifyctl.domain import page, template
from notifyctl.domain.leak import leaks
from notifyctl.domain.revision import Revision

TYPES = Revision().types
LETTERS = "abcdefghij1234567890KLMNOPQRSTUVWXYZ7890"


class TestAPage:
    HTML = """<title>T</title><script>var no = "withdraw"</script><style>p { no: 1 }</style>
        <p>You can <b>withdraw</b>  at any&nbsp;time.</p><input TYPE=checkbox checked><input type="checkbox">
        <a href="https://v.example/privacy">policy</a>"""

    def test_says_its_words_without_scripts(self) -> None:
        found = page.read(self.HTML)
        assert found.says("You can *withdraw* at any time.")
        assert "no" not in found.words.split()

    @pytest.mark.parametrize(
        "odd", ["<![", "<![if IE]>", "<![CDATA[x]]>", "&#x110000;", "<!DOCTYPE", "</", "<?x", "\x00"]
    )
    def test_may_hold_anything(self, odd: str) -> None:
        assert page.read(f"{odd}> <p>We keep it.</p>").says("We keep it.")

    def test_has_boxes_and_links(self) -> None:
        found = page.read(self.HTML)
        assert (found.boxes, found.links) == ((True, False), ("https://v.example/privacy",))

    def test_keeps_its_fingerprint_with_another_layout_and_not_with_other_words(self) -> None:
        first = page.read("<p>We keep <b>it</b> a year.</p>").fingerprint
        assert page.read("<div>We keep it\n a year.</div><script>x</script>").fingerprint == first
        assert page.read("<p>We keep it two years.</p>").fingerprint != first


@pytest.mark.parametrize(
    ("kind", "html", "faults"),
    [
        ("newsletter", '<a href="{{ unsubscribe_url }}">leave</a> v@v.example', 0),
        ("newsletter", "<p>unsubscribe by letter</p> v@v.example", 1),
        ("offer", "<p>Buy now!</p>", 2),
        ("booking.confirmation", "<p>Your seat is 12.</p>", 0),
        ("booking.confirmation", "<p>Your seat is 12. Special offer: 30 % off</p>", 1),
        ("nothing", "<p>x</p>", 1),
    ],
)
def test_a_mail_keeps_to_its_purpose(kind: str, html: str, faults: int) -> None:
    assert len(template.faults(html, TYPES.get(kind), "v@v.example")) == faults


# Each is put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "a key of Resend": "re_" + "AbCd1234" + "_" + LETTERS[:24],
    "a token of Postmark": "POSTMARK_API_KEY=" + "0a1b2c3d-0a1b-0a1b-0a1b-" + "0a1b2c3d4e5f",
    "an access key of AWS": "AKIA" + "ABCDEFGH234567QR",
    "a secret key of AWS": "aws_ses_secret_key: '" + LETTERS + "'",
    "a private key": "-----BEGIN " + "EC PRIVATE KEY-----",
    "an identity of age": "AGE-SECRET-KEY-1" + 58 * "Q",
    "a signing secret of webhooks": "whsec_" + LETTERS[:32],
    "a webhook of Slack": "https://hooks.slack.com/services/" + "T01/B02/" + LETTERS[:24],
    "a password of Redis": "redis://" + "app:long-password@redis",
    "a secret of ours": "NOTIFYCTL_PEPPER=" + LETTERS[:32],
    "an address of ours that is secret": "SENTRY_DSN=https://" + LETTERS[:32] + "@o1.ingest.example/4",
}
HARMLESS = [
    *(
        "RESEND_API_KEY=",
        "RESEND_API_KEY=re_emulator",
        "NOTIFYCTL_PEPPER=$(openssl rand -hex 32)",
        "NOTIFYCTL_WEBHOOK_URL=https://hooks.example/what-you-were-given",
        "NOTIFYCTL_WEBHOOK_URL=https://my-company-2-webhooks.venue.example/x",
        "NOTIFYCTL_HEARTBEAT_URL=https://hc.example/${HEARTBEAT_MONTHLY_2026_UUID}",
        "AKIA" + "IOSFODNN7EXAMPLE",
    ),
    *("BULLMQ_REDIS_PASSWORD_FILE=/run/secrets/redis", "redis://localhost:6379/0", "redis://:${PASSWORD}@redis:6379"),
    *(
        "sha256 = " + 64 * "a",
        "postmark id 0a1b2c3d",
        "-----BEGIN CERTIFICATE-----",
        "NOTIFYCTL_TOKEN_KEY_FILE=/run/keys/token1",
    ),
]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_told_by_its_shape_and_never_shown(kind: str) -> None:
    (found,) = leaks(f"first line\n{SECRETS[kind]}\n")
    assert found == (2, kind)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert list(leaks(text)) == []
