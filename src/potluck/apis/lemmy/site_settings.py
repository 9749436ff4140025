"""What the staff changes of this server by this API: its texts and its emoji. The rest stands in the configuration."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import images, site, taglines
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.settings import SUCCESS
from potluck.apis.lemmy.staff import check_admin, check_staff
from potluck.apis.lemmy.words import Json
from potluck.social import audit, emojis, site_texts
from potluck.social.errors import Conflict
from potluck.social.model import CustomEmoji

_TEXTS = {"sidebar": "extended_description", "legal_information": "privacy_policy"}
_PASSED_OVER = frozenset({"auth", "discussion_languages", "taglines"})


@endpoint("POST", "/site")
async def create(call: Call) -> Answer:
    """The site is there since the server was set up."""
    check_admin(call)
    raise refused("site_already_exists")


def _differing(view: Json, wanted: dict[str, Any]) -> list[str]:
    """Settings among those wanted that would change something which stands in the configuration."""
    present = {**view["local_site"], **view["site"]}
    limits = {f"rate_limit_{name}": value for name, value in view["local_site_rate_limit"].items()}
    known = {**present, **limits}
    return sorted(name for name, value in wanted.items()
                  if name not in _TEXTS and name not in _PASSED_OVER and value not in (None, "", [])
                  and known.get(name) != value)


@endpoint("PUT", "/site")
async def edit(call: Call) -> Answer:
    """Change the description, the privacy policy and the taglines; what stands in the configuration stays as it is."""
    user = check_admin(call)
    different = _differing(await site.answered_site(call), call.params.values)
    if different:
        raise refused("not_supported", message=f"These stand in the server's configuration: {', '.join(different)}")
    async with call.write() as session:
        for theirs, ours in _TEXTS.items():
            if call.params.optional_text(theirs) is not None:
                await site_texts.save_text(session, ours, call.params.text(theirs))
                await audit.record(session, user.id, "save_text", ours)
        if "taglines" in call.params:
            await taglines.replace(session, call.params.texts("taglines"))
            await audit.record(session, user.id, "save_text", "taglines")
        kept = await taglines.read(session)
    site.forget()
    return answer({"site_view": await site.answered_site(call), "taglines": kept})


async def _emoji(session: AsyncSession, emoji_id: int) -> CustomEmoji:
    found: CustomEmoji | None = await session.scalar(select(CustomEmoji).where(
        CustomEmoji.id == emoji_id, CustomEmoji.host == ""))
    if found is None:
        raise missing("custom_emoji")
    return found


@endpoint("POST", "/custom_emoji")
async def add_emoji(call: Call) -> Answer:
    """Add an emoji out of a picture that one sent."""
    user = check_staff(call)
    async with call.write() as session:
        url = await images.address_of(session, call.me, call.text("image_url"))
        if url is None:
            raise refused("invalid_url")
        try:
            row = await emojis.create(session, call.text("shortcode"), url, category=call.params.text("category"))
        except Conflict as error:
            raise refused("couldnt_create_custom_emoji", message=error.text) from error
        await audit.record(session, user.id, "create_emoji", f":{row.shortcode}:")
        found = site.custom_emoji(row)
    site.forget()
    return answer({"custom_emoji": found})


@endpoint("PUT", "/custom_emoji")
async def change_emoji(call: Call) -> Answer:
    """Change the picture or category of an emoji."""
    user = check_staff(call)
    async with call.write() as session:
        row = await _emoji(session, call.number("id"))
        changes: dict[str, Any] = {"category": call.params.text("category")}
        if call.params.text("image_url") not in ("", site.custom_emoji(row)["custom_emoji"]["image_url"]):
            changes["url"] = await images.address_of(session, call.me, call.text("image_url"))
        row = await emojis.change(session, row.id, **changes)
        await audit.record(session, user.id, "change_emoji", f":{row.shortcode}:")
        found = site.custom_emoji(row)
    site.forget()
    return answer({"custom_emoji": found})


@endpoint("POST", "/custom_emoji/delete")
async def delete_emoji(call: Call) -> Answer:
    """Delete an emoji."""
    user = check_staff(call)
    async with call.write() as session:
        row = await _emoji(session, call.number("id"))
        name = row.shortcode
        await emojis.remove(session, row.id)
        await audit.record(session, user.id, "delete_emoji", f":{name}:")
    site.forget()
    return SUCCESS


route_handlers = [create, edit, add_emoji, change_emoji, delete_emoji]
