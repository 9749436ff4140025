"""Custom emoji: those of this server, and those of others that were seen in posts and profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.db.ids import ids
from potluck.social.drafts import EmojiDraft
from potluck.social.errors import Conflict, Invalid, NotFound
from potluck.social.model import CustomEmoji
from potluck.text.emoji import is_shortcode

MAX_LOCAL_SHORTCODE = 128
MAX_CATEGORY = 100
_MOST_AT_ONCE = 500

_EMOJI: Any = CustomEmoji.__table__


async def local(session: AsyncSession, *, all_of_them: bool = False) -> Sequence[CustomEmoji]:
    """The emoji of this server in order of shortcode; with `all_of_them` also those out of use."""
    query = select(CustomEmoji).where(CustomEmoji.host == "")
    if not all_of_them:
        query = query.where(~CustomEmoji.disabled)
    return (await session.scalars(query.order_by(CustomEmoji.shortcode))).all()


async def create(session: AsyncSession, shortcode: str, url: str, *, category: str | None = None,
                 visible: bool = True) -> CustomEmoji:
    """Add an emoji of this server.

    Args:
        url: where its picture can be read.
        category: heading in pickers.
        visible: whether pickers show it.

    Raises:
        Invalid: the shortcode cannot be used.
        Conflict: it is taken.
    """
    shortcode = shortcode.strip().strip(":")
    if not is_shortcode(shortcode) or len(shortcode) > MAX_LOCAL_SHORTCODE:
        raise Invalid("shortcode", "A shortcode has at least two letters, digits or underscores")
    row = CustomEmoji(id=ids.new(), shortcode=shortcode, host="", url=url, category=_category(category),
                      visible=visible, disabled=False, updated_at=now())
    taken = await session.scalar(select(CustomEmoji.id).where(
        CustomEmoji.shortcode == shortcode, CustomEmoji.host == ""))
    if taken is not None:
        raise Conflict("This shortcode is taken")
    session.add(row)
    await session.flush()
    return row


def _category(text: str | None) -> str | None:
    return " ".join(text.split())[:MAX_CATEGORY] or None if text else None


async def change(session: AsyncSession, emoji_id: int, **changes: Any) -> CustomEmoji:
    """Change url, category, visible or disabled of an emoji of this server.

    Raises:
        NotFound: there is no such emoji here.
    """
    row: CustomEmoji | None = await session.scalar(select(CustomEmoji).where(
        CustomEmoji.id == emoji_id, CustomEmoji.host == ""))
    if row is None:
        raise NotFound
    for name, value in changes.items():
        if name not in {"url", "category", "visible", "disabled"}:
            raise TypeError(f"an emoji has no {name} to change")
        setattr(row, name, _category(value) if name == "category" else value)
    row.updated_at = now()
    await session.flush()
    return row


async def remove(session: AsyncSession, emoji_id: int) -> None:
    """Delete an emoji of this server; posts that used it keep their own copy of its address."""
    await session.execute(delete(_EMOJI).where(_EMOJI.c.id == emoji_id, _EMOJI.c.host == ""))


async def upsert_remote(session: AsyncSession, host: str, drafts: Iterable[EmojiDraft]) -> None:
    """Note the emoji of another server, three statements for any number of them.

    An older `updated` than the known one changes nothing.
    """
    wanted = {draft.shortcode: draft for draft in list(drafts)[:_MOST_AT_ONCE] if is_shortcode(draft.shortcode)}
    if not wanted or not host:
        return
    known = {row.shortcode: row for row in (await session.execute(
        select(_EMOJI.c.shortcode, _EMOJI.c.url, _EMOJI.c.updated_at).where(
            _EMOJI.c.host == host, _EMOJI.c.shortcode.in_(wanted)))).all()}
    fresh = [draft for shortcode, draft in wanted.items() if shortcode not in known]
    if fresh:
        await session.execute(insert_or_ignore(session, _EMOJI), [_row(host, draft) for draft in fresh])
    changed = [draft for shortcode, draft in wanted.items() if shortcode in known
               and known[shortcode].url != draft.url
               and (draft.updated is None or draft.updated > known[shortcode].updated_at)]
    if changed:
        await (await session.connection()).execute(
            update(_EMOJI).where(_EMOJI.c.host == host, _EMOJI.c.shortcode == bindparam("b_code")).values(
                url=bindparam("b_url"), updated_at=bindparam("b_time")),
            [{"b_code": draft.shortcode, "b_url": draft.url, "b_time": draft.updated or now()} for draft in changed])


def _row(host: str, draft: EmojiDraft) -> dict[str, Any]:
    return {"id": ids.new(), "shortcode": draft.shortcode, "host": host, "url": draft.url, "uri": draft.uri,
            "category": None, "visible": False, "disabled": False, "updated_at": draft.updated or now()}
