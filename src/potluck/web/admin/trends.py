"""What trends: hashtags, links, the sites of links, posts; and what moderators say about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.social import audit, hashtags, trend_reviews, trends, views
from potluck.social.errors import Invalid, NotFound
from potluck.social.paging import Page
from potluck.social.trend_reviews import Kind
from potluck.text.hashtags import normalise_hashtag
from potluck.text.sanitise import excerpt, to_plain_text
from potluck.web import flashes, pages, redirects
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.composing import form_errors
from potluck.web.feeds import Lens
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.presenters.people import full_handle
from potluck.web.types import AnyRequest

SHOWN = 40
LISTS = {"tags": _l("Hashtags"), "links": _l("Links"), "sites": _l("Sites"), "posts": _l("Posts")}
VERBS: dict[str, bool | None] = {"approve": True, "reject": False, "forget": None}
_KINDS: dict[str, Kind] = {"tags": "tag", "links": "link", "posts": "status"}
STATES = {"": _l("As usual"), "approve": _l("May trend"), "reject": _l("May not trend")}


@get("/admin/trends")
async def index(request: AnyRequest, staff: Me) -> Response[Any]:
    """What trends of one sort (`only`), with what was decided; or the hashtag one looks for (`q`)."""
    only = request.query_params.get("only", "tags")
    only = only if only in LISTS else "tags"
    wanted = normalise_hashtag(request.query_params.get("q", "")[:200])
    missing = bool(request.query_params.get("q"))
    async with request.app.state.db.read() as session:
        found = await hashtags.by_name(session, wanted) if wanted else None
        rows = await _rows(session, only, staff.actor.id)
    if found is not None:
        return redirects.see_other(f"/admin/hashtags/{found.id}")
    return await pages.render(
        request, "admin/trends.html", heading=_("Trends"), up="/admin", only=only, rows=rows,
        review=not trend_reviews.by_default(), missing=missing,
        chips=[Lens(f"/admin/trends?only={name}", _(label), "", name == only) for name, label in LISTS.items()])


async def _rows(session: AsyncSession, only: str, viewer_id: int) -> list[dict[str, Any]]:
    if only == "sites":
        return [_row(row.id, row.domain, f"https://{row.domain}", "", row.trendable)
                for row in await trend_reviews.publishers(session, Page(limit=SHOWN))]
    shown = await _subjects(session, only, viewer_id)
    decided = await trend_reviews.verdicts(session, _KINDS[only], [subject_id for subject_id, *_ in shown])
    return [_row(subject_id, name, url, note, decided.get(subject_id)) for subject_id, name, url, note in shown]


async def _subjects(session: AsyncSession, only: str, viewer_id: int) -> Sequence[tuple[int, str, str, str]]:
    """Id, name, address and a note of everything that trends."""
    if only == "tags":
        return [(row.id, f"#{row.display}", f"/tags/{quote(row.name)}", "" if row.usable and row.listable
                 else _("restricted")) for row in await trends.hashtags(session, limit=SHOWN, every=True)]
    if only == "links":
        return [(row.id, row.title or row.url, row.url, trend_reviews.domain_of(row.url))
                for row in await trends.links(session, limit=SHOWN, every=True)]
    ids = await trends.objects(session, viewer_id, limit=SHOWN, every=True)
    found = await views.load_objects(session, list(ids), viewer_id)
    return [(row.object.id, excerpt(row.object.title or to_plain_text(row.object.content), 120) or _("(no text)"),
             f"/posts/{row.object.id}", full_handle(row.author)) for row in (found[key] for key in ids if key in found)]


def _row(subject_id: int, name: str, url: str, note: str, trendable: bool | None) -> dict[str, Any]:
    return {"id": subject_id, "name": name, "url": url, "note": note, "trendable": trendable}


@post("/admin/trends/{kind:str}/{subject_id:int}/{verb:str}", status_code=303)
async def decide(request: AnyRequest, staff: Me, kind: PathWord, subject_id: PathId, verb: PathWord) -> Response[Any]:
    """Let something trend, keep it from trending, or take the verdict back."""
    if verb not in VERBS or kind not in LISTS:
        raise NotFound
    async with request.app.state.db.write() as session:
        if kind == "sites":
            name = (await trend_reviews.decide_publisher(session, subject_id, VERBS[verb])).domain
        else:
            name = await trend_reviews.decide(session, _KINDS[kind], subject_id, VERBS[verb])
        await audit.record(session, staff.user.id, f"trend_{verb}", name)
    return flashes.with_flash(redirects.see_other(f"/admin/trends?only={kind}"), "good", _("Saved."))


@get("/admin/hashtags/{tag_id:int}")
async def tag(request: AnyRequest, staff: Me, tag_id: PathId) -> Response[Any]:
    """One hashtag: whether it may trend, be found, be used."""
    return await _tag(request, tag_id, {})


async def _tag(request: AnyRequest, tag_id: int, errors: dict[str, str]) -> Response[Any]:
    async with request.app.state.db.read() as session:
        row = await trend_reviews.tag(session, tag_id)
        verdict = (await trend_reviews.verdicts(session, "tag", [tag_id])).get(tag_id)
        use = (await hashtags.history(session, [tag_id]))[tag_id]
    state = {None: "", True: "approve", False: "reject"}[verdict]
    return await pages.render(
        request, "admin/trend_tag.html", heading=f"#{row.display}", up="/admin/trends", row=row, errors=errors,
        state=state, states=choices(STATES), posts=sum(int(day.uses) for day in use), status=422 if errors else 200)


@post("/admin/hashtags/{tag_id:int}", status_code=303)
async def change(request: AnyRequest, staff: Me, form: SentForm, tag_id: PathId) -> Response[Any]:
    """Change what may be done with a hashtag."""
    try:
        async with request.app.state.db.write() as session:
            row = await trend_reviews.change_tag(session, tag_id, display=form.text("display_name"),
                                                 listable=form.flag("listable"), usable=form.flag("usable"))
            state = form.one_of("state", tuple(STATES), "")
            await trend_reviews.decide(session, "tag", tag_id, VERBS.get(state))
            await audit.record(session, staff.user.id, "trend_change_tag", f"#{row.name}")
    except Invalid as error:
        return await _tag(request, tag_id, form_errors(error))
    return flashes.with_flash(redirects.see_other(f"/admin/hashtags/{tag_id}"), "good", _("Saved."))


route_handlers = [index, decide, tag, change]
