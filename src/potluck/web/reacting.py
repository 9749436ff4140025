"""Emoji reactions: given from a page of emoji, given and taken back on the card."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import emojis, reactions
from potluck.social.errors import Invalid
from potluck.text.emoji import is_single_emoji
from potluck.web import pages, redirects
from potluck.web.actions import answer
from potluck.web.asking import Me, PathId, SentForm
from potluck.web.auth import Viewer, acting
from potluck.web.compose import visible
from potluck.web.i18n import said
from potluck.web.presenters.posts import shown_post
from potluck.web.trusted import with_emoji
from potluck.web.types import AnyRequest

USUAL = ("\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", "\N{FACE WITH TEARS OF JOY}",
         "\N{FACE WITH OPEN MOUTH}", "\N{CRYING FACE}", "\N{PARTY POPPER}", "\N{CLAPPING HANDS SIGN}",
         "\N{THINKING FACE}", "\N{FIRE}", "\N{EYES}", "\N{PERSON WITH FOLDED HANDS}", "\N{POT OF FOOD}")
MAX_CUSTOM = 200


@get("/posts/{object_id:int}/react")
async def choose(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Emoji to react with: the usual ones, those of this server, or any other."""
    return await _page(request, me, object_id, "")


async def _page(request: AnyRequest, me: Viewer, object_id: int, error: str) -> Response[Any]:
    view = await visible(request, object_id, me)
    async with request.app.state.db.read() as session:
        custom = (await emojis.local(session))[:MAX_CUSTOM]
    return await pages.render(
        request, "threads/react.html", post=shown_post(view, me), action=f"/posts/{object_id}/react", usual=USUAL,
        custom=[{"value": f":{row.shortcode}:", "label_html": with_emoji(f":{row.shortcode}:", [
            {"shortcode": row.shortcode, "url": row.url}])} for row in custom if row.visible],
        back=redirects.safe_path(request.query_params.get("back"), f"/posts/{object_id}"),
        errors={"other": error} if error else {}, status=422 if error else 200)


@post("/posts/{object_id:int}/react", status_code=303)
async def give(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """React."""
    emoji = form.text("emoji", limit=100) or form.text("other", limit=100)
    try:
        async with request.app.state.db.write() as session:
            emoji, image = await _recognised(session, emoji)
            await reactions.react(session, await acting(session, me), object_id, "emoji", emoji, emoji_url=image)
    except Invalid as error:
        return await _page(request, me, object_id, said(error))
    return await answer(request, me, form, object_id)


async def _recognised(session: AsyncSession, emoji: str) -> tuple[str, str | None]:
    """An emoji, or one of this server by its name, with its picture.

    Raises:
        Invalid: it is neither.
    """
    if is_single_emoji(emoji):
        return emoji, None
    row = {known.shortcode: known for known in await emojis.local(session)}.get(emoji.strip(":"))
    if row is None:
        raise Invalid("other", "This is no emoji")
    return f":{row.shortcode}:", row.url


@post("/posts/{object_id:int}/unreact", status_code=303)
async def take_back(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Take a reaction back."""
    async with request.app.state.db.write() as session:
        await reactions.unreact(session, await acting(session, me), object_id, "emoji", form.text("emoji", limit=100))
    return await answer(request, me, form, object_id)


route_handlers = [choose, give, take_back]
