"""`python -m notifyctl.emulator`: run the emulator until SIGTERM."""

import argparse
import asyncio
import sys
from pathlib import Path

from notifyctl.emulator.serving import Options, announce_exports, announce_json, serve


def main() -> int:
    """Read the arguments and serve; 0 after SIGTERM, 6 when a port is taken."""
    arguments = vars(_parser().parse_args())
    announce = announce_exports if arguments.pop("env") else announce_json
    try:
        asyncio.run(serve(Options(**arguments), announce))
    except OSError as error:
        sys.stderr.write(f"emulator: {error}; another --port-base, or 0 for free ports, may help\n")
        return 6
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="notifyctl.emulator", description=__doc__)
    parser.add_argument(
        "--port-base", type=int, default=4600, help="control port; providers on the next three; 0: free"
    )
    parser.add_argument("--env", action="store_true", help="print exports for a shell instead of JSON")
    parser.add_argument("--store", type=Path, help="append every accepted copy to this file as a line of JSON")
    parser.add_argument("--keep-bodies", action="store_true", help="keep whole bodies, not only their size and hash")
    parser.add_argument("--seed", type=int, default=0, help="repeats what faults with a probability do")
    for name in ("resend", "postmark", "ses"):
        parser.add_argument(f"--rate-{name}", type=int, help=f"calls per second that {name} allows")
    return parser


if __name__ == "__main__":
    sys.exit(main())
