"""Fetches keys and checks what was signed with them: the link between key and owner must hold both ways."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from potluck.federation import linked_data, proofs
from potluck.federation.documents import ACCEPT, is_activity_type
from potluck.federation.errors import InvalidAnswer, WrongContentType
from potluck.federation.inbound import Budget, Unauthorised
from potluck.federation.key_ring import KnownKey
from potluck.federation.strictjson import MAX_BYTES
from potluck.federation.urls import request_url, same_host, without_fragment
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
        document, served_at = await self._document(url)
        owner = _owner(document)
        if owner is None or not same_host(owner, key_id):
            raise InvalidAnswer(key_id, f"the key's owner {owner!r} is not on the key's host")
        # Behind a redirect somebody else may be speaking: then the owner is asked at its own address.
        if owner == document.get("id") == url and type_of(document) in ACTOR_TYPES and served_at == request_url(url):
            await self._federation.store_actor(document)
        else:
            await self._federation.actor_by_uri(owner, refresh=True)
        self._federation.keys.forget(key_id)
        found = await self._federation.keys.find(key_id)
        if found is not None and found.actor_uri != owner:
            raise Unauthorised(f"the key {key_id} is not that of {owner}")
        return found

    async def _document(self, url: str) -> tuple[Document, str]:
        """What is served where the key is, and where it came from. A stub is about the actor, not its own address."""
        signer = await self._federation.signer()
        response = await signer.get(self._federation.client, url, accept=ACCEPT, max_bytes=MAX_BYTES)
        response.raise_for_status()
        if not is_activity_type(response.content_type):
            raise WrongContentType(url, f"content type {response.content_type[:100]!r}")
        return response.json(), response.url

    async def proof_holds(self, document: Document, owner_uri: str, budget: Budget | None) -> bool:
        """Whether one of a document's proofs is by its owner (FEP-8b32).

        Raises:
            SignatureError: a proof is malformed or out of its time.
        """
        for proof in proofs.proofs_of(document):
            key = await self._key(str(proof["verificationMethod"]), owner_uri, budget)
            if key is not None and proofs.verify(document, proof, key.key):
                return True
        return False

    async def linked_data_signed(self, document: Document, owner_uri: str, budget: Budget | None) -> Document | None:
        """A document with an LD signature by its owner, in our own terms; None when it has none that holds.

        In a thread: RDF is slow to canonicalise.

        Raises:
            SignatureError: malformed, expired or refused.
        """
        key = await self._key(linked_data.signature_creator(document), owner_uri, budget)
        if key is None or not await asyncio.to_thread(linked_data.verify, document, key.key):
            return None
        return await asyncio.to_thread(linked_data.compacted, document)

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
