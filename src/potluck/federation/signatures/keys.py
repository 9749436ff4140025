"""Keys: making, writing, reading in every form seen, signing and verifying with them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache

import base58
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from potluck.federation.errors import SignatureError
from potluck.federation.signatures.signers import sign_rsa

PublicKey = RSAPublicKey | Ed25519PublicKey
PrivateKey = RSAPrivateKey | Ed25519PrivateKey

# Bounds on foreign keys: a weak key proves nothing, an enormous one is an attack on our time.
_MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 8192
_MAX_RSA_EXPONENT = 2**33
_MAX_KEY_TEXT = 4096

# Multicodec prefixes of Multikey (FEP-521a): the varints of ed25519-pub and rsa-pub.
_ED25519_PREFIX = b"\xed\x01"
_RSA_PREFIX = b"\x85\x24"

_PKCS1 = padding.PKCS1v15()
_PSS = padding.PSS(padding.MGF1(hashes.SHA512()), padding.PSS.DIGEST_LENGTH)
_SHA256 = hashes.SHA256()
_SHA512 = hashes.SHA512()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the name others know its public half by (keyId, verificationMethod)."""

    key_id: str
    private: PrivateKey


def generate_rsa() -> RSAPrivateKey:
    """A new RSA-2048 key, the size every server takes. Costs about 100 ms: not for the event loop."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def generate_ed25519() -> Ed25519PrivateKey:
    """A new Ed25519 key."""
    return Ed25519PrivateKey.generate()


def private_pem(key: PrivateKey) -> str:
    """A private key as PKCS#8 PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def public_pem(key: PublicKey) -> str:
    """A public key as SPKI PEM, as `publicKeyPem` has it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


@lru_cache(maxsize=256)
def load_private(pem: str) -> PrivateKey:
    """A private key of ours from PEM; parsed ones are kept, because parsing checks the primes.

    Raises:
        SignatureError: not an RSA or Ed25519 private key.
    """
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignatureError("not a private key") from error
    if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)):
        raise SignatureError(f"a {type(key).__name__} cannot sign here")
    return key


@lru_cache(maxsize=8192)
def load_public(text: str) -> PublicKey:
    """A public key from PEM or Multikey text; parsed ones are kept.

    Args:
        text: PEM as SPKI or PKCS#1, with odd white space; or multibase base58btc of a Multikey.

    Raises:
        SignatureError: neither, or a key of another kind or size than is taken.
    """
    if len(text) > _MAX_KEY_TEXT:
        raise SignatureError("public key too long")
    if text.strip().startswith("z"):
        return decode_multikey(text.strip())
    try:
        key = load_pem_public_key(_tidy_pem(text))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError("not a public key in PEM") from error
    return _checked(key)


_PEM = re.compile(
    r"\s*-----\s*BEGIN ((?:RSA )?PUBLIC KEY)\s*-----([A-Za-z0-9+/=\s\\]+)-----\s*END \1\s*-----\s*"
)


def _tidy_pem(text: str) -> bytes:
    """PEM with proper lines, out of PEM whose line ends are blanks, escaped or lost."""
    match = _PEM.fullmatch(text.replace("\\r", "").replace("\\n", "\n"))
    if match is None:
        raise SignatureError("not a public key in PEM")
    data = "".join(match[2].split())
    lines = "\n".join(data[start : start + 64] for start in range(0, len(data), 64))
    return f"-----BEGIN {match[1]}-----\n{lines}\n-----END {match[1]}-----\n".encode("ascii")


def _checked(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey):
        if not _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
            raise SignatureError(f"RSA keys of {key.key_size} bits are not taken")
        if key.public_numbers().e > _MAX_RSA_EXPONENT:
            raise SignatureError("RSA exponent too large")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise SignatureError(f"keys of type {type(key).__name__} are not taken")


def encode_multikey(key: PublicKey) -> str:
    """A public key as `publicKeyMultibase` has it: `z6Mk…` for Ed25519, `z4MX…` for RSA (FEP-521a)."""
    if isinstance(key, Ed25519PublicKey):
        raw = _ED25519_PREFIX + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = _RSA_PREFIX + key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return "z" + base58.b58encode(raw).decode("ascii")


def decode_multikey(text: str) -> PublicKey:
    """The public key in a `publicKeyMultibase`.

    Raises:
        SignatureError: not multibase base58btc of an Ed25519 or RSA key.
    """
    raw = decode_base58btc(text, _MAX_KEY_TEXT)
    if raw.startswith(_ED25519_PREFIX) and len(raw) == 34:
        return Ed25519PublicKey.from_public_bytes(raw[2:])
    if raw.startswith(_RSA_PREFIX):
        try:
            # PKCS#1, which the loader takes for PEM only.
            body = base64.encodebytes(raw[2:])
            return _checked(
                load_pem_public_key(
                    b"-----BEGIN RSA PUBLIC KEY-----\n%b-----END RSA PUBLIC KEY-----\n" % body
                )
            )
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SignatureError("not an RSA key in the Multikey") from error
    raise SignatureError("not a Multikey of a kind that is taken")


def decode_base58btc(text: str, max_length: int) -> bytes:
    """The bytes of multibase base58btc text (`z…`).

    Raises:
        SignatureError: another multibase, or longer than `max_length` characters (decoding costs its square).
    """
    if not text.startswith("z") or len(text) > max_length:
        raise SignatureError("not multibase base58btc")
    try:
        return base58.b58decode(text[1:])
    except ValueError as error:
        raise SignatureError("not base58btc") from error


def encode_base58btc(data: bytes) -> str:
    """Bytes as multibase base58btc."""
    return "z" + base58.b58encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 with padding.

    Raises:
        SignatureError: not base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("not base64") from error


async def sign_bytes(key: PrivateKey, data: bytes) -> bytes:
    """The signature every receiver expects of this kind of key: RSA-SHA256 or Ed25519."""
    if isinstance(key, RSAPrivateKey):
        return await sign_rsa(key, data)
    return key.sign(data)


def verify_bytes(key: PublicKey, signature: bytes, data: bytes, algorithm: str | None = None) -> bool:
    """Whether a signature over `data` is that key's.

    Args:
        algorithm: `rsa-sha256`, `rsa-sha512`, `rsa-pss-sha512` or `ed25519`; None takes what the key makes,
            for RSA PKCS#1 v1.5 with SHA-256, else with SHA-512.
    """
    try:
        if isinstance(key, Ed25519PublicKey):
            if algorithm not in (None, "ed25519"):
                return False
            key.verify(signature, data)
            return True
        match algorithm:
            case "rsa-sha256":
                key.verify(signature, data, _PKCS1, _SHA256)
            case "rsa-sha512":
                key.verify(signature, data, _PKCS1, _SHA512)
            case "rsa-pss-sha512":
                key.verify(signature, data, _PSS, _SHA512)
            case None:
                return verify_bytes(key, signature, data, "rsa-sha256") or verify_bytes(
                    key, signature, data, "rsa-sha512"
                )
            case _:
                return False
    except InvalidSignature:
        return False
    return True
