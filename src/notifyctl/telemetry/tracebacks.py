"""A traceback as it may be kept: where in the code, and no value of a variable, no key, no address."""

import re
import sys
import traceback
from collections.abc import Mapping

from notifyctl import __version__
from notifyctl.domain.redact import redact
from notifyctl.domain.secret import hide

_SECRET_NAMES = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|PEPPER|DSN|_URL$|COMMAND")


def story(error: BaseException, environ: Mapping[str, str]) -> str:
    """The versions and the traceback; values of variables that are named like secrets are left out, too."""
    head = f"notifyctl {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n\n"
    return head + _clean("".join(traceback.TracebackException.from_exception(error).format()), environ)


def _clean(text: str, environ: Mapping[str, str]) -> str:
    """The text without e-mail addresses and keys; paths stay."""
    secrets = {value for name, value in environ.items() if _SECRET_NAMES.search(name) and len(value) > 3}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    lines = (hide(line) if line.startswith('  File "') else redact(line) for line in text.splitlines())
    return "\n".join(lines) + "\n"
