"""Which Redis the queue lives in."""

from dataclasses import dataclass
from pathlib import Path

from notifyctl.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis by host, or, without a `host`, the embedded one whose data are in `directory`.

    `prefix` is BullMQ's. `binary` is the server program that the embedded one must use, None to look for one.
    """

    directory: Path
    host: str | None = None
    port: int = 6379
    username: str | None = None
    password: Secret | None = None
    tls: bool = False
    db: int = 0
    prefix: str = "bull"
    binary: str | None = None

    @property
    def realm(self) -> str:
        """This Redis and the prefix in it: whose results a journal holds."""
        return f"{self.prefix} at {self.place}"

    @property
    def place(self) -> str:
        """Where it is, for messages; never a password."""
        if self.host is None:
            return f"embedded in {self.directory}"
        return f"{'rediss' if self.tls else 'redis'}://{self.host}:{self.port}/{self.db}"
