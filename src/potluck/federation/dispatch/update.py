"""Update: an object was edited or its tallies changed; or a profile changed, which may be a change of keys."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.federation import drafting, fetch_jobs, group_documents
from potluck.federation.actor_documents import read_actor
from potluck.federation.dispatch import create, moderation
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Known, ObjectRef, References, Unauthorised
from potluck.federation.vocabulary import ACTOR_TYPES, get, type_of
from potluck.social import actors, objects
from potluck.social.communities import making, roles
from potluck.social.model import Actor, Community, Object
from potluck.social.registry import Unreadable

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

RECENT = timedelta(days=1)
"""An Update of an unknown object younger than this is taken as its Create (as Mastodon)."""


async def _community(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """A moderator changed a community (Lemmy). One elsewhere is what it says itself: it is read from its home."""
    ref = known.actor(inbound.object_uri)
    group = await session.get(Actor, ref.id) if ref is not None else None
    if group is None or group.type != "Group":
        raise Unauthorised(f"{inbound.actor_uri} cannot change {inbound.object_uri}")
    moderator = await moderation.check_authority(session, inbound, group)
    if not group.is_local:
        await fetch_jobs.add(session, "actor", group.uri)
        return
    document = get(inbound.activity, "object")
    if not isinstance(document, dict):
        raise Dropped(f"an Update of {group.uri} that does not say to what")
    current = await session.get_one(Community, group.id)
    await making.update(session, moderator, group, group_documents.wishes(document, group, current))


def is_profile(inbound: Inbound) -> bool:
    """Whether an actor is updated, not an object."""
    inner = get(inbound.activity, "object")
    return type_of(inner) in ACTOR_TYPES or (isinstance(inner, str) and inner == inbound.actor_uri)


def references(inbound: Inbound, wanted: References) -> None:
    """The object and what its new version names; of a profile whose it is."""
    if is_profile(inbound):
        wanted.add(actors=[inbound.object_uri])
    else:
        create.references(inbound, wanted)


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Profiles are read afresh when they came as an id, their owner is new or its own server had suspended it.

    Objects as for Create.
    """
    if inbound.prepared:
        return False
    if is_profile(inbound):
        if inbound.object_uri != inbound.actor_uri:
            return False
        ref = known.actors.get(inbound.actor_uri)
        return not inbound.trusted or not isinstance(get(inbound.activity, "object"), dict) \
            or ref is None or ref.suspended
    return create.embedded(inbound) is None and inbound.object_uri in known.objects


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch the profile or the object from its own host."""
    if is_profile(inbound):
        await federation.actor_by_uri(inbound.actor_uri, refresh=True, budget=inbound.budget)
    else:
        await create.prepare(federation, inbound)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Edit, refresh, or take it as new."""
    if is_profile(inbound):
        await _profile(session, inbound, known)
        return
    draft = create.read(inbound)
    if draft is None or draft.uri is None:
        raise Dropped(f"{inbound.object_uri} could not be fetched")
    present = known.objects.get(draft.uri)
    if present is None:
        if draft.published < now() - RECENT:
            raise Dropped(f"{draft.uri} is not here, and old")
        await create.store_many(session, [(inbound, create.admit(inbound, known))], known)
        return
    await _edit(session, inbound, known, present)


async def _edit(session: AsyncSession, inbound: Inbound, known: Known, present: ObjectRef) -> None:
    draft, author = inbound.draft, known.actor(inbound.actor_uri)
    if draft is None or present.deleted:
        raise Dropped(f"{present.uri} is deleted")
    owner = known.by_id.get(present.author_id)
    if author is None or owner is None or owner.id != author.id or draft.author_uri != owner.uri:
        raise Unauthorised(f"{present.uri} does not belong to {inbound.actor_uri}")
    if draft.kind != present.kind:
        raise Unauthorised(f"{present.uri} cannot turn from {present.type} into {draft.type}")
    if present.ruled_by is not None and await roles.is_banned(session, present.ruled_by, author.id):
        raise Dropped(f"{author.uri} is banned from the community of {present.uri}")
    drafting.settle(draft, author, known)
    await create.may_enter(session, draft, known)
    row = await session.get_one(Object, present.id)
    newer = draft.edited_at is not None and (row.edited_at is None or draft.edited_at > row.edited_at)
    if not newer and draft.edited_at is not None and row.edited_at is not None and draft.edited_at < row.edited_at:
        raise Dropped(f"{present.uri}: this version is older than the one here")
    editor = await session.get_one(Actor, author.id)
    await objects.edit(session, present.id, draft, editor, silent=not newer)
    if row.quote_state == "pending" and row.quote_authorization_uri:
        # The stamp came: it is looked at before it counts. It may come while its lack is looked at.
        await fetch_jobs.add(session, "quote", row.uri, again=True)
    if create.has_portable_signature(inbound):
        await create.forward_reply(session, inbound, draft, known)


async def _profile(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """A profile signed by its own actor; after `prepare` it was stored already."""
    if inbound.object_uri != inbound.actor_uri:
        await _community(session, inbound, known)
        return
    if inbound.prepared:
        return
    actor = await acting(session, inbound, known)
    if inbound.object_uri != actor.uri:
        raise Unauthorised(f"{actor.uri} cannot change {inbound.object_uri}")
    document = get(inbound.activity, "object")
    if not inbound.trusted or not isinstance(document, dict):
        return
    try:
        draft = read_actor(document)
    except Unreadable as error:
        raise Dropped(f"unreadable profile: {error}") from error
    if draft.name.lower() != actor.name.lower():
        raise Dropped(f"{actor.uri} has another name now; it is read afresh when it is next seen")
    draft.host = actor.host  # the handle was confirmed before and did not change
    await actors.upsert_remote(session, draft, actor.server_id)


HANDLER = Handler(apply, references, needs_fetch, prepare)
