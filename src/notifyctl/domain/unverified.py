"""Lines that switch the verification of certificates off, told by their words.

Whoever does that believes anybody in between, so TLS protects nothing. What is found is such a line; what is not found
may be one all the same.
"""

import re
from collections.abc import Iterator

from notifyctl.domain.leak import Leak

_VALUE = r"[\"']?\s*[=:]\s*[\"']?"
_WORDS = (
    rf"rejectUnauthorized{_VALUE}false", rf"NODE_TLS_REJECT_UNAUTHORIZED{_VALUE}0", rf"PYTHONHTTPSVERIFY{_VALUE}0",
    rf"ssl_cert_reqs{_VALUE}(?:ssl\.)?(?:CERT_)?none", rf"verify_mode{_VALUE}(?:ssl\.)?CERT_NONE",
    rf"check_hostname{_VALUE}false", r"\bverify\s*=\s*False\b", rf"InsecureSkipVerify{_VALUE}true",
    r"\bcurl\s(?:(?:(?!&&)[^|;\n]){0,500}?\s)?(?:(?-i:-[a-zA-Z]*k[a-zA-Z]*)|--insecure)(?![\w=:@/+-]|\.\w)",
)  # fmt: skip
_ANY = re.compile("|".join(f"(?P<s{number}>{words})" for number, words in enumerate(_WORDS)), re.IGNORECASE)


def unverified(text: str) -> Iterator[Leak]:
    """Every such line of a text, with the word that does it."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _ANY.search(line):
            yield Leak(number, re.split(r"[\s=:\"']", found[0], maxsplit=1)[0])
