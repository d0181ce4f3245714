"""Keys at a provider: what is not told is never taken for good news."""

import asyncio
from dataclasses import dataclass, field

import pytest

from notifyctl.domain.errors import Bad, Unreachable
from notifyctl.domain.outcome import Request, Response
from notifyctl.operations.keymaking import Smith
from notifyctl.providers.resend.account import Account
from notifyctl.providers.resend.keys import Keys as Resend
from notifyctl.providers.ses.keys import Keys as Aws

LISTED = b"<member><AccessKeyId>AKIAOLD</AccessKeyId></member>"


@dataclass(frozen=True)
class Scripted(Smith):
    """One whose provider gives these answers, in this order."""

    answers: list[Response] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    async def _call(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.pop(0)


def smith(*answers: tuple[int, bytes]) -> Scripted:
    return Scripted("ses", Aws("AKIA", "secret"), [Response(status, {}, body) for status, body in answers])


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_last_use_that_is_not_told_is_an_error(status: int) -> None:
    with pytest.raises(Bad, match="KEY-MAKER"):
        asyncio.run(smith((status, b""), (200, LISTED)).last_use("AKIAOLD"))


@pytest.mark.parametrize(("status", "hint"), [(403, "administrator's key"), (429, "try again"), (503, "try again")])
def test_a_refusal_blames_the_administrators_key_only_where_it_may_be_to_blame(status: int, hint: str) -> None:
    with pytest.raises(Bad) as told:
        asyncio.run(smith((status, b"")).keys())
    assert hint in told.value.fix


@pytest.mark.parametrize("answer", [(500, b""), (503, b""), (200, b"<AccessKeyId>AKIANEW</AccessKeyId>")])
def test_a_key_that_may_have_been_made_is_not_called_refused(answer: tuple[int, bytes]) -> None:
    with pytest.raises(Unreachable, match="KEY-UNSEEN"):
        asyncio.run(smith(answer).make("any"))


@pytest.mark.parametrize("status", [400, 403, 409, 429])
def test_a_key_that_was_refused_is_called_so(status: int) -> None:
    with pytest.raises(Bad, match="KEY-MAKER"):
        asyncio.run(smith((status, b"")).make("any"))


def test_a_date_that_cannot_be_read_is_no_answer() -> None:
    with pytest.raises(Bad, match="KEY-MAKER"):
        asyncio.run(smith((200, b"<LastUsedDate>lately</LastUsedDate>"), (200, LISTED)).last_use("AKIAOLD"))


def test_a_key_that_is_gone_is_used_by_nobody() -> None:
    assert asyncio.run(smith((403, b""), (200, b"")).last_use("AKIAOLD")) == 0


def test_a_list_is_read_to_its_last_page() -> None:
    """The old key may be on any of them; a list that goes round in circles ends."""
    pages = [f'{{"data": [{{"id": "{one}"}}], "has_more": {more}}}'.encode() for one, more in
             (("1", "true"), ("2", "true"), ("2", "true"), ("3", "false"))]  # fmt: skip
    asking = Scripted("resend", Resend(Account("re_admin")), [Response(200, {}, page) for page in pages])
    assert [key.id for key in asyncio.run(asking.keys())] == ["1", "2"]
    assert [request.url.partition("?")[2] for request in asking.asked] == [
        "limit=100",
        "limit=100&after=1",
        "limit=100&after=2",
    ]
