"""What checks look at: the settings or why there are none, the server, the accounts, the waivers."""

import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from notifyctl import __version__, settings
from notifyctl.checks import Accounts, Endpoint, Given, Kept, Readers
from notifyctl.domain import trial
from notifyctl.domain.errors import Misconfigured, Unreachable
from notifyctl.domain.provider import Provider
from notifyctl.domain.secret import Secret
from notifyctl.domain.waiver import Waiver
from notifyctl.net.handshake import Greeter
from notifyctl.net.names import Names
from notifyctl.notify.pagerduty import BASE_URL
from notifyctl.operations.acl import least
from notifyctl.settings import Settings
from notifyctl.settings.places import named_identity
from notifyctl.store import secret_file
from notifyctl.store.duty_facts import DutyFacts
from notifyctl.store.project import Project
from notifyctl.store.queue_facts import QueueFacts
from notifyctl.store.reports import Reports
from notifyctl.store.secret_file import Place
from notifyctl.store.server_facts import ServerFacts
from notifyctl.wiring.accounts import providers
from notifyctl.wiring.parts import store

TEST_KEYS = (  # of the emulator, of Postmark's documentation, of Amazon's
    *("re_emulator", "postmark-emulator", "POSTMARK_API_TEST"),
    *("AKIDEXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
)


@asynccontextmanager
async def checked(today: date, waivers: list[Waiver]) -> AsyncIterator[Readers]:
    """Readers for one run of checks."""
    seeing, told = here(today, waivers)
    if told is None:
        yield seeing
        return
    try:
        async with store(told, start=False) as parts:
            yield seeing._replace(
                server=ServerFacts(parts.link), lanes=QueueFacts(parts.queue, parts.workers, parts.metrics),
                on_record=DutyFacts(parts.incidents, Reports(parts.link, parts.queue.own), parts.retired),
            )  # fmt: skip
    except Unreachable as error:  # the embedded server does not run, and looking starts nothing
        if error.code != "STORE-NOT-RUNNING":
            raise
        yield seeing


def here(today: date, waivers: list[Waiver]) -> tuple[Readers, Settings | None]:
    """Readers without a server, and the settings, None where they cannot be read."""
    project = Project(settings.project())
    blind = Readers(
        today, sys.version_info[:2], Given(), None, None, Accounts({}), waivers, Greeter(), project, Names()
    )
    try:
        told = settings.load(sends=True)
    except Misconfigured as error:
        return blind._replace(given=Given(error, identity=named_identity())), None
    accounts = providers(told)
    seeing = blind._replace(
        given=_given(told), place=told.redis, accounts=Accounts(accounts), endpoints=_ends(told, accounts),
        revision=told.revision if settings.config() else None, senders=_senders(told), home=told.home,
        now=round(time.time() * 1000), version=__version__, setup=setup(told),
        users=least(told.redis.prefix, told.queues), egress=_egress(told, accounts),
    )  # fmt: skip
    return seeing, told


def _senders(told: Settings) -> dict[str, str]:
    return {name: sender for name, sender in told.senders.items() if sender}


def setup(told: Settings) -> str:
    """The fingerprint of what a drill of today proves."""
    urls = {"resend": told.resend.url, "postmark": told.postmark.url, "ses": told.ses.url or told.ses.region}
    return trial.setup(_senders(told), {name: url or "" for name, url in urls.items()})


def _ends(told: Settings, accounts: Mapping[str, Provider]) -> list[Endpoint]:
    """Every server that is reached through TLS."""
    redis = told.redis
    ours = [Endpoint("redis", redis.host, redis.port, True)] if redis.host and redis.tls else []
    urls = {name: urlsplit(provider.probe_request(0).url) for name, provider in accounts.items()}
    theirs = [
        Endpoint(name, url.hostname, url.port or 443, False)
        for name, url in urls.items()
        if url.scheme == "https" and url.hostname
    ]
    return [*ours, *theirs]


def _egress(told: Settings, accounts: Mapping[str, Provider]) -> list[Endpoint]:
    """Whom workers and audits connect to, beside Redis."""
    given, urls = told.notifiers, {name: provider.probe_request(0).url for name, provider in accounts.items()}
    if given.pagerduty_key:
        urls["pagerduty"] = given.pagerduty_url or BASE_URL
    secret = {"webhook": given.webhook_url, "heartbeat": told.audits.heartbeat, "sentry": told.sentry}
    urls |= {name: url.reveal() for name, url in secret.items() if url}
    found = {name: urlsplit(url) for name, url in urls.items()}
    return [
        Endpoint(name, url.hostname, url.port or (80 if url.scheme == "http" else 443), False)
        for name, url in found.items() if url.hostname and _numbered(url)
    ]  # fmt: skip


def _numbered(url: SplitResult) -> bool:
    """Whether its port is one."""
    try:
        return url.port != 0
    except ValueError:
        return False


def _given(told: Settings) -> Given:
    keys = {
        "RESEND_API_KEY": told.resend.key, "POSTMARK_API_KEY": told.postmark.key,
        "AWS_SES_ACCESS_KEY": told.ses.access_key,
    }  # fmt: skip
    urls = {
        "NOTIFYCTL_RESEND_URL": told.resend.url, "NOTIFYCTL_POSTMARK_URL": told.postmark.url,
        "NOTIFYCTL_SES_URL": told.ses.url,
    }  # fmt: skip
    return Given(
        production=told.production,
        unknown=[(one.name, one.meant) for one in told.unknown],
        files=[*told.secret_files, *_keys(told.home)],
        urls={name: url for name, url in urls.items() if url},
        sources=told.sources,
        kept=_kept(told.secrets) if told.secrets.file else None,
        identity=named_identity(),
        test_keys=[name for name, secret in keys.items() if _for_tests(secret)],
        secrets={name: secret for name, secret in {**keys, **_secrets(told)}.items() if secret},
        notice=told.consent_version or "",
        policy=told.policy_url or "",
        notifiers=told.notifiers.names,
    )


def _secrets(told: Settings) -> dict[str, Secret | None]:
    """All but the keys that are named above, and the notifying command, whose words are arguments."""
    notifiers, admin = told.notifiers, told.administrator
    return {
        "AWS_SES_SECRET_KEY": told.ses.secret_key, "BULLMQ_REDIS_PASSWORD": told.redis.password,
        "NOTIFYCTL_PEPPER": told.given_pepper, "NOTIFYCTL_LEDGER_KEY": told.audits.key,
        "NOTIFYCTL_HEARTBEAT_URL": told.audits.heartbeat, "NOTIFYCTL_PAGERDUTY_KEY": notifiers.pagerduty_key,
        "NOTIFYCTL_WEBHOOK_URL": notifiers.webhook_url, "NOTIFYCTL_WEBHOOK_SECRET": notifiers.webhook_secret,
        "NOTIFYCTL_RESEND_ADMIN_KEY": admin.resend_key, "NOTIFYCTL_AWS_ADMIN_ACCESS_KEY": admin.aws_access_key,
        "NOTIFYCTL_AWS_ADMIN_SECRET_KEY": admin.aws_secret_key, "SENTRY_DSN": told.sentry,
    }  # fmt: skip


def _kept(place: Place) -> Kept:
    file = secret_file.read(place)
    return Kept(secret_file.stanzas(place), len(file.recipients), file.created)


def _keys(home: Path) -> list[Path]:
    """The keys that we made ourselves."""
    folder = home / "keys"
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _for_tests(secret: Secret | None) -> bool:
    return secret is not None and secret.reveal() in TEST_KEYS
