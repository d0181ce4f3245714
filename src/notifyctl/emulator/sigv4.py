"""Verification of AWS Signature Version 4 for the services `ses` and `iam`."""

import hmac
import re
import time
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from notifyctl.emulator.wire import Request

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW_S = 300

_AUTHORIZATION = re.compile(
    rf"^{ALGORITHM} Credential=(?P<key>[^/]+)/(?P<date>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<signed>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})$"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not authentic: AWS' exception type and its message."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What the Authorization header claims."""

    key: str
    date: str
    region: str
    service: str
    signed: str
    signature: str


def verify(
    request: Request, secrets: Mapping[str, str], region: str | None = None, service: str = "ses"
) -> Refusal | None:
    """None when one of `secrets` (access key -> secret) signed this very request within five minutes."""
    header = request.headers.get("authorization")
    if not header:
        return Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    match = _AUTHORIZATION.match(header)
    if match is None:
        return Refusal("IncompleteSignatureException", "The Authorization header is not a complete signature.")
    claim = Claim(**match.groupdict())
    if claim.key not in secrets:
        return Refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
    return (
        _bad_scope(claim, region, service)
        or _bad_time(request, claim)
        or _bad_signature(request, claim, secrets[claim.key])
    )


def _bad_scope(claim: Claim, region: str | None, service: str) -> Refusal | None:
    if claim.service != service:
        return Refusal("SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{service}'.")
    if region is not None and claim.region != region:
        return Refusal("SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{claim.region}'.")
    return None


def _bad_time(request: Request, claim: Claim) -> Refusal | None:
    stamp = request.headers.get("x-amz-date", "")
    try:
        age = time.time() - timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return Refusal("IncompleteSignatureException", "X-Amz-Date is missing or not a date.")
    if stamp[:8] != claim.date:
        return Refusal("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from X-Amz-Date.")
    if abs(age) > MAX_SKEW_S:
        return Refusal("SignatureDoesNotMatch", f"Signature {'expired' if age > 0 else 'not yet current'}: {stamp}")
    return None


def _bad_signature(request: Request, claim: Claim, secret: str) -> Refusal | None:
    names = claim.signed.split(";")
    must = {"host"} | {name for name in request.headers if name.startswith("x-amz-")}
    complete = names == sorted(names) and must <= set(names) <= request.headers.keys()
    text = "\n".join((ALGORITHM, request.headers["x-amz-date"], _scope(claim), _canonical_hash(request, names)))
    signature = hmac.digest(_day_key(secret, claim.date, claim.region, claim.service), text.encode(), "sha256").hex()
    body_hash = sha256(request.body).hexdigest()
    honest = request.headers.get("x-amz-content-sha256", body_hash) == body_hash
    if complete and honest and hmac.compare_digest(signature, claim.signature):
        return None
    return Refusal("SignatureDoesNotMatch", "The request signature we calculated does not match the one you provided.")


def _scope(claim: Claim) -> str:
    return f"{claim.date}/{claim.region}/{claim.service}/aws4_request"


def _canonical_hash(request: Request, names: list[str]) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    parameters = sorted(_parameter(part) for part in request.query_string.split("&") if part)
    query = "&".join(f"{name}={value}" for name, value in parameters)
    # Every service but S3 signs the path encoded once more than it is on the wire.
    path = quote(request.path, safe="/-_.~")
    parts = (request.method, path, query, headers, ";".join(names), sha256(request.body).hexdigest())
    return sha256("\n".join(parts).encode()).hexdigest()


def _parameter(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name, value


@lru_cache(maxsize=64)
def _day_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
