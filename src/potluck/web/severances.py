"""Follows that ended by a decision about a server or an account: listed, and as CSV to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from litestar import Response
from litestar.response import Stream
from sqlalchemy import select

from potluck.db.engine import Database
from potluck.handlers import get
from potluck.social import severances
from potluck.social.errors import NotFound
from potluck.social.model import SeveredFollow
from potluck.web import pages
from potluck.web.asking import Me, PathId, PathWord
from potluck.web.i18n import _, _l
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.times import shown_time
from potluck.web.types import AnyRequest

SHOWN = 40
_BATCH = 1000
WHY = {
    severances.DOMAIN: _l("The moderators blocked the server %(name)s"),
    severances.OWN_DOMAIN: _l("You hid the server %(name)s"),
    severances.ACCOUNT: _l("The moderators suspended %(name)s"),
}


@get("/severed")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """What was lost, newest first."""
    async with request.app.state.db.read() as session:
        rows = await severances.of_reader(session, me.actor.id, page_of(request, SHOWN))
    shown = [{"id": row.id, "why": _(WHY[row.type], name=row.target_name), "followers": row.followers_count,
              "following": row.following_count, "time": shown_time(row.created_at)} for row in rows]
    return await pages.render(request, "settings/severed.html", heading=_("Lost follows"), rows=shown,
                              next_url=next_url(request, len(rows), rows[-1].id if rows else None, SHOWN))


@get("/severed/{severance_id:int}/{which:str}")
async def download(request: AnyRequest, me: Me, severance_id: PathId, which: PathWord) -> Response[Any]:
    """`following.csv` or `followers.csv`, in the shape Mastodon reads."""
    if which not in {"following.csv", "followers.csv"}:
        raise NotFound
    async with request.app.state.db.read() as session:
        await severances.one(session, me.actor.id, severance_id)
    return Stream(_lines(request.app.state.db, severance_id, incoming=which == "followers.csv"), media_type="text/csv",
                  headers={"Content-Disposition": f'attachment; filename="{which}"', "Cache-Control": "no-store"})


async def _lines(db: Database, severance_id: int, *, incoming: bool) -> AsyncIterator[bytes]:
    head = ["Account address"] if incoming else ["Account address", "Show boosts", "Notify on new posts", "Languages"]
    yield _csv([head])
    last = 0
    while True:
        async with db.read() as session:
            rows = (await session.scalars(select(SeveredFollow).where(
                SeveredFollow.severance_id == severance_id, SeveredFollow.incoming.is_(incoming),
                SeveredFollow.id > last).order_by(SeveredFollow.id).limit(_BATCH))).all()
        if not rows:
            return
        last = rows[-1].id
        yield _csv([[row.acct] if incoming else [
            row.acct, str(row.show_boosts).lower(), str(row.notify).lower(), ", ".join(row.languages or ())]
            for row in rows])


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


route_handlers = [index, download]
