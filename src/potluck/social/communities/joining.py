"""How people take part in communities: find one, post and comment where they may, vote."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import reactions, visibility
from potluck.social.communities import facets, posts, roles
from potluck.social.drafts import Draft, MentionDraft
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Bundle, BundleMember, Community, Object

MAX_BUNDLES = 50
MAX_BUNDLED = 200


async def community(session: AsyncSession, actor_id: int) -> Actor:
    """A Group that is there.

    Raises:
        NotFound: no such Group, or it is gone or suspended.
    """
    found = await session.get(Actor, actor_id)
    if found is None or found.type != "Group" or found.deleted_at is not None or found.suspended_at is not None:
        raise NotFound
    return found


async def settings_of(session: AsyncSession, group: Actor) -> Community:
    """What is known of a Group as a community."""
    found = await session.get(Community, group.id)
    return found or facets.blank(group.id)


async def check_may_post(session: AsyncSession, author: Actor, group: Actor, *, reply_to: int | None = None,
                         ) -> Community:
    """See that somebody may post (or comment on the post `reply_to`); gives the community's settings.

    Raises:
        NotAllowed: they may not.
    """
    await posts.know(session, [group.id])
    settings = await settings_of(session, group)
    if not group.is_local:
        # A community elsewhere that lets its members in one by one is private there (Lemmy 1.0), so it is here.
        settings.visibility = "private" if group.locked else "public"
        await session.flush()
    await roles.check_may_post(session, author, group, reply_to=reply_to)
    return settings


def audience(settings: Community) -> str:
    """The visibility of what is posted to a community."""
    return {"local": visibility.LOCAL, "private": visibility.GROUP}.get(settings.visibility, visibility.PUBLIC)


async def answer(session: AsyncSession, author: Actor, parent: Object, draft: Draft) -> None:
    """A comment on a community's post, or on another comment, belongs to the community, too.

    Raises:
        NotAllowed: the author may not comment there.
    """
    if parent.group_id is None or draft.visibility in (visibility.DIRECT, visibility.FOLLOWERS):
        return
    group = await session.get(Actor, parent.group_id)
    if group is None or group.deleted_at is not None or group.suspended_at is not None:
        return
    try:
        settings = await check_may_post(session, author, group, reply_to=parent.thread_root_id or parent.id)
    except NotAllowed:
        if parent.group_claimed:
            return  # who answers its author is not the community's business
        raise
    if parent.group_claimed and settings.visibility != "public":
        return
    draft.group_id, draft.group_claimed = group.id, parent.group_claimed
    # Whose comment is answered is told, as Lemmy does: nobody writes their handle into the text there (forum §4).
    if parent.author_id not in {author.id, *(mention.actor_id for mention in draft.mentions)}:
        answered = await session.get_one(Actor, parent.author_id)
        draft.mentions.append(MentionDraft(answered.uri, f"@{answered.acct}", actor_id=answered.id))
    if settings.visibility != "public":
        draft.visibility = audience(settings)
    elif parent.visibility == visibility.GROUP:
        draft.visibility = visibility.GROUP  # what was said among members is answered among them


async def place(session: AsyncSession, author: Actor, draft: Draft, community_id: int) -> None:
    """Make a draft a post of a community: members see it at once; others after the community's Announce.

    Raises:
        NotFound: no such community.
        NotAllowed: the author may not post there.
    """
    group = await community(session, community_id)
    settings = await check_may_post(session, author, group)
    draft.group_id = group.id
    draft.visibility = audience(settings)
    draft.sensitive = draft.sensitive or settings.sensitive


async def address(session: AsyncSession, author: Actor, draft: Draft) -> None:
    """A public post that mentions a community is posted to it, as with a Mastodon post elsewhere (forum §7).

    Where the author may not post there it stays what it is: a post that names the community.
    """
    if draft.visibility not in visibility.OPEN:
        return
    named = [mention.actor_id for mention in draft.mentions if mention.actor_id and not mention.silent]
    group = await session.scalar(select(Actor).where(
        Actor.id.in_(named), Actor.type == "Group", Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)
    ).limit(1)) if named else None
    if group is None:
        return
    try:
        settings = await check_may_post(session, author, group)
    except NotAllowed:
        return
    if settings.visibility == "public":
        draft.group_id = group.id


async def vote(session: AsyncSession, voter: Actor, object_id: int, direction: int) -> None:
    """Vote a post or comment up (1) or down (-1), or take the vote back (0).

    Raises:
        NotFound: it is not there for the voter.
        NotAllowed: the community takes no downvotes, or the voter is banned.
        Invalid: no such direction.
    """
    if direction not in (-1, 0, 1):
        raise Invalid("score", "A vote is 1, 0 or -1")
    row = await reactions.visible_object(session, voter, object_id)
    if row.ruled_by is not None and direction:
        found = await session.get(Community, row.ruled_by)
        if direction < 0 and found is not None and not found.downvotes:
            raise NotAllowed("This community takes no downvotes")
        if await roles.is_banned(session, row.ruled_by, voter.id):
            raise NotAllowed("You are banned from this community")
    if direction > 0:
        await reactions.react(session, voter, object_id, "like", row=row)
    elif direction < 0:
        await reactions.react(session, voter, object_id, "dislike", row=row)
    else:
        await reactions.unvote(session, voter, row)


async def bundles(session: AsyncSession, owner_id: int) -> list[Bundle]:
    """The bundles of communities somebody put together, by name."""
    return list((await session.scalars(select(Bundle).where(Bundle.owner_id == owner_id).order_by(Bundle.name))).all())


async def bundle(session: AsyncSession, owner_id: int, bundle_id: int) -> Bundle:
    """One's own bundle.

    Raises:
        NotFound: there is no such bundle of this owner.
    """
    found = await session.get(Bundle, bundle_id)
    if found is None or found.owner_id != owner_id:
        raise NotFound
    return found


async def make_bundle(session: AsyncSession, owner_id: int, name: str) -> Bundle:
    """Start a bundle.

    Raises:
        Invalid: the name cannot be used, is taken, or there are enough.
    """
    mine = await bundles(session, owner_id)
    name = _bundle_name(name, mine)
    if len(mine) >= MAX_BUNDLES:
        raise Invalid("name", "At most %(most)s bundles", most=MAX_BUNDLES)
    made = Bundle(id=ids.new(), owner_id=owner_id, name=name)
    session.add(made)
    await session.flush()
    return made


def _bundle_name(name: str, others: Sequence[Bundle]) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 50:
        raise Invalid("name", "A name has 1 to 50 characters", "blank" if not name else "too_long")
    if any(one.name == name for one in others):
        raise Invalid("name", "You have a bundle of this name", "taken")
    return name


async def rename_bundle(session: AsyncSession, owned: Bundle, name: str) -> None:
    """Give a bundle another name.

    Raises:
        Invalid: the name cannot be used, or is taken.
    """
    owned.name = _bundle_name(name, [one for one in await bundles(session, owned.owner_id) if one.id != owned.id])
    await session.flush()


async def put_in_bundle(session: AsyncSession, owned: Bundle, group: Actor, *, inside: bool = True) -> None:
    """Add a community to a bundle, or take it out.

    Raises:
        Invalid: the bundle is full.
    """
    members = (await session.scalars(select(BundleMember.community_id).where(
        BundleMember.bundle_id == owned.id))).all()
    if inside and group.id not in members:
        if len(members) >= MAX_BUNDLED:
            raise Invalid("community", "A bundle holds %(most)s communities at most", most=MAX_BUNDLED)
        await session.execute(insert_or_ignore(session, BundleMember).values(
            bundle_id=owned.id, community_id=group.id))
    elif not inside and group.id in members:
        row = await session.get_one(BundleMember, (owned.id, group.id))
        await session.delete(row)
        await session.flush()


async def bundled(session: AsyncSession, bundle_id: int) -> list[Actor]:
    """The communities in a bundle, by name."""
    rows = await session.scalars(select(Actor).join(BundleMember, BundleMember.community_id == Actor.id).where(
        BundleMember.bundle_id == bundle_id).order_by(Actor.name))
    return list(rows.all())
