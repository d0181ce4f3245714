"""CON: what people are told, and whether the pages and mails keep to it."""

from hashlib import sha256

from notifyctl.checks.published import published
from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain import page, template
from notifyctl.domain.check import Seen, Verdict, failed, passed, unseen, warned
from notifyctl.domain.privacy_notice import Form, Notice

PROJECT = ("ENV-001", "ENV-006")


@check(
    "CON-001",
    "People are told the newest notice",
    expected="GDPR_CONSENT_VERSION is the notice in effect, unchanged",
    profile="ci",
    needs=PROJECT,
)
async def notice(readers: Readers) -> Seen:
    registry = readers.project.registry
    version, source = readers.notice
    newest = registry.current(readers.today)
    changed = [one.version for one in registry.notices if _digest(readers, one) != one.sha256]
    if changed:
        return failed(
            f"the text of notice {', '.join(changed)} is not that of its sha256",
            "a changed text is a new version; a published one stays as it is",
        )
    if newest is None:
        return failed("no notice is in effect", "add a [[notice]] to notices.toml")
    if not version:
        return failed("nobody says which version is shown", "set GDPR_CONSENT_VERSION")
    if version != newest.version:
        return failed(
            f"{source} says {version}, in effect is {newest.version}",
            f"set GDPR_CONSENT_VERSION to {newest.version}, and show that notice",
        )
    if drafts := registry.drafted(readers.today):
        return warned(
            f"{version}, until {drafts[0].effective}", f"version {drafts[0].version} follows: be ready for it"
        )
    return passed(f"{version}, as {source} says")


@check(
    "CON-005",
    "Forms ask for consent as they must",
    expected="an empty box, the notice, the policy, and how to withdraw",
    profile="ci",
    needs=PROJECT,
)
async def forms(readers: Readers) -> Seen:
    found = readers.project.registry.forms
    if not found:
        return warned("no form is in notices.toml", "add a [[form]] for each page on which people agree")
    wrong = [f"{form.file}: {fault}" for form in found for fault in _faults(readers, form)]
    if wrong:
        return failed("; ".join(wrong), "correct the form: its page must show what its notice says")
    return passed(f"forms that were read: {len(found)}")


@check(
    "CON-006",
    "The privacy policy is there, and says what it must",
    expected="the page that the forms lead to, with the words that were pinned",
    needs=PROJECT,
)
async def policy(readers: Readers) -> Seen:
    pinned = readers.project.registry.policy
    if not readers.given.policy:
        return unseen("PRIVACY_POLICY_URL is not set", "set the variable to the policy that your pages lead to")
    if readers.given.policy != pinned.url:
        return failed(f"PRIVACY_POLICY_URL is {readers.given.policy}, the forms lead to {pinned.url}", "make them one")
    seen = await published(pinned.url)
    silent = [name for name, words in _demanded(readers).items() if not any(map(seen.says, words))]
    if silent:
        return failed(f"the policy does not say {', '.join(silent)}", "write that into the policy")
    if seen.fingerprint != pinned.sha256:
        what = f"the policy {'is not pinned' if not pinned.sha256 else 'has changed its words'}"
        return warned(what, f'read the policy, then write sha256 = "{seen.fingerprint}" under [policy] in notices.toml')
    return passed(f"{pinned.url}, as it was pinned")


@check(
    "CON-007",
    "Mails keep to their purpose",
    expected="marketing can be left and names its sender, service sells nothing",
    profile="ci",
    needs=PROJECT,
)
async def templates(readers: Readers) -> Seen:
    texts, types = readers.project.templates(), readers.configuration.types
    if not texts:
        return warned("there is no templates/TYPE.html", "keep the texts of your mails there, so that they can be read")
    contact = readers.project.record.controller.contact
    wrong = [
        f"{name}: {fault}" for name, text in texts.items() for fault in template.faults(text, types.get(name), contact)
    ]
    if wrong:
        return failed("; ".join(wrong), "correct the text, or the purpose of its type")
    return passed(f"templates that were read: {len(texts)}")


async def unkept(_: Readers) -> Seen:
    """There is nothing to look at, and that is no answer: it is said in each report, and never counted as fine."""
    return Seen(Verdict.SKIP, "no consent store yet", "marketing mail ends as no_consent; take consent elsewhere")


for _identity, _title, _expected in (
    ("CON-002", "Consent is recorded", "given and withdrawn, and in force within 2 s"),
    ("CON-003", "The record of consent is whole", "no entry changed, anchored within 24 h"),
    ("CON-004", "No marketing goes out without consent", "each mail after a grant and before a withdrawal"),
    ("CON-010", "Nobody waits for an answer about their data", "requests answered within 28 days"),
):
    check(_identity, _title, expected=_expected, profile="live")(unkept)


def _demanded(readers: Readers) -> dict[str, tuple[str, ...]]:
    """What a policy must say (UK GDPR, Article 13), each with words of which one must stand there."""
    processors = {one.name: (one.name,) for one in readers.project.processors}
    return {
        "who decides": (readers.project.record.controller.name,), **processors,
        "for how long": ("how long", "retain", "retention", "we keep"), "how to withdraw": ("withdraw",),
        "how to complain": ("complain",), "the regulator": ("Information Commissioner", "ico.org.uk"),
    }  # fmt: skip


def _digest(readers: Readers, notice: Notice) -> str:
    return sha256(readers.project.text(notice.file).encode()).hexdigest()


def _faults(readers: Readers, form: Form) -> list[str]:
    """What is wrong with a form, in words for people."""
    registry, seen = readers.project.registry, page.read(readers.project.text(form.file))
    notice = registry.version(form.notice)
    text = readers.project.text(notice.file) if notice else ""
    return [
        *(["the form has no box to tick"] if not seen.boxes else []),
        *(["a box is ticked already"] if any(seen.boxes) else []),
        *([f"the form does not show notice {form.notice}"] if not seen.says(text) else []),
        *([f"the form does not lead to {registry.policy.url}"] if registry.policy.url not in seen.links else []),
        *(["the form does not say how to withdraw"] if not (seen.says("withdraw") or seen.says("unsubscribe")) else []),
    ]
