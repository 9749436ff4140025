"""Actors and their collections as ActivityPub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities, follower_sync, groups
from potluck.federation.actor_documents import stub, write_actor
from potluck.federation.endpoints import collections, group_collections, negotiate
from potluck.federation.endpoints.collections import is_page, number, overview, page
from potluck.federation.endpoints.negotiate import Answer, AnyRequest, Asker, federation_of
from potluck.federation.errors import Forbidden
from potluck.federation.outbound import document_of
from potluck.handlers import get
from potluck.social import addresses, follows, timelines, views
from potluck.social.model import Actor, ActorKey
from potluck.social.paging import Page

OUTBOX_PAGE = 20
PEOPLE_PAGE = 50


async def local_actor(session: AsyncSession, name: str) -> Actor | None:
    """The local actor with this name, gone ones included."""
    found: Actor | None = await session.scalar(select(Actor).where(Actor.handle == name.lower(), Actor.host == ""))
    return found


async def keys_of(session: AsyncSession, actor: Actor) -> Sequence[ActorKey]:
    """Public keys of an actor."""
    return (await session.scalars(select(ActorKey).where(ActorKey.actor_id == actor.id).order_by(ActorKey.id))).all()


async def _admitted(request: AnyRequest, session: AsyncSession, name: str) -> tuple[Asker, Actor | Answer]:
    """Who asks, and the actor asked for; or the answer, when there is nothing to show."""
    try:
        who = await negotiate.asker(request)
    except Forbidden as refusal:
        return Asker(), negotiate.refused(refusal)
    actor = await local_actor(session, name)
    if actor is None or actor.type == "Application" or groups.is_local_only(actor):
        return who, negotiate.missing()
    if actor.deleted_at is not None:
        return who, negotiate.gone(actor.uri, actor.type)
    if actor.suspended_at is not None:
        return who, negotiate.error(403, "This account is suspended")
    return who, actor


@get("/users/{name:str}")
async def show_actor(request: AnyRequest, name: str) -> Answer:
    """The actor's document; in secure mode an unsigned request gets its keys and addresses only."""
    if negotiate.wants_page(request):
        return negotiate.to_page(addresses.profile_url(name))
    async with federation_of(request).db.read() as session:
        who, found = await _admitted(request, session, name)
        if not isinstance(found, Actor):
            return found
        keys = await keys_of(session, found)
    document = stub(found, keys) if negotiate.demands_signature(request, who) else write_actor(found, keys)
    return negotiate.activity(document, who=who, actor=True)


@get("/actor")
async def show_instance_actor(request: AnyRequest) -> Answer:
    """The actor of the server: open to all, as others verify our requests with it (protocol §2.2)."""
    return await instance_document(request)


async def instance_document(request: AnyRequest) -> Answer:
    """The instance actor's document; Lemmy looks for it at the root of the origin, too."""
    async with federation_of(request).db.read() as session:
        actor = await session.scalar(select(Actor).where(Actor.uri == addresses.instance_actor_uri()))
        if actor is None:
            return negotiate.missing()
        keys = await keys_of(session, actor)
    return negotiate.activity(write_actor(actor, keys), actor=True)


@get("/actor/outbox", "/actor/followers", "/actor/following", "/actor/featured")
async def instance_collections(request: AnyRequest) -> Answer:
    """The instance actor says nothing and follows nobody anyone should know of."""
    uri = f"{addresses.instance_actor_uri()}/{request.url.path.rsplit('/', 1)[-1]}"
    return negotiate.activity(collections.inline(uri, []))


@get("/users/{name:str}/outbox")
async def show_outbox(request: AnyRequest, name: str) -> Answer:
    """What an actor said and boosted, newest first, as far as the asker may see it."""
    async with federation_of(request).db.read() as session:
        who, actor = await _admitted(request, session, name)
        if not isinstance(actor, Actor):
            return actor
        if negotiate.demands_signature(request, who):
            return negotiate.unsigned()
        if actor.type == "Group":
            return await group_collections.outbox(session, who, actor)
        uri = actor.outbox or f"{actor.uri}/outbox"
        if not is_page(request):
            return negotiate.activity(
                overview(uri, actor.posts_count, last=f"{uri}?page=true&min_id=0"), who=who)
        wanted = Page(max_id=number(request, "max_id"), min_id=number(request, "min_id"), limit=OUTBOX_PAGE)
        refs = await timelines.profile(session, actor.id, who.id, wanted, viewer_is_local=False)
        entries = await views.load_entries(session, refs, who.id, viewer_is_local=False)
        items = [_entry(entry, actor) for entry in entries]
    older = f"page=true&max_id={refs[-1].position}" if len(refs) == OUTBOX_PAGE else None
    newer = f"page=true&min_id={refs[0].position}" if refs else None
    query = request.url.query or "page=true"
    return negotiate.activity(page(uri, query, items, next_query=older, prev_query=newer), who=who)


def _entry(entry: views.EntryView, actor: Actor) -> dict[str, Any]:
    if entry.announce is not None:
        return activities.announce(entry.announce, actor, entry.object.object, entry.object.author)
    return activities.create(document_of(entry.object), actor)


@get("/users/{name:str}/followers")
async def show_followers(request: AnyRequest, name: str) -> Answer:
    """Who follows an actor."""
    return await _people(request, name, "followers")


@get("/users/{name:str}/following")
async def show_following(request: AnyRequest, name: str) -> Answer:
    """Whom an actor follows."""
    return await _people(request, name, "following")


async def _people(request: AnyRequest, name: str, which: str) -> Answer:
    async with federation_of(request).db.read() as session:
        who, actor = await _admitted(request, session, name)
        if not isinstance(actor, Actor):
            return actor
        if negotiate.demands_signature(request, who):
            return negotiate.unsigned()
        if actor.type == "Group" and which == "followers":
            person = request.query_params.get("is_follower")
            return await group_collections.membership(session, who, actor, person) if person \
                else group_collections.followers(who, actor)
        uri = f"{actor.uri}/{which}"
        if not is_page(request):
            total = actor.followers_count if which == "followers" else actor.following_count
            return negotiate.activity(overview(uri, total, hidden=actor.hide_collections), who=who)
        if actor.hide_collections:
            return negotiate.missing()
        read = follows.followers if which == "followers" else follows.following
        rows = await read(session, actor.id, Page(max_id=number(request, "before"), limit=PEOPLE_PAGE))
    following_page = f"page=true&before={rows[-1][0]}" if len(rows) == PEOPLE_PAGE else None
    query = request.url.query or "page=true"
    return negotiate.activity(page(uri, query, [row.uri for _, row in rows], next_query=following_page), who=who)


@get("/users/{name:str}/featured")
async def show_featured(request: AnyRequest, name: str) -> Answer:
    """The pinned posts, newest pin first."""
    async with federation_of(request).db.read() as session:
        who, actor = await _admitted(request, session, name)
        if not isinstance(actor, Actor):
            return actor
        if negotiate.demands_signature(request, who):
            return negotiate.unsigned()
        if actor.type == "Group":
            return await group_collections.featured(session, who, actor)
        refs = await timelines.profile(session, actor.id, who.id, Page(), pinned=True, viewer_is_local=False)
        entries = await views.load_entries(session, refs, who.id, viewer_is_local=False)
        items = [document_of(entry.object) for entry in entries]
    return negotiate.activity(collections.inline(actor.featured_uri or f"{actor.uri}/featured", items), who=who)


@get("/users/{name:str}/moderators")
async def show_moderators(request: AnyRequest, name: str) -> Answer:
    """Who looks after a community."""
    async with federation_of(request).db.read() as session:
        who, actor = await _admitted(request, session, name)
        if not isinstance(actor, Actor):
            return actor
        if actor.type != "Group":
            return negotiate.missing()
        return await group_collections.moderators(session, who, actor)


@get("/users/{name:str}/followers_synchronization")
async def show_followers_of_asker(request: AnyRequest, name: str) -> Answer:
    """The followers that live where the signer does, for them only (FEP-8fcf)."""
    async with federation_of(request).db.read() as session:
        who, actor = await _admitted(request, session, name)
        if not isinstance(actor, Actor):
            return actor
        if who.signatory is None:
            return negotiate.unsigned()
        items = await follower_sync.slice_for(session, actor, who.signatory.actor_uri)
    return negotiate.activity(collections.inline(f"{actor.uri}/followers_synchronization", items), who=who)


route_handlers = [
    show_actor, show_instance_actor, instance_collections, show_outbox, show_followers, show_following,
    show_featured, show_followers_of_asker, show_moderators,
]
