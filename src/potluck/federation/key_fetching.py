"""Fetches keys and checks what was signed with them: the link between key and owner must hold both ways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from potluck.federation.documents import ACCEPT, is_activity_type
from potluck.federation.errors import InvalidAnswer, SignatureError, WrongContentType
from potluck.federation.inbound import Budget, Unauthorised
from potluck.federation.key_ring import KnownKey
from potluck.federation.linked_data import verify as verify_linked_data
from potluck.federation.proofs import verify_proof
from potluck.federation.strictjson import MAX_BYTES
from potluck.federation.urls import same_host, without_fragment
from potluck.federation.vocabulary import ACTOR_TYPES, Document, first_id, get, type_of

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


class KeyFetcher:
    """Finds keys on other servers."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation

    async def fetch(self, key_id: str) -> KnownKey | None:
        """The key with this id, and its owner, fetched anew (protocol §2.1).

        The document is the actor, a stub of it (GoToSocial), or the key alone; then the owner is fetched and must
        list the key.

        Raises:
            FederationError: it cannot be had, or key and owner do not belong together.
        """
        url = without_fragment(key_id)
        document = await self._document(url)
        owner = _owner(document)
        if owner is None or not same_host(owner, key_id):
            raise InvalidAnswer(key_id, f"the key's owner {owner!r} is not on the key's host")
        if owner == document.get("id") and type_of(document) in ACTOR_TYPES and owner == url:
            await self._federation.store_actor(document)
        else:
            await self._federation.actor_by_uri(owner, refresh=True)
        self._federation.keys.forget(key_id)
        found = await self._federation.keys.find(key_id)
        if found is not None and found.actor_uri != owner:
            raise Unauthorised(f"the key {key_id} is not that of {owner}")
        return found

    async def _document(self, url: str) -> Document:
        """What is served where the key is. A stub is about the actor, not about its own address."""
        signer = await self._federation.signer()
        response = await signer.get(self._federation.client, url, accept=ACCEPT, max_bytes=MAX_BYTES)
        response.raise_for_status()
        if not is_activity_type(response.content_type):
            raise WrongContentType(url, f"content type {response.content_type[:100]!r}")
        return response.json()

    async def proof_holds(self, document: Document, owner_uri: str, budget: Budget | None) -> bool:
        """Whether one of a document's proofs is by its owner (FEP-8b32)."""
        for proof in _proofs(document):
            method = first_id(get(proof, "verificationMethod"))
            key = await self._key(method, owner_uri, budget)
            if key is not None and verify_proof(document, proof, key.key):
                return True
        return False

    async def linked_data_signature_holds(
        self, document: Document, owner_uri: str, budget: Budget | None
    ) -> bool:
        """Whether a document's LD signature is by its owner. In a thread: RDF is slow to canonicalise."""
        key = await self._key(first_id(get(get(document, "signature"), "creator")), owner_uri, budget)
        if key is None:
            return False
        try:
            return await asyncio.to_thread(verify_linked_data, document, key.key)
        except SignatureError:
            return False

    async def _key(self, key_id: str | None, owner_uri: str, budget: Budget | None) -> KnownKey | None:
        """The owner's key with this id; fetched at most once for a document."""
        if key_id is None or not same_host(key_id, owner_uri):
            return None
        found = await self._federation.keys.find(key_id)
        if found is None:
            if budget is not None:
                budget.spend()
            found = await self._federation.public_key(key_id)
        return found if found is not None and found.actor_uri == owner_uri and not found.suspended else None


def _owner(document: Document) -> str | None:
    if type_of(document) in ACTOR_TYPES:
        return first_id(document)
    return first_id(get(document, "owner")) or first_id(get(document, "controller"))


def _proofs(document: Document) -> list[Document]:
    found = get(document, "proof")
    entries = found if isinstance(found, list) else [found]
    return [entry for entry in entries[:5] if isinstance(entry, dict)]
