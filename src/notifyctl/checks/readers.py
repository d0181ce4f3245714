"""What checks may look at. Nothing here can write."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from notifyctl.checks.asked import Accounts
from notifyctl.domain.acl import User
from notifyctl.domain.bench import Bench
from notifyctl.domain.errors import NotifyctlError, Unreachable
from notifyctl.domain.revision import Revision
from notifyctl.domain.secret import Secret
from notifyctl.domain.trial import Run
from notifyctl.domain.waiver import Waiver
from notifyctl.net.handshake import Greeter
from notifyctl.net.names import Names
from notifyctl.store import drills
from notifyctl.store.duty_facts import DutyFacts
from notifyctl.store.project import Project
from notifyctl.store.queue_facts import QueueFacts
from notifyctl.store.server import Server
from notifyctl.store.server_facts import ServerFacts


class Kept(NamedTuple):
    """The encrypted file of secrets: for how many it is encrypted by its head, how many its list names, and since when
    its values are used (epoch seconds, by name)."""

    stanzas: int
    recipients: int
    created: Mapping[str, int]


class Given(NamedTuple):
    """What this process was told from outside.

    `error` is why the settings cannot be read; then the rest is empty. `unknown` are names of variables that nothing
    reads, each with the one that it resembles. `files` are those that hold secrets, keys of ours among them. `urls`
    are base URLs that replace a provider's own. `test_keys` are variables whose value is a key for tests, `secrets` all
    that hold one. `sources` say of each secret whether it comes from the environment, a file or the secrets, `kept` is
    None where no file of secrets is used; `identity` is the file that NOTIFYCTL_SECRETS_IDENTITY names to open it, its
    links resolved, None where that names none. `notice` and `policy` are GDPR_CONSENT_VERSION and PRIVACY_POLICY_URL,
    or ''. `notifiers` are the names of the ways to tell people.
    """

    error: NotifyctlError | None = None
    production: bool = False
    unknown: Sequence[tuple[str, str]] = ()
    files: Sequence[Path] = ()
    urls: Mapping[str, str] = {}
    test_keys: Sequence[str] = ()
    sources: Mapping[str, str] = {}
    kept: Kept | None = None
    identity: Path | None = None
    secrets: Mapping[str, Secret] = {}
    notice: str = ""
    policy: str = ""
    notifiers: Sequence[str] = ()


class Endpoint(NamedTuple):
    """A server that is reached, mostly through TLS; `ours` is one that we configure ourselves."""

    name: str
    host: str
    port: int
    ours: bool


class Readers(NamedTuple):
    """`server`, `lanes` and `on_record` tell about Redis, and are None where none is named and the embedded one does
    not run; `accounts` are the providers with a key. `revision` is None where no NOTIFYCTL_CONFIG names one.
    `senders` are our addresses at them; `home` is the data directory, `now` epoch ms, `version` that of notifyctl,
    `setup` the fingerprint of what a drill of today would prove, and `users` those that Redis should know;
    `egress` is whom a worker must reach, whose hosts may be part of a secret."""

    today: date
    python: tuple[int, int]
    given: Given
    place: Server | None
    server: ServerFacts | None
    accounts: Accounts
    waivers: Sequence[Waiver]
    greeter: Greeter
    project: Project
    names: Names
    endpoints: Sequence[Endpoint] = ()
    lanes: QueueFacts | None = None
    revision: Revision | None = None
    senders: Mapping[str, str] = {}
    home: Path | None = None
    now: int = 0
    version: str = ""
    setup: str = ""
    users: Sequence[User] = ()
    on_record: DutyFacts | None = None
    egress: Sequence[Endpoint] = ()

    @property
    def drills(self) -> Sequence[Run]:
        """The drills with real messages, oldest first; raises `Bad`."""
        return drills.read(self.home) if self.home else ()

    @property
    def loads(self) -> Sequence[Bench]:
        """The load tests, oldest first; raises `Bad`."""
        return drills.read_loads(self.home) if self.home else ()

    @property
    def configuration(self) -> Revision:
        """That of NOTIFYCTL_CONFIG, else of the project; raises `Bad`."""
        return self.revision or self.project.revision

    @property
    def notice(self) -> tuple[str, str]:
        """The version of the notice that the application shows, and who says so; '' when nobody does.

        Outside production the example of the environment counts: in CI there is no other.
        """
        example = "" if self.given.production else self.project.example.get("GDPR_CONSENT_VERSION", "")
        return (self.given.notice, "GDPR_CONSENT_VERSION") if self.given.notice else (example, ".env.example")

    @property
    def host(self) -> str | None:
        """The host of the server, None when it is the embedded one; raises `Unreachable` when nothing can be seen."""
        if self.place is None or (self.place.host is None and self.server is None):
            raise _nothing()
        return self.place.host

    @property
    def queue(self) -> QueueFacts:
        """What the queue tells; raises `Unreachable` when nothing can be seen."""
        if self.lanes is None:
            raise _nothing()
        return self.lanes

    @property
    def duties(self) -> DutyFacts:
        """What is on record of duties; raises `Unreachable` when nothing can be seen."""
        if self.on_record is None:
            raise _nothing()
        return self.on_record

    @property
    def facts(self) -> ServerFacts:
        """What the server tells; raises `Unreachable` when nothing can be seen."""
        if self.server is None:
            raise _nothing()
        return self.server


def _nothing() -> Unreachable:
    what, fix = (
        "no server is named, and the embedded one does not run",
        "set BULLMQ_REDIS_HOST to the server to look at",
    )
    return Unreachable("STORE-NOT-RUNNING", what, "BULLMQ_REDIS_HOST", fix)
