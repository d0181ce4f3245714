"""The environment, its files and its secrets as one frozen, typed view.

    settings = load()
    settings.redis.host, settings.resend.key, settings.revision.order

Rules, for every variable alike:

- an empty value counts as unset;
- a secret may come from a file instead: `RESEND_API_KEY_FILE=/run/secrets/resend`; giving both is an error;
- one that comes from neither is looked up in the file of secrets, where `NOTIFYCTL_SECRETS` names one;
- a wrong value raises `Misconfigured` that names the variable and the fix, and never shows a secret;
- a name that looks like one of ours and is not is kept in `Settings.unknown`, so a typo can be reported.

Production demands a Redis host and a pepper, of who sends a sender and at least one provider's key, and refuses what
is only for development: the demo's pace, failpoints, plain HTTP to a provider.

Read with the standard library alone: a settings library costs more than all other imports of a command.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.revision import Revision, overlay, parse_sender
from notifyctl.domain.secret import Secret
from notifyctl.settings import keyfile
from notifyctl.settings.administrator import Administrator, read_administrator
from notifyctl.settings.audits import Audits, read_audits
from notifyctl.settings.environment import Mark, Reader, Unknown, wrong
from notifyctl.settings.notifiers import Notifiers, read_notifiers
from notifyctl.settings.places import config as config
from notifyctl.settings.places import home as home
from notifyctl.settings.places import project as project
from notifyctl.settings.places import secrets_place as secrets_place
from notifyctl.settings.reporting import read_sentry
from notifyctl.store import secret_file
from notifyctl.store.secret_file import Place
from notifyctl.store.server import Server

LANES = "email-critical,email-standard,email-bulk"
OUTPUTS = ("table", "short", "json", "jsonl")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Resend:
    """The Resend account; `url` None means Resend itself."""

    key: Secret | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Postmark:
    """The Postmark server; `stream` carries service mail, `broadcast_stream` marketing mail."""

    key: Secret | None
    url: str | None
    stream: str
    broadcast_stream: str


@dataclass(frozen=True, slots=True)
class Ses:
    """The Amazon SES account: both keys or neither; `url` None means the region's own endpoint."""

    access_key: Secret | None
    secret_key: Secret | None
    region: str
    url: str | None
    configuration_set: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a process is told from outside, checked once at its start."""

    mode: str
    home: Path
    evidence: Path
    queues: tuple[str, ...]
    redis: Server
    resend: Resend
    postmark: Postmark
    ses: Ses
    administrator: Administrator
    revision: Revision
    config: Path | None
    output: str | None
    failpoint: str | None
    given_pepper: Secret | None
    notifiers: Notifiers
    consent_version: str | None
    policy_url: str | None
    audits: Audits
    sentry: Secret | None
    unknown: tuple[Unknown, ...]
    secret_files: Mapping[Path, Mark]
    secrets: Place
    sources: Mapping[str, str]

    @property
    def production(self) -> bool:
        """Whether this is the real thing."""
        return self.mode == "production"

    @property
    def journals(self) -> Path:
        """The folder of the workers' journals."""
        return self.home / "journal"

    @property
    def keyed(self) -> tuple[str, ...]:
        """The providers that have a key, in the order of the route."""
        keys = {"resend": self.resend.key, "postmark": self.postmark.key, "ses": self.ses.secret_key}
        return tuple(name for name in self.revision.order if keys[name])

    @property
    def senders(self) -> dict[str, str]:
        """The address that we send from at each provider that has a key, in the order of the route; '' = none."""
        return {name: address for name, address in self.addresses.items() if name in self.keyed}

    @property
    def addresses(self) -> dict[str, str]:
        """The address that we send from at each provider of the route; '' = none."""
        found = ((name, self.revision.sender_for(name)) for name in self.revision.order)
        return {name: sender.email if sender else "" for name, sender in found}

    @property
    def realm(self) -> str:
        """The name of this installation, for people who are told of several."""
        return f"{self.mode}/{self.redis.prefix}"

    def pepper(self) -> bytes:
        """The key of recipient hashes in logs; made on first use in development (writes below `home`)."""
        if self.given_pepper:
            return self.given_pepper.reveal().encode()
        return keyfile.read_or_make(self.home / "keys" / "pepper")

    def ledger_key(self) -> tuple[bytes, str]:
        """The key that signs evidence, and where it comes from; made on first use in development.

        Raises `Misconfigured` in production without one.
        """
        if self.audits.key:
            return self.audits.key.reveal().encode(), "NOTIFYCTL_LEDGER_KEY"
        if self.production:
            fix = "make one: openssl rand -hex 32"
            raise Misconfigured("CFG-PRODUCTION", "production needs a key to sign with", "NOTIFYCTL_LEDGER_KEY", fix)
        path = self.home / "keys" / "ledger"
        return keyfile.read_or_make(path), str(path)


def load(*, sends: bool = False) -> Settings:
    """Read the environment once; raises `Misconfigured` at the first thing that is wrong. Of whoever `sends` production
    demands a sender and a key."""
    read = Reader(os.environ)
    place = secrets_place(read)
    _open(read, place)
    settings = Settings(
        mode=read.choice("NOTIFYCTL_MODE", ("development", "production")) or "development",
        home=home(read),
        evidence=Path(read.text("NOTIFYCTL_EVIDENCE") or home(read)).expanduser().absolute(),
        queues=_queues(read.text("NOTIFYCTL_QUEUES") or LANES),
        redis=_redis(read, home(read) / "valkey"),
        resend=_resend(read),
        postmark=_postmark(read),
        ses=_ses(read),
        administrator=read_administrator(read),
        revision=_revision(read.text("NOTIFYCTL_FROM"), read.text("NOTIFYCTL_CONFIG")),
        config=_path(read.text("NOTIFYCTL_CONFIG")),
        output=read.choice("NOTIFYCTL_OUTPUT", OUTPUTS),
        failpoint=read.text("NOTIFYCTL_FAILPOINT"),
        given_pepper=_pepper(read),
        notifiers=read_notifiers(read),
        consent_version=read.text("GDPR_CONSENT_VERSION"),
        policy_url=read.text("PRIVACY_POLICY_URL"),
        audits=read_audits(read),
        sentry=read_sentry(read),
        unknown=read.unknown(),
        secret_files=read.files,
        secrets=place,
        sources=read.sources,
    )
    if settings.production:
        _demand_production(settings, sends)
    return settings


def with_keys_of_now(settings: Settings) -> Settings:
    """The same settings with the keys of providers read again, and nothing else; raises `Misconfigured`."""
    read = Reader(os.environ)
    _open(read, settings.secrets)
    return replace(settings, resend=_resend(read), postmark=_postmark(read), ses=_ses(read))


def _open(read: Reader, place: Place) -> None:
    if place.file:
        read.watch(place.file, place.identity)
        read.kept = secret_file.read(place).values


def _queues(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) != len(names) or ":" in text:
        fix = f"write names without ':', separated by commas: {LANES}"
        raise wrong("NOTIFYCTL_QUEUES", f"{text!r} is no list of queues", fix)
    return names


def _redis(read: Reader, directory: Path) -> Server:
    host = read.text("BULLMQ_REDIS_HOST")
    if host and ("/" in host or " " in host or "@" in host):
        raise wrong("BULLMQ_REDIS_HOST", "this is no host name", "write the host alone; port, TLS and password apart")
    return Server(
        directory=directory,
        host=host,
        port=read.integer("BULLMQ_REDIS_PORT", 6379, 1, 65_535),
        username=read.text("BULLMQ_REDIS_USERNAME"),
        password=read.secret("BULLMQ_REDIS_PASSWORD"),
        tls=read.flag("BULLMQ_REDIS_TLS"),
        db=read.integer("BULLMQ_REDIS_DB", 0, 0, 1_000_000),
        prefix=read.text("BULLMQ_REDIS_PREFIX") or "bull",
        binary=read.text("NOTIFYCTL_VALKEY_BIN"),
    )


def _resend(read: Reader) -> Resend:
    return Resend(key=read.key("RESEND_API_KEY"), url=read.url("NOTIFYCTL_RESEND_URL"))


def _postmark(read: Reader) -> Postmark:
    return Postmark(
        key=read.key("POSTMARK_API_KEY"),
        url=read.url("NOTIFYCTL_POSTMARK_URL"),
        stream=read.text("NOTIFYCTL_POSTMARK_STREAM") or "outbound",
        broadcast_stream=read.text("NOTIFYCTL_POSTMARK_BROADCAST_STREAM") or "broadcast",
    )


def _ses(read: Reader) -> Ses:
    access, secret = read.key("AWS_SES_ACCESS_KEY"), read.key("AWS_SES_SECRET_KEY")
    if (access is None) != (secret is None):
        missing = "AWS_SES_ACCESS_KEY" if access is None else "AWS_SES_SECRET_KEY"
        raise wrong(missing, "Amazon SES needs an access key and a secret key", "set both, or neither")
    return Ses(
        access_key=access,
        secret_key=secret,
        region=read.text("AWS_REGION") or "eu-west-2",
        url=read.url("NOTIFYCTL_SES_URL"),
        configuration_set=read.text("NOTIFYCTL_SES_CONFIGURATION_SET"),
    )


def _revision(sender: str | None, path: str | None) -> Revision:
    base = Revision(sender=parse_sender(sender, "NOTIFYCTL_FROM") if sender else None)
    return overlay(base, _document(path), path) if path else base


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _document(path: str) -> Mapping[str, object]:
    import tomllib  # a third of this module's start, for those without a file

    try:
        return tomllib.loads(Path(path).expanduser().read_text("utf-8"))
    except OSError as error:
        raise wrong("NOTIFYCTL_CONFIG", f"cannot read {path!r}: {error.strerror}", "name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured("CFG-TOML", f"no valid TOML: {error}", path, "correct the file") from None


def _pepper(read: Reader) -> Secret | None:
    pepper = read.secret("NOTIFYCTL_PEPPER")
    if pepper and len(pepper.reveal()) < 16:
        raise wrong("NOTIFYCTL_PEPPER", "shorter than 16 characters", "make one: openssl rand -hex 32")
    return pepper


def _demand_production(settings: Settings, sends: bool) -> None:
    def demand(given: object, name: str, what: str, fix: str) -> None:
        if not given:
            raise Misconfigured("CFG-PRODUCTION", f"production {what}", name, fix)

    demand(settings.redis.host, "BULLMQ_REDIS_HOST", "needs a Redis host", "set it; the embedded server is no option")
    if sends:
        demand(settings.revision.sender, "NOTIFYCTL_FROM", "needs a sender", 'write "Name <local@your-domain>"')
        demand(settings.keyed, "RESEND_API_KEY", "needs a provider's key", "set the key of a provider in the route")
    demand(settings.given_pepper, "NOTIFYCTL_PEPPER", "needs a pepper", "make one: openssl rand -hex 32")
    demand(settings.revision.pace.name != "demo", "NOTIFYCTL_CONFIG", "refuses the demo's pace", "remove `pace`")
    demand(not settings.failpoint, "NOTIFYCTL_FAILPOINT", "refuses failpoints", "unset it")
    for name in ("resend", "postmark", "ses"):
        url = urlsplit(getattr(settings, name).url or "https://")
        safe = url.scheme == "https" or url.hostname in _LOOPBACK
        demand(safe, f"NOTIFYCTL_{name.upper()}_URL", "sends no key over plain HTTP", "write https://")
