"""Add and Remove: what is in somebody's collection; of those that are known here, the pinned posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch import containers, moderation
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.groups import group_uri_of
from potluck.federation.inbound import Dropped, Inbound, Known, References, Unauthorised, Unsupported
from potluck.federation.vocabulary import get, type_of
from potluck.social import reactions

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


_PINS = ("/featured", "/pinned")


def _check_target(inbound: Inbound, known: Known) -> None:
    actor = known.actor(inbound.actor_uri)
    if actor is None or inbound.target_uri is None or inbound.target_uri != actor.featured_uri:
        raise Unsupported(f"{inbound.type} with target {inbound.target_uri}")
    if type_of(get(inbound.activity, "object")) == "Hashtag":
        raise Unsupported("featured hashtags")


def _is_new_to_community(inbound: Inbound, known: Known) -> bool:
    """Whether a new moderator, or a post that was pinned, of a community that matters here is not known here."""
    target, uri = inbound.target_uri or "", inbound.object_uri
    if inbound.type != "Add" or not moderation.is_about_community(inbound, known):
        return False
    group = known.actor(group_uri_of(target))
    if group is None or not (group.is_local or group.id in known.followed):
        return False
    if target.endswith("/moderators"):
        return uri not in known.actors
    return target.endswith(_PINS) and uri not in known.objects and uri not in known.tombstones


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether a post that somebody followed here pinned is not here, or what is added to a community."""
    if not inbound.prepared and _is_new_to_community(inbound, known):
        return True
    actor = known.actor(inbound.actor_uri)
    return (not inbound.prepared and inbound.type == "Add" and actor is not None
            and inbound.target_uri == actor.featured_uri and actor.id in known.followed
            and inbound.object_uri not in known.objects and inbound.object_uri not in known.tombstones)


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch the pinned post, or the new moderator."""
    if (inbound.target_uri or "").endswith("/moderators"):
        await federation.actor_by_uri(inbound.require_object(), budget=inbound.budget)
        return
    await federation.object_by_uri(inbound.require_object(), budget=inbound.budget)


def references(inbound: Inbound, wanted: References) -> None:
    """The thing or person, the community, and what is taken out of a conversation."""
    moderation.references(inbound, wanted)
    wanted.add(objects=[containers.object_of(inbound)])


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Pin or unpin one of the actor's own posts; or what a community's moderators add and remove."""
    if containers.is_container(inbound):
        await containers.take_out(session, inbound, known)
        return
    if moderation.is_about_community(inbound, known):
        await moderation.change_list(session, inbound, known)
        return
    _check_target(inbound, known)
    row = known.object(inbound.object_uri)
    if row is None:
        raise Dropped(f"{inbound.object_uri} is not here")
    actor = await acting(session, inbound, known)
    if row.author_id != actor.id:
        raise Unauthorised(f"{actor.uri} did not write {row.uri}")
    change = reactions.pin if inbound.type == "Add" else reactions.unpin
    await change(session, actor, row.id)


HANDLER = Handler(apply, references, needs_fetch=needs_fetch, prepare=prepare)
