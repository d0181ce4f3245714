"""SEC: who may read what must stay secret, and how old it is."""

from datetime import UTC, datetime, time

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.check import Seen, failed, passed, unset, warned
from notifyctl.domain.key_age import Age, age, since
from notifyctl.store.permissions import trouble


@check("SEC-002", "Secrets are kept encrypted, and two keys open them", expected="one age file for two or more",
       needs=("ENV-001",))  # fmt: skip
async def encrypted(readers: Readers) -> Seen:
    kept, sources = readers.given.kept, readers.given.sources
    if kept is None:
        hint = "keep all secrets in one encrypted file: notifyctl secrets init"
        return warned("no encrypted file is used", hint) if sources else unset()
    if kept.stanzas != kept.recipients:
        what = f"the file is encrypted for {kept.stanzas} keys, and its list names {kept.recipients}"
        return failed(what, "write the file anew: notifyctl secrets rekey")
    if kept.recipients < 2:
        fix = "add a key that is kept offline: notifyctl secrets rekey --recipient age1..."
        return warned("one key alone opens the file", fix)
    return passed(f"recipients: {kept.recipients}")


@check("SEC-003", "Only the owner can read files with secrets", expected="0600, ours, no link, in a folder that others "
       "cannot change", needs=("ENV-001",))  # fmt: skip
async def permissions(readers: Readers) -> Seen:
    if not readers.given.files and not readers.given.sources:
        return unset()
    wrong = [words for path in readers.given.files if (words := trouble(path))]
    if wrong:
        return failed("; ".join(wrong), "chmod 600 the file, chmod 700 its folder, and own both")
    count = len(readers.given.files)
    return passed(f"files that were looked at: {count}" if count else "no secret is in a file")


@check("SEC-005", "No key is too old", expected="providers' keys 90 days, other secrets 180", needs=("ENV-001",))
async def ages(readers: Readers) -> Seen:
    if not readers.given.sources:
        return unset()
    created = readers.given.kept.created if readers.given.kept else {}
    now = int(datetime.combine(readers.today, time(), UTC).timestamp())
    found = {name: age(name, at, now) for name, at in since(readers.given.sources, created).items()}
    over, due, unknown = ([name for name in found if found[name] is one] for one in (Age.OVER, Age.DUE, Age.UNKNOWN))
    fix = "rotate the secret: notifyctl secrets rotate NAME"
    if over:
        return failed(f"too old: {', '.join(over)}", fix)
    if due:
        return warned(f"due within two weeks: {', '.join(due)}", fix)
    if unknown:
        return warned(
            f"nobody wrote down since when these are used: {', '.join(unknown)}",
            "notifyctl secrets set NAME writes it down",
        )
    return passed(f"keys whose age is known: {len(found)}" if found else "no key that ages is set")
