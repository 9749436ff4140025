"""Actors as pages show them: rows, profile headers, follow buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from potluck.media.addresses import SMALL, shown
from potluck.settings import current
from potluck.social.addresses import blank_avatar
from potluck.social.model import Actor
from potluck.web.i18n import _
from potluck.web.presenters.times import date_only
from potluck.web.trusted import trusted_html, with_emoji


@dataclass(frozen=True, slots=True)
class Person:
    """See `components/people.html`."""

    id: str
    name: str
    name_html: Markup
    handle: str
    url: str
    avatar_url: str
    bot: bool
    locked: bool
    act: str


@dataclass(frozen=True, slots=True)
class FollowState:
    """What the follow button offers: none, requested, following, self, off."""

    state: str
    follows_you: bool = False


OFF = FollowState("off")


def full_handle(actor: Actor) -> str:
    """`@name@host`, also for people of this server."""
    return f"@{actor.name}@{actor.host or current().domain}"


def profile_path(actor: Actor) -> str:
    """Page of an actor on this site."""
    return f"/@{actor.acct}"


def shown_person(actor: Actor) -> Person:
    """An actor as a row or author line shows it."""
    name = actor.display_name.strip() or actor.name
    return Person(
        id=str(actor.id), name=name, name_html=with_emoji(name, actor.emojis), handle=full_handle(actor),
        url=profile_path(actor), avatar_url=shown(actor.avatar_url, SMALL) or blank_avatar(actor.name),
        bot=actor.type in {"Service", "Application"}, locked=actor.locked, act=f"/people/{actor.id}",
    )


def follow_state(relationship: Any | None, *, own: bool = False) -> FollowState:
    """The follow button for a `Relationship`; None for nobody signed in."""
    if own:
        return FollowState("self")
    if relationship is None or relationship.blocking or relationship.blocked_by:
        return OFF
    state = "following" if relationship.following else "requested" if relationship.requested else "none"
    return FollowState(state, relationship.followed_by)


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A line of a profile's table."""

    name: str
    name_html: Markup
    value_html: Markup
    verified: bool


@dataclass(frozen=True, slots=True)
class Count:
    """A number that leads to a page."""

    label: str
    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Profile:
    """See `profile_header` in `components/people.html`."""

    person: Person
    follow: FollowState
    banner_url: str
    bio_html: Markup
    fields: list[ProfileField]
    counts: list[Count]
    joined: str
    original_url: str
    feed_url: str
    moved_to: Person | None = None
    limited: str = ""
    muted: bool = False
    blocked: bool = False
    note: str = ""
    can_edit: bool = False
    extra: dict[str, Any] = field(default_factory=dict)


def shown_profile(actor: Actor, relationship: Any | None, *, own: bool, moved_to: Actor | None = None) -> Profile:
    """An actor as the top of the profile page shows it."""
    path = profile_path(actor)
    since = actor.published or (actor.created_at if actor.is_local else None)
    return Profile(
        person=shown_person(actor), follow=follow_state(relationship, own=own),
        banner_url=shown(actor.header_url) or "",
        bio_html=trusted_html(actor.summary, actor.emojis),
        fields=[ProfileField(str(item.get("name", "")), with_emoji(str(item.get("name", "")), actor.emojis),
                             trusted_html(str(item.get("value", "")), actor.emojis), bool(item.get("verified_at")))
                for item in actor.fields],
        counts=[Count(_("posts"), actor.shown_posts, path),
                Count(_("following"), actor.shown_following, f"{path}/following"),
                Count(_("followers"), actor.shown_followers, f"{path}/followers")],
        joined=_("Since %(date)s", date=date_only(since)) if since else "",
        original_url="" if actor.is_local else (actor.url or actor.uri),
        feed_url=f"{path}.rss" if actor.is_local else "",
        moved_to=shown_person(moved_to) if moved_to else None,
        limited=_("This account has been limited by the moderators.") if actor.silenced_at else "",
        muted=bool(relationship and relationship.muting), blocked=bool(relationship and relationship.blocking),
        note=relationship.note if relationship else "", can_edit=own,
    )
