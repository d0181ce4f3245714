"""Signatures over evidence: Ed25519, as `openssl pkeyutl -verify -rawin` reads them."""

from notifyctl.domain.errors import Misconfigured

SEED = 64  # hex digits
_FIX = "make one: openssl rand -hex 32; or openssl genpkey -algorithm ed25519, and name the file"


class Signer:
    """A private key: 64 hex digits (the seed), or PEM as `openssl genpkey` writes it; raises `Misconfigured`."""

    def __init__(self, key: bytes, where: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            seed = bytes.fromhex(key.decode()) if len(key) == SEED else None
            loaded = Ed25519PrivateKey.from_private_bytes(seed) if seed else load_pem_private_key(key, None)
        except (ValueError, TypeError):
            raise Misconfigured("CFG-VALUE", "this is no Ed25519 key", where, _FIX) from None
        if not isinstance(loaded, Ed25519PrivateKey):
            raise Misconfigured("CFG-VALUE", "this key is of another kind than Ed25519", where, _FIX)
        self._key = loaded

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._key.sign(data)

    @property
    def public(self) -> bytes:
        """The public key as PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the owner of that public key (PEM) signed exactly these bytes; False also where it is no such key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, data)
    except (ValueError, InvalidSignature):
        return False
    return True
