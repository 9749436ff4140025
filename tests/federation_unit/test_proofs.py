"""Object integrity proofs: the recorded vector, our own, and forgeries."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.federation.errors import SignatureError
from potluck.federation.proofs import create, proofs_of, verify
from potluck.federation.signatures.keys import SigningKey, generate_ed25519, generate_rsa, load_public
from potluck.federation.vocabulary import AS, CONTEXT, DATA_INTEGRITY_V1
from support.samples import sample

KEY = SigningKey("https://alice.example/users/alice#ed25519-key", generate_ed25519())
PUBLIC_KEY = KEY.private.public_key()
NOTE: dict[str, Any] = {
    "@context": list(CONTEXT),
    "id": "https://alice.example/1",
    "type": "Note",
    "content": "é",
    "x": 1.5,
}


def check(document: dict[str, Any], **options: Any) -> bool:
    return verify(document, proofs_of(document)[0], PUBLIC_KEY, **options)


def test_the_recorded_vector_verifies() -> None:
    """The example of FEP-8b32 verifies with its actor's Multikey."""
    document = sample("fep/8b32-signed-create.json")
    method = sample("fep/8b32-signer-actor.json")["assertionMethod"][0]
    proof = proofs_of(document)[0]
    assert proof["verificationMethod"] == method["id"]
    key = load_public(method["publicKeyMultibase"])
    assert verify(document, proof, key)
    document["object"]["content"] = "Hello worlds"
    assert not verify(document, proof, key)


def test_what_we_make_verifies() -> None:
    """Our own proof holds in any order of keys, beside an LD signature, and for no other key."""
    document = create(NOTE, KEY)
    assert check(document)
    assert check(dict(sorted(document.items())) | {"signature": {"type": "RsaSignature2017"}})
    assert not verify(document, document["proof"], generate_ed25519().public_key())
    assert not verify(document, document["proof"], generate_rsa().public_key())


@pytest.mark.parametrize(
    "change",
    [
        {"content": "e"},
        {"unknown": 1},
        {"id": "https://alice.example/2"},
        {"@context": [*CONTEXT[:-1], {"content": "as:summary"}]},
        {"@context": None},
        {"x": 1},
    ],
)
def test_any_change_breaks_it(change: dict[str, Any]) -> None:
    """Every member is covered, unknown ones and the @context included."""
    document = {**create(NOTE, KEY), **change}
    with contextlib.suppress(SignatureError):
        assert not check(document)


@pytest.mark.parametrize(
    "change",
    [{"created": "2026-01-01T00:00:00Z"}, {"verificationMethod": "https://eve.example#key"}, {"domain": "x"}],
)
def test_the_options_are_covered(change: dict[str, Any]) -> None:
    """The proof's own options cannot be changed either."""
    document = create(NOTE, KEY)
    assert not check({**document, "proof": {**document["proof"], **change}})


def test_further_contexts_may_follow() -> None:
    """A document whose @context only begins with that of the proof verifies (FEP-8b32)."""
    document = create({**NOTE, "@context": [AS, DATA_INTEGRITY_V1]}, KEY)
    assert check({**document, "@context": [AS, DATA_INTEGRITY_V1, "https://example.org/more"]})
    with pytest.raises(SignatureError, match="context"):
        check({**document, "@context": [DATA_INTEGRITY_V1, AS]})


def test_older_proofs_without_context() -> None:
    """Where the proof has no @context, none is put into it."""
    bare = {key: value for key, value in NOTE.items() if key != "@context"}
    document = create(bare, KEY)
    assert "@context" not in document["proof"]
    assert check(document)


def test_several_proofs() -> None:
    """Of several proofs those of other suites are passed over."""
    document = create(NOTE, KEY)
    others = [
        {"type": "DataIntegrityProof", "cryptosuite": "mldsa44-jcs-2024"},
        None,
        "x",
        {"type": "Other"},
        document["proof"],
    ]
    assert len(proofs_of({**document, "proof": others})) == 1
    assert check({**document, "proof": others})


@pytest.mark.parametrize(
    "change",
    [
        {"type": "x"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
        {"proofValue": None},
        {"verificationMethod": {}},
    ],
)
def test_other_proofs_are_passed_over(change: dict[str, Any]) -> None:
    """Only eddsa-jcs-2022 proofs made to assert count."""
    document = create(NOTE, KEY)
    assert proofs_of({**document, "proof": {**document["proof"], **change}}) == []


@pytest.mark.parametrize("value", ["", "z", "zz", "uabc", "z" + "1" * 64, "z" + "1" * 200, "z0OIl", "é"])
def test_malformed_values_are_refused(value: str) -> None:
    """A proof value is base58btc of 64 bytes."""
    document = create(NOTE, KEY)
    with contextlib.suppress(SignatureError):
        assert not check({**document, "proof": {**document["proof"], "proofValue": value}})


def test_times() -> None:
    """Expired proofs and proofs from the future are refused."""
    now = datetime.now(UTC)
    with pytest.raises(SignatureError, match="future"):
        check(create(NOTE, KEY, created=now + timedelta(hours=2)))
    document = create(NOTE, KEY)
    for name, value in (("expires", "2020-01-01T00:00:00Z"), ("expires", "soon"), ("created", "x")):
        with pytest.raises(SignatureError):
            check({**document, "proof": {**document["proof"], name: value}})


@pytest.mark.parametrize("value", [2**53, -(2**60), float("inf"), float("nan")])
def test_numbers_without_canonical_form_are_refused(value: float) -> None:
    """Numbers that JSON parsers read differently cannot be proven."""
    with pytest.raises(SignatureError):
        create({**NOTE, "x": value}, KEY)
    with pytest.raises(SignatureError):
        check({**create(NOTE, KEY), "x": value})


def test_only_ed25519_keys_make_proofs() -> None:
    """The suite has one kind of key."""
    with pytest.raises(SignatureError):
        create(NOTE, SigningKey("x", generate_rsa()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(st.text(max_size=10), json_values),
    st.dictionaries(st.sampled_from(["@context", "created", "expires", "proofValue", "x"]), json_values),
)
def test_no_document_crashes(document: dict[str, Any], options: dict[str, Any]) -> None:
    """Any document with any proof fails by False or SignatureError."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": "x",
        "proofValue": "z" + "1" * 64,
        **options,
    }
    for found in proofs_of({**document, "proof": proof}):
        with contextlib.suppress(SignatureError):
            assert not verify({**document, "proof": proof}, found, PUBLIC_KEY)
