"""Each post's place in its community: made when it is stored, counted when it is answered, hidden when it goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import insert_or_ignore
from potluck.social.communities import comment_places, flairs, ranking
from potluck.social.communities.comment_places import stamp
from potluck.social.model import Actor, Community, GroupPost, Media, Object
from potluck.social.visibility import COUNTED, OPEN

_POST: Any = GroupPost.__table__
_OBJECT: Any = Object.__table__
_COMMUNITY: Any = Community.__table__

NECRO = 2 * 86400
"""Seconds after which a new comment no longer makes a post active again (as Lemmy counts)."""

_TRACKING = frozenset({"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "fbclid", "gclid",
                       "igshid", "mc_cid", "mc_eid", "ref_src"})


def normalised_link(url: str | None) -> str | None:
    """An address as it is compared with others: without scheme, `www.`, fragment, and what only tracks readers."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] not in _TRACKING])
    return urlunsplit(("", host + port, parts.path.rstrip("/"), query, "")).removeprefix("//")[:2000]


async def add(session: AsyncSession, rows: Sequence[Object]) -> None:
    """Give new posts their place, and count new comments, in a fixed number of statements."""
    grouped = [row for row in rows if row.group_id is not None and row.visibility != "direct"]
    await comment_places.add(session, await comment_places.in_communities(session, rows))
    if not grouped:
        return
    await know(session, {row.group_id for row in grouped if row.group_id})
    await _add_posts(session, [row for row in grouped if row.in_reply_to_uri is None])
    await _add_comments(session, [row for row in grouped if row.in_reply_to_id is not None])


async def add_late(session: AsyncSession, rows: Sequence[Any]) -> None:
    """Count comments whose post or parent came after them, by now in its thread."""
    await comment_places.add(session, await comment_places.in_communities(session, rows))
    await _add_comments(session, [row for row in rows if row.visibility != "direct" and row.group_id is not None
                                  and row.deleted_at is None])


async def know(session: AsyncSession, group_ids: Collection[int]) -> None:
    """See that each of these Groups has its row as a community."""
    present = set((await session.scalars(
        select(_COMMUNITY.c.actor_id).where(_COMMUNITY.c.actor_id.in_(group_ids)))).all())
    missing = [{"actor_id": group_id, "created_at": now(), "rules": [], "languages": [], "flairs": []}
               for group_id in sorted(set(group_ids) - present)]
    if missing:
        await session.execute(insert_or_ignore(session, Community), missing)


async def _add_posts(session: AsyncSession, rows: Sequence[Object]) -> None:
    if not rows:
        return
    groups = {group.id: group for group in (await session.scalars(
        select(Actor).where(Actor.id.in_({row.group_id for row in rows})))).all()}
    links = await _links(session, rows)
    entries = []
    for row in rows:
        moment = stamp(row.published)
        entries.append({
            "object_id": row.id, "community_id": row.group_id, "author_id": row.author_id, "kind": row.kind,
            "local": groups[row.group_id or 0].is_local, "language": row.language, "sensitive": row.sensitive,
            "open": row.visibility in OPEN, "listed": row.state == "published",
            "link": links.get(row.id), "published_s": moment, "newest_comment_s": moment,
            "active_s": moment})
    await session.execute(insert_or_ignore(session, GroupPost), entries)
    await flairs.note(session, rows)
    await ranking.recount(session, [row.id for row in rows])
    await _count(session, [(row.group_id or 0, 1, 0) for row in rows if row.state == "published"])


async def _links(session: AsyncSession, rows: Sequence[Object]) -> dict[int, str]:
    """The addresses that posts share, normalised; of picture posts that of the picture.

    Equal files are stored once here, under one address, so that the same picture uploaded twice is found as well.
    """
    found = {row.id: link for row in rows if (link := normalised_link(row.extra.get("link")))}
    pictures = [row.id for row in rows if row.kind == "link" and not row.extra.get("link")]
    if pictures:
        for media in (await session.execute(select(Media.object_id, Media.remote_url, Media.url).where(
                Media.object_id.in_(pictures), Media.type == "image").order_by(
                Media.object_id, Media.position.desc()))).all():
            link = normalised_link(media.remote_url or media.url)
            if link:
                found[media.object_id] = link
    return found


async def _add_comments(session: AsyncSession, rows: Sequence[Any]) -> None:
    """Count comments below posts that are here; those whose post comes later are counted then."""
    published = [row for row in rows if row.state == "published" and row.thread_root_id is not None
                 and row.visibility in COUNTED]
    if not published:
        return
    newest: dict[int, list[Any]] = defaultdict(list)
    for row in published:
        newest[row.thread_root_id or 0].append(row)
    authors: dict[int, int] = dict((await session.execute(
        select(_POST.c.object_id, _POST.c.author_id).where(_POST.c.object_id.in_(newest)))).all())
    values = []
    for root, comments in newest.items():
        if root in authors:
            by_others = [stamp(row.published) for row in comments if row.author_id != authors[root]]
            values.append({"b_id": root, "n": len(comments), "newest": max(stamp(row.published) for row in comments),
                           "active": max(by_others, default=0)})
    if values:
        later = case((bindparam("newest") > _POST.c.newest_comment_s, bindparam("newest")),
                     else_=_POST.c.newest_comment_s)
        bumped = case(((bindparam("active") > _POST.c.active_s)
                       & (bindparam("active") <= _POST.c.published_s + NECRO), bindparam("active")),
                      else_=_POST.c.active_s)
        await (await session.connection()).execute(
            update(_POST).where(_POST.c.object_id == bindparam("b_id")).values(
                comments=_POST.c.comments + bindparam("n"), newest_comment_s=later, active_s=bumped), values)
        await ranking.recount(session, [value["b_id"] for value in values])
    await _count(session, [(row.group_id or 0, 0, 1) for row in published if row.thread_root_id in authors])


async def _count(session: AsyncSession, steps: Sequence[tuple[int, int, int]]) -> None:
    """Add (community, posts, comments) to the communities' totals."""
    totals: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for community, posts, comments in steps:
        totals[community][0] += posts
        totals[community][1] += comments
    if totals:
        await (await session.connection()).execute(
            update(_COMMUNITY).where(_COMMUNITY.c.actor_id == bindparam("b_id")).values(
                posts_count=func.coalesce(_COMMUNITY.c.posts_count, 0) + bindparam("p"),
                comments_count=func.coalesce(_COMMUNITY.c.comments_count, 0) + bindparam("c")),
            [{"b_id": key, "p": posts, "c": comments} for key, (posts, comments) in sorted(totals.items())])


async def publish(session: AsyncSession, rows: Sequence[Object]) -> None:
    """What was added unpublished is published now: it is listed, and counts."""
    grouped = [row for row in rows if row.group_id is not None and row.visibility != "direct"]
    for row in grouped:
        if row.in_reply_to_uri is None:
            await revise(session, row)  # the addresses of its files are known now
            await show(session, row)
    await _add_comments(session, [row for row in grouped if row.in_reply_to_id is not None])
    await comment_places.count_up(session, {
        row.id: 1 for row in rows if row.in_reply_to_id is not None and row.visibility in COUNTED})


async def hide(session: AsyncSession, row: Object) -> None:
    """A post or comment was deleted or removed: it leaves the listings and the counts."""
    await _turn(session, row, shown=False)


async def show(session: AsyncSession, row: Object) -> None:
    """A removed post or comment was restored."""
    await _turn(session, row, shown=True)


async def _turn(session: AsyncSession, row: Object, *, shown: bool) -> None:
    if row.group_id is None:
        return
    step = 1 if shown else -1
    if row.in_reply_to_uri is None:
        changed: Any = await session.execute(update(_POST).where(
            _POST.c.object_id == row.id, _POST.c.listed.is_(not shown)).values(listed=shown))
        if changed.rowcount:
            await _count(session, [(row.group_id, step, 0)])
    elif row.thread_root_id is not None and row.visibility in COUNTED:
        await session.execute(update(_POST).where(_POST.c.object_id == row.thread_root_id).values(
            comments=case((_POST.c.comments + step > 0, _POST.c.comments + step), else_=0)))
        await comment_places.count_up(session, {row.id: step})
        await _count(session, [(row.group_id, 0, step)])


async def revise(session: AsyncSession, row: Object) -> None:
    """An edited post or comment: what listings filter by, and whether a moderator speaks, follows it."""
    if row.group_id is not None and row.in_reply_to_uri is not None:
        await comment_places.mark(session, row.id, marked=bool(row.extra.get("distinguished")))
    elif row.group_id is not None:
        await session.execute(update(_POST).where(_POST.c.object_id == row.id).values(
            language=row.language, sensitive=row.sensitive, link=(await _links(session, [row])).get(row.id)))
        await flairs.forget(session, [row.id])
        await flairs.note(session, [row])
