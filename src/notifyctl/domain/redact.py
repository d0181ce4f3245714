"""Taking secrets and addresses out of a text before anybody sees it.

Removed: every secret that this process knows (`domain/secret.py`), e-mail addresses (percent-encoded ones too),
credentials after `Bearer` and `Basic`, keys with a known prefix (Resend `re_`, webhook secrets `whsec_`, AWS `AKIA`
and `ASIA`), and any token of 32 or more characters, unless it is made of words only, as names of errors and paths of
documentation are.
"""

import re

from notifyctl.domain.secret import hide

_ADDRESS = re.compile(
    r"""(?:"[^"]{1,64}"|[^\s@<>()\[\],;:\\"]{1,64})(?:@|%40)[^\s@<>()\[\],;:\\"]{1,254}""", re.IGNORECASE
)
_CREDENTIAL = re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE)
_KEY = re.compile(r"(?<![A-Za-z0-9])(?:re_|whsec_|AKIA|ASIA)[A-Za-z0-9+/_=-]{8,}")
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_WORDS = re.compile(r"[A-Za-z/_-]+")
_TWO_CAPITALS = re.compile(r"[A-Z]{2}")


def redact(text: str) -> str:
    """The text with `[secret]`, `[address]`, `[key]`, `[token]` in place of what nobody may see; linear in length."""
    text = _CREDENTIAL.sub(r"\1 [key]", hide(text))
    text = _ADDRESS.sub("[address]", text)
    text = _KEY.sub("[key]", text)
    return _LONG_TOKEN.sub(_unless_words, text)


def _unless_words(match: re.Match[str]) -> str:
    token = match[0]
    made_of_words = _WORDS.fullmatch(token) and not _TWO_CAPITALS.search(token)
    return token if made_of_words else "[token]"
