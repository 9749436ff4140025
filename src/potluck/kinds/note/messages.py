"""A private message to one person, whoever its text names: for apps that choose the recipient beside the text."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.kinds.authoring import render
from potluck.settings import current
from potluck.social import messages, objects, visibility
from potluck.social.drafts import Draft, MentionDraft
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Block, Object

_MARKDOWN = "text/markdown"


def _checked(text: str) -> str:
    if not text.strip():
        raise Invalid("content", "A message needs a text", "blank")
    if len(text) > current().max_characters:
        raise Invalid("content", "Validation failed: Text character limit of %(most)s exceeded", "too_long",
                      most=current().max_characters)
    return text


async def _draft(session: AsyncSession, author: Actor, recipient: Actor, text: str) -> Draft:
    rendered, _named, emojis = await render(session, _checked(text), _MARKDOWN)
    draft = Draft(kind="note", type="Note", published=now(), author_id=author.id, visibility=visibility.DIRECT,
                  content=rendered.html, source=text, source_type=_MARKDOWN)
    # Only the recipient: who is named in the text must not get the message for that.
    draft.mentions = [MentionDraft(recipient.uri, f"@{recipient.acct}", actor_id=recipient.id)]
    draft.emojis = emojis
    return draft


async def send(session: AsyncSession, author: Actor, recipient: Actor, text: str, *, app_name: str | None = None,
               ) -> Object:
    """Send a message in Markdown; it answers the last one between the two.

    Raises:
        NotAllowed: one of them blocks the other, or it is oneself.
        NotFound: the recipient is gone or no person.
        Invalid: no text, or too much.
    """
    if recipient.id == author.id:
        raise NotAllowed("You cannot write to yourself")
    if recipient.deleted_at is not None or recipient.suspended_at is not None or recipient.type == "Group":
        raise NotFound
    if await session.scalar(select(Block.id).where(or_(
            (Block.blocker_id == author.id) & (Block.blocked_id == recipient.id),
            (Block.blocker_id == recipient.id) & (Block.blocked_id == author.id))).limit(1)) is not None:
        raise NotAllowed("One of you has blocked the other")
    draft = await _draft(session, author, recipient, text)
    draft.app_name = app_name
    before = await messages.last_with(session, author.id, recipient.id)
    if before is not None:
        draft.in_reply_to_id, draft.in_reply_to_uri, draft.context_uri = before.id, before.uri, before.context_uri
    made = (await objects.store(session, [draft]))[0].object
    if made is None:
        raise NotFound
    return made


async def revise(session: AsyncSession, author: Actor, object_id: int, text: str) -> Object:
    """Change one's own message.

    Raises:
        NotFound: no such message of this author.
        Invalid: no text, or too much.
    """
    row = await messages.one(session, author.id, object_id)
    if row.author_id != author.id:
        raise NotFound
    recipient_id = (await messages.recipients(session, [row]))[row.id]
    draft = await _draft(session, author, await session.get_one(Actor, recipient_id), text)
    draft.context_uri, draft.url, draft.edited_at = row.context_uri, row.url, now()
    return await objects.edit(session, object_id, draft, author)
