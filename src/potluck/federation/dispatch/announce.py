"""Announce: a boost, a relay passing something on, or a group telling its members (FEP-1b12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import group_posts
from potluck.federation.dispatch import create
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.inbound import Dropped, Inbound, Irrelevant, Known, References
from potluck.federation.reading import audience_of, published_time
from potluck.federation.vocabulary import is_public
from potluck.social import feeds, reactions
from potluck.social.model import Actor, Object

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation


def references(inbound: Inbound, wanted: References) -> None:
    """The boosted object."""
    wanted.add(objects=[inbound.object_uri])


def _wanted(inbound: Inbound, known: Known) -> bool:
    """Somebody here follows the booster, or the thing is ours, or a relay of ours sent it."""
    booster, boosted = known.actor(inbound.actor_uri), known.object(inbound.object_uri)
    return bool((booster and booster.id in known.followed) or (boosted and boosted.local)
                or inbound.actor_uri in known.relays)


def needs_fetch(inbound: Inbound, known: Known) -> bool:
    """Whether the boosted object is not here, and wanted."""
    return not inbound.prepared and inbound.object_uri not in known.objects \
        and inbound.object_uri not in known.tombstones and _wanted(inbound, known)


async def prepare(federation: Federation, inbound: Inbound) -> None:
    """Fetch the object. What a relay passes on goes before everyone, a boosted one only to the boost's readers."""
    relayed = inbound.actor_uri in await federation.relay_actors()
    await federation.object_by_uri(inbound.require_object(), budget=inbound.budget, quiet=not relayed)


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Record the boost."""
    if inbound.actor_uri in known.relays:
        return
    if not _wanted(inbound, known):
        raise Irrelevant(f"nobody here follows {inbound.actor_uri}")
    boosted = known.object(inbound.object_uri)
    if boosted is None:
        raise Dropped(f"{inbound.object_uri} is not to be had")
    booster = await acting(session, inbound, known)
    if booster.type == "Group":
        await _shared_with_members(session, booster, boosted.id)
        return
    await reactions.announce(session, booster, boosted.id, audience(inbound), uri=inbound.uri,
                             published=published_time(inbound.activity))


def is_known_post(inbound: Inbound, known: Known) -> bool:
    """Whether a community announces the Create of something that is here already.

    What it says of it is not believed of people elsewhere, and was read from its home.
    """
    return inbound.announcer is not None and create.embedded(inbound) is None \
        and known.object(inbound.object_uri) is not None


async def share(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Put such a post before the members of the community, who may not have been told of it."""
    group, row = known.actor(inbound.announcer), known.object(inbound.object_uri)
    if group is not None and row is not None:
        await _shared_with_members(session, await session.get_one(Actor, group.id), row.id)


async def _shared_with_members(session: AsyncSession, group: Actor, object_id: int) -> None:
    """A community announces the bare post (NodeBB, Lotide, Lemmy for those who know no communities).

    It is one of its posts then, and no boost; a comment comes with its post.
    """
    row = await session.get_one(Object, object_id)
    await group_posts.claim(session, row, group)
    if row.group_id == group.id and row.in_reply_to_uri is None:
        await feeds.add_to_members(session, [row.id])


def audience(inbound: Inbound) -> str:
    """public, unlisted or followers, by where Public stands; without it nobody but followers may see it."""
    to, cc = audience_of(inbound.activity)
    if any(map(is_public, to)):
        return "public"
    return "unlisted" if any(map(is_public, cc)) else "followers"


HANDLER = Handler(apply, references, needs_fetch, prepare)
