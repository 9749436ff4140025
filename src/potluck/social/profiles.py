"""What local people say about themselves: display name, bio, fields, switches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.social import events, post_index
from potluck.social.addresses import hashtag_url
from potluck.social.errors import Invalid
from potluck.social.model import Actor, CustomEmoji
from potluck.text.emoji import find_shortcodes
from potluck.text.names import normalise_host
from potluck.text.render import render_text

MAX_DISPLAY_NAME = 100
MAX_NOTE = 2000
MAX_FIELDS = 8
MAX_FIELD_NAME = 255
MAX_FIELD_VALUE = 255
MAX_PICTURE_DESCRIPTION = 1500
MAX_ATTRIBUTION_DOMAINS = 100

_FLAGS = frozenset({"locked", "discoverable", "indexable", "hide_collections"})
_PICTURES = frozenset({"avatar_url", "header_url"})
_TABS = frozenset({"show_media", "show_media_replies", "show_featured"})
_DESCRIPTIONS = frozenset({"avatar_description", "header_description"})


def check_display_name(text: str) -> str:
    """A display name without blanks around it.

    Raises:
        Invalid: it is too long.
    """
    text = " ".join(text.split())
    _check_length("display_name", "Display name", text, MAX_DISPLAY_NAME)
    return text


def _check_length(field: str, label: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Invalid(field, f"Validation failed: {label} is too long (maximum is {most} characters)", "too_long")


async def update_profile(session: AsyncSession, actor: Actor, **changes: Any) -> Actor:
    """Change what a local actor says about itself; what is not named stays.

    Args:
        actor: whose profile.
        changes: any of display_name, note (plain text), fields (pairs of name and value), bot, locked, discoverable,
            indexable, hide_collections, avatar_url, header_url, avatar_description, header_description,
            attribution_domains, show_media, show_media_replies, show_featured (tabs of the profile).

    Raises:
        Invalid: a value cannot be used.
    """
    row = await session.get_one(Actor, actor.id)
    wanted_to_be_found = row.indexable
    for name, value in changes.items():
        _apply(row, name, value)
    if row.indexable != wanted_to_be_found:
        await post_index.author_changed(session, row.id)
    row.emojis = await _emojis_in(session, row)
    row.updated_at = now()
    await session.flush()
    await events.emit(session, events.ProfileChanged(row))
    return row


def _apply(row: Actor, name: str, value: Any) -> None:
    if name in _FLAGS:
        setattr(row, name, bool(value))
    elif name in _TABS:
        row.extra = {**row.extra, name: bool(value)}
    elif name in _PICTURES:
        setattr(row, name, value or None)
    elif name in _DESCRIPTIONS:
        _check_length(name, "Description", value, MAX_PICTURE_DESCRIPTION)
        setattr(row, name, value.strip())
    elif name == "display_name":
        row.display_name = check_display_name(value)
    elif name == "note":
        _set_note(row, value)
    elif name == "fields":
        row.fields = _fields(row.fields, value)
    elif name == "bot":
        _set_bot(row, bool(value))
    elif name == "attribution_domains":
        row.extra = {**row.extra, "attribution_domains": _domains(value)}
    else:
        raise TypeError(f"no such part of a profile: {name}")


def _set_note(row: Actor, text: str) -> None:
    text = text.strip()
    _check_length("note", "Bio", text, MAX_NOTE)
    row.summary_source, row.summary = text, _to_html(text)


def _to_html(text: str) -> str:
    return render_text(text, mentions={}, hashtag_url=hashtag_url).html if text else ""


def _set_bot(row: Actor, bot: bool) -> None:
    """Only people are told from bots: a group or an organisation stays one."""
    if row.type in {"Person", "Service"}:
        row.type = "Service" if bot else "Person"


def _fields(before: Sequence[dict[str, Any]], wanted: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Rendered fields; one that did not change keeps its verification."""
    if len(wanted) > MAX_FIELDS:
        raise Invalid("fields", "Validation failed: A profile can have %(most)s fields at most", "too_long",
                      most=MAX_FIELDS)
    verified = {(field.get("name"), field.get("source")): field.get("verified_at") for field in before}
    found = []
    for name, value in ((name.strip(), value.strip()) for name, value in wanted):
        _check_length("fields", "Name of a field", name, MAX_FIELD_NAME)
        _check_length("fields", "Field", value, MAX_FIELD_VALUE)
        if name or value:
            field: dict[str, Any] = {"name": name, "value": _field_html(value), "source": value}
            if verified.get((name, value)):
                field["verified_at"] = verified[name, value]
            found.append(field)
    return found


def _field_html(value: str) -> str:
    """One line of HTML: the paragraph that surrounds it is left out."""
    html = _to_html(value)
    if html.startswith("<p>") and html.endswith("</p>") and html.count("<p") == 1:
        return html[3:-4]
    return html


def _domains(names: Sequence[str]) -> list[str]:
    if len(names) > MAX_ATTRIBUTION_DOMAINS:
        raise Invalid("attribution_domains", "Validation failed: There are too many domains", "too_long")
    found = []
    for name in names:
        host = normalise_host(name.strip().removeprefix("*."))
        if host is None:
            raise Invalid("attribution_domains", "Validation failed: This is not a domain")
        found.append(host)
    return list(dict.fromkeys(found))


async def _emojis_in(session: AsyncSession, row: Actor) -> list[dict[str, Any]]:
    """Local custom emoji that the profile uses."""
    texts = [row.display_name, row.summary_source or ""]
    texts += [str(field.get(part, "")) for field in row.fields for part in ("name", "source")]
    names = find_shortcodes("\n".join(texts))
    if not names:
        return []
    rows = (await session.execute(select(CustomEmoji.shortcode, CustomEmoji.url).where(
        CustomEmoji.shortcode.in_(names), CustomEmoji.host == "", ~CustomEmoji.disabled))).all()
    return [{"shortcode": shortcode, "url": url} for shortcode, url in rows]
