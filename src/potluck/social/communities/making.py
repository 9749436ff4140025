"""Making a community here, and changing what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import actors, events, follows
from potluck.social.addresses import hashtag_url
from potluck.social.communities import mod_log, roles
from potluck.social.errors import Invalid, NotAllowed
from potluck.social.keys import KeyPairs
from potluck.social.model import Actor, Community
from potluck.social.profiles import MAX_PICTURE_DESCRIPTION
from potluck.text.languages import normalise_language
from potluck.text.render import render_text

MAX_TITLE = 50  # Lemmy 1.0 cannot store a longer one
MAX_DESCRIPTION = 10_000
MAX_RULES = 20
MAX_RULE = 300
MAX_FLAIRS = 50
MAX_FLAIR = 30
MAX_OWNED = 50
POSTING = ("everyone", "members", "moderators")
VISIBILITIES = ("public", "local", "private")

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Pictures:
    """What icon and banner show, for those who do not see them, and which are to go. New ones come as uploads."""

    icon_description: str = ""
    banner_description: str = ""
    without: Collection[str] = ()  # of "avatar" (the icon), "header" (the banner)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a community shall be like."""

    title: str
    description: str = ""  # Markdown
    posting: str = "everyone"
    visibility: str = "public"
    sensitive: bool = False
    downvotes: bool = True
    rules: Sequence[str] = ()
    languages: Sequence[str] = ()
    flairs: Sequence[dict[str, Any]] = field(default_factory=tuple)  # [{name, color}]
    pictures: Pictures | None = None  # None leaves them as they are


def _checked(wishes: Wishes) -> dict[str, Any]:
    """The columns of a community's row.

    Raises:
        Invalid: a value cannot be used.
    """
    if not 1 <= len(wishes.title.strip()) <= MAX_TITLE:
        code = "too_long" if wishes.title.strip() else "blank"
        raise Invalid("title", "A title has 1 to %(most)s characters", code, most=MAX_TITLE)
    if len(wishes.description) > MAX_DESCRIPTION:
        raise Invalid("description", "A description has at most %(most)s characters", "too_long", most=MAX_DESCRIPTION)
    if wishes.posting not in POSTING:
        raise Invalid("posting", f"Who may post is one of {', '.join(POSTING)}")
    if wishes.visibility not in VISIBILITIES:
        raise Invalid("visibility", f"Who may read is one of {', '.join(VISIBILITIES)}")
    rules = [rule.strip() for rule in wishes.rules if rule.strip()]
    if len(rules) > MAX_RULES or any(len(rule) > MAX_RULE for rule in rules):
        raise Invalid("rules", "At most %(most)s rules of %(each)s characters each", "too_long", most=MAX_RULES,
                      each=MAX_RULE)
    pictures = wishes.pictures or Pictures()
    for name, text in (("avatar", pictures.icon_description), ("header", pictures.banner_description)):
        if len(text) > MAX_PICTURE_DESCRIPTION:
            raise Invalid(f"{name}_description", "A description has at most %(most)s characters", "too_long",
                          most=MAX_PICTURE_DESCRIPTION)
    return {"posting": wishes.posting, "visibility": wishes.visibility, "sensitive": wishes.sensitive,
            "downvotes": wishes.downvotes, "rules": rules, "flairs": _flairs(wishes.flairs),
            "languages": [language for value in wishes.languages if (language := normalise_language(value))]}


def _flairs(wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for flair in wanted[:MAX_FLAIRS]:
        name, color = str(flair.get("name", "")).strip()[:MAX_FLAIR], str(flair.get("color", ""))
        if name and name not in {item["name"] for item in made}:
            made.append({"name": name, "color": color if _COLOR.fullmatch(color) else ""})
    return made


async def create(session: AsyncSession, owner: Actor, name: str, wishes: Wishes, *,
                 pairs: KeyPairs | None = None) -> Actor:
    """Make a community that `owner` leads; the owner is subscribed to it.

    Args:
        owner: a local person.
        name: its name in the one namespace of local actors.
        pairs: keys from `keys.generate()`.

    Raises:
        Invalid: the name or a wish cannot be used.
        NotAllowed: not a person of this server, or enough communities already.
    """
    if not owner.is_local or owner.owner_id is None or owner.type == "Group":
        raise NotAllowed
    columns = _checked(wishes)
    owned = [actor for actor in await actors.owned_by(session, owner.owner_id) if actor.type == "Group"]
    if len(owned) >= MAX_OWNED:
        raise NotAllowed("One person can lead %(most)s communities at most", most=MAX_OWNED)
    group = await actors.create_local(session, name, type="Group", owner_id=owner.owner_id, pairs=pairs)
    session.add(Community(actor_id=group.id, **columns))
    _describe(group, wishes, columns)
    await session.flush()
    await roles.appoint(session, group.id, owner.id)
    made = await follows.follow(session, owner, group)
    if made.state != "accepted":
        await follows.accept(session, group, owner)
    return group


def _describe(group: Actor, wishes: Wishes, columns: dict[str, Any]) -> None:
    """What the actor's document says; `extra["community"]` holds what its own columns have no place for."""
    group.display_name = " ".join(wishes.title.split())
    group.summary_source = wishes.description
    group.summary = render_text(wishes.description, mentions={}, hashtag_url=hashtag_url,
                                media_type="text/markdown").html if wishes.description.strip() else ""
    group.locked = columns["visibility"] == "private"
    group.discoverable = group.indexable = columns["visibility"] == "public"
    group.extra = {**group.extra, "community": {
        "posting_restricted": columns["posting"] == "moderators", "sensitive": columns["sensitive"],
        "languages": columns["languages"], "flairs": columns["flairs"], "local": columns["visibility"] == "local"}}
    if wishes.pictures is not None:
        group.avatar_description = wishes.pictures.icon_description.strip()
        group.header_description = wishes.pictures.banner_description.strip()
        group.avatar_url = None if "avatar" in wishes.pictures.without else group.avatar_url
        group.header_url = None if "header" in wishes.pictures.without else group.header_url
    group.updated_at = now()


async def update(session: AsyncSession, moderator: Actor, group: Actor, wishes: Wishes) -> Actor:
    """Change what a community here is like.

    Raises:
        Invalid: a wish cannot be used.
        NotAllowed: only its moderators may; who may read it cannot be changed once it has been public.
    """
    await roles.check_moderates(session, moderator, group)
    if not group.is_local:
        raise NotAllowed("This community lives on another server")
    columns = _checked(wishes)
    row = await session.get_one(Community, group.id)
    if row.visibility != columns["visibility"] and row.posts_count:
        raise NotAllowed("Who may read a community cannot be changed once something was posted to it")
    for name, value in columns.items():
        setattr(row, name, value)
    actor = await session.get_one(Actor, group.id)
    _describe(actor, wishes, columns)
    await session.flush()
    await tell_changed(session, actor, moderator)
    await events.emit(session, events.ProfileChanged(actor))
    return actor


async def tell_changed(session: AsyncSession, group: Actor, moderator: Actor) -> None:
    """Log that a community here has changed, and tell its members' servers as Lemmy does."""
    await mod_log.write(session, "update", community_id=group.id, moderator_id=moderator.id)
    await events.emit(session, events.CommunityActed(group, moderator, "update"))
