"""What is said below articles: open to all, or only after an author of the blog has read it, or closed.

A comment that waits, or was hidden, has the state `awaiting`: it is nowhere seen or counted, but by who wrote it.
Comments of the blog's own authors never wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social.drafts import Draft, MentionDraft
from potluck.social.errors import NotFound
from potluck.social.model import Actor, Article, ArticleComment, Blog, BlogAuthor, Object
from potluck.social.paging import Page, rows_of
from potluck.social.visibility import FOLLOWERS

OPEN, APPROVE, CLOSED = "open", "approve", "closed"
AWAITING = "awaiting"
WAITING, HIDDEN = "waiting", "hidden"
_PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_OBJECT: Any = Object.__table__
_COMMENT: Any = ArticleComment.__table__

Held = dict[int, tuple[int, str]]
"""By `id(draft)`: whose article it is, and the state of the comment."""


def policy(rule: str, author: Actor) -> dict[str, Any] | None:
    """Who may comment, in the words of interaction policies (GoToSocial, FEP-044f); None: everybody."""
    if rule == OPEN:
        return None
    return {"canReply": {"automaticApproval": [author.uri], "manualApproval": [_PUBLIC] if rule == APPROVE else []}}


async def address(session: AsyncSession, author: Actor, parent: Object, draft: Draft) -> None:
    """Whoever is answered below an article is told: there nobody writes a handle in front of a comment."""
    if parent.group_id is not None or parent.author_id in {author.id, *(item.actor_id for item in draft.mentions)}:
        return
    root_id = parent.thread_root_id or parent.id
    kind = parent.kind if root_id == parent.id else await session.scalar(select(Object.kind).where(
        Object.id == root_id))
    if kind == "article":
        answered = await session.get_one(Actor, parent.author_id)
        draft.mentions.append(MentionDraft(answered.uri, f"@{answered.acct}", actor_id=answered.id))


async def hold(session: AsyncSession, drafts: Sequence[Draft]) -> Held:
    """Find the comments among new objects that have to wait, and give them the state; one query for any number."""
    ids = {draft.in_reply_to_id for draft in drafts if draft.in_reply_to_id}
    uris = {draft.in_reply_to_uri for draft in drafts if draft.in_reply_to_uri and not draft.in_reply_to_id}
    if not ids and not uris:
        return {}
    rule = func.coalesce(Article.comments, Blog.comments, OPEN)
    named = [*([Object.id.in_(ids)] if ids else []), *([Object.uri.in_(uris)] if uris else [])]
    rows = (await session.execute(
        select(Object.id, Object.uri, Article.author_id, rule.label("rule"))
        .join(Article, Article.object_id == func.coalesce(Object.thread_root_id, Object.id))
        .outerjoin(Blog, Blog.actor_id == Article.author_id).where(or_(*named), rule != OPEN))).all()
    if not rows:
        return {}
    rules = {key: (row.author_id, row.rule) for row in rows for key in (row.id, row.uri)}
    own = await _writers(session, {row.author_id for row in rows})
    held: Held = {}
    for draft in drafts:
        found = rules.get(draft.in_reply_to_id or draft.in_reply_to_uri or "")
        if found and draft.author_id != found[0] and draft.author_id not in own.get(found[0], ()):
            draft.state = AWAITING
            held[id(draft)] = (found[0], WAITING if found[1] == APPROVE else HIDDEN)
    return held


async def let_keepers_read(session: AsyncSession, drafts: Sequence[Draft]) -> None:
    """What is said to a blog among followers is read by those who look after it: they are addressed silently.

    Not so with direct messages: whoever takes part in a conversation is named there, and the blog would be given away.
    These are read at the blog's desk (`potluck.web.blogs.messages`).
    """
    private = [draft for draft in drafts if draft.visibility == FOLLOWERS]
    named = {item.actor_id for draft in private for item in draft.mentions if item.actor_id}
    if not named:
        return
    rows = (await session.execute(select(BlogAuthor.blog_id, Actor.id, Actor.uri).join(
        Actor, Actor.id == BlogAuthor.actor_id).where(
        BlogAuthor.blog_id.in_(named), BlogAuthor.role != "author"))).all()
    for draft in private if rows else ():
        known = {item.actor_id for item in draft.mentions}
        draft.mentions += [MentionDraft(uri, silent=True, actor_id=actor_id) for blog_id, actor_id, uri in rows
                           if blog_id in known and actor_id not in known and actor_id != draft.author_id]


async def _writers(session: AsyncSession, blog_ids: set[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for blog_id, actor_id in (await session.execute(select(BlogAuthor.blog_id, BlogAuthor.actor_id).where(
            BlogAuthor.blog_id.in_(blog_ids)))).all():
        found.setdefault(blog_id, set()).add(actor_id)
    return found


async def note_held(session: AsyncSession, pairs: Sequence[tuple[Object, Draft]], held: Held) -> None:
    """Write down what waits, for the blog's authors to look at."""
    rows = [{"object_id": row.id, "author_id": held[id(draft)][0], "state": held[id(draft)][1], "created_at": now()}
            for row, draft in pairs if id(draft) in held]
    if rows:
        await session.execute(insert(_COMMENT), rows)


async def waiting(session: AsyncSession, author_id: int, part: Page, *, state: str = WAITING) -> list[int]:
    """Ids of the comments that wait below somebody's articles, or were hidden there; newest first."""
    query = select(ArticleComment).join(Object, Object.id == ArticleComment.object_id).where(
        ArticleComment.author_id == author_id, ArticleComment.state == state, Object.deleted_at.is_(None))
    rows = await rows_of(session, query, ArticleComment.object_id, part)
    return [row.object_id for row in rows]


async def count_waiting(session: AsyncSession, author_ids: Sequence[int]) -> dict[int, int]:
    """How many comments wait for each blog."""
    rows = await session.execute(
        select(ArticleComment.author_id, func.count()).join(Object, Object.id == ArticleComment.object_id).where(
            ArticleComment.author_id.in_(author_ids), ArticleComment.state == WAITING,
            Object.deleted_at.is_(None)).group_by(ArticleComment.author_id))
    return dict(rows.all())


async def article_of(session: AsyncSession, row: Object) -> Article:
    """The article of this server below which something was said.

    Raises:
        NotFound: it is no comment on one.
    """
    found = await session.get(Article, row.thread_root_id or row.id)
    if found is None or found.object_id == row.id:
        raise NotFound
    return found


async def apply_rule(session: AsyncSession, blog: Actor, rule: str) -> None:
    """A blog changed who may comment: articles that do not say it themselves follow."""
    mine = select(Article.object_id).where(Article.author_id == blog.id, Article.comments.is_(None))
    await session.execute(update(_OBJECT).where(_OBJECT.c.id.in_(mine), _OBJECT.c.deleted_at.is_(None)).values(
        interaction_policy=policy(rule, blog), version=_OBJECT.c.version + 1))
