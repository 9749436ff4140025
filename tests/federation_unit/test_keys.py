"""Keys in every form seen on the wire, and those that are refused."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.errors import SignatureError
from potluck.federation.signatures.keys import (
    decode_multikey,
    encode_multikey,
    generate_ed25519,
    generate_rsa,
    load_private,
    load_public,
    private_pem,
    public_pem,
    sign_bytes,
    verify_bytes,
)
from potluck.federation.signatures.signers import sign_rsa
from support.samples import sample

RSA = generate_rsa()
ED = generate_ed25519()
PEM = public_pem(RSA.public_key())
PKCS1 = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


SPELLINGS = {
    "SPKI": PEM,
    "PKCS#1": PKCS1,
    "blanks": PEM.replace("\n", " "),
    "CRLF": PEM.replace("\n", "\r\n"),
    "escaped": PEM.replace("\n", "\\n"),
    "no last line end": PEM.strip(),
    "surrounded": f"  \n{PEM}\n\n",
    "no line ends": PEM.replace("\n", ""),
    "PKCS#1 with blanks": PKCS1.replace("\n", " "),
    "tabs": PEM.replace("\n", "\n\t"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_pem_with_odd_white_space(spelling: str) -> None:
    """SPKI and PKCS#1 are read, whatever the line ends have become."""
    assert public_pem(load_public(SPELLINGS[spelling])) == PEM


@pytest.mark.parametrize(
    "name",
    [
        "mastodon/person-ldsigned-vector-signer.json",
        "gotosocial/key-stub-actor.json",
        "mitra/person-multikey.json",
    ],
)
def test_recorded_keys(name: str) -> None:
    """Keys of real actors are read."""
    assert load_public(sample(name)["publicKey"]["publicKeyPem"])


def test_recorded_multikeys() -> None:
    """Mitra's Multikeys: the RSA one is the key of `publicKey`, the other an Ed25519 key; both write the same again."""
    actor = sample("mitra/person-multikey.json")
    rsa_key, ed_key = (method["publicKeyMultibase"] for method in actor["assertionMethod"])
    assert rsa_key.startswith("z4MX")
    assert public_pem(decode_multikey(rsa_key)) == public_pem(load_public(actor["publicKey"]["publicKeyPem"]))
    assert isinstance(load_public(ed_key), Ed25519PublicKey)
    assert [encode_multikey(load_public(text)) for text in (rsa_key, ed_key)] == [rsa_key, ed_key]


def test_round_trips() -> None:
    """What is written is read again."""
    for key in (RSA, ED):
        assert private_pem(load_private(private_pem(key))) == private_pem(key)
        assert public_pem(load_public(public_pem(key.public_key()))) == public_pem(key.public_key())
        assert encode_multikey(decode_multikey(encode_multikey(key.public_key()))) == encode_multikey(
            key.public_key()
        )
    assert encode_multikey(ED.public_key()).startswith("z6Mk")


def test_parsed_keys_are_kept() -> None:
    """The second reading of a key costs nothing."""
    assert load_public(PEM) is load_public(PEM)


def _pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()  # type: ignore[attr-defined]


UNUSABLE = {
    "nothing": "",
    "a word": "x",
    "empty multibase": "z",
    "no prefix": "zz",
    "cut multikey": "z6Mk",
    "another multibase": "u" + encode_multikey(ED.public_key()),
    "long multikey": "z6Mk" + "1" * 5000,
    "shortened multikey": encode_multikey(ED.public_key())[:-1],
    "private": private_pem(RSA),
    "cut": PEM[:200],
    "no base64": PEM.replace("A", "!"),
    "many": PEM * 20,
    "labelled private": PEM.replace("PUBLIC", "PRIVATE"),
    "weak": _pem(rsa.generate_private_key(65537, 1024).public_key()),
    "another curve": _pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
    "zeros": "-----BEGIN PUBLIC KEY-----" + "A" * 200 + "-----END PUBLIC KEY-----",
    "no base58": "z0OIl",
    "not ASCII": "zé",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_refused(name: str) -> None:
    """Weak, private, broken, foreign and oversized keys are SignatureErrors."""
    with pytest.raises(SignatureError):
        load_public(UNUSABLE[name])


@pytest.mark.parametrize("text", ["", "x", PEM, "é"], ids=["nothing", "a word", "public", "not ASCII"])
def test_what_is_no_private_key(text: str) -> None:
    """A private key of ours must be one."""
    with pytest.raises(SignatureError):
        load_private(text)


@given(
    st.text(max_size=200)
    | st.text(alphabet="123ABCz", max_size=100).map(lambda text: "z" + text)
    | st.binary(max_size=100).map(
        lambda raw: f"-----BEGIN PUBLIC KEY-----{raw.hex()}-----END PUBLIC KEY-----"
    )
)
def test_no_text_crashes(text: str) -> None:
    """Any text is a key or a SignatureError."""
    try:
        load_public(text)
    except SignatureError:
        return


async def test_signatures_are_made_off_the_loop() -> None:
    """RSA signing happens in threads, several at once, and gives valid signatures."""
    found = await asyncio.gather(*(sign_rsa(RSA, str(number).encode()) for number in range(20)))
    assert all(
        verify_bytes(RSA.public_key(), value, str(number).encode()) for number, value in enumerate(found)
    )
    assert verify_bytes(ED.public_key(), await sign_bytes(ED, b"x"), b"x")


async def test_signatures_made_together_fail_alone() -> None:
    """One that cannot be made, or that nobody waits for any more, leaves those beside it as they are."""
    small = rsa.generate_private_key(65537, 1024)
    broken = cast("rsa.RSAPrivateKey", SimpleNamespace(sign=lambda *_: 1 / 0))
    given_up = asyncio.create_task(sign_rsa(small, b"x"))
    wishes = [asyncio.create_task(sign_rsa(key, b"x")) for key in (RSA, broken, RSA)]
    await asyncio.sleep(0)
    given_up.cancel()
    made = await asyncio.gather(*wishes, return_exceptions=True)
    assert made[0] == made[2]
    assert isinstance(made[1], ZeroDivisionError)
    assert given_up.cancelled()


@pytest.mark.parametrize(
    "algorithm", ["rsa-sha256", None, "rsa-sha512", "rsa-pss-sha512", "ed25519", "hmac", ""]
)
async def test_the_algorithm_must_fit(algorithm: str | None) -> None:
    """A signature of one algorithm does not verify as another, nor with a key of another kind."""
    value = await sign_rsa(RSA, b"x")
    assert verify_bytes(RSA.public_key(), value, b"x", algorithm) is (algorithm in {"rsa-sha256", None})
    value = ED.sign(b"x")
    assert verify_bytes(ED.public_key(), value, b"x", algorithm) is (algorithm in {"ed25519", None})
    assert not verify_bytes(ED.public_key(), b"short", b"x")
    assert not verify_bytes(RSA.public_key(), b"", b"x")
