"""Sites a person signs in with: the own profile, and the blogs they write in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.indieauth.errors import forbidden
from potluck.apis.urls import full_url
from potluck.social.accounts.tokens import Access
from potluck.social.addresses import blank_avatar, profile_url
from potluck.social.blogs import authors
from potluck.social.model import Actor, User


@dataclass(frozen=True, slots=True)
class Site:
    """A profile or blog. `role` is what the person is to it."""

    actor: Actor
    is_blog: bool
    role: str

    @property
    def me(self) -> str:
        """Its address: what IndieAuth calls `me`."""
        return me_of(self.actor)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.actor.display_name or self.actor.name


def me_of(actor: Actor) -> str:
    """The address of a profile or blog, under the blog's own domain if it has one."""
    domain = str((actor.extra.get("blog") or {}).get("domain") or "")
    return f"https://{domain}/" if domain else profile_url(actor.name)


def profile(me: Actor) -> Site:
    """Somebody's own profile."""
    return Site(me, False, authors.OWNER)


async def sites_of(session: AsyncSession, me: Actor) -> list[Site]:
    """Where somebody may have apps write: the profile first."""
    return [profile(me), *(Site(actor, True, role) for actor, _, role in await authors.blogs_of(session, me.id)
                           if actor.suspended_at is None)]


async def of_token(session: AsyncSession, access: Access) -> Site:
    """The site a token is for.

    Raises:
        ApiError: the person does not write there any more (403).
    """
    if access.actor is None:
        raise forbidden("This token stands for nobody")
    if access.site_id is None or access.site_id == access.actor.id:
        return profile(access.actor)
    blog = await session.get(Actor, access.site_id)
    role = await authors.role_of(session, access.site_id, access.actor.id)
    if blog is None or role is None or blog.deleted_at is not None or blog.suspended_at is not None:
        raise forbidden("The person does not write in this blog any more")
    return Site(blog, True, role)


def shown(site: Site, user: User, scopes: frozenset[str]) -> dict[str, Any]:
    """What the person allowed to be told about who they are."""
    actor = site.actor
    found: dict[str, Any] = {"name": site.name, "url": site.me,
                             "photo": full_url(actor.avatar_url or blank_avatar(actor.name))}
    return found | ({"email": user.email} if "email" in scopes else {})
