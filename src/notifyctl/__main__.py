"""The entry point. `--version` is answered before anything but the package is imported."""

import sys

from notifyctl import __version__


def main() -> None:
    """Run the command line and end the process with its exit code (`notifyctl explain exit-codes`)."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"notifyctl {__version__}\n")
        return
    from notifyctl.cli.main import run

    raise SystemExit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
