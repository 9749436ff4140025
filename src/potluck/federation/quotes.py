"""Quotes and their stamps (FEP-044f): who may quote, what a stamp says, when one must be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.errors import FederationError
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social.addresses import object_uri
from potluck.social.model import Actor, Block, Follow, Object
from potluck.social.visibility import OPEN


class InvalidStamp(FederationError):
    """A quote authorisation that does not hold; the text says which check failed."""


def stamp_uri(quoted: Object, quoting: Object) -> str:
    """Id of our permission for `quoting` to quote the local object `quoted`."""
    return f"{object_uri(quoted.id)}/quotes/{quoting.id}"


def stamp(quoted: Object, quoting: Object, author: Actor) -> dict[str, Any]:
    """The document of such a permission, without @context."""
    return {"id": stamp_uri(quoted, quoting), "type": "QuoteAuthorization", "attributedTo": author.uri,
            "interactingObject": quoting.uri, "interactionTarget": quoted.uri}


def asks_for_stamp(quoting: Object, quoted: Object) -> bool:
    """Whether a local post must ask for permission: the quoted one is another's, elsewhere, under a policy."""
    return (not quoted.local and quoted.author_id != quoting.author_id
            and quoting.quote_authorization_uri is None and needs_stamp(quoted.interaction_policy))


def needs_stamp(policy: Mapping[str, Any] | None) -> bool:
    """Whether the quoted author's system hands out stamps at all (it publishes a `canQuote`)."""
    return isinstance(get(policy or {}, "canQuote"), Mapping)


async def may_quote(session: AsyncSession, quoted: Object, quoter: Actor) -> bool:
    """Whether the policy of a local object lets someone quote it at once."""
    if quoted.author_id == quoter.id:
        return True
    if quoted.deleted_at is not None or quoted.visibility not in OPEN or quoted.quote_policy == "nobody":
        return False
    blocked = await session.scalar(select(Block.id).where(
        Block.blocker_id == quoted.author_id, Block.blocked_id == quoter.id))
    if blocked is not None:
        return False
    if quoted.quote_policy != "followers":
        return True
    follows = await session.scalar(select(Follow.id).where(
        Follow.follower_id == quoter.id, Follow.followed_id == quoted.author_id, Follow.state == "accepted"))
    return follows is not None


def check_stamp(document: Document, *, uri: str, quoting: str, quoted: str, author: str) -> None:
    """Check a stamp fetched from `uri` against both ends (CVE-2026-33869).

    Raises:
        InvalidStamp: any of them differs.
    """
    checks = {
        "id": document.get("id") == uri,
        "type": type_of(document) == "QuoteAuthorization",
        "attributedTo": first_id(get(document, "attributedTo")) == author,
        "host": same_host(uri, author),
        "interactingObject": first_id(get(document, "interactingObject")) == quoting,
        "interactionTarget": first_id(get(document, "interactionTarget")) == quoted,
    }
    wrong = [name for name, holds in checks.items() if not holds]
    if wrong:
        raise InvalidStamp(f"stamp {uri}: {', '.join(wrong)} does not fit")
