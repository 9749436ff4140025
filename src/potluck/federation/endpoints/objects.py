"""Objects, what belongs to them, and activities as ActivityPub. What may not be seen is not there (404)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities, dialects, group_activities, quotes
from potluck.federation.endpoints import group_collections, negotiate
from potluck.federation.endpoints.collections import is_page, number, page
from potluck.federation.endpoints.negotiate import Answer, AnyRequest, Asker, federation_of
from potluck.federation.outbound import document_of
from potluck.handlers import get
from potluck.social import addresses, views
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.model import Actor, Announce, Follow, Object, Reaction, Tombstone
from potluck.social.visibility import OPEN, visible_to

REPLIES_PAGE = 50
CONTEXT_PAGE = 60


async def _admitted(
    request: AnyRequest, session: AsyncSession, object_id: int, *, local: bool = True
) -> tuple[Asker, views.ObjectView | Answer]:
    """Who asks, and the object asked for; or the answer, when there is nothing to show."""
    who = await negotiate.welcome(request)
    if not isinstance(who, Asker):
        return Asker(), who
    found = await views.load_objects(session, [object_id], who.id, viewer_is_local=False, with_marks=False)
    if not found and who.signed:
        member = await group_activities.member_beside(session, who.id, await session.scalar(
            select(Object.group_id).where(Object.id == object_id)))
        if member is not None:
            found = await views.load_objects(session, [object_id], member, viewer_is_local=False, with_marks=False)
    view = found.get(object_id)
    if view is not None and (view.object.local or not local):
        return who, view
    return who, await _absent(session, object_id)


async def _absent(session: AsyncSession, object_id: int) -> Answer:
    """410 for what was open to all and is deleted; 404 for what never was, or may not be seen."""
    row = await session.get(Object, object_id)
    if row is not None and row.local and row.visibility in OPEN and (
            row.deleted_at is not None or row.state == WITHDRAWN):
        return negotiate.gone(row.uri, row.type)
    tombstone = await session.get(Tombstone, addresses.object_uri(object_id)) if row is None else None
    if tombstone is not None and tombstone.local:
        return negotiate.gone(tombstone.uri, tombstone.former_type)
    return negotiate.missing()


@get("/objects/{object_id:int}")
async def show_object(request: AnyRequest, object_id: int) -> Answer:
    """An object's document."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id)
        receiver = await dialects.receiver_of(session, who.id)
    if not isinstance(view, views.ObjectView):
        return view
    if negotiate.wants_page(request):
        return negotiate.to_page(view.object.url or addresses.object_url(view.author.name, object_id))
    return negotiate.activity(dialects.document_for(view, receiver), who=who)


@get("/objects/{object_id:int}/activity")
async def show_create(request: AnyRequest, object_id: int) -> Answer:
    """The Create of an object."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id)
    if not isinstance(view, views.ObjectView):
        return view
    return negotiate.activity(activities.create(document_of(view), view.author), who=who)


@get("/objects/{object_id:int}/replies")
async def show_replies(request: AnyRequest, object_id: int) -> Answer:
    """Ids of the direct replies the asker may see, oldest first."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id)
        if not isinstance(view, views.ObjectView):
            return view
        uri = f"{view.object.uri}/replies"
        if not is_page(request):
            document = {"id": uri, "type": "Collection", "totalItems": view.object.replies_count,
                        "first": f"{uri}?page=true"}
            return negotiate.activity(document, who=who)
        found = await _uris(session, Object.in_reply_to_id == object_id, who, number(request, "after"), REPLIES_PAGE)
    return negotiate.activity(_uri_page(request, uri, found, REPLIES_PAGE, ordered=False), who=who)


@get("/objects/{object_id:int}/context")
async def show_context(request: AnyRequest, object_id: int) -> Answer:
    """Ids of everything in the conversation that began with an object (FEP-7888)."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id, local=False)
        if not isinstance(view, views.ObjectView):
            return view
        root = view.object.thread_root_id or view.object.id
        uri = f"{addresses.object_uri(object_id)}/context"
        if not is_page(request):
            document = {"id": uri, "type": "OrderedCollection", "attributedTo": view.author.uri,
                        "first": f"{uri}?page=true"}
            return negotiate.activity(document, who=who)
        found = await _uris(session, Object.thread_root_id == root, who, number(request, "after"), CONTEXT_PAGE)
    return negotiate.activity(_uri_page(request, uri, found, CONTEXT_PAGE, ordered=True), who=who)


async def _uris(
    session: AsyncSession, condition: Any, who: Asker, after: int | None, limit: int
) -> list[tuple[int, str]]:
    query = select(Object.id, Object.uri).where(
        condition, Object.id > (after or 0), visible_to(who.id, viewer_is_local=False))
    rows = await session.execute(query.order_by(Object.id).limit(limit))
    return [(row.id, row.uri) for row in rows.all()]


def _uri_page(
    request: AnyRequest, uri: str, found: list[tuple[int, str]], limit: int, *, ordered: bool
) -> dict[str, Any]:
    more = f"page=true&after={found[-1][0]}" if len(found) == limit else None
    return page(uri, request.url.query or "page=true", [item for _, item in found], next_query=more, ordered=ordered)


@get("/objects/{object_id:int}/likes", "/objects/{object_id:int}/shares")
async def show_count(request: AnyRequest, object_id: int) -> Answer:
    """How many liked or boosted an object; not who."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id)
    if not isinstance(view, views.ObjectView):
        return view
    which = request.url.path.rsplit("/", 1)[-1]
    total = view.object.likes_count if which == "likes" else view.object.boosts_count
    return negotiate.activity({"id": f"{view.object.uri}/{which}", "type": "Collection", "totalItems": total}, who=who)


@get("/objects/{object_id:int}/quotes/{quoting_id:int}")
async def show_stamp(request: AnyRequest, object_id: int, quoting_id: int) -> Answer:
    """Our permission for a post to quote an object, as long as it stands (FEP-044f)."""
    async with federation_of(request).db.read() as session:
        who, view = await _admitted(request, session, object_id)
        if not isinstance(view, views.ObjectView):
            return view
        quoting = await session.get(Object, quoting_id)
    if (quoting is None or quoting.quote_id != object_id or quoting.quote_state != "accepted"
            or quoting.quote_authorization_uri != quotes.stamp_uri(view.object, quoting)):
        return negotiate.missing()
    return negotiate.activity(quotes.stamp(view.object, quoting, view.author), who=who)


@get("/activities/{activity_id:int}")
async def show_activity(request: AnyRequest, activity_id: int) -> Answer:
    """A boost, like or follow by its id (Lotide looks up what is undone or accepted), or what a community said."""
    who = await negotiate.welcome(request)
    if not isinstance(who, Asker):
        return who
    uri = addresses.activity_uri(activity_id)
    async with federation_of(request).db.read() as session:
        document = await _announce(session, uri, who) or await _reaction(session, uri, who) \
            or await _follow(session, activity_id) or await group_activities.find(session, activity_id, who)
    return negotiate.activity(document, who=who) if document else negotiate.missing()


@get("/activities/announce/{object_id:int}")
async def show_announce(request: AnyRequest, object_id: int) -> Answer:
    """A community's Announce of a post, as it stands in its outbox."""
    who = await negotiate.welcome(request)
    if not isinstance(who, Asker):
        return who
    async with federation_of(request).db.read() as session:
        return await group_collections.announced(session, who, object_id)


async def _announce(session: AsyncSession, uri: str, who: Asker) -> dict[str, Any] | None:
    row = await session.scalar(select(Announce).where(Announce.uri == uri, Announce.visibility.in_(OPEN)))
    return activities.announce(row, *await _about(session, row.actor_id, row.object_id)) \
        if row and await _is_visible(session, row.object_id, who) else None


async def _reaction(session: AsyncSession, uri: str, who: Asker) -> dict[str, Any] | None:
    row = await session.scalar(select(Reaction).where(Reaction.uri == uri))
    if row is None or not await _is_visible(session, row.object_id, who):
        return None
    actor, target, _ = await _about(session, row.actor_id, row.object_id)
    return activities.reaction(row, actor, target)


async def _is_visible(session: AsyncSession, object_id: int, who: Asker) -> bool:
    return await session.scalar(select(Object.id).where(
        Object.id == object_id, visible_to(who.id, viewer_is_local=False))) is not None


async def _about(session: AsyncSession, actor_id: int, object_id: int) -> tuple[Actor, Object, Actor]:
    target = await session.get_one(Object, object_id)
    return await session.get_one(Actor, actor_id), target, await session.get_one(Actor, target.author_id)


async def _follow(session: AsyncSession, follow_id: int) -> dict[str, Any] | None:
    row = await session.get(Follow, follow_id)
    if row is None:
        return None
    follower, followed = await session.get_one(Actor, row.follower_id), await session.get_one(Actor, row.followed_id)
    if not follower.is_local or follower.hide_collections or follower.deleted_at is not None:
        return None
    return activities.follow(row, follower, followed)


route_handlers = [
    show_object, show_create, show_replies, show_context, show_count, show_stamp, show_activity, show_announce,
]
