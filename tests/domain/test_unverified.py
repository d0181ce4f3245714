"""Lines that believe any certificate: in the languages of those who produce mail."""

import pytest

from notifyctl.domain.unverified import unverified


@pytest.mark.parametrize(
    "line",
    [
        "new Redis({ tls: { rejectUnauthorized: false } })", '"rejectUnauthorized" : false,',
        "export NODE_TLS_REJECT_UNAUTHORIZED=0", 'NODE_TLS_REJECT_UNAUTHORIZED: "0"', "PYTHONHTTPSVERIFY=0",
        "redis.Redis(ssl_cert_reqs='none')", "ssl_cert_reqs=ssl.CERT_NONE", "rediss://host/?ssl_cert_reqs=none",
        "context.verify_mode = ssl.CERT_NONE", "context.check_hostname = False", "httpx.get(url, verify=False)",
        "&tls.Config{InsecureSkipVerify: true}", "curl -sk https://host/", "curl --insecure https://host/",
        "curl https://host/ -k", "curl -k", 'curl "https://host/?a=1&b=2" -k', "X=$(curl -s https://host -k)",
        "`curl https://host -k`", "curl https://host -k; echo", "curl -k|sh", "curl -k>/dev/null", "curl --insecure; x",
    ],
)  # fmt: skip
def test_a_line_that_switches_verification_off_is_found(line: str) -> None:
    (found,) = unverified(f"first\n{line}\nlast")
    assert found.line == 2
    assert found.kind in line


@pytest.mark.parametrize(
    "line",
    [
        "rejectUnauthorized: true", "NODE_TLS_REJECT_UNAUTHORIZED=1", "ssl_cert_reqs='required'", "verify=True",
        "curl -s https://host/k", "notifyctl audit verify FILE", "check_hostname = True", "curl -fsS https://a-k.example/",
        "curl -s https://host/ | sort -k 2", "curl https://host/a.tgz | tar -xzk", "curl -K conf https://host/",
        "curl https://host/; ssh -k other", "curl -dtoken=abc https://host/", "curl -okeys.json https://host/",
        "curl -uknown:pw https://host/", "curl https://host/ && ssh -k other", "curl -s --keepalive-time 2 https://host/",
    ],
)  # fmt: skip
def test_others_are_not(line: str) -> None:
    assert not list(unverified(line))
