"""Signature Version 4 against botocore, byte for byte, over random requests."""

import time
from datetime import UTC, datetime
from urllib.parse import quote

import botocore.auth  # a missing botocore must fail here, never skip
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from notifyctl.net.sigv4 import Signer, sign

NOW = 1_795_510_800.0
METHOD = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
ENCODED = st.text(max_size=20).map(lambda text: quote(text, safe=""))
BARE = st.text("aZ09-._~!$'()*+,;:@", max_size=12)  # what a path and a query may hold as it is
SEGMENT = st.one_of(ENCODED, BARE).filter(lambda segment: segment not in ("", ".", ".."))
PATH = st.lists(SEGMENT, max_size=4).map(lambda segments: "/" + "/".join(segments))
PARAMETER = st.one_of(SEGMENT, st.builds("{}={}".format, SEGMENT, st.one_of(ENCODED, BARE)))
QUERY = st.lists(PARAMETER, max_size=4).map("&".join)
BODY = st.one_of(
    st.just(b""),
    st.binary(max_size=300),
    st.builds(bytes.__mul__, st.binary(min_size=1, max_size=50), st.integers(100, 2_000)),  # up to 100 kB
)
HOST = st.sampled_from(
    [
        "https://email.eu-west-2.amazonaws.com",
        "https://email.eu-west-2.amazonaws.com:443",
        "https://Email.EU-west-2.amazonaws.com:8443",
        "http://127.0.0.1:4603",
        "http://127.0.0.1:80",
        "http://[::1]:4603",
    ]
)
SIGNER = st.builds(
    Signer,
    access_key=st.from_regex(r"AKIA[A-Z0-9]{16}", fullmatch=True),
    secret_key=st.from_regex(r"[A-Za-z0-9/+]{40}", fullmatch=True),
    region=st.sampled_from(["eu-west-2", "us-east-1", "ap-south-1"]),
)


def by_botocore(signer: Signer, method: str, url: str, body: bytes, now: float) -> dict[str, str]:
    """The headers that botocore would send for the same call at the same moment."""
    request = AWSRequest(method, url, data=body or None, headers={"Content-Type": "application/json"} if body else {})
    request.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    oracle = botocore.auth.SigV4Auth(Credentials(signer.access_key, signer.secret_key), signer.service, signer.region)
    # add_auth reads the clock; the two steps after it are the algorithm.
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    to_sign = oracle.string_to_sign(request, oracle.canonical_request(request))
    oracle._inject_signature_to_request(request, oracle.signature(to_sign, request))
    return dict(request.headers.items())


@settings(max_examples=500, deadline=None)
@given(SIGNER, METHOD, HOST, PATH, QUERY, BODY, st.integers(0, 4_000_000_000))
def test_signs_exactly_as_botocore_does(signer, method, host, path, query, body, now):
    url = f"{host}{path}{'?' if query else ''}{query}"
    assert dict(sign(signer, method, url, body, now)) == by_botocore(signer, method, url, body, now)


def test_an_encoded_path_is_encoded_once_more():
    url = "https://email.eu-west-2.amazonaws.com/v2/email/suppression/addresses/a%2Bb%40x.example"
    signer = Signer("AKIDEXAMPLE", "secret", "eu-west-2")
    assert dict(sign(signer, "GET", url, b"", NOW)) == by_botocore(signer, "GET", url, b"", NOW)


def test_the_scope_names_day_region_and_service():
    (_, _, (_, authorization)) = sign(Signer("AKIDEXAMPLE", "s", "eu-west-2"), "POST", "https://h.example/", b"{}", NOW)
    day = time.strftime("%Y%m%d", time.gmtime(NOW))
    assert f"Credential=AKIDEXAMPLE/{day}/eu-west-2/ses/aws4_request" in authorization
    assert "SignedHeaders=content-type;host;x-amz-date" in authorization


@pytest.mark.parametrize(
    "changed", [{"body": b"{ }"}, {"now": NOW + 1}, {"url": "https://h.example/b"}, {"method": "PUT"}]
)
def test_any_change_of_the_call_changes_the_signature(changed):
    call = {"method": "POST", "url": "https://h.example/a", "body": b"{}", "now": NOW}
    signer = Signer("AKIDEXAMPLE", "s", "eu-west-2")
    assert dict(sign(signer, **call))["Authorization"] != dict(sign(signer, **call | changed))["Authorization"]


def test_the_secret_is_not_shown():
    assert "hidden" not in repr(Signer("AKIDEXAMPLE", "hidden", "eu-west-2"))
