"""What SDKs do by themselves when no answer comes: the reason why none of them sends our mail.

The emulated provider takes the message and never answers. Each request that it sees is one more copy.
"""

import inspect
from typing import Any

import postmark.sync
import pytest

from interop.second.clients import Postmarker, PostmarkNode, PostmarkPython, Refused, ResendPython, SesNode, SesPython
from interop.second.test_postmark import MAIL as POSTMARK_MAIL
from interop.second.test_resend import MAIL as RESEND_MAIL
from interop.second.test_ses import MAIL as SES_MAIL


def copies(emulator: Any, provider: str, sdk: Any, mail: dict[str, Any]) -> int:
    """How many copies one call of an SDK makes, which must end in an error."""
    emulator.fault(provider, action="hang", times=-1)
    with pytest.raises(Exception) as raised:
        sdk.send(mail)
    assert isinstance(raised.value, Refused) or "timed out" in str(raised.value)
    return int(emulator.call("GET", "/mailbox")["total"])


def test_resend_for_python_calls_once(emulator):
    assert copies(emulator, "resend", ResendPython(emulator.urls["resend"], timeout=1), RESEND_MAIL) == 1


def test_boto3_calls_three_times_unless_told_otherwise(emulator):
    sdk = SesPython(emulator.urls["ses"], read_timeout=0.3)
    assert copies(emulator, "ses", sdk, SES_MAIL) == 3
    sdk.close()


def test_boto3_calls_once_when_told_so(emulator):
    sdk = SesPython(emulator.urls["ses"], read_timeout=0.3, retries={"total_max_attempts": 1})
    assert copies(emulator, "ses", sdk, SES_MAIL) == 1
    sdk.close()


@pytest.mark.parametrize(("options", "calls"), [({}, 3), ({"maxAttempts": 1}, 1)])
def test_the_aws_sdk_for_node_calls_as_often(emulator, node, options, calls):
    handler = {"requestTimeout": 300, "throwOnRequestTimeout": True}
    assert copies(emulator, "ses", SesNode(node, requestHandler=handler, **options), SES_MAIL) == calls


@pytest.mark.parametrize("retries", [0, 1])
def test_postmark_for_python_calls_once_more_for_each_of_its_retries(emulator, retries):
    sdk = PostmarkPython(emulator.urls["postmark"], timeout=0.3, retries=retries)
    assert copies(emulator, "postmark", sdk, POSTMARK_MAIL) == 1 + retries
    sdk.close()


def test_postmark_for_python_has_three_retries_unless_told_otherwise():
    assert inspect.signature(postmark.sync.ServerClient).parameters["retries"].default == 3


def test_postmark_for_node_calls_once(emulator, node):
    assert copies(emulator, "postmark", PostmarkNode(node, timeout=1), POSTMARK_MAIL) == 1


def test_postmarker_calls_once(emulator):
    sdk = Postmarker(emulator.urls["postmark"], timeout=0.3)
    assert copies(emulator, "postmark", sdk, POSTMARK_MAIL) == 1
    sdk.close()
