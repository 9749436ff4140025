"""Undo: something is taken back. The inner activity is found by its meaning first, by its id second.

Lemmy mints new ids for what it undoes, Mastodon sends bare ids for some; what arrives before the thing it undoes
leaves a tombstone, so that the thing does not come alive afterwards (protocol §6).

The same Undo may come by two ways, from its actor and from a community, and by the slower one after something newer
was done: then it undoes nothing, unless it names just what is held. PeerTube has one id for each account and video.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation.dispatch import like, moderation
from potluck.federation.dispatch.handler import Handler, acting
from potluck.federation.groups import group_uri_of
from potluck.federation.inbound import (
    Dropped,
    Inbound,
    Irrelevant,
    Known,
    References,
    Unauthorised,
    Unsupported,
    of_document,
)
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import first_id, get, type_of
from potluck.social import blocks, follows, reactions
from potluck.social.communities import moderating, withdrawing
from potluck.social.model import Actor, Announce, Block, Follow, Object, Reaction
from potluck.social.storing import remember_deleted


def references(inbound: Inbound, wanted: References) -> None:
    """Both ends of what is undone."""
    inner = get(inbound.activity, "object")
    target = first_id(get(inner, "object")) if isinstance(inner, dict) else None
    deepest = get(get(inner, "object"), "object") if isinstance(inner, dict) else None
    place = first_id(get(inner, "target")) if isinstance(inner, dict) else None
    wanted.add(actors=[target, first_id(deepest), place, group_uri_of(place)], objects=[target, inbound.object_uri])


async def apply(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Take it back."""
    inner = get(inbound.activity, "object")
    if isinstance(inner, dict) and _is_moderation(inner):
        await _unmoderate(session, inbound, inner, known)
        return
    actor = await acting(session, inbound, known)
    if not isinstance(inner, dict) or type_of(inner) is None or get(inner, "object") is None:
        await _by_id(session, inbound, actor)
        return
    if first_id(get(inner, "actor")) not in (None, actor.uri):
        raise Unauthorised(f"{actor.uri} cannot undo what {first_id(get(inner, 'actor'))} did")
    undone = of_document({**inner, "actor": actor.uri}, item_id=0, host=inbound.host, signer_uri=actor.uri,
                         inbox_actor_id=None, body="")
    match undone.type:
        case "Follow" | "Join":
            await _unfollow(session, undone, known, actor)
        case "Like" | "Dislike" | "EmojiReact" | "EmojiReaction":
            await _unreact(session, inbound, undone, known, actor)
        case "Announce":
            await _unannounce(session, inbound, undone, known, actor)
        case "Block":
            await _unblock(session, undone, known, actor)
        case "Accept":
            await _unaccept(session, undone, known, actor)
        case other:
            raise Unsupported(f"Undo of {other}")


async def _unmoderate(session: AsyncSession, inbound: Inbound, inner: dict[str, object], known: Known) -> None:
    if inbound.repeated:
        raise Irrelevant(f"{inbound.uri} came before")
    if type_of(inner) != "Delete" or not await _put_back(session, inbound, inner, known):
        await moderation.undo(session, _within(inbound, inner), known)


async def _put_back(session: AsyncSession, inbound: Inbound, inner: dict[str, object], known: Known) -> bool:
    """An author undoes a deletion in a community; whether it was that.

    It comes from their own server, or through the community, whose word counts for what is in it.
    """
    present = known.object(first_id(get(inner, "object")))
    owner = known.by_id.get(present.author_id) if present is not None else None
    if present is None or owner is None or owner.uri != inbound.actor_uri:
        return False
    row = await session.get_one(Object, present.id)
    if row.local or row.state != withdrawing.WITHDRAWN:
        return False
    if not inbound.trusted and not moderation.concerns_group(inbound, known):
        raise Unauthorised(f"nobody vouches that {inbound.actor_uri} puts {row.uri} back")
    await withdrawing.put_back(session, await session.get_one(Actor, row.author_id), row.id, checked=True)
    return True


def _is_moderation(inner: dict[str, object]) -> bool:
    """A moderator takes back a Lock, a removal, or a ban (a Block with a target)."""
    return type_of(inner) in moderation.UNDOABLE and (
        type_of(inner) != "Block" or first_id(get(inner, "target")) is not None)


def _within(inbound: Inbound, inner: dict[str, object]) -> Inbound:
    """The inner activity, vouched for as the outer one is; Lemmy's nested ids are minted anew and mean nothing."""
    return of_document({**inner, "actor": inbound.actor_uri}, item_id=0, host=inbound.host,
                       signer_uri=inbound.signer_uri, inbox_actor_id=None, body="", announcer=inbound.announcer,
                       trusted=inbound.trusted)


async def _unfollow(session: AsyncSession, undone: Inbound, known: Known, actor: Actor) -> None:
    target = known.actors.get(undone.object_uri or "")
    if target is None:
        raise Dropped(f"{undone.object_uri} is nobody here")
    await follows.unfollow(session, actor, await session.get_one(Actor, target.id))


async def _unreact(session: AsyncSession, inbound: Inbound, undone: Inbound, known: Known, actor: Actor) -> None:
    target = known.object(undone.object_uri)
    if target is None:
        raise Dropped(f"{undone.object_uri} is not here")
    kind, emoji, _ = like.meaning(undone)
    rows = (await session.execute(select(Reaction.kind, Reaction.emoji, Reaction.uri).where(
        Reaction.actor_id == actor.id, Reaction.object_id == target.id))).all()
    _settle(inbound, undone, {row.uri for row in rows}, in_community=target.group_id is not None)
    held = [(row.kind, row.emoji) for row in rows]
    if (kind, emoji) not in held:
        # Lemmy 0.19 nests a Like even when a Dislike is undone; Misskey's Undo may lack the emoji.
        candidates = [pair for pair in held if (pair[0] == "emoji") == (kind == "emoji")] or held
        if not candidates:
            await _forestall(session, undone.uri, actor)
            return
        kind, emoji = candidates[-1]
    await reactions.unreact(session, actor, target.id, kind, emoji)


def _settle(inbound: Inbound, undone: Inbound, held: set[str | None], *, in_community: bool) -> None:
    """Let what is undone by its very id come again; pass over an Undo that came before where it names nothing held.

    Raises:
        Irrelevant: it was acted upon already.
    """
    if undone.uri is None or undone.uri not in held:
        if inbound.repeated:
            raise Irrelevant(f"{inbound.uri} came before")
    elif not in_community:  # there the very thing may still be on its way through the community
        inbound.reopened = undone.uri


async def _unannounce(session: AsyncSession, inbound: Inbound, undone: Inbound, known: Known, actor: Actor) -> None:
    target = known.object(undone.object_uri)
    if target is not None and actor.type == "Group" and target.group_id == actor.id:
        # Lotide and NodeBB take a post out of the community in this way.
        await moderating.remove(session, actor, target.id, checked=True)
        return
    held = None
    if target is not None:
        held = await session.scalar(select(Announce.uri).where(
            Announce.actor_id == actor.id, Announce.object_id == target.id))
    _settle(inbound, undone, {held}, in_community=target is not None and target.group_id is not None)
    if target is None or held is None:
        await _forestall(session, undone.uri, actor)
        return
    await reactions.unannounce(session, actor, target.id)


async def _forestall(session: AsyncSession, uri: str | None, actor: Actor) -> None:
    if uri and same_host(uri, actor.uri):
        await remember_deleted(session, uri, None, local=False)


async def _unblock(session: AsyncSession, undone: Inbound, known: Known, actor: Actor) -> None:
    target = known.actors.get(undone.object_uri or "")
    if target is None or undone.target_uri is not None:
        raise Dropped(f"{undone.object_uri} is nobody here, or it is no personal block")
    await blocks.unblock(session, actor, await session.get_one(Actor, target.id))


async def _unaccept(session: AsyncSession, undone: Inbound, known: Known, actor: Actor) -> None:
    """Some systems remove a follower by undoing their Accept."""
    follower = known.actors.get(first_id(get(get(undone.activity, "object"), "actor")) or "")
    if follower is None:
        raise Dropped("Undo of an Accept of nobody here")
    await follows.reject(session, actor, await session.get_one(Actor, follower.id))


async def _by_id(session: AsyncSession, inbound: Inbound, actor: Actor) -> None:
    """A bare id, as Lotide and (for some types) Mastodon send it."""
    uri = inbound.require_object()
    boost = await session.scalar(select(Announce).where(Announce.uri == uri, Announce.actor_id == actor.id))
    if boost is not None:
        await reactions.unannounce(session, actor, boost.object_id)
        return
    given = await session.scalar(select(Reaction).where(Reaction.uri == uri, Reaction.actor_id == actor.id))
    if given is not None:
        await reactions.unreact(session, actor, given.object_id, given.kind, given.emoji)
        return
    follow = await session.scalar(select(Follow).where(Follow.uri == uri, Follow.follower_id == actor.id))
    if follow is not None:
        await follows.unfollow(session, actor, await session.get_one(Actor, follow.followed_id))
        return
    block = await session.scalar(select(Block).where(Block.uri == uri, Block.blocker_id == actor.id))
    if block is not None:
        await blocks.unblock(session, actor, await session.get_one(Actor, block.blocked_id))
        return
    await _forestall(session, uri, actor)


HANDLER = Handler(apply, references, once=False)
