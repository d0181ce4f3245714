"""The keys that a worker uses, followed while it runs; and what a rotation needs of the settings."""

from dataclasses import replace

from notifyctl import settings
from notifyctl.domain.errors import Misconfigured
from notifyctl.domain.keymaking import KeyMaker
from notifyctl.domain.provider import Provider
from notifyctl.domain.secret import Secret
from notifyctl.domain.secret_file import KEYS, fingerprint
from notifyctl.providers.resend.account import Account as ResendAccount
from notifyctl.providers.resend.keys import Keys as ResendKeys
from notifyctl.providers.ses.keys import URL as IAM
from notifyctl.providers.ses.keys import Keys as AwsKeys
from notifyctl.settings import Ses, Settings
from notifyctl.settings.environment import mark
from notifyctl.telemetry.logs import Log
from notifyctl.wiring.accounts import providers


class Following:
    """Replaces a provider by one with a new key when a file with secrets has changed.

    Only calls that begin later use it: one under way has its request already. A provider that has come or gone needs a
    new start, and so do all other secrets. A new id of Amazon's without its secret is half a change: it is passed over
    until the secret has come, too. A new secret of the same id is a whole one, since it corrects a wrong value.
    """

    def __init__(self, given: Settings, found: dict[str, Provider], log: Log) -> None:
        self._given = given
        self._found = found
        self._log = log
        self._seen = given.secret_files
        self._ses = given.ses
        self.fingerprints = fingerprints(given)

    def follow(self) -> None:
        """Look whether a file has changed, and take up its keys. One that does not open leaves the old keys in use."""
        seen = {path: mark(path) for path in self._given.secret_files}
        if seen == self._seen:
            return
        try:
            fresh = self._whole(settings.with_keys_of_now(self._given))
        except Misconfigured as error:
            self._log.trouble("secrets", error)
            return
        self._seen, self._ses = seen, fresh.ses
        told = fingerprints(fresh)
        for name, provider in providers(fresh).items():
            if name in self._found and told[name] != self.fingerprints[name]:
                self._found[name] = provider
                self.fingerprints[name] = told[name]
                self._log.say("key changed", provider=name, fingerprint=told[name])

    def _whole(self, fresh: Settings) -> Settings:
        """These settings, with the pair of Amazon's that is in use where only its id has changed."""
        (old_id, old), (new_id, new) = _pair(self._ses), _pair(fresh.ses)
        return replace(fresh, ses=self._ses) if new_id != old_id and new == old else fresh


def fingerprints(given: Settings) -> dict[str, str]:
    """The fingerprint of each provider's key, of Amazon's two together."""
    ses = (given.ses.access_key, given.ses.secret_key)
    found = {"resend": (given.resend.key,), "postmark": (given.postmark.key,), "ses": ses}
    return {name: fingerprint(*(key for key in found[name] if key)) for name in given.keyed}


def pinned(given: Settings) -> dict[str, str]:
    """The variable of each provider's key that is in our environment: no file can change that one."""
    found = {
        provider: [name for name in KEYS[provider] if given.sources.get(name) == "environment"]
        for provider in given.keyed
    }
    return {provider: names[0] for provider, names in found.items() if names}


def _pair(ses: Ses) -> tuple[str, str]:
    access, secret = (key.reveal() if key else "" for key in (ses.access_key, ses.secret_key))
    return access, secret


def account(given: Settings, name: str, values: tuple[Secret, ...]) -> Provider:
    """The provider with these values for its keys."""
    if name == "ses":
        told = replace(given, ses=replace(given.ses, access_key=values[0], secret_key=values[1]))
    elif name == "resend":
        told = replace(given, resend=replace(given.resend, key=values[0]))
    else:
        told = replace(given, postmark=replace(given.postmark, key=values[0]))
    return providers(told)[name]


def key_maker(given: Settings, name: str) -> KeyMaker | None:
    """The provider's interface for keys, where it has one and we have a key for it."""
    admin = given.administrator
    if name == "resend" and admin.resend_key:
        url = {"base_url": given.resend.url} if given.resend.url else {}
        return ResendKeys(ResendAccount(admin.resend_key.reveal(), **url))
    if name == "ses" and admin.aws_access_key and admin.aws_secret_key:
        keys = (admin.aws_access_key.reveal(), admin.aws_secret_key.reveal())
        return AwsKeys(*keys, user=admin.aws_user or "", base_url=admin.iam_url or IAM)
    return None


__all__ = ["Following", "account", "fingerprints", "key_maker", "pinned"]
