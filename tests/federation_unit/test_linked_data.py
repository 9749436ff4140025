"""LD signatures: the recorded vector, our own, and every trick that must not pass."""

from __future__ import annotations

import contextlib
import copy
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potluck.federation import contexts, linked_data, proofs
from potluck.federation.errors import SignatureError
from potluck.federation.signatures.keys import SigningKey, generate_ed25519, generate_rsa, load_public
from potluck.federation.vocabulary import ACTOR_CONTEXT, AS, CONTEXT, PUBLIC, SECURITY_V1, first_id, public_in
from support.samples import sample

KEY = SigningKey("https://alice.example/users/alice#main-key", generate_rsa())
PUBLIC_KEY = KEY.private.public_key()
NOTE = {
    "@context": [AS, SECURITY_V1, {"Hashtag": "as:Hashtag", "sensitive": "as:sensitive"}],
    "id": "https://alice.example/1/activity",
    "type": "Create",
    "actor": "https://alice.example/users/alice",
    "to": [PUBLIC],
    "object": {
        "id": "https://alice.example/1",
        "type": "Note",
        "attributedTo": "https://alice.example/users/alice",
        "content": "<p>Hi</p>",
        "sensitive": False,
        "published": "2026-01-01T00:00:00Z",
        "tag": [{"type": "Hashtag", "name": "#a", "href": "https://alice.example/tags/a"}],
    },
}


async def signed(document: dict[str, Any], **options: Any) -> dict[str, Any]:
    return await linked_data.sign(document, KEY, **options)


def test_the_recorded_vector_verifies() -> None:
    """A Create signed by a real Mastodon server verifies with its signer's key."""
    document = sample("mastodon/create-note-ldsigned-vector.json")
    actor = sample("mastodon/person-ldsigned-vector-signer.json")
    assert linked_data.signature_creator(document) == actor["publicKey"]["id"]
    key = load_public(actor["publicKey"]["publicKeyPem"])
    assert linked_data.verify(document, key)
    compacted = linked_data.compacted(document)
    assert compacted["actor"] == actor["id"]
    assert compacted["object"]["content"] == "<p>Test</p>"
    assert public_in(compacted["to"])


@pytest.mark.parametrize(
    "path", [("object", "content"), ("object", "attributedTo"), ("actor",), ("to",), ("id",), ("type",)]
)
def test_a_changed_vector_does_not(path: tuple[str, ...]) -> None:
    """Any change of what it says breaks the signature."""
    document = sample("mastodon/create-note-ldsigned-vector.json")
    key = load_public(sample("mastodon/person-ldsigned-vector-signer.json")["publicKey"]["publicKeyPem"])
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = "https://evil.example/x"
    assert not linked_data.verify(document, key)


async def test_what_we_sign_verifies() -> None:
    """Our own signature holds, also in another order of keys, and for no other key."""
    document = await signed(NOTE)
    assert list(document)[-1] == "signature"
    assert linked_data.verify(document, PUBLIC_KEY)
    assert linked_data.verify(json.loads(json.dumps(document, sort_keys=True)), PUBLIC_KEY)
    assert not linked_data.verify(document, generate_rsa().public_key())
    assert not linked_data.verify(document, generate_ed25519().public_key())


@pytest.mark.parametrize("context", [CONTEXT, ACTOR_CONTEXT])
async def test_our_contexts_can_be_signed(context: tuple[object, ...]) -> None:
    """Documents in the contexts we write can be signed, with a proof inside, and every term survives compaction."""
    ed_key = SigningKey("https://alice.example/users/alice#ed25519-key", generate_ed25519())
    document = {**NOTE, "@context": list(context)}
    document["object"] = {
        **document["object"],
        "votersCount": 3,
        "interactionPolicy": {"canQuote": {"automaticApproval": [PUBLIC]}},
    }
    both = await signed(proofs.create(document, ed_key))
    assert linked_data.verify(both, PUBLIC_KEY)
    assert proofs.verify(both, proofs.proofs_of(both)[0], ed_key.private.public_key())
    compacted = linked_data.compacted(both)
    assert "proof" not in compacted
    assert compacted["object"]["votersCount"] == 3
    assert public_in(compacted["object"]["interactionPolicy"]["canQuote"]["automaticApproval"])
    assert compacted["object"]["tag"]["type"] == "Hashtag"


async def test_times() -> None:
    """Signatures that have expired or come from the future are refused; old ones are not."""
    now = datetime.now(UTC)
    assert linked_data.verify(await signed(NOTE, created=now - timedelta(days=400)), PUBLIC_KEY)
    assert linked_data.verify(await signed(NOTE, expires=now + timedelta(days=2)), PUBLIC_KEY)
    for options in ({"created": now + timedelta(hours=2)}, {"expires": now - timedelta(hours=1)}):
        with pytest.raises(SignatureError):
            linked_data.verify(await signed(NOTE, **options), PUBLIC_KEY)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "x",
        [],
        {},
        {"type": "RsaSignature2017"},
        {"type": "Ed25519Signature2018", "creator": "x", "created": "x", "signatureValue": "x"},
        {
            "type": "RsaSignature2017",
            "creator": ["x"],
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "YQ==",
        },
        {"type": "RsaSignature2017", "creator": "x", "created": "never", "signatureValue": "YQ=="},
        {
            "type": "RsaSignature2017",
            "creator": "x",
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "%",
        },
        {
            "type": "RsaSignature2017",
            "creator": "x",
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "YQ==",
            "x": {"@graph": []},
        },
        {
            "type": "RsaSignature2017",
            "creator": "x",
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "YQ==",
            "expires": "x",
        },
    ],
)
def test_malformed_signatures_are_refused(signature: Any) -> None:
    """What is no proper RsaSignature2017 is a clear error."""
    with pytest.raises(SignatureError):
        linked_data.verify({**NOTE, "signature": signature}, PUBLIC_KEY)


TRICKS: list[Any] = [
    {"@graph": [{"id": "https://alice.example/2"}]},
    {"@included": [{"id": "https://alice.example/2"}]},
    {"@reverse": {"object": {"id": "https://alice.example/2"}}},
    {"@nest": {"type": "Delete"}},
    {"@index": "x"},
    {"object": {**NOTE["object"], "@context": AS}},  # type: ignore[dict-item]
    {"object": {**NOTE["object"], "@context": {"content": "as:summary"}}},  # type: ignore[dict-item]
    {"object": {"tag": [{"@reverse": {}}]}},
    {"proof": {"@context": "https://evil.example/context"}},
    {"proof": {"x": {"@context": AS}}},
    {"proof": "x"},
]


@pytest.mark.parametrize("trick", TRICKS)
async def test_tricks_in_the_document_are_refused(trick: dict[str, Any]) -> None:
    """Keywords that restructure a document, and nested contexts, are refused whatever the signature says."""
    document = {**(await signed(NOTE)), **trick}
    for read in (
        lambda: linked_data.verify(document, PUBLIC_KEY),
        lambda: linked_data.compacted(document | {"signature": None}),
    ):
        if "proof" in trick and "proof" in document:
            with pytest.raises(SignatureError):
                linked_data.verify(document, PUBLIC_KEY)
            break
        with pytest.raises(SignatureError):
            read()


@pytest.mark.parametrize(
    "terms",
    [
        {"actor": {"@id": "as:object", "@type": "@id"}},
        {"actor": None},
        {"actor": "as:actor"},
        {"as": "https://evil.example/#"},
        {"object": {"@id": "as:object", "@type": "@id", "@container": "@graph"}},
        {"type": "@id"},
        {"id": "@type"},
        {"foo": "@graph"},
        {"foo": "@reverse"},
        {"foo": "@included"},
        {"foo": "@type"},
        {"foo": {"@reverse": "as:object"}},
        {"foo": {"@id": "as:content", "@context": {"actor": "as:object"}}},
        {"@vocab": "https://evil.example/"},
        {"@base": "https://evil.example/"},
        {"@import": AS},
        {"@propagate": False},
        {"@version": 1.1},
        {"@protected": True},
        {"https://www.w3.org/ns/activitystreams#actor": "as:object"},
        {"as:actor": "as:object"},
        {"foo": {"@type": "@id"}},
        {"foo": {"@id": "as:x", "@container": "@index"}},
        {"foo": {"@id": "as:x", "@container": ["@set"]}},
        {"foo": 5},
        {"foo": {"@id": "as:x", "@type": "@json"}},
        {"foo": {"@id": "as:x", "@nest": "y"}},
        {"xsd": "https://evil.example/#"},
        {f"t{number}": "as:x" for number in range(400)},
        {"id": {"@id": "@id", "@container": "@set"}},
    ],
)
def test_tricks_in_the_context_are_refused(terms: dict[str, Any]) -> None:
    """Terms of ActivityStreams cannot be redefined, keywords not renamed, nothing rare defined."""
    document = {
        **NOTE,
        "@context": [AS, terms],
        "signature": {
            "type": "RsaSignature2017",
            "creator": "x",
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "YQ==",
        },
    }
    with pytest.raises(SignatureError, match="context"):
        linked_data.verify(document, PUBLIC_KEY)
    with pytest.raises(SignatureError, match="context"):
        linked_data.compacted(document)


@pytest.mark.parametrize(
    "context",
    [
        None,
        [],
        SECURITY_V1,
        "https://evil.example/context",
        [AS, "https://evil.example/context"],
        [AS, 5],
        [AS, [AS]],
        [AS] * 11,
        {"as": "x"},
        [AS, None, "file:///etc/passwd"],
    ],
)
def test_other_contexts_are_refused(context: Any) -> None:
    """Only known contexts are read; nothing is ever fetched."""
    with pytest.raises(SignatureError):
        linked_data.compacted({**NOTE, "@context": context})


def test_an_alias_shows_after_compaction() -> None:
    """A second name for a property cannot hide a second value: both stand in the compacted form."""
    context = [AS, {"helper": {"@id": "as:actor", "@type": "@id"}}]
    found = linked_data.compacted({**NOTE, "@context": context, "helper": "https://eve.example/users/eve"})
    assert set(found["actor"]) == {"https://alice.example/users/alice", "https://eve.example/users/eve"}


def test_full_iris_show_after_compaction() -> None:
    """A property written as a full iri is read as what it is."""
    document = {key: value for key, value in NOTE.items() if key != "actor"}
    document["https://www.w3.org/ns/activitystreams#actor"] = {"@id": "https://eve.example/users/eve"}
    assert first_id(linked_data.compacted(document)["actor"]) == "https://eve.example/users/eve"


def poison(number: int) -> dict[str, Any]:
    """A graph of unnamed nodes that all look alike."""
    nodes = [{"id": f"_:b{a}", "to": [f"_:b{b}" for b in range(number) if b != a]} for a in range(number)]
    return {**NOTE, "tag": nodes}


@pytest.mark.parametrize(
    "document",
    [
        poison(7),
        poison(12),
        {**NOTE, "tag": [{"type": "Note", "tag": [{"type": "Note"}] * 9}] * 9},
        {**NOTE, "tag": [{"name": str(number)} for number in range(4000)]},
        {**NOTE, "object": json.loads('{"object":' * 30 + "{}" + "}" * 30)},
    ],
)
def test_poison_graphs_end_soon(document: dict[str, Any]) -> None:
    """Graphs made to keep canonicalisation busy are refused within a second."""
    started = time.process_time()
    document = {
        **document,
        "signature": {
            "type": "RsaSignature2017",
            "creator": "x",
            "created": "2026-01-01T00:00:00Z",
            "signatureValue": "YQ==",
        },
    }
    with contextlib.suppress(SignatureError):
        assert not linked_data.verify(document, PUBLIC_KEY)
    assert time.process_time() - started < 1.5


async def test_a_poll_with_equal_options_is_no_poison() -> None:
    """Twenty options without votes have twenty equal unnamed nodes, and still verify."""
    options = [
        {"type": "Note", "name": str(number), "replies": {"type": "Collection", "totalItems": 0}}
        for number in range(20)
    ]
    assert linked_data.verify(
        await signed({**NOTE, "object": {"type": "Question", "oneOf": options}}), PUBLIC_KEY
    )


@pytest.mark.parametrize(
    "url",
    ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1", "https://www.w3.org/ns/did/v1"],
)
def test_our_contexts_are_the_published_ones(url: str) -> None:
    """Terms mean what the published context says, as far as the library brings that along."""
    published = json.loads(Path(pyld.BUNDLED_CONTEXTS[url]).read_text(encoding="utf-8"))
    assert contexts.load(url)["@context"] == published["@context"]


def test_every_context_file_can_be_read() -> None:
    """Each known address has its file, and it is a context."""
    for url in contexts._FILES:
        assert contexts.is_known(url)
        assert "@context" in contexts.load(url)
        linked_data.compacted(
            {**NOTE, "@context": [AS, url]} if url not in {AS, AS.replace("https", "http")} else NOTE
        )
    assert contexts.is_known("https://pleroma.example/schemas/litepub-0.1.jsonld")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8)
            | st.sampled_from(
                [
                    "@id",
                    "@type",
                    "@value",
                    "@list",
                    "@set",
                    "@language",
                    "type",
                    "id",
                    "tag",
                    "object",
                    "contentMap",
                    "to",
                    "published",
                    "orderedItems",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=10)
        | st.sampled_from(["@context", "id", "type", "object", "tag", "contentMap", "@type"]),
        json_values,
        max_size=5,
    ),
    json_values,
)
def test_no_document_crashes(document: dict[str, Any], context: Any) -> None:
    """Any JSON either compacts or raises SignatureError, and never verifies."""
    signature = {
        "type": "RsaSignature2017",
        "creator": "x",
        "created": "2026-01-01T00:00:00Z",
        "signatureValue": "YQ==",
    }
    whole = {
        **document,
        "@context": [AS, context] if isinstance(context, dict | str) else AS,
        "signature": signature,
    }
    before = copy.deepcopy(whole)
    with contextlib.suppress(SignatureError):
        assert not linked_data.verify(whole, PUBLIC_KEY)
        linked_data.compacted(whole)
    assert whole == before
