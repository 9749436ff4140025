"""Icon and banner of a community: brought by the forms that make and change it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.media import attachments
from potluck.media.purposes import FOR_PROFILES, let_go
from potluck.social.communities.making import Pictures
from potluck.social.errors import Invalid
from potluck.social.model import Actor
from potluck.web import attaching
from potluck.web.auth import Viewer
from potluck.web.forms import Form
from potluck.web.types import AnyRequest

_WAIT_SECONDS = 15.0


def wishes_of(form: Form) -> Pictures:
    """What a form says about the pictures there are."""
    return Pictures(form.text("avatar_description", limit=5000), form.text("header_description", limit=5000),
                    _gone(form))


def _gone(form: Form) -> list[str]:
    return [name for name in FOR_PROFILES if form.flag(f"{name}_remove")]


async def let_go_of(session: AsyncSession, group_id: int, form: Form) -> None:
    """Have the files of removed pictures collected."""
    for name in _gone(form):
        await let_go(session, group_id, name)


async def take(request: AnyRequest, me: Viewer, group: Actor, form: Form) -> None:
    """Take new pictures and wait a moment, since one wants to see them on the next page.

    They belong to the community, not to the moderator who sends them, and stay when that one leaves.

    Raises:
        Invalid: one of them cannot be used.
    """
    for name in FOR_PROFILES:
        for file in form.files(name)[:1]:
            media = await attaching.accept(request, group, file, purpose=name, extra={"by": me.actor.id})
            media = await attachments.until_prepared(request.app.state.db, group, media, seconds=_WAIT_SECONDS)
            if media.state == "failed":
                raise Invalid(name, media.error or "This picture cannot be used")
