"""Editing objects: the earlier version is kept, everyone who sees it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social import events, live, object_notices, post_index, quoting, registry, screening
from potluck.social.communities import posts
from potluck.social.drafts import Draft, MediaDetail, MentionDraft
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, Media, Mention, Object, ObjectDocument, Revision
from potluck.social.storing import insert_attachments
from potluck.social.tagging import replace_hashtags

_MENTION: Any = Mention.__table__
_TEXTS = ("type", "title", "summary", "content", "source", "source_type", "language", "sensitive", "url", "extra",
          "context_uri", "replies_uri", "interaction_policy", "approved_by_uri")


async def edit(session: AsyncSession, object_id: int, draft: Draft, editor: Actor, *, silent: bool = False) -> Object:
    """Replace what an object says by what `draft` says. Author, audience, parent and time of publication stay.

    Args:
        silent: only tallies, counters or stamps changed (an Update without newer `updated`, as Mastodon reads it):
            no version is kept, nobody is told.

    Raises:
        NotFound: no such object, or it is deleted.
        NotAllowed: the editor is not its author.
    """
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None:
        raise NotFound
    if row.author_id != editor.id:
        raise NotAllowed
    if not silent:
        await screening.check_edit(session, draft)
    newly: Sequence[int] = ()
    if not silent:
        await _keep_version(session, row)
        newly = await _replace(session, row, draft)
        row.edited_at = draft.edited_at or now()
    _refresh(row, draft)
    row.version += 1
    await session.flush()
    state = _quote_state(row, draft)
    stamp = draft.quote_authorization_uri
    if state is not None and (state != row.quote_state or (
            stamp is not None and stamp != row.quote_authorization_uri and state not in quoting.FINAL)):
        await quoting.set_state(session, row.id, state, stamp=stamp)
    kind = registry.kind_named(row.kind)
    if kind.update:
        await kind.update(session, row, draft)
    await posts.revise(session, row)
    if not silent:
        await post_index.refresh(session, [row.id])
        await object_notices.for_edit(session, row, newly)
    await live.publish(session, "status.update", object_id=row.id)
    await events.emit(session, events.ObjectEdited(row, editor, silent))
    return row


def _refresh(row: Object, draft: Draft) -> None:
    """What may change without an edit."""
    if draft.uri is not None:
        row.fetched_at = now()
        row.remote_likes, row.remote_boosts = draft.remote_likes, draft.remote_boosts
    row.quote_policy = draft.quote_policy


def _quote_state(row: Object, draft: Draft) -> str | None:
    """The state of the quote by what its author elsewhere says now: the stamp came, or is gone."""
    if not draft.uri or not draft.quote_uri or draft.quote_uri != row.quote_uri or row.quote_state in quoting.FINAL:
        return row.quote_state
    stamp = draft.quote_authorization_uri
    if stamp is None:
        return "revoked" if row.quote_authorization_uri and row.quote_state == "accepted" else row.quote_state
    if stamp == row.quote_authorization_uri and row.quote_state == "accepted":
        return "accepted"
    return draft.quote_state or row.quote_state


async def _keep_version(session: AsyncSession, row: Object) -> None:
    media = (await session.scalars(select(Media).where(Media.object_id == row.id).order_by(Media.position))).all()
    attachments = [{"type": item.type, "url": item.url, "preview_url": item.preview_url,
                    "description": item.description, "blurhash": item.blurhash, "id": str(item.id)}
                   for item in media]
    await session.execute(insert(Revision).values(
        id=ids.new(), object_id=row.id, title=row.title, summary=row.summary, content=row.content,
        sensitive=row.sensitive, emojis=row.emojis, extra={**row.extra, "attachments": attachments},
        created_at=row.edited_at or row.published))


async def _replace(session: AsyncSession, row: Object, draft: Draft) -> list[int]:
    """Texts, tags, attachments; returns local actors that are mentioned only now."""
    for name in _TEXTS:
        setattr(row, name, getattr(draft, name) if name != "url" or draft.url else row.url)
    row.emojis = [{"shortcode": emoji.shortcode, "url": emoji.url} for emoji in draft.emojis]
    await replace_hashtags(session, row.id, draft.hashtags)
    await session.execute(update(Media).where(Media.object_id == row.id, Media.owner_id.is_not(None)).values(
        object_id=None, loose_since=now()))
    await session.execute(delete(Media).where(Media.object_id == row.id))
    await insert_attachments(session, [(row, draft)])
    await _describe(session, row.id, draft.media_details)
    if draft.document:
        await session.execute(update(ObjectDocument).where(ObjectDocument.object_id == row.id)
                              .values(document=draft.document))
    return await _replace_mentions(session, row, draft.mentions)


async def _describe(session: AsyncSession, object_id: int, details: Mapping[int, MediaDetail]) -> None:
    """New descriptions and focal points; the kept version has the former ones."""
    if not details:
        return
    rows = await session.scalars(select(Media).where(
        Media.object_id == object_id, Media.id.in_(details)).execution_options(populate_existing=True))
    for media in rows.all():
        detail = details[media.id]
        if detail.description is not None:
            media.description = detail.description
        if detail.focus is not None:
            media.focus_x, media.focus_y = detail.focus
    await session.flush()


async def _replace_mentions(session: AsyncSession, row: Object, mentions: Sequence[MentionDraft]) -> list[int]:
    """New mentions are added; those no longer named become silent, since they have seen the object."""
    before = dict((await session.execute(
        select(Mention.actor_id, Mention.silent).where(Mention.object_id == row.id))).all())
    named = {item.actor_id for item in mentions if item.actor_id is not None and not item.silent}
    gone = [actor_id for actor_id in before if actor_id not in named]
    if gone:
        await session.execute(update(_MENTION).where(
            _MENTION.c.object_id == row.id, _MENTION.c.actor_id.in_(gone)).values(silent=True))
    if named & before.keys():
        await session.execute(update(_MENTION).where(
            _MENTION.c.object_id == row.id, _MENTION.c.actor_id.in_(named & before.keys())).values(silent=False))
    fresh = sorted(named - before.keys())
    if fresh:
        await session.execute(insert_or_ignore(session, _MENTION), [
            {"object_id": row.id, "actor_id": actor_id, "silent": False} for actor_id in fresh])
    return fresh
