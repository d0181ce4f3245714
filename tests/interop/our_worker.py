"""One worker as a process: what `notifyctl worker` runs, with a line on stdout when it is ready."""

import asyncio
import signal

from notifyctl import settings, wiring


async def main() -> None:
    """Work until SIGTERM."""
    async with wiring.worker(settings.load()) as worker:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        await worker.run(lambda: print("ready", flush=True))


asyncio.run(main())
