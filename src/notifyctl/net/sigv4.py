"""AWS Signature Version 4, by hand: what calls to Amazon SES and IAM need, and no more.

Signed are `content-type` (when there is a body), `host` and `x-amz-date`. The path of the URL is already
percent-encoded and is encoded once more for signing, as every AWS service but S3 expects.
Not supported: session tokens, SigV4a (multi-region endpoints), paths with empty or dot segments.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Signer:
    """Credentials and their scope; `service` is the signing name, which for SES v2 is `ses`."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str
    service: str = "ses"


def sign(
    signer: Signer, method: str, url: str, body: bytes, now: float, content_type: str = "application/json"
) -> tuple[tuple[str, str], ...]:
    """The headers that make one call authentic; `now` is the wall clock in seconds.

    The caller's HTTP client adds `Host` from the same URL; whatever else it adds is not signed.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    content = (("Content-Type", content_type),) if body else ()
    signed = (*content, ("Host", _host(url)), ("X-Amz-Date", stamp))
    names = ";".join(name.lower() for name, _ in signed)
    scope = f"{stamp[:8]}/{signer.region}/{signer.service}/aws4_request"
    digest = _sha256(_canonical(method, url, signed, names, body).encode())
    key = _day_key(signer.secret_key, stamp[:8], signer.region, signer.service)
    signature = _hmac(key, f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}").hex()
    credential = f"{signer.access_key}/{scope}"
    authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return (*content, ("X-Amz-Date", stamp), ("Authorization", authorization))


def _canonical(method: str, url: str, signed: tuple[tuple[str, str], ...], names: str, body: bytes) -> str:
    headers = "".join(f"{name.lower()}:{value}\n" for name, value in signed)
    return f"{method}\n{_resource(url)}\n{headers}\n{names}\n{_sha256(body)}"


@lru_cache(maxsize=64)
def _resource(url: str) -> str:
    """Path and query in canonical form, one a line."""
    parts = urlsplit(url)
    # The second encoding is the rule; safe="/~" leaves unreserved characters and slashes alone.
    path = quote(parts.path or "/", safe="/~")
    return path + "\n" + "&".join(f"{key}={value}" for key, value in sorted(_pairs(parts.query)))


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


@lru_cache(maxsize=64)
def _host(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


@lru_cache(maxsize=8)
def _day_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
