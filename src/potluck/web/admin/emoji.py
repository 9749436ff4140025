"""Custom emoji of this server: add, put into a category, take out of use, delete."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.handlers import get, post
from potluck.media import attachments
from potluck.social import audit, emojis
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import CustomEmoji, Media
from potluck.text.emoji import is_shortcode
from potluck.web import attaching, flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer
from potluck.web.bringing_files import WITH_FILES
from potluck.web.forms import Form
from potluck.web.i18n import _, said
from potluck.web.types import AnyRequest

TYPES = "image/png,image/gif,image/webp,image/avif"
_WAIT_SECONDS = 15.0


async def _page(request: AnyRequest, errors: dict[str, str], values: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        rows = await emojis.local(session, all_of_them=True)
    return await pages.render(request, "admin/emoji.html", heading=_("Custom emoji"), up="/admin", emojis=rows,
                              errors=errors, values=values, accept=TYPES, status=422 if errors else 200)


@get("/admin/emoji")
async def show(request: AnyRequest, staff: Me) -> Response[Any]:
    """The list, and the form for a new one."""
    return await _page(request, {}, {})


async def _refusal(request: AnyRequest, shortcode: str) -> Invalid | None:
    """Why a shortcode cannot be used."""
    if not is_shortcode(shortcode):
        return Invalid("shortcode", "A shortcode has at least two letters, digits or underscores")
    async with request.app.state.db.read() as session:
        if any(row.shortcode == shortcode for row in await emojis.local(session, all_of_them=True)):
            return Invalid("shortcode", "This shortcode is taken")
    return None


async def _take(request: AnyRequest, staff: Viewer, form: Form, shortcode: str) -> Invalid | None:
    """Take the picture and wait until it is prepared; why that failed, if it did."""
    files = form.files("image")
    if not files:
        return Invalid("image", "Please choose a picture")
    try:
        media = await attaching.accept(request, staff.actor, files[0], purpose="emoji", extra={
            "shortcode": shortcode, "category": form.text("category", limit=200)})
    except Invalid as error:
        return error
    media = await attachments.until_prepared(request.app.state.db, staff.actor, media, seconds=_WAIT_SECONDS)
    return Invalid("image", media.error or "This picture cannot be used") if media.state == "failed" else None


@post("/admin/emoji", status_code=303, **WITH_FILES)
async def add(request: AnyRequest, staff: Me, form: SentForm) -> Response[Any]:
    """Add an emoji; its picture is prepared like any other upload."""
    shortcode = form.text("shortcode", limit=200).strip(":")
    error = await _refusal(request, shortcode) or await _take(request, staff, form, shortcode)
    if error is not None:
        field = "shortcode" if error.field == "shortcode" else "image"
        return await _page(request, {field: said(error)}, form.kept("shortcode", "category"))
    async with request.app.state.db.write() as session:
        await audit.record(session, staff.user.id, "create_emoji", f":{shortcode}:")
    return flashes.with_flash(redirects.see_other("/admin/emoji"), "good", _("The emoji :%(name)s: is there.",
                                                                            name=shortcode))


async def _change(session: AsyncSession, user_id: int, emoji_id: int, verb: str, category: str) -> None:
    match verb:
        case "delete":
            row = await session.get(CustomEmoji, emoji_id)
            if row is not None and row.host == "":
                await session.execute(update(Media).where(Media.purpose == "emoji", Media.url == row.url).values(
                    loose_since=now()))
            await emojis.remove(session, emoji_id)
        case "disable" | "enable":
            await emojis.change(session, emoji_id, disabled=verb == "disable")
        case "category":
            await emojis.change(session, emoji_id, category=category)
        case _:
            raise NotFound
    await audit.record(session, user_id, f"{verb}_emoji", str(emoji_id))


@post("/admin/emoji/{emoji_id:int}/{verb:str}", status_code=303)
async def change(request: AnyRequest, staff: Me, form: SentForm, emoji_id: PathId, verb: PathWord) -> Response[Any]:
    """Change one, or delete it."""
    async with request.app.state.db.write() as session:
        await _change(session, staff.user.id, emoji_id, verb, form.text("category", limit=200))
    return redirects.see_other("/admin/emoji")


route_handlers = [show, add, change]
