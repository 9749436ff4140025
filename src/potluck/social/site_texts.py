"""The rules, the long description and the privacy policy of this server. `terms` has its terms of service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social.addresses import hashtag_url
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import ServerRule, SiteText
from potluck.text.languages import normalise_language
from potluck.text.render import TextTooLong, render_text

EXTENDED_DESCRIPTION = "extended_description"
PRIVACY_POLICY = "privacy_policy"
NAMES = (EXTENDED_DESCRIPTION, PRIVACY_POLICY)
MAX_RULE = 300
MAX_HINT = 2000
MAX_RULES = 100
MAX_TEXT = 100_000


def html_of(source: str) -> str:
    """Markdown of the people who run this server, as HTML.

    Raises:
        Invalid: it is too long.
    """
    if len(source) > MAX_TEXT:
        raise Invalid("text", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=MAX_TEXT)
    try:
        return render_text(source, mentions={}, hashtag_url=hashtag_url, media_type="text/markdown").html
    except TextTooLong as error:
        raise Invalid("text", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=error.limit) from error


# ---- rules ------------------------------------------------------------------------------------------------------


async def rules(session: AsyncSession) -> Sequence[ServerRule]:
    """The rules in force, in their order."""
    return (await session.scalars(select(ServerRule).where(ServerRule.deleted_at.is_(None)).order_by(
        ServerRule.position, ServerRule.id))).all()


async def rules_by_id(session: AsyncSession, rule_ids: Sequence[int]) -> Sequence[ServerRule]:
    """Rules that reports speak of, also those no longer in force."""
    return (await session.scalars(select(ServerRule).where(ServerRule.id.in_(rule_ids)).order_by(
        ServerRule.position, ServerRule.id))).all()


async def _rule(session: AsyncSession, rule_id: int) -> ServerRule:
    row: ServerRule | None = await session.scalar(select(ServerRule).where(
        ServerRule.id == rule_id, ServerRule.deleted_at.is_(None)))
    if row is None:
        raise NotFound
    return row


async def save_rule(
    session: AsyncSession, text: str, *, hint: str = "", position: int | None = None,
    translations: Mapping[str, Mapping[str, str]] | None = None, rule_id: int | None = None,
) -> ServerRule:
    """Add a rule (at the end), or change one.

    Args:
        translations: language -> text and hint.

    Raises:
        Invalid: a text is blank or too long, or there are too many rules.
        NotFound: there is no such rule.
    """
    present = await rules(session)
    if rule_id is not None:
        row = await _rule(session, rule_id)
    else:
        if len(present) >= MAX_RULES:
            raise Invalid("text", "Validation failed: There cannot be more than %(most)s rules", "too_many",
                          most=MAX_RULES)
        row = ServerRule(id=ids.new(), position=max((item.position for item in present), default=0) + 1,
                         created_at=now())
        session.add(row)
    row.text, row.hint, row.updated_at = _line(text, MAX_RULE), _line(hint, MAX_HINT, blank=True), now()
    if position is not None:
        row.position = position
    if translations is not None:
        row.translations = _translations(translations)
    await session.flush()
    return row


def _translations(given: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    found = {}
    for tag, texts in given.items():
        language = normalise_language(tag)
        if language is None:
            raise Invalid("translations", "Validation failed: Language is not a valid language code")
        if texts.get("text", "").strip():
            found[language] = {"text": _line(texts["text"], MAX_RULE),
                               "hint": _line(texts.get("hint", ""), MAX_HINT, blank=True)}
    return found


def _line(text: str, most: int, *, blank: bool = False) -> str:
    text = text.strip()
    if not text and not blank:
        raise Invalid("text", "Validation failed: Text can't be blank", "blank")
    if len(text) > most:
        raise Invalid("text", "Validation failed: Text is too long (maximum is %(most)s characters)", "too_long",
                      most=most)
    return text


async def delete_rule(session: AsyncSession, rule_id: int) -> None:
    """Take a rule out of force.

    Raises:
        NotFound: there is no such rule.
    """
    (await _rule(session, rule_id)).deleted_at = now()
    await session.flush()


async def move_rule(session: AsyncSession, rule_id: int, steps: int) -> None:
    """Put a rule further up (negative) or down.

    Raises:
        NotFound: there is no such rule.
    """
    row = await _rule(session, rule_id)
    order = list(await rules(session))
    place = order.index(row)
    order.insert(max(0, min(len(order) - 1, place + steps)), order.pop(place))
    for position, item in enumerate(order, 1):
        item.position = position
    await session.flush()


# ---- texts ------------------------------------------------------------------------------------------------------


async def text(session: AsyncSession, name: str) -> SiteText | None:
    """A text by name, None if nobody wrote it."""
    return await session.get(SiteText, name)


async def save_text(session: AsyncSession, name: str, source: str) -> None:
    """Write a text; an empty one is removed.

    Raises:
        Invalid: it is too long, or there is no text of this name.
    """
    if name not in NAMES:
        raise Invalid("name", "Validation failed: Name is not included in the list", "inclusion")
    row = await session.get(SiteText, name)
    if not source.strip():
        if row is not None:
            await session.delete(row)
        await session.flush()
        return
    if row is None:
        row = SiteText(name=name)
        session.add(row)
    row.source, row.content, row.updated_at = source, html_of(source), now()
    await session.flush()


def privacy_policy() -> str:
    """What is said where nobody wrote a privacy policy: what the program itself does."""
    return html_of(_DEFAULT_PRIVACY.format(title=current().title))


_DEFAULT_PRIVACY = """\
**What {title} keeps.** Your e-mail address, a hash of your password, your profile, what you post and upload, what \
you follow, like and bookmark, and for each sign-in the time, the address and the browser.

**Who sees it.** Public posts and your profile are there for everyone, and copied to other servers. Posts for \
followers or for the people you mention are sent to their servers only. Nobody else is given your data.

**How long.** Until you delete it, or your account. Deleting is told to the servers that have copies; whether they \
follow is up to them."""
