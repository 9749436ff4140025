"""Reports about what was said in communities, as Lemmy sends them: Flag, and Resolve of its version 1.0 (forum §8).

Unlike Mastodon's these carry the name of whoever reports: Lemmy's servers take no others. A community of ours passes
them on to the servers of its moderators elsewhere, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.ids import ids
from potluck.federation import groups
from potluck.federation.outgoing import Audience, send
from potluck.social import events
from potluck.social.addresses import activity_uri
from potluck.social.communities import roles
from potluck.social.model import Actor, Object, Report

JsonObject = dict[str, Any]


def flag(report: Report, reporter: Actor, group: Actor, row: Object, uri: str) -> JsonObject:
    """A report about one thing, with the reason where Lemmy and Mbin look for it."""
    return {"id": uri, "type": "Flag", "actor": reporter.uri, "to": [group.uri], "audience": group.uri,
            "object": row.uri, "summary": report.comment, "content": report.comment}


async def spread(session: AsyncSession, event: events.Reported) -> None:
    """To communities elsewhere if the reporter wished, and to the moderators elsewhere of ours."""
    reporter = await session.get_one(Actor, event.report.reporter_id)
    communities = {row.id: row for row in (await session.scalars(select(Actor).where(
        Actor.id.in_({row.group_id for row in event.objects if row.group_id})))).all()}
    for number, row in enumerate(event.objects):
        group = communities.get(row.group_id or 0)
        if group is None:
            continue
        uri = _uri_of(event.report, number)
        activity = flag(event.report, reporter, group, row, uri)
        if group.is_local:
            await _to_moderators(session, group, activity)
        elif event.forward and reporter.is_local and row.ruled_by == group.id:
            await send(session, reporter, activity, Audience(actors={group.id}, personal=True))


def _uri_of(report: Report, number: int) -> str:
    """The id of the Flag about the first thing a report names is the report's own; further ones get new ones."""
    return report.uri if report.uri and not number else activity_uri(ids.new())


async def _to_moderators(session: AsyncSession, group: Actor, activity: Mapping[str, Any]) -> None:
    elsewhere = {actor.id for actor in await roles.moderators(session, group.id) if not actor.is_local}
    if elsewhere and not groups.is_local_only(group):
        announced = groups.announce(group, activity) | {"to": [group.uri], "cc": []}
        await send(session, group, announced, Audience(actors=elsewhere, personal=True))


async def resolved(session: AsyncSession, event: events.ReportResolved) -> None:
    """Resolve, to a community elsewhere or to the moderators elsewhere of ours."""
    if not event.moderator.is_local:
        return
    reporter = await session.get_one(Actor, event.report.reporter_id)
    if not event.community.is_local and reporter.is_local and not event.report.forwarded:
        return  # the community was never told of the report
    inner = flag(event.report, reporter, event.community, event.object, event.report.uri or "")
    activity = {"id": activity_uri(ids.new()), "type": "Resolve", "actor": event.moderator.uri,
                "to": [event.community.uri], "audience": event.community.uri, "object": inner}
    if event.community.is_local:
        await _to_moderators(session, event.community, activity)
    else:
        await send(session, event.moderator, activity, Audience(actors={event.community.id}, personal=True))
