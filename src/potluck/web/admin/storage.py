"""What files and the database take, what will go when a budget is used up, and whose files take most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response
from sqlalchemy import select

from potluck import setting_values
from potluck.db import sizes
from potluck.handlers import get, post
from potluck.media import checking, remote_budget
from potluck.media.quotas import readable
from potluck.settings import current
from potluck.social import audit
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Actor, User
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.i18n import _
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a budget is used. `limit`: '' for none."""

    used: str
    limit: str
    share: int

    @classmethod
    def of(cls, used: int, limit: int) -> Budget:
        """The budget in words."""
        if not limit:
            return cls(readable(used), "", 0)
        return cls(readable(used), readable(limit), min(100, round(100 * used / limit)))


@get("/admin/storage")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """Places, budgets, people."""
    settings = current()
    async with request.app.state.db.read() as session:
        places = await checking.places(session)
        cache = await remote_budget.state(session, settings.remote_media_budget)
        used, on_disk = await sizes.used(session), await sizes.on_disk(session)
        people = await checking.biggest(session, SHOWN)
    return await pages.render(
        request, "admin/storage.html", heading=_("Storage"), up="/admin", is_admin=staff.is_admin,
        places=[{"name": place.name, "files": place.files, "size": readable(place.size)} for place in places],
        cache=cache, cache_budget=Budget.of(cache.size, settings.remote_media_budget),
        cache_excess=readable(cache.excess) if cache.excess else "", links=settings.remote_media == "link",
        oldest=shown_time(cache.oldest) if cache.oldest else None,
        database=Budget.of(used, settings.database_budget), on_disk=readable(on_disk),
        database_full=bool(settings.database_budget) and used > settings.database_budget,
        days=settings.remote_posts_days,
        people=[{"name": person.name, "files": person.files, "size": readable(person.size),
                 "quota": readable(person.quota) if person.quota else _("no limit")} for person in people])


@post("/admin/storage/quota", status_code=303)
async def set_quota(request: AnyRequest, admin: Me, form: SentForm) -> Response[Any]:
    """Give one person more or less room, or the usual quota again."""
    name, wanted = form.text("name", limit=60).lstrip("@").lower(), form.text("quota", limit=20)
    try:
        quota = setting_values.size(wanted) if wanted else None
    except ValueError:
        raise Invalid("quota", "A quota is a size such as 500M or 10G, 0 for no limit, or nothing for the usual one"
                      ) from None
    async with request.app.state.db.write() as session:
        user = await session.scalar(select(User).join(Actor, Actor.id == User.actor_id).where(Actor.handle == name))
        if user is None:
            raise NotFound("There is no account of that name here")
        user.media_quota = quota
        await audit.record(session, admin.user.id, "set_quota", name, {"size": wanted or "default"})
    return flashes.with_flash(redirects.see_other("/admin/storage"), "good", _("The quota is set."))


route_handlers = [index, set_quota]
