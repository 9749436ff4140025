"""Turns what local people do into activities on their way, in the transaction of the act.

Subscribes to `potluck.social.events`; an event about a remote actor's own act is none of our business here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities, dialects, fetch_jobs, group_activities, groups, reporting
from potluck.federation.actor_documents import write_actor
from potluck.federation.dialects import Rendered
from potluck.federation.model import Outgoing
from potluck.federation.outgoing import Audience, send, send_rendered
from potluck.federation.quotes import asks_for_stamp, stamp_uri
from potluck.federation.vocabulary import PUBLIC
from potluck.social import actors, events, policies, views
from potluck.social.addresses import activity_uri
from potluck.social.model import Actor, ActorKey, Announce, Follow, Mention, Object, Reaction

_REACHED_MOST = 2000


def install() -> None:
    """Subscribe to every event that has consequences on the wire. Calling it again has no effect."""
    for kind, handler in (
        (events.ObjectsPublished, objects_published), (events.ObjectEdited, object_edited),
        (events.ObjectDeleted, object_deleted), (events.ObjectPutBack, object_put_back),
        (events.ReactionAdded, reaction_added),
        (events.ReactionRemoved, reaction_removed), (events.Announced, announced),
        (events.AnnounceRemoved, announce_removed), (events.FollowRequested, follow_requested),
        (events.FollowAccepted, follow_accepted), (events.FollowRejected, follow_rejected),
        (events.Unfollowed, unfollowed), (events.Blocked, blocked), (events.Unblocked, unblocked),
        (events.PinsChanged, pins_changed), (events.ProfileChanged, profile_changed),
        (events.ActorMoved, actor_moved), (events.ActorDeleted, actor_deleted), (events.PollVoted, poll_voted),
        (events.CommunityActed, community_acted),
        (events.Reported, reported), (events.ReportResolved, reporting.resolved),
        (events.QuoteDecided, quote_decided), (events.ThreadWanted, thread_wanted),
        (events.CountsWanted, counts_wanted),
        (events.ReplyApproved, reply_approved), (events.BoostApproved, boost_approved),
    ):
        events.subscribe(kind, handler)  # type: ignore[arg-type]  # each handler takes its own kind


async def objects_published(session: AsyncSession, event: events.ObjectsPublished) -> None:
    """Create for each local object that may leave the server."""
    for row in event.objects:
        if leaves(row):
            await publish(session, row)


def leaves(row: Object) -> bool:
    """Whether an object is ours to tell others about."""
    return row.local and row.visibility != "local" and row.state == "published" and row.deleted_at is None


async def publish(session: AsyncSession, row: Object) -> None:
    """Send the Create of a local object, and ask for a quote's stamp."""
    view = await view_of(session, row)
    if view is None:
        return
    rendered = dialects.render(view, lambda document: activities.create(document, view.author))
    await _spread(session, view.author, row, rendered, await addressed(session, row),
                  linked_data=row.in_reply_to_uri is not None)
    quoted = await session.get(Object, row.quote_id) if row.quote_id else None
    if quoted is not None and asks_for_stamp(row, quoted):
        await send(session, view.author, activities.quote_request(document_of(view), view.author, quoted),
                   Audience(actors={quoted.author_id}, personal=True), object_id=row.id)


async def _spread(
    session: AsyncSession, author: Actor, row: Object, rendered: Rendered, people: Collection[int], *,
    linked_data: bool,
) -> None:
    """Send a Create or Update to all whom an object is for.

    A reply that the author of what it answers must approve first goes to that author alone (protocol §14).
    """
    if await policies.awaits_approval(session, row):
        await send_rendered(session, author, rendered, Audience(actors={row.in_reply_to_author_id or 0}),
                            object_id=row.id)
        return
    await send_rendered(session, author, rendered, _audience(row, people), object_id=row.id, linked_data=linked_data)
    activity = dict(rendered.plain)
    await groups.pass_on_own(session, row, activity, rendered.variants)
    await _to_relays(session, author, row, activity)


async def view_of(session: AsyncSession, row: Object) -> views.ObjectView | None:
    """A local object as its author sees it."""
    found = await views.load_objects(session, [row.id], row.author_id, with_marks=False)
    return found.get(row.id)


def document_of(view: views.ObjectView) -> dict[str, Any]:
    """The document of an object, without @context, written by its kind."""
    return dialects.document_for(view)


async def addressed(session: AsyncSession, row: Object) -> set[int]:
    """Ids of everyone an object goes to beside followers: mentioned, answered, quoted, the group."""
    people = set((await session.scalars(select(Mention.actor_id).where(Mention.object_id == row.id))).all())
    if row.visibility != "direct":
        people |= {value for value in (row.in_reply_to_author_id, row.group_id) if value}
        if row.quote_id and row.visibility in ("public", "unlisted"):
            people |= set((await session.scalars(select(Object.author_id).where(Object.id == row.quote_id))).all())
    return people - {row.author_id}


def _audience(row: Object, people: Collection[int]) -> Audience:
    followers: list[int] = []
    if row.visibility in ("public", "unlisted", "followers"):
        followers.append(row.author_id)
    if row.visibility == "group" and row.group_id:
        followers.append(row.group_id)
    return Audience(followers_of=followers, actors=people)


async def _to_relays(
    session: AsyncSession, author: Actor, row: Object, activity: dict[str, Any]
) -> None:
    """Public acts also go to relays, LD-signed since they pass them on as they are (protocol §4)."""
    if row.visibility == "public":
        await send(session, author, activity, Audience(relays=True), object_id=row.id, linked_data=True)


async def object_edited(session: AsyncSession, event: events.ObjectEdited) -> None:
    """Update to everyone who has the object."""
    row = event.object
    if not leaves(row):
        return
    view = await view_of(session, row)
    if view is None:
        return
    rendered = dialects.render(view, lambda document: activities.update(document, view.author))
    people = await addressed(session, row) | await reached(session, row)
    await _spread(session, view.author, row, rendered, people, linked_data=not event.silent)


async def reached(session: AsyncSession, row: Object) -> set[int]:
    """Ids of those beyond the audience who have an open object: they boosted, liked or answered it."""
    if row.visibility not in ("public", "unlisted"):
        return set()
    queries = (
        select(Announce.actor_id).where(Announce.object_id == row.id),
        select(Reaction.actor_id).where(Reaction.object_id == row.id),
        select(Object.author_id).where(Object.in_reply_to_id == row.id),
        select(Object.author_id).where(Object.quote_id == row.id),
    )
    found: set[int] = set()
    for query in queries:
        found |= set((await session.scalars(query.limit(_REACHED_MOST))).all())
    return found - {row.author_id}


async def object_deleted(session: AsyncSession, event: events.ObjectDeleted) -> None:
    """Delete to everyone the object ever reached; LD-signed, so that others can pass it on."""
    if _was_told(event.object):
        await _to_all_reached(session, event, await _deletion(session, event))


async def object_put_back(session: AsyncSession, event: events.ObjectPutBack) -> None:
    """Undo of the Delete, to the same: Lemmy and its kin show the post again, others pass it over."""
    if _was_told(event.object):
        await _to_all_reached(session, event, activities.undo(await _deletion(session, event), event.author))


def _was_told(row: Object) -> bool:
    """Whether an object is one that others were told of."""
    return row.local and row.visibility != "local" and row.state == "published"


async def _deletion(session: AsyncSession, event: events.ObjectDeleted | events.ObjectPutBack) -> dict[str, Any]:
    """The Delete of an object, addressed as that was; in a community Lemmy wants it named (forum §3.1)."""
    row = event.object
    group = await session.get(Actor, row.group_id) if row.group_id else None
    if group is not None:
        to, cc = groups.audience_of(group)
        return {**activities.delete_object(row, event.author, to, cc), "audience": group.uri}
    followers = activities.followers_of(event.author)
    open_to_all = row.visibility in ("public", "unlisted")
    to = [PUBLIC] if open_to_all else [followers] if row.visibility == "followers" else \
        [actor.uri for actor in event.mentioned]
    return activities.delete_object(row, event.author, to, [followers] if open_to_all else [])


async def _to_all_reached(session: AsyncSession, event: events.ObjectDeleted | events.ObjectPutBack,
                          activity: dict[str, Any]) -> None:
    row = event.object
    people = {actor.id for actor in (*event.mentioned, *event.reached)}
    people |= {value for value in (row.in_reply_to_author_id, row.group_id) if value}
    await send(session, event.author, activity, _audience(row, people), object_id=row.id, linked_data=True)
    await groups.pass_on_own(session, row, activity)
    await _to_relays(session, event.author, row, activity)


async def reaction_added(session: AsyncSession, event: events.ReactionAdded) -> None:
    """Like, Dislike or emoji reaction, to the author and the community."""
    if event.actor.is_local and event.object.visibility != "local":
        await _send_reaction(session, event, _reaction(event))


async def reaction_removed(session: AsyncSession, event: events.ReactionRemoved) -> None:
    """Undo of a reaction, with the reaction inlined."""
    if event.actor.is_local and event.object.visibility != "local":
        await _send_reaction(session, event, activities.undo(_reaction(event), event.actor))


async def _send_reaction(session: AsyncSession, event: events.ReactionAdded | events.ReactionRemoved,
                         activity: dict[str, Any]) -> None:
    """To the author, and through the community it was posted to, which tells its members (forum §5)."""
    group = await session.get(Actor, event.object.group_id) if event.object.group_id is not None else None
    people = {actor.id for actor in (event.author, group) if actor is not None and not actor.is_local}
    if people:
        await send(session, event.actor, activity, Audience(actors=people), object_id=event.object.id)
    if group is not None:
        await groups.pass_on_own(session, event.object, activity)


def _reaction(event: events.ReactionAdded | events.ReactionRemoved) -> dict[str, Any]:
    row = event.reaction
    tags = []
    if row.emoji_url:
        tags = [{"id": row.emoji_url, "type": "Emoji", "name": row.emoji,
                 "icon": {"type": "Image", "url": row.emoji_url}}]
    return activities.reaction(row, event.actor, event.object, tags)


async def announced(session: AsyncSession, event: events.Announced) -> None:
    """Announce to followers and the author."""
    row = event.announce
    if event.actor.is_local and row.visibility != "local" and event.object.visibility != "local":
        activity = activities.announce(row, event.actor, event.object, event.author)
        waits = await policies.verdict(session, event.object, event.actor, "announce") == "manual"
        await send(session, event.actor, activity, Audience(
            followers_of=[] if waits else [event.actor.id], actors={event.author.id}), object_id=event.object.id)


async def boost_approved(session: AsyncSession, event: events.BoostApproved) -> None:
    """Announce to followers, now that the author of what was boosted agrees."""
    if event.actor.is_local and event.announce.visibility != "local":
        activity = activities.announce(event.announce, event.actor, event.object, event.author)
        await send(session, event.actor, {**activity, "approvedBy": event.approval_uri},
                   Audience(followers_of=[event.actor.id], actors={event.author.id}), object_id=event.object.id)


async def reply_approved(session: AsyncSession, event: events.ReplyApproved) -> None:
    """Create of a reply to everybody, with the approval: those who know it already learn of the approval."""
    if leaves(event.object):
        await publish(session, event.object)


async def announce_removed(session: AsyncSession, event: events.AnnounceRemoved) -> None:
    """Undo of the Announce, to the same."""
    row = event.announce
    if event.actor.is_local and row.visibility != "local" and event.object.visibility != "local":
        activity = activities.announce(row, event.actor, event.object, event.author)
        await send(session, event.actor, activities.undo(activity, event.actor),
                   Audience(followers_of=[event.actor.id], actors={event.author.id}), object_id=event.object.id)


async def follow_requested(session: AsyncSession, event: events.FollowRequested) -> None:
    """Follow of a remote actor."""
    if event.follower.is_local and not event.followed.is_local:
        await _personal(session, event.follower, _follow(event), event.followed)


async def follow_accepted(session: AsyncSession, event: events.FollowAccepted) -> None:
    """Accept of a remote Follow; of ours, read the newest of whom we follow now."""
    if event.followed.is_local and not event.follower.is_local:
        await _personal(session, event.followed, activities.accept(
            _follow(event), event.followed, event.follower), event.follower)
        if event.followed.type == "Group":
            await groups.welcome(session, event.followed, event.follower)
    elif event.follower.is_local and not event.followed.is_local:
        await fetch_jobs.on_follow(session, event.followed)


async def follow_rejected(session: AsyncSession, event: events.FollowRejected) -> None:
    """Reject of a remote Follow, or removal of a remote follower."""
    if event.followed.is_local and not event.follower.is_local:
        await _personal(session, event.followed, activities.reject(
            _follow(event), event.followed, event.follower), event.follower)


async def unfollowed(session: AsyncSession, event: events.Unfollowed) -> None:
    """Undo of our Follow."""
    if event.follower.is_local and not event.followed.is_local:
        await _personal(session, event.follower, activities.undo(_follow(event), event.follower), event.followed)


FollowEvent = events.FollowRequested | events.FollowAccepted | events.FollowRejected | events.Unfollowed


def _follow(event: FollowEvent) -> dict[str, Any]:
    return activities.follow(event.follow, event.follower, event.followed)


async def _personal(session: AsyncSession, actor: Actor, activity: dict[str, Any], to: Actor) -> None:
    await send(session, actor, activity, Audience(actors={to.id}, personal=True))


async def blocked(session: AsyncSession, event: events.Blocked) -> None:
    """Block, to the blocked one's inbox only."""
    if event.blocker.is_local and not event.blocked.is_local:
        await _personal(session, event.blocker, activities.block(event.block, event.blocker, event.blocked),
                        event.blocked)


async def unblocked(session: AsyncSession, event: events.Unblocked) -> None:
    """Undo of a Block."""
    if event.blocker.is_local and not event.blocked.is_local:
        activity = activities.block(event.block, event.blocker, event.blocked)
        await _personal(session, event.blocker, activities.undo(activity, event.blocker), event.blocked)


async def pins_changed(session: AsyncSession, event: events.PinsChanged) -> None:
    """Add to or Remove from `featured`."""
    if event.actor.is_local and event.object.visibility in ("public", "unlisted"):
        await send(session, event.actor, activities.pin(event.actor, event.object, pinned=event.pinned),
                   Audience(followers_of=[event.actor.id]), object_id=event.object.id)


async def profile_changed(session: AsyncSession, event: events.ProfileChanged) -> None:
    """Update of the actor.

    After a rotation it and all that is queued already is signed by the old key, so that servers which never
    refetch a key (GoToSocial) believe it (protocol §2.1).
    """
    actor = event.actor
    if not actor.is_local:
        return
    keys = (await session.scalars(select(ActorKey).where(ActorKey.actor_id == actor.id)
                                  .order_by(ActorKey.id))).all()
    old_key = _last_retired(keys) if event.old_key else None
    if old_key is not None:
        table: Any = Outgoing.__table__
        await session.execute(table.update().where(table.c.actor_id == actor.id, table.c.key_id.is_(None))
                              .values(key_id=old_key.id))
    activity = activities.update_actor(write_actor(actor, keys), actor)
    following = set((await session.scalars(
        select(Follow.followed_id).where(Follow.follower_id == actor.id).limit(_REACHED_MOST))).all())
    await send(session, actor, activity, Audience(followers_of=[actor.id], actors=following),
               linked_data=True, key_id=old_key.id if old_key else None)


def _last_retired(keys: Iterable[ActorKey]) -> ActorKey | None:
    retired = [key for key in keys if key.algorithm == "rsa" and key.retired_at is not None and key.private_key]
    return max(retired, key=lambda key: (key.retired_at, key.id), default=None)


async def actor_moved(session: AsyncSession, event: events.ActorMoved) -> None:
    """Move, to followers."""
    if event.actor.is_local:
        await send(session, event.actor, activities.move(event.actor, event.target.uri),
                   Audience(followers_of=[event.actor.id]))


async def actor_deleted(session: AsyncSession, event: events.ActorDeleted) -> None:
    """Delete of an account, to every known server."""
    if event.actor.is_local:
        await send(session, event.actor, activities.delete_actor(event.actor), Audience(everyone=True),
                   linked_data=True)


async def community_acted(session: AsyncSession, event: events.CommunityActed) -> None:
    """What a moderator here did: through the community to its members, or to the community's server."""
    group = event.community
    if not event.moderator.is_local or groups.is_local_only(group):
        return
    document = None
    if event.act == "update":
        keys = (await session.scalars(select(ActorKey).where(ActorKey.actor_id == group.id))).all()
        document = write_actor(group, keys)
    activity = groups.act(event, document)
    if activity is None or (event.act in ("remove_community", "restore_community") and not group.is_local):
        return
    if event.act == "warn":  # between the moderator and the author; everybody reads of it in the log
        author = await session.get_one(Actor, event.object.author_id) if event.object else None
        if author is not None and not author.is_local:
            await _personal(session, event.moderator, {**activity, "to": [author.uri], "cc": []}, author)
        return
    concerned = {actor.id for actor in (event.target,) if actor is not None}
    object_id = event.object.id if event.object else None
    if group.is_local:
        await groups.pass_on(session, group, activity, also=concerned, object_id=object_id)
    await send(session, event.moderator, activity, Audience(actors=concerned | {group.id}), object_id=object_id)
    await group_activities.keep(session, [activity], group, object_id)


async def poll_voted(session: AsyncSession, event: events.PollVoted) -> None:
    """One Create per choice, to the author of a remote poll."""
    if not event.actor.is_local or event.author.is_local:
        return
    for vote_id, choice in zip(event.vote_ids, event.choices, strict=True):
        activity = activities.vote(vote_id, event.actor, event.object, event.author, choice)
        await send(session, event.actor, activity, Audience(actors={event.author.id}, personal=True),
                   object_id=event.object.id)


async def reported(session: AsyncSession, event: events.Reported) -> None:
    """Flag, to the reported one's own server, which is not told who reports; and to communities (`reporting`)."""
    await reporting.spread(session, event)
    if not event.forward or event.target.is_local:
        return
    uri = event.report.uri or activity_uri(event.report.id)
    targets = [event.target.uri, *(row.uri for row in event.objects)]
    instance = await actors.instance_actor(session)
    await _personal(session, instance, activities.flag(uri, targets, event.report.comment), event.target)


async def quote_decided(session: AsyncSession, event: events.QuoteDecided) -> None:
    """Accept with a stamp, or the withdrawal of one (FEP-044f)."""
    author = await session.get_one(Actor, event.quoted.author_id)
    quoter = await session.get_one(Actor, event.quoting.author_id)
    if not author.is_local or quoter.is_local:
        return
    stamp = stamp_uri(event.quoted, event.quoting)
    if event.accepted:
        request = {"id": f"{event.quoting.uri}/quote-request", "type": "QuoteRequest", "actor": quoter.uri,
                   "object": event.quoted.uri, "instrument": event.quoting.uri}
        await _personal(session, author, activities.accept(request, author, quoter, result=stamp), quoter)
    else:
        await send(session, author, activities.delete_stamp(stamp, author),
                   Audience(followers_of=[author.id], actors={quoter.id}), object_id=event.quoted.id,
                   linked_data=True)


async def counts_wanted(session: AsyncSession, event: events.CountsWanted) -> None:
    """Ask a person's server how many followers and posts they have."""
    await fetch_jobs.add(session, "counts", event.actor.uri)


async def thread_wanted(session: AsyncSession, event: events.ThreadWanted) -> None:
    """Fetch what is missing of a conversation, in the background."""
    await fetch_jobs.on_thread_wanted(session, event.object, event.fetch_id)


