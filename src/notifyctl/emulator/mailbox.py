"""Every accepted copy, kept for as long as the emulator runs and in a file if one is named."""

import os
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

REF = "nf_ref"  # the name under which a sender writes its correlation value in tags and metadata


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail as a provider reads it from a request; addresses are bare, one entry each."""

    sender: str
    recipients: tuple[str, ...]
    subject: str = ""
    html: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""
    stream: str = ""

    @property
    def ref(self) -> str:
        """The sender's correlation value, empty when it wrote none."""
        return self.tags.get(REF, "")


class Copy(msgspec.Struct, frozen=True, omit_defaults=True):
    """One copy for one recipient. `time` is the wall clock in seconds, sizes are bytes of UTF-8."""

    seq: int
    provider: str
    id: str
    time: float
    recipient: str
    sender: str
    subject: str
    ref: str
    tags: dict[str, str]
    headers: dict[str, str]
    idempotency_key: str
    tag: str
    stream: str
    html_bytes: int
    html_sha256: str
    text_bytes: int
    text_sha256: str
    state: str = "accepted"
    html: str | None = None
    text: str | None = None


class Mailbox:
    """Copies in the order of their acceptance, found by recipient, ref and id.

    A suppressed recipient's copy is never in the mailbox; it is kept aside in `suppressed`.
    With `store`, each copy is appended to that file as a line of JSON before the provider answers, and
    copies already in the file are taken over.
    """

    def __init__(self, store: Path | None = None, keep_bodies: bool = False) -> None:
        self.copies: list[Copy] = []
        self.suppressed: list[Copy] = []
        self._keep_bodies = keep_bodies
        self._seq = 0
        self._by_recipient: defaultdict[str, list[Copy]] = defaultdict(list)
        self._by_ref: defaultdict[str, list[Copy]] = defaultdict(list)
        self._by_id: dict[str, Copy] = {}
        self._file = -1 if store is None else self._open(store)

    def accept(self, provider: str, mail: Mail, suppressed: Iterable[str] = (), key: str = "", id: str = "") -> str:
        """Keep one copy per recipient and return their common id. `suppressed` is lower case."""
        id = id or str(uuid.uuid4())
        for recipient in mail.recipients:
            state = "suppressed" if recipient.lower() in suppressed else "accepted"
            copy = self._copy(provider, mail, recipient, id, key, state)
            self._index(copy)
            if self._file >= 0:
                os.write(self._file, msgspec.json.encode(copy) + b"\n")
        return id

    def find(self, recipient: str = "", provider: str = "", ref: str = "", after: int = 0) -> list[Copy]:
        """Accepted copies that fit all that is given, oldest first; `after` is a copy's `seq`, exclusive."""
        if ref:
            candidates = self._by_ref.get(ref, [])
        else:
            candidates = self._by_recipient.get(recipient.lower(), []) if recipient else self.copies
        return [
            copy
            for copy in candidates
            if copy.seq > after
            and (not provider or copy.provider == provider)
            and (not recipient or copy.recipient.lower() == recipient.lower())
        ]

    def by_id(self, id: str) -> Copy | None:
        """A copy by its provider's id, suppressed ones included."""
        return self._by_id.get(id)

    def counts(self) -> dict[str, object]:
        """Copies per recipient and per provider, and the histogram: copies -> number of recipients."""
        recipients = {address: len(copies) for address, copies in self._by_recipient.items()}
        return {
            "total": len(self.copies),
            "providers": Counter(copy.provider for copy in self.copies),
            "suppressed": Counter(copy.provider for copy in self.suppressed),
            "recipients": recipients,
            "refs": {ref: len(copies) for ref, copies in self._by_ref.items()},
            "histogram": Counter(str(count) for count in recipients.values()),
        }

    def clear(self) -> None:
        """Forget every copy, in the file too; numbering goes on."""
        for part in (self.copies, self.suppressed, self._by_recipient, self._by_ref, self._by_id):
            part.clear()
        if self._file >= 0:
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _copy(self, provider: str, mail: Mail, recipient: str, id: str, key: str, state: str) -> Copy:
        html, text = mail.html.encode(), mail.text.encode()
        self._seq += 1
        return Copy(
            seq=self._seq,
            provider=provider,
            id=id,
            time=time.time(),
            recipient=recipient,
            sender=mail.sender,
            subject=mail.subject,
            ref=mail.ref,
            tags=dict(mail.tags),
            headers=dict(mail.headers),
            idempotency_key=key,
            tag=mail.tag,
            stream=mail.stream,
            html_bytes=len(html),
            html_sha256=sha256(html).hexdigest(),
            text_bytes=len(text),
            text_sha256=sha256(text).hexdigest(),
            state=state,
            html=mail.html if self._keep_bodies else None,
            text=mail.text if self._keep_bodies else None,
        )

    def _index(self, copy: Copy) -> None:
        self._by_id[copy.id] = copy
        if copy.state == "suppressed":
            self.suppressed.append(copy)
            return
        self.copies.append(copy)
        self._by_recipient[copy.recipient.lower()].append(copy)
        if copy.ref:
            self._by_ref[copy.ref].append(copy)

    def _open(self, store: Path) -> int:
        file = os.open(store, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = store.read_bytes().rpartition(b"\n")[0]
        for line in whole.splitlines():
            copy = msgspec.json.decode(line, type=Copy)
            self._seq = copy.seq
            self._index(copy)
        # A line that was torn by a kill must not swallow the next one.
        os.ftruncate(file, len(whole) + 1 if whole else 0)
        return file
