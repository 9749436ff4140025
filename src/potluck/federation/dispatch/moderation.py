"""What moderators of communities do, as it arrives: Lock, Block with a target, Add and Remove, removals, and Undo.

Authority is weighed here (forum §5, §8). For a community elsewhere its own word counts: it announced the act, or
somebody of its host or one of its moderators signed it. For one of ours only its moderators may.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.federation import group_posts
from potluck.federation.dispatch.handler import Handler
from potluck.federation.groups import group_uri_of
from potluck.federation.inbound import (
    Dropped,
    Inbound,
    Irrelevant,
    Known,
    References,
    Unauthorised,
    Unsupported,
)
from potluck.federation.urls import same_host
from potluck.federation.vocabulary import boolean, first_id, get, parse_time, text, type_of
from potluck.social import actors
from potluck.social.communities import claims, moderating, roles, site_bans, sweeping
from potluck.social.model import Actor, Object
from potluck.text.sanitise import to_plain_text

MAX_REASON = 1000
UNDOABLE = frozenset({"Lock", "Block", "Delete"})


def concerns_group(inbound: Inbound, known: Known) -> bool:
    """Whether an announced activity is a moderator's act about the very community that announced it."""
    group = known.actor(inbound.announcer)
    if group is None or group.type != "Group":
        return False
    if inbound.type == "Undo":
        inner = get(inbound.activity, "object")
        inner_type = type_of(inner) if isinstance(inner, dict) else None
        if inner_type not in UNDOABLE:
            return False
        uri = first_id(get(inner, "object"))
        return _about(uri, first_id(get(inner, "target")), group.uri, group.id, known) \
            or (inner_type == "Delete" and _is_outside(uri, known))
    if inbound.type == "Resolve":
        inner = get(inbound.activity, "object")
        return _about(first_id(get(inner, "object")) if isinstance(inner, dict) else None, None, group.uri, group.id,
                      known)
    if inbound.type not in ("Lock", "Block", "Add", "Remove", "Delete", "Update", "Flag", "Warn"):
        return False
    return _about(inbound.object_uri, inbound.target_uri, group.uri, group.id, known)


def _is_outside(uri: str | None, known: Known) -> bool:
    """Whether something is here and in no community: one that claimed it before may list it again."""
    row = known.object(uri)
    return row is not None and row.group_id is None


def _about(object_uri: str | None, target_uri: str | None, group_uri: str, group_id: int, known: Known) -> bool:
    row = known.objects.get(object_uri or "")
    return group_uri in (object_uri, target_uri, group_uri_of(target_uri)) or (
        row is not None and row.group_id == group_id)


def references(inbound: Inbound, wanted: References) -> None:
    """The thing or person acted upon, and the community."""
    wanted.add(actors=[inbound.object_uri, inbound.target_uri, group_uri_of(inbound.target_uri)],
               objects=[inbound.object_uri])


async def check_authority(session: AsyncSession, inbound: Inbound, group: Actor) -> Actor:
    """Who acts, if they may moderate the community.

    Raises:
        Dropped: not known.
        Unauthorised: they may not, or nobody vouches that it is them.
    """
    if inbound.announcer is not None and inbound.announcer == group.uri and not group.is_local:
        known = await _actor(session, inbound)
        return known if known is not None else group
    actor = await _actor(session, inbound)
    if actor is None:
        raise Dropped(f"{inbound.actor_uri} is unknown, suspended or gone")
    of_its_host = not group.is_local and same_host(inbound.actor_uri, group.uri)
    if inbound.trusted and (of_its_host or await roles.is_moderator(session, group.id, actor.id)):
        return actor
    raise Unauthorised(f"{inbound.actor_uri} does not moderate {group.uri}")


async def _actor(session: AsyncSession, inbound: Inbound) -> Actor | None:
    found = await actors.by_uri(session, inbound.actor_uri)
    return found if found is not None and found.deleted_at is None and found.suspended_at is None else None


def reason_of(inbound: Inbound) -> str:
    """Why, as plain text."""
    return to_plain_text(text(get(inbound.activity, "summary")) or "").strip()[:MAX_REASON]


async def _group_of(session: AsyncSession, uri: str | None, known: Known) -> Actor:
    ref = known.actor(group_uri_of(uri))
    group = await session.get(Actor, ref.id) if ref is not None else None
    if group is None or group.type != "Group":
        raise Unsupported(f"{uri} belongs to no community that is known here")
    return group


async def _post(session: AsyncSession, uri: str | None, known: Known) -> tuple[int, Actor]:
    ref = known.object(uri)
    group = await session.get(Actor, ref.group_id) if ref is not None and ref.group_id else None
    if ref is None or group is None:
        raise Dropped(f"{uri} is nothing in a community that is known here")
    return ref.id, group


async def lock(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Lock: a post takes no more comments."""
    object_id, group = await _post(session, inbound.object_uri, known)
    actor = await check_authority(session, inbound, group)
    await moderating.lock(session, actor, object_id, reason=reason_of(inbound), checked=True)


async def warn(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Warn (Lemmy 1.0): a moderator tells somebody here that what they said in a community is against its rules."""
    ref = known.object(inbound.object_uri)
    if ref is None or not ref.local or ref.ruled_by is None:
        raise Irrelevant(f"{inbound.object_uri} is nothing that somebody here said in a community")
    object_id, group = await _post(session, inbound.object_uri, known)
    actor = await check_authority(session, inbound, group)
    await moderating.warn(session, actor, object_id, reason_of(inbound), checked=True)


def _is_site(uri: str | None, known: Known) -> bool:
    """Whether a target is a whole server: its actor, at the root of its host with Lemmy."""
    ref = known.actor(uri)
    return uri is not None and (urlsplit(uri).path in ("", "/") or (ref is not None and ref.type == "Application"))


async def _of_site(session: AsyncSession, inbound: Inbound, known: Known) -> tuple[Actor, Actor]:
    """Who bans and who is banned from a whole server; that is said by somebody of that server alone.

    Raises:
        Dropped: one of the two is not known.
        Unauthorised: it is said by somebody else, or passed on without proof.
    """
    of_it = same_host(inbound.actor_uri, inbound.target_uri or "")
    if not inbound.trusted or inbound.announcer is not None or not of_it:
        raise Unauthorised(f"{inbound.actor_uri} does not look after {inbound.target_uri}")
    target = await _person(session, inbound.object_uri, known)
    actor = await _actor(session, inbound)
    if actor is None or actor.is_local:
        raise Dropped(f"{inbound.actor_uri} is unknown, suspended or gone")
    return actor, target


async def ban(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Block with a target: somebody is banned from a community, or from all of a server's."""
    if _is_site(inbound.target_uri, known):
        moderator, banned = await _of_site(session, inbound, known)
        await site_bans.ban(session, moderator, banned, reason=reason_of(inbound), expires_at=_end(inbound),
                            with_content=boolean(get(inbound.activity, "removeData")))
        return
    group = await _group_of(session, inbound.target_uri, known)
    target = await _person(session, inbound.object_uri, known)
    actor = await check_authority(session, inbound, group)
    if group.is_local:
        await roles.check_outranks(session, actor, group, target.id)
    await moderating.ban(session, actor, group, target, reason=reason_of(inbound), expires_at=_end(inbound),
                         with_content=boolean(get(inbound.activity, "removeData")), checked=True)


def _end(inbound: Inbound) -> datetime | None:
    return parse_time(get(inbound.activity, "endTime")) or parse_time(get(inbound.activity, "expires"))


async def _person(session: AsyncSession, uri: str | None, known: Known) -> Actor:
    ref = known.actor(uri)
    if ref is None:
        raise Dropped(f"{uri} is nobody known here")
    return await session.get_one(Actor, ref.id)


def is_about_community(inbound: Inbound, known: Known) -> bool:
    """Whether an Add or Remove changes a community's list of moderators or pins."""
    ref = known.actor(group_uri_of(inbound.target_uri))
    return ref is not None and ref.type == "Group" and ref.uri != inbound.target_uri


async def change_list(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Add to or Remove from a community's moderators or pinned posts."""
    group = await _group_of(session, inbound.target_uri, known)
    target = inbound.target_uri or ""
    added = inbound.type == "Add"
    if target.endswith("/moderators"):
        person = await _person(session, inbound.object_uri, known)
        actor = await check_authority(session, inbound, group)
        if group.is_local and not added:
            await roles.check_outranks(session, actor, group, person.id)
        change = moderating.appoint if added else moderating.dismiss
        await change(session, actor, group, person, checked=True)
    elif target.endswith(("/featured", "/pinned")):
        object_id, home = await _post(session, inbound.object_uri, known)
        if home.id != group.id:
            raise Unauthorised(f"{inbound.object_uri} was not posted to {group.uri}")
        actor = await check_authority(session, inbound, group)
        await moderating.pin(session, actor, object_id, pinned=added, checked=True)
    elif target.endswith("/outbox"):
        await _change_outbox(session, inbound, known, group)
    else:
        raise Unsupported(f"{inbound.type} with target {target}")


async def _change_outbox(session: AsyncSession, inbound: Inbound, known: Known, group: Actor) -> None:
    """Lotide lists a community's posts by Add to its outbox, beside the Announce, and takes them out by Remove."""
    ref = known.object(inbound.object_uri)
    if ref is None or group.is_local:
        raise Dropped(f"{inbound.object_uri} is not here, or the community is ours")
    actor = await check_authority(session, inbound, group)
    if inbound.type == "Add":
        await group_posts.claim(session, await session.get_one(Object, ref.id), group)
    elif ref.group_id == group.id:
        await moderating.remove(session, actor, ref.id, checked=True)


def is_removal(inbound: Inbound, known: Known) -> bool:
    """Whether a Delete is a moderator's: of something in a community, by somebody else than its author."""
    present = known.object(inbound.object_uri)
    owner = known.by_id.get(present.author_id) if present is not None else None
    return present is not None and present.group_id is not None and owner is not None \
        and owner.uri != inbound.actor_uri and (inbound.trusted or concerns_group(inbound, known))


async def remove(session: AsyncSession, inbound: Inbound, known: Known) -> None:
    """Delete with a reason: a moderator takes something down.

    A server may also delete what its own people said.
    """
    object_id, group = await _post(session, inbound.object_uri, known)
    actor = await check_authority(session, inbound, group)
    row = await moderating.remove(session, actor, object_id, reason_of(inbound), checked=True)
    if boolean(get(inbound.activity, "withReplies")):
        await sweeping.below(session, row, group.id)


async def _list_again(session: AsyncSession, undone: Inbound, known: Known) -> None:
    """A community puts back what it had merely listed, and then taken out of itself."""
    group = await _group_of(session, undone.announcer, known)
    ref = known.object(undone.object_uri)
    await check_authority(session, undone, group)
    if ref is not None and not group.is_local:
        await claims.claim_again(session, await session.get_one(Object, ref.id), group)


async def undo(session: AsyncSession, undone: Inbound, known: Known) -> None:
    """Undo of a Lock, a ban or a removal.

    Args:
        undone: the inner activity, with the outer one's announcer and trust.
    """
    with_content = boolean(get(undone.activity, "restoreData"))
    if undone.type == "Block" and _is_site(undone.target_uri, known):
        moderator, banned = await _of_site(session, undone, known)
        await site_bans.unban(session, moderator, banned, reason=reason_of(undone), with_content=with_content)
        return
    if undone.type == "Block":
        group = await _group_of(session, undone.target_uri, known)
        target = await _person(session, undone.object_uri, known)
        actor = await check_authority(session, undone, group)
        await moderating.unban(session, actor, group, target, reason=reason_of(undone), checked=True)
        if with_content:
            await sweeping.of_author(session, target.id, [group.id], removed=False)
        return
    if undone.type == "Delete" and _is_outside(undone.object_uri, known):
        await _list_again(session, undone, known)
        return
    object_id, group = await _post(session, undone.object_uri, known)
    actor = await check_authority(session, undone, group)
    if undone.type == "Lock":
        await moderating.lock(session, actor, object_id, locked=False, reason=reason_of(undone), checked=True)
    else:
        row = await moderating.restore(session, actor, object_id, reason_of(undone), checked=True)
        if boolean(get(undone.activity, "withReplies")):
            await sweeping.below(session, row, group.id, removed=False)


LOCK = Handler(lock, references)
WARN = Handler(warn, references)

