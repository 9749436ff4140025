"""Reports of posts and comments: made by anybody, looked at by those who look after a community or the server."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import finding, message_reports, moderated, shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.words import Json, What, limit_of, moment, offset_of, there
from potluck.social import act_limits, reports
from potluck.social.communities import reporting, roles
from potluck.social.communities.reporting import Entry
from potluck.social.errors import NotFound
from potluck.social.model import Actor
from potluck.social.paging import Page
from potluck.social.reactions import visible_object
from potluck.social.views import load_actors

_LEFT_OUT = ("image_details", "banned_from_community")


def _record(entry: Entry, what: What) -> Json:
    """PostReport or CommentReport."""
    row = entry.row
    original = {"original_comment_text": row.content} if what == "comment" else {
        "original_post_name": row.title or "", "original_post_url": row.link, "original_post_body": row.content or None}
    return there({
        "id": row.id, "creator_id": entry.report.reporter_id, f"{what}_id": row.object_id, **original,
        "reason": entry.report.comment, "resolved": row.resolved_at is not None, "resolver_id": row.resolver_id,
        "published": moment(row.created_at), "updated": moment(row.resolved_at) if row.resolved_at else None})


async def _views(session: AsyncSession, entries: Sequence[Entry], viewer_id: int, what: What) -> list[Json]:
    """PostReportViews or CommentReportViews."""
    views = await moderated.views(session, [entry.object.id for entry in entries], viewer_id)
    people = await load_actors(session, {
        actor_id for entry in entries for actor_id in (entry.report.reporter_id, entry.row.resolver_id or 0)})
    found = []
    for entry in entries:
        view = views.get(entry.object.id)
        if view is None:
            continue
        resolver = people.get(entry.row.resolver_id or 0)
        found.append(there({
            **{name: value for name, value in view.items() if name not in _LEFT_OUT},
            f"{what}_report": _record(entry, what), f"{what}_creator": view["creator"],
            "creator": shapes.person(people[entry.report.reporter_id]),
            "resolver": shapes.person(resolver) if resolver else None}))
    return found


async def _create(call: Call, what: What) -> Answer:
    reason = call.text("reason").strip()
    if not reason:
        raise refused("report_reason_required")
    if len(reason) > reports.MAX_COMMENT:
        raise refused("report_too_long")
    async with call.write() as session:
        me = await call.acting(session)
        try:
            row = await visible_object(session, me, call.number(f"{what}_id"))
        except NotFound as error:
            raise missing(what) from error
        if not finding.is_a(row, what):
            raise missing(what)
        await act_limits.take(session, me, "reports")
        author = await session.get_one(Actor, row.author_id)
        made = await reports.create(session, me, author, object_ids=[row.id], comment=reason, forward=True)
        entries = await reporting.entries(session, await reporting.of_report(session, made.id))
        found = await _views(session, entries, me.id, what)
    if not found:
        raise refused("couldnt_create_report")
    return answer({f"{what}_report_view": found[0]})


async def _list(call: Call, what: What) -> Answer:
    session = await call.reader()
    limit = limit_of(call.params)
    entries = await reporting.page(
        session, call.me, Page(limit=limit), community_id=call.params.ident("community_id"),
        unresolved=call.params.flag("unresolved_only"), posts=what == "post", offset=offset_of(call.params, limit),
        object_id=call.params.ident(f"{what}_id"))
    return answer({f"{what}_reports": await _views(session, entries, call.me.id, what)})


async def _resolve(call: Call, what: What) -> Answer:
    async with call.write() as session:
        me = await call.acting(session)
        try:
            entry = await reporting.one(session, me, call.number("report_id"))
        except NotFound as error:
            raise missing("report") from error
        if not finding.is_a(entry.object, what):
            raise missing("report")
        await reporting.resolve(session, me, entry, resolved=call.flag("resolved"))
        found = await _views(session, [entry], me.id, what)
    if not found:
        raise missing("report")
    return answer({f"{what}_report_view": found[0]})


@endpoint("POST", "/post/report")
async def report_post(call: Call) -> Answer:
    """Tell those who look after a community about a post."""
    return await _create(call, "post")


@endpoint("GET", "/post/report/list")
async def post_reports(call: Call) -> Answer:
    """Reports of posts in the communities the asker looks after."""
    return await _list(call, "post")


@endpoint("PUT", "/post/report/resolve")
async def resolve_post(call: Call) -> Answer:
    """A report of a post was dealt with, or is to be looked at again."""
    return await _resolve(call, "post")


@endpoint("POST", "/comment/report")
async def report_comment(call: Call) -> Answer:
    """Tell those who look after a community about a comment."""
    return await _create(call, "comment")


@endpoint("GET", "/comment/report/list")
async def comment_reports(call: Call) -> Answer:
    """Reports of comments in the communities the asker looks after."""
    return await _list(call, "comment")


@endpoint("PUT", "/comment/report/resolve")
async def resolve_comment(call: Call) -> Answer:
    """A report of a comment was dealt with, or is to be looked at again."""
    return await _resolve(call, "comment")


@endpoint("GET", "/user/report_count")
async def counts(call: Call) -> Answer:
    """How many reports wait for the asker."""
    session = await call.reader()
    community_id = call.params.ident("community_id")
    posts, comments = await reporting.counts(session, call.me, community_id=community_id)
    found: Json = {"post_reports": posts, "comment_reports": comments}
    if community_id is not None:
        found["community_id"] = community_id
    elif await roles.is_staff(session, call.me):
        found["private_message_reports"] = await message_reports.count(session)
    return answer(found)


route_handlers = [report_post, post_reports, resolve_post, report_comment, comment_reports, resolve_comment, counts]
