"""Communities on the wire: what a Group of ours passes on to its members, and the acts of moderators (FEP-1b12).

A Group announces every activity that concerns it, as it came, to all servers with members, the author's own among
them: Lemmy shows a post to nobody before its community has announced it (forum §5).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.federation import group_activities, group_posts
from potluck.federation.activities import followers_of
from potluck.federation.dialects import Dialect, Rendered
from potluck.federation.inbound import Inbound, Known, uri_hash
from potluck.federation.model import SeenActivity
from potluck.federation.outgoing import Audience, Letter, send, send_many, send_rendered
from potluck.federation.vocabulary import PUBLIC, first_id, format_time, get
from potluck.social import events
from potluck.social.addresses import activity_uri
from potluck.social.communities import moderating, roles
from potluck.social.model import Actor, Follow, Object
from potluck.social.visibility import GROUP, LOCAL

JsonObject = dict[str, Any]

PASSED_ON = frozenset({"Create", "Update", "Like", "Dislike", "EmojiReact", "Undo", "Delete", "Block", "Add", "Remove",
                       "Lock"})
_TYPES = {"remove": "Delete", "restore": "Delete", "lock": "Lock", "unlock": "Lock", "pin": "Add", "unpin": "Remove",
          "ban": "Block", "unban": "Block", "add_moderator": "Add", "remove_moderator": "Remove", "update": "Update",
          "remove_community": "Delete", "restore_community": "Delete", "warn": "Warn"}
_UNDONE = frozenset({"restore", "unlock", "unban", "restore_community"})


def moderators_uri(group: Actor) -> str:
    """The moderators collection of a Group, at the address that Lemmy computes."""
    return f"{group.uri}/moderators"


def audience_of(group: Actor) -> tuple[list[str], list[str]]:
    """(`to`, `cc`) of what a Group says: without Public where only members may read (forum §9)."""
    if group.locked:
        return [group.uri, followers_of(group)], []
    return [group.uri, PUBLIC], [followers_of(group)]


def announce(group: Actor, inner: Mapping[str, Any] | str) -> JsonObject:
    """A Group tells its members of an activity, or (for those who know no communities) of a post by its id."""
    to, cc = audience_of(group)
    return {"id": activity_uri(ids.new()), "type": "Announce", "actor": group.uri, "to": to, "cc": cc,
            "object": inner}


async def pass_on(session: AsyncSession, group: Actor, inner: Mapping[str, Any] | str, *,
                  also: Collection[int] = (), variants: Mapping[Dialect, Mapping[str, Any]] | None = None,
                  object_id: int | None = None) -> None:
    """Announce something to all members of one of our Groups, and to the servers of further actors.

    Args:
        object_id: what it is about.
        variants: other forms of it, for those who take it in no other.
    """
    if not group.is_local or is_local_only(group):
        return
    forms = {dialect: announce(group, form) for dialect, form in (variants or {}).items()}
    rendered = Rendered(announce(group, inner), forms)
    if await send_rendered(session, group, rendered, Audience(followers_of=[group.id], actors=set(also))):
        await group_activities.keep(session, [rendered.plain, *rendered.variants.values()], group, object_id)


def is_local_only(group: Actor) -> bool:
    """Whether a community of ours is for people of this server alone."""
    return bool((group.extra.get("community") or {}).get("local"))


async def is_member(session: AsyncSession, group_id: int, uri: str) -> bool:
    """Whether the actor with this id has been let into a community."""
    found = await session.scalar(select(Follow.id).join(Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == group_id, Follow.state == "accepted", Actor.uri == uri))
    return found is not None


async def local_group(session: AsyncSession, group_id: int | None) -> Actor | None:
    """The Group with this id if it lives here and is there."""
    group = await session.get(Actor, group_id) if group_id else None
    there = group is not None and group.is_local and group.type == "Group" and group.deleted_at is None
    return group if there else None


async def pass_on_own(session: AsyncSession, row: Object, activity: Mapping[str, Any],
                      variants: Mapping[Dialect, Mapping[str, Any]] | None = None) -> None:
    """A local person's act in a community that lives here, too, goes out through the community.

    A new post goes out a second time by its bare id: Mastodon and its kin take that as a boost (forum §5).
    """
    group = await local_group(session, row.group_id)
    if group is None or row.visibility == LOCAL:
        return
    await pass_on(session, group, activity, variants=variants, object_id=row.id)
    if activity["type"] == "Create" and row.in_reply_to_uri is None and row.visibility != GROUP:
        await pass_on(session, group, row.uri, object_id=row.id)


async def after(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Something from elsewhere took effect: where it concerns a Group of ours, the Group passes it on as it came."""
    if inbound.announcer is not None or inbound.type not in PASSED_ON or inbound.type == "Create" \
            or inbound.ends_here:
        return
    group = await local_group(session, _group_id(inbound, known))
    if group is not None and inbound.trusted:
        actor = known.actor(inbound.actor_uri)
        await pass_on(session, group, inbound.activity, also={actor.id} if actor else (),
                      variants=group_posts.variants(inbound.activity, group.name),
                      object_id=_object_id(inbound, known))


async def after_votes(session: AsyncSession, votes: Sequence[Inbound], known: Known) -> None:
    """The same for votes that took effect together, in a fixed number of statements for each Group."""
    by_group: dict[int, list[Inbound]] = {}
    for inbound in votes:
        group_id = _group_id(inbound, known) if inbound.announcer is None and inbound.trusted else None
        if group_id is not None:
            by_group.setdefault(group_id, []).append(inbound)
    for group_id, some in by_group.items():
        group = await local_group(session, group_id)
        if group is None or is_local_only(group):
            continue
        letters = []
        for inbound in some:
            actor = known.actor(inbound.actor_uri)
            letters.append(Letter(announce(group, inbound.activity), actor.id if actor else None,
                                  _object_id(inbound, known)))
        await group_activities.keep_each(session, [
            (letter.activity, letter.object_id) for letter in await send_many(session, group, letters)], group)


def _object_id(inbound: Inbound, known: Known) -> int | None:
    inner = get(inbound.activity, "object")
    uri = first_id(get(inner, "object")) if inbound.type == "Undo" and isinstance(inner, Mapping) else None
    found = known.objects.get(uri or inbound.object_uri or "")
    return found.id if found is not None else None


async def after_create(session: AsyncSession, inbound: Inbound, row: Object) -> None:
    """The same for something new that was said in a Group of ours, once."""
    if inbound.announcer is not None or inbound.type != "Create" or row.state != "published" \
            or row.deleted_at is not None:
        return
    group = await local_group(session, row.group_id)
    if group is None or not await _first_time(session, group, row.uri):
        return
    await pass_on(session, group, inbound.activity, also={row.author_id},
                  variants=group_posts.variants(inbound.activity, group.name), object_id=row.id)
    if row.in_reply_to_uri is None and row.visibility != GROUP:
        await pass_on(session, group, row.uri, object_id=row.id)


async def _first_time(session: AsyncSession, group: Actor, uri: str) -> bool:
    """Whether a Group has not passed this on before; a Create may come more than once."""
    made: Any = await session.execute(insert_or_ignore(session, SeenActivity).values(
        actor_id=group.id, uri_hash=uri_hash(uri), seen_at=now()))
    return bool(made.rowcount)


def _group_id(inbound: Inbound, known: Known) -> int | None:
    """The community an activity concerns: by its object, its target, or what it undoes."""
    inner = get(inbound.activity, "object")
    concerned = [inbound.object_uri, group_uri_of(inbound.target_uri)]
    if inbound.type == "Undo" and isinstance(inner, Mapping):
        concerned = [first_id(get(inner, "object")), group_uri_of(first_id(get(inner, "target")))]
        deepest = get(get(inner, "object"), "object") if isinstance(get(inner, "object"), Mapping) else None
        concerned.append(first_id(deepest))
    for uri in concerned:
        found = known.objects.get(uri or "")
        if found is not None and found.group_id is not None:
            return found.group_id
        actor = known.actor(uri)
        if actor is not None and actor.type == "Group":
            return actor.id
    return None


def group_uri_of(target: str | None) -> str | None:
    """The Group whose collection is a target (`<C>/moderators`, `<C>/featured`, Mbin's `<C>/pinned`), or itself."""
    if target is None:
        return None
    head, _, last = target.rpartition("/")
    return head if last in ("moderators", "featured", "pinned", "outbox") else target


def act(event: events.CommunityActed, group_document: Mapping[str, Any] | None = None) -> JsonObject | None:
    """What a moderator did, as Lemmy says it (forum §3.2, §8); None for what stays on this server."""
    type_name = _TYPES.get(event.act)
    if type_name is None:
        return None
    group = event.community
    to, cc = audience_of(group)
    activity: JsonObject = {
        "id": activity_uri(ids.new()), "type": type_name, "actor": event.moderator.uri, "to": to,
        "cc": [group.uri] if PUBLIC in to else cc, "audience": group.uri}
    activity |= _object_of(event, group_document)
    if event.act not in _UNDONE:
        return activity
    undo = {"id": activity_uri(ids.new()), "type": "Undo", "object": activity}
    return undo | {name: activity[name] for name in ("actor", "to", "cc", "audience")}


def _object_of(event: events.CommunityActed, group_document: Mapping[str, Any] | None) -> JsonObject:
    group, row, target = event.community, event.object, event.target
    match event.act:
        case "remove" | "restore" | "remove_community" | "restore_community" | "warn":
            # A removal has a summary, even an empty one; an author's own deletion has none.
            return {"object": row.uri if row else group.uri, "summary": event.reason}
        case "lock" | "unlock":
            return {"object": row.uri if row else ""} | ({"summary": event.reason} if event.reason else {})
        case "pin" | "unpin":
            return {"object": row.uri if row else "", "target": group.featured_uri or f"{group.uri}/featured"}
        case "add_moderator" | "remove_moderator":
            return {"object": target.uri if target else "", "target": moderators_uri(group)}
        case "ban" | "unban":
            return _ban(event)
        case _:
            return {"object": dict(group_document or {})}


def _ban(event: events.CommunityActed) -> JsonObject:
    terms: JsonObject = {"object": event.target.uri if event.target else "", "target": event.community.uri,
                         "summary": event.reason, "removeData": event.with_content}
    if event.expires_at is not None:  # Lemmy 0.19 and Mbin read `expires`
        terms["endTime"] = terms["expires"] = format_time(event.expires_at)
    return terms


async def welcome(session: AsyncSession, group: Actor, follower: Actor) -> None:
    """The first member on a server: tell it of moderators and pins, which Lemmy 1.0 does not read by itself (§10)."""
    members = await session.scalar(select(func.count()).select_from(Follow).join(
        Actor, Actor.id == Follow.follower_id).where(
        Follow.followed_id == group.id, Follow.state == "accepted", Actor.server_id == follower.server_id))
    if members != 1 or is_local_only(group):
        return
    looking_after = await roles.moderators(session, group.id)
    if not looking_after:
        return
    leader = next((actor for actor in looking_after if actor.is_local), None)
    if leader is None:
        return
    pinned = await moderating.pinned_ids(session, group.id)
    posts = (await session.scalars(select(Object).where(Object.id.in_(pinned)))).all()
    told = [events.CommunityActed(group, leader, "add_moderator", target=actor) for actor in looking_after]
    told += [events.CommunityActed(group, leader, "pin", object=row) for row in posts]
    for event in told:
        activity = act(event)
        if activity is not None:
            announced = announce(group, activity)
            await send(session, group, announced, Audience(actors={follower.id}))
            await group_activities.keep(session, [announced], group)
