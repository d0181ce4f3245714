"""A page of ours as the world sees it, fetched once."""

from notifyctl.domain import page
from notifyctl.domain.errors import Bad, Unreachable
from notifyctl.domain.outcome import Broken, Request
from notifyctl.net.control import Control

LOOPBACK = ("http://127.0.0.1", "http://localhost")


async def published(url: str) -> page.Page:
    """The page at an address. Raises `Bad` where it is not encrypted or not there, else `Unreachable`."""
    if not url.startswith(("https://", *LOOPBACK)):
        raise Bad("NET-PAGE", f"{url} is not encrypted", url, "serve the page through https")
    async with Control() as control:
        answer = await control.call(Request("GET", url, (("accept", "text/html"),)))
    if isinstance(answer, Broken):
        raise Unreachable("NET-PAGE", f"{url}: {answer.detail}", url, "check the network, and the page")
    if answer.status != 200:
        raise Bad("NET-PAGE", f"{url} answers {answer.status}", url, "publish the page there, without a redirect")
    return page.read(answer.body.decode("utf-8", "replace"))
