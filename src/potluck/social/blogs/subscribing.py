"""Reading a blog by mail: whoever gives an address confirms it first, and leaves with one click.

An address is known to the blog's letters alone: no page shows it, not to the blog's owner either.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.accounts.addresses import normalise_email
from potluck.social.accounts.email import Mail
from potluck.social.accounts.mail_texts import fill
from potluck.social.blogs.making import CLOSED
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Blog, BlogSubscriber
from potluck.text.sanitise import excerpt, to_plain_text

MAX_TEXT = 200_000  # characters of an article that go into a letter
_UNCONFIRMED = timedelta(days=7)
_ASK_AGAIN = timedelta(hours=12)
_A_DAY = timedelta(days=1)
MAX_ASKED_A_DAY = 5
"""Blogs that one address is asked about in a day: nobody's mail box is filled by way of many blogs."""


def address(token: str, what: str = "") -> str:
    """Where a subscription is confirmed, or ended (`/leave`)."""
    return f"{current().url}/letters/{token}{what}"


async def subscribe(session: AsyncSession, blog: Actor, email: str, locale: str) -> Mail | None:
    """Somebody gives an address; they get a letter to confirm it.

    Returns:
        That letter; None where the address is subscribed already, or was asked not long ago, by this blog or by
        several: nobody can have strangers flooded, and the answer does not tell who reads.

    Raises:
        Invalid: it is no address.
        NotAllowed: the blog sends no letters.
    """
    email = normalise_email(email)
    row = await session.get(Blog, blog.id)
    if row is None or not row.mail or row.visibility in CLOSED:
        raise NotAllowed("This blog sends no letters")
    moment = now()
    await session.execute(delete(BlogSubscriber).where(
        BlogSubscriber.blog_id == blog.id, BlogSubscriber.confirmed_at.is_(None),
        BlogSubscriber.created_at < moment - _UNCONFIRMED))
    known = await session.scalar(select(BlogSubscriber).where(
        BlogSubscriber.blog_id == blog.id, BlogSubscriber.email == email))
    if known is not None and (known.confirmed_at or known.created_at > moment - _ASK_AGAIN):
        return None
    asked = await session.scalar(select(func.count()).select_from(BlogSubscriber).where(
        BlogSubscriber.email == email, BlogSubscriber.created_at > moment - _A_DAY))
    if (asked or 0) >= MAX_ASKED_A_DAY:
        return None
    if known is None:
        known = BlogSubscriber(id=ids.new(), blog_id=blog.id, email=email, token=secrets.token_urlsafe(24))
        session.add(known)
    known.created_at = moment
    await session.flush()
    name = blog.display_name or blog.name
    return Mail(email, fill(locale, "Do you want to read “%(name)s” by mail?", name=name), fill(
        locale, "Somebody, we hope you, asked for new articles of “%(name)s” at this address.\n\n"
        "To get them, open this link:\n%(link)s\n\nIf it was not you, do nothing: no letters will come.\n",
        name=name, link=address(known.token)))


async def by_token(session: AsyncSession, token: str) -> tuple[BlogSubscriber, Actor]:
    """A subscription and its blog.

    Raises:
        NotFound: there is none.
    """
    found = (await session.execute(select(BlogSubscriber, Actor).join(
        Actor, Actor.id == BlogSubscriber.blog_id).where(
        BlogSubscriber.token == token[:100], Actor.deleted_at.is_(None)))).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


async def confirm(session: AsyncSession, token: str) -> Actor:
    """The owner of an address wants the letters.

    Raises:
        NotFound: there is no such subscription.
    """
    row, blog = await by_token(session, token)
    row.confirmed_at = row.confirmed_at or now()
    await session.flush()
    return blog


async def leave(session: AsyncSession, token: str) -> Actor:
    """No more letters; the address is forgotten.

    Raises:
        NotFound: there is no such subscription.
    """
    row, blog = await by_token(session, token)
    await session.delete(row)
    await session.flush()
    return blog


async def readers(session: AsyncSession, blog_id: int, after: int, limit: int) -> Sequence[BlogSubscriber]:
    """Those who get letters, in order of their ids, from behind `after`."""
    rows = await session.scalars(select(BlogSubscriber).where(
        BlogSubscriber.blog_id == blog_id, BlogSubscriber.id > after, BlogSubscriber.confirmed_at.is_not(None)
    ).order_by(BlogSubscriber.id).limit(limit))
    return rows.all()


async def has_readers(session: AsyncSession, blog_id: int) -> bool:
    """Whether anybody gets letters; however many they are, one is looked for."""
    return await session.scalar(select(BlogSubscriber.id).where(
        BlogSubscriber.blog_id == blog_id, BlogSubscriber.confirmed_at.is_not(None)).limit(1)) is not None


def letter(blog: Actor, title: str, html: str, url: str, to: BlogSubscriber) -> Mail:
    """An article as a letter, in plain text."""
    text = to_plain_text(html)
    if len(text) > MAX_TEXT:
        text = excerpt(text, 5000)
    name = blog.display_name or blog.name
    locale = str((blog.extra.get("blog") or {}).get("language") or current().language)
    foot = fill(locale, "You get this since you subscribed to “%(name)s”. To get no more letters, open:\n%(link)s",
                name=name, link=address(to.token, "/leave"))
    return Mail(to.email, f"{name}: {title}", f"{title}\n{url}\n\n{text}\n\n-- \n{foot}\n",
                unsubscribe=address(to.token, "/leave"))
