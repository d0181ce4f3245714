"""What nobody can measure from one host: it is attested by a person, or it was not seen."""

from notifyctl.checks.readers import Readers
from notifyctl.checks.registry import check
from notifyctl.domain.attestation import holding
from notifyctl.domain.check import Seen, attested, unseen

NEEDS = ("ENV-006",)


@check("NET-003", "A firewall lets in the workers alone", expected="somebody attests it", needs=NEEDS)
async def firewall(readers: Readers) -> Seen:
    return _answer(readers, "NET-003", "what a firewall lets in cannot be measured from the inside")


@check("NET-005", "Redis stands in a network of its own", expected="somebody attests it", needs=NEEDS)
async def isolation(readers: Readers) -> Seen:
    return _answer(readers, "NET-005", "whether a network is isolated cannot be measured from one host")


@check("SEC-010", "A security audit was made", expected="somebody attests an audit", needs=NEEDS)
async def audit(readers: Readers) -> Seen:
    return _answer(readers, "SEC-010", "checks are no security audit")


def _answer(readers: Readers, identity: str, why: str) -> Seen:
    found = holding(readers.project.attestations, readers.today).get(identity)
    if found is None:
        return unseen(f"{why}, and there is no attestation", f'write an [[attestation]] with check = "{identity}"')
    return attested(f"by {found.by}, {found.on}, to {found.expires}: {found.what}")
