"""The floor under every worker of ours: the sending client alone, without queue and records.

python wire_alone.py SINK_URL CALLS     prints {"seconds", "cpu"} as JSON
"""

import asyncio
import json
import sys
import time

from notifyctl.cli.running import fast
from notifyctl.domain.outcome import Request, Response
from notifyctl.domain.pace import PRODUCTION
from notifyctl.net.wire import Wire

AT_ONCE = 128  # as many as one worker carries
BODY = b'{"html":"' + b"x" * 20_000 + b'"}'


async def main(url: str, calls: int) -> None:
    """Make the calls, `AT_ONCE` at a time."""
    left = iter(range(calls))
    request = Request("POST", f"{url}/emails", (("Content-Type", "application/json"),), BODY)

    async def caller(wire: Wire) -> None:
        for _ in left:
            answer = (await wire.send(request)).answer
            assert isinstance(answer, Response) and answer.status == 200, answer

    async with Wire(PRODUCTION) as wire:
        began, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(caller(wire) for _ in range(AT_ONCE)))
        figures = {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps(figures) + "\n")


fast(main(sys.argv[1], int(sys.argv[2])))
