"""The collections of our communities: inline and never paged, in the shapes that Lemmy reads (forum §10)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import activities, group_activities, groups
from potluck.federation.endpoints import collections, negotiate
from potluck.federation.endpoints.negotiate import Answer, Asker
from potluck.federation.outbound import document_of
from potluck.social import views
from potluck.social.addresses import activity_uri
from potluck.social.communities import listing, moderating, roles
from potluck.social.model import Actor, Object

OUTBOX_ITEMS = 50


async def _reader(session: AsyncSession, who: Asker, group: Actor) -> int | None:
    """Who reads: of a private community any member of the server that asks."""
    beside = await group_activities.member_beside(session, who.id, group.id) if group.locked else None
    return beside or who.id


async def outbox(session: AsyncSession, who: Asker, group: Actor) -> Answer:
    """The newest posts, each as the Announce of its Create; one that Lemmy cannot read would lose it all of them."""
    reader = await _reader(session, who, group)
    found = await listing.page(session, reader, listing.Wanted(
        "community", group.id, sort="new", sensitive=True, limit=OUTBOX_ITEMS))
    shown = await views.load_objects(session, found.object_ids, reader, viewer_is_local=False, with_marks=False)
    items = [_announce(group, shown[item]) for item in found.object_ids if item in shown]
    return negotiate.activity(collections.inline(group.outbox or f"{group.uri}/outbox", items), who=who)


def _announce(group: Actor, view: views.ObjectView) -> dict[str, Any]:
    """The Announce of a post's Create under an id that is always the same."""
    created = activities.create(document_of(view), view.author)
    return groups.announce(group, created) | {"id": activity_uri(f"announce/{view.object.id}")}


async def announced(session: AsyncSession, who: Asker, object_id: int) -> Answer:
    """One item of an outbox by its id."""
    row = await session.get(Object, object_id)
    group = await groups.local_group(session, row.group_id) if row is not None else None
    if row is None or group is None or row.in_reply_to_uri is not None or group.suspended_at is not None:
        return negotiate.missing()
    shown = await views.load_objects(session, [object_id], await _reader(session, who, group), viewer_is_local=False,
                                     with_marks=False)
    return negotiate.activity(_announce(group, shown[object_id]), who=who) if shown else negotiate.missing()


async def featured(session: AsyncSession, who: Asker, group: Actor) -> Answer:
    """The pinned posts, embedded."""
    pinned = await moderating.pinned_ids(session, group.id)
    shown = await views.load_objects(session, pinned, await _reader(session, who, group), viewer_is_local=False,
                                     with_marks=False)
    items: list[dict[str, Any]] = [document_of(shown[item]) for item in pinned if item in shown]
    return negotiate.activity(collections.inline(group.featured_uri or f"{group.uri}/featured", items), who=who)


async def moderators(session: AsyncSession, who: Asker, group: Actor) -> Answer:
    """The moderators by id, the leading one first."""
    found = await roles.moderators(session, group.id)
    return negotiate.activity(collections.inline(groups.moderators_uri(group), [actor.uri for actor in found]), who=who)


async def membership(session: AsyncSession, who: Asker, group: Actor, person: str) -> Answer:
    """Whether somebody is a member of a private community, as Lemmy 1.0 asks it: 200 or 404 (forum §9).

    Only servers that have members themselves are told: who belongs to it is nobody else's business.
    """
    if not group.locked:
        return negotiate.error(400, "This community is open to all")
    asked_by_member = who.signed and await group_activities.member_beside(session, who.id, group.id) is not None
    if not asked_by_member or not await groups.is_member(session, group.id, person):
        return negotiate.missing()
    return followers(who, group)


def followers(who: Asker, group: Actor) -> Answer:
    """How many members there are; who they are is nobody's business, but `items` must be there."""
    return negotiate.activity({"id": group.followers_uri or f"{group.uri}/followers", "type": "Collection",
                               "totalItems": group.followers_count, "items": []}, who=who)
