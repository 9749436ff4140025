"""Who writes in a blog: its owner, editors who look after everybody's articles, authors who look after their own."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Article, Blog, BlogAuthor, Object

OWNER, EDITOR, AUTHOR = "owner", "editor", "author"
ROLES = (OWNER, EDITOR, AUTHOR)
MAX_AUTHORS = 100


async def role_of(session: AsyncSession, blog_id: int, actor_id: int) -> str | None:
    """What somebody is to a blog; None for nothing."""
    found: str | None = await session.scalar(select(BlogAuthor.role).where(
        BlogAuthor.blog_id == blog_id, BlogAuthor.actor_id == actor_id))
    return found


async def check(session: AsyncSession, actor: Actor, blog: Actor, least: str = AUTHOR) -> str:
    """Refuse those who are less than `least` to a blog; gives their role.

    Raises:
        NotAllowed: they are.
    """
    role = await role_of(session, blog.id, actor.id)
    if role is None or ROLES.index(role) > ROLES.index(least):
        raise NotAllowed("Only those who look after this blog may do this")
    return role


async def check_writes(session: AsyncSession, writer: Actor, author: Actor) -> None:
    """Refuse to write as somebody else: `author` is the writer, or a blog the writer writes in.

    Raises:
        NotAllowed: neither.
    """
    if writer.id != author.id:
        await check(session, writer, author)


async def check_edits(session: AsyncSession, writer: Actor, row: Object) -> None:
    """Refuse to change an article that is neither one's own nor in a blog that one edits.

    Raises:
        NotFound: it is none of the writer's business.
    """
    if row.author_id == writer.id:
        return
    if row.id not in await editable(session, writer.id, [row]):
        raise NotFound


async def editable(session: AsyncSession, actor_id: int, rows: Iterable[Object]) -> set[int]:
    """Which of these articles somebody may change, in one query."""
    by_id = {row.id: row.author_id for row in rows}
    if not by_id:
        return set()
    found = await session.execute(
        select(Article.object_id, Article.writer_id, BlogAuthor.role).outerjoin(
            BlogAuthor, (BlogAuthor.blog_id == Article.author_id) & (BlogAuthor.actor_id == actor_id))
        .where(Article.object_id.in_(by_id)))
    return {object_id for object_id, writer_id, role in found.all()
            if by_id[object_id] == actor_id or role in (OWNER, EDITOR) or (role == AUTHOR and writer_id == actor_id)}


async def blogs_of(session: AsyncSession, actor_id: int) -> list[tuple[Actor, Blog, str]]:
    """The blogs somebody writes in, oldest first, with what they are to each."""
    rows = await session.execute(
        select(Actor, Blog, BlogAuthor.role).join(Blog, Blog.actor_id == Actor.id).join(
            BlogAuthor, BlogAuthor.blog_id == Actor.id).where(
            BlogAuthor.actor_id == actor_id, Actor.deleted_at.is_(None)).order_by(Actor.id))
    return [(actor, blog, role) for actor, blog, role in rows.all()]


async def of_blog(session: AsyncSession, blog_id: int) -> list[tuple[Actor, str]]:
    """Who writes in a blog, longest first."""
    rows = await session.execute(select(Actor, BlogAuthor.role).join(
        BlogAuthor, BlogAuthor.actor_id == Actor.id).where(BlogAuthor.blog_id == blog_id, Actor.deleted_at.is_(None))
        .order_by(BlogAuthor.created_at, Actor.id))
    return [(actor, role) for actor, role in rows.all()]


async def invite(session: AsyncSession, owner: Actor, blog: Actor, person: Actor, role: str = AUTHOR) -> None:
    """Let somebody write, or give them another role.

    Raises:
        NotAllowed: only the owner may.
        Invalid: not a person of this server, no such role, or too many authors.
    """
    await check(session, owner, blog, OWNER)
    if role not in (EDITOR, AUTHOR):
        raise Invalid("role", "A role is editor or author")
    if not person.is_local or person.owner_id is None or person.type == "Group" or "blog" in person.extra:
        raise Invalid("name", "Only people of this server can write in a blog")
    known = await session.get(BlogAuthor, (blog.id, person.id))
    if known is not None:
        if known.role == OWNER:
            raise Invalid("name", "The owner of a blog stays its owner")
        known.role = role
        await session.flush()
        return
    if len(await of_blog(session, blog.id)) >= MAX_AUTHORS:
        raise Invalid("name", "A blog has at most %(most)s authors", "too_long", most=MAX_AUTHORS)
    session.add(BlogAuthor(blog_id=blog.id, actor_id=person.id, role=role))
    await session.flush()


async def part(session: AsyncSession, actor: Actor, blog: Actor, person: Actor) -> None:
    """Somebody writes there no more: they leave, or the owner lets them go. Their articles stay.

    Raises:
        NotAllowed: neither the owner nor themselves, or the owner leaves.
        NotFound: they do not write there.
    """
    if actor.id != person.id:
        await check(session, actor, blog, OWNER)
    row = await session.get(BlogAuthor, (blog.id, person.id))
    if row is None:
        raise NotFound
    if row.role == OWNER:
        raise NotAllowed("The owner cannot leave: delete the blog instead")
    await session.delete(row)
    await session.flush()
