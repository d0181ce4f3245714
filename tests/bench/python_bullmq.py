"""What a Python team would write: BullMQ's own worker for Python, and one aiohttp session for the calls.

python python_bullmq.py REDIS_PORT SINK_URL QUEUE CONCURRENCY KEEP     KEEP is JSON, as for worker.mjs
"""

import asyncio
import json
import signal
import sys
from typing import Any

from aiohttp import ClientSession
from bullmq import Job, Worker

SENDER = "The Backroom <tickets@backroom.example>"


async def main(port: str, url: str, queue: str, concurrency: str, keep: str) -> None:
    """Work until told to end."""
    ended, rules = asyncio.Event(), json.loads(keep)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with ClientSession(headers={"Authorization": "Bearer re_bench"}) as session:

        async def send(job: Job, token: str) -> dict[str, str]:
            given = job.data
            mail = {"from": SENDER, "to": given["to"]["email"], "subject": given["subject"], "html": given["html"]}
            key = {"Idempotency-Key": given["id"]}
            async with session.post(f"{url}/emails", json=mail, headers=key, raise_for_status=True) as answer:
                receipt: dict[str, Any] = await answer.json()
            return {"state": "accepted", "provider": "resend", "provider_id": receipt["id"]}

        options = {
            "connection": {"host": "127.0.0.1", "port": int(port)},
            "concurrency": int(concurrency),
            "removeOnComplete": rules["completed"],
            "removeOnFail": rules["failed"],
        }
        worker = Worker(queue, send, options)
        worker.on("failed", lambda job, error: sys.stderr.write(f"{error!r}\n"))
        worker.on("error", lambda error, *_: sys.stderr.write(f"{error!r}\n"))
        await ended.wait()
        await worker.close()


asyncio.run(main(*sys.argv[1:]))
