"""The public log of what moderators did. What the staff did to accounts stands in a log of its own, for staff alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import shapes
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing
from potluck.apis.lemmy.words import Json, limit_of, moment, offset_of, one_of, there
from potluck.social.communities import facets, mod_log, roles
from potluck.social.communities.mod_log import Entry
from potluck.social.model import Actor, Community, GroupPost, Object
from potluck.social.paging import Page
from potluck.social.views import ObjectView, load_actors, load_objects

ARRAYS = (
    "removed_posts", "locked_posts", "featured_posts", "removed_comments", "removed_communities",
    "banned_from_community", "banned", "added_to_community", "transferred_to_community", "added",
    "admin_purged_persons", "admin_purged_communities", "admin_purged_posts", "admin_purged_comments",
    "hidden_communities")
_POSTS, _COMMENTS = True, False
_TYPES: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "All": ((), None),
    "ModRemovePost": (("remove", "restore"), _POSTS), "ModLockPost": (("lock", "unlock"), _POSTS),
    "ModFeaturePost": (("pin", "unpin", "site_pin", "site_unpin"), _POSTS),
    "ModRemoveComment": (("remove", "restore"), _COMMENTS),
    "ModRemoveCommunity": (("remove_community", "restore_community"), None),
    "ModBanFromCommunity": (("ban", "unban"), None),
    "ModAddCommunity": (("add_moderator", "remove_moderator"), None), "ModTransferCommunity": (("lead",), None),
    **dict.fromkeys((
        "ModAdd", "ModBan", "ModHideCommunity", "AdminPurgePerson", "AdminPurgeCommunity", "AdminPurgePost",
        "AdminPurgeComment"), (("none",), None)),
}


class _Log:
    """A page of the log with everything its records show."""

    def __init__(self, views: dict[int, ObjectView], places: dict[int, GroupPost], communities: dict[int, Community],
                 authors: dict[int, Actor]) -> None:
        self._views, self._places, self._communities, self._authors = views, places, communities, authors

    def community(self, group: Actor) -> Json:
        return shapes.community(group, self._communities[group.id])

    def post(self, row: Object, community_id: int = 0) -> Json:
        """A post; of one that is not for everyone any more only that it was there.

        Args:
            community_id: where it was listed before, if it is in no community any more.
        """
        place = self._places.get(row.id) or GroupPost(
            object_id=row.id, community_id=row.group_id or community_id, locked=False, pinned=False, site_pinned=False)
        view = self._views.get(row.id)
        if view is not None:
            return shapes.post(view, place)
        shown = shapes.post(ObjectView(_emptied(row), self.author(row)), place)
        return shown | {"name": "…"}

    def comment(self, row: Object) -> Json:
        view = self._views.get(row.id)
        return shapes.comment(view or ObjectView(_emptied(row), self.author(row)), f"0.{row.id}")

    def author(self, row: Object) -> Actor:
        return self._authors[row.author_id]

    def top(self, row: Object) -> Object | None:
        view = self._views.get(row.thread_root_id or 0)
        return view.object if view is not None else None


def _emptied(row: Object) -> Object:
    """A removed post without what it said: that is for moderators alone."""
    return Object(
        id=row.id, uri=row.uri, kind="note", type=row.type, author_id=row.author_id, local=row.local,
        visibility=row.visibility, state=row.state, group_id=row.group_id, in_reply_to_uri=row.in_reply_to_uri,
        thread_root_id=row.thread_root_id, title=None, summary="", content="", source=None, language=row.language,
        sensitive=row.sensitive, url=row.url, emojis=[], extra={}, published=row.published, edited_at=row.edited_at,
        deleted_at=row.deleted_at, likes_count=0, dislikes_count=0, version=0)


async def _load(session: AsyncSession, entries: Sequence[Entry], viewer_id: int | None) -> _Log:
    objects = [entry.object for entry in entries if entry.object is not None]
    views = await load_objects(session, {ident for row in objects for ident in (row.id, row.thread_root_id or row.id)},
                               viewer_id)
    groups = {entry.community.id for entry in entries if entry.community is not None}
    known = await facets.gather(session, None, community_ids=groups, post_ids=list({*views, *(
        row.id for row in objects)}))
    return _Log(views, known.places, known.communities, await load_actors(session, {row.author_id for row in objects}))


def _sorted(entry: Entry, log: _Log) -> tuple[str, Json] | None:
    """In which of the arrays an entry stands, and as what; None where Lemmy has no word for it."""
    row, group = entry.action, entry.community
    common: Json = {"id": row.id, "mod_person_id": row.moderator_id or 0, "when_": moment(row.created_at)}
    sides: Json = {"moderator": shapes.person(entry.moderator) if entry.moderator else None}
    if group is None:
        return None
    sides["community"] = log.community(group)
    if entry.object is not None:
        return _about_object(entry, entry.object, log, common, sides)
    if entry.target is not None:
        return _about_person(entry, entry.target, common | {"community_id": group.id}, sides)
    if row.act in ("remove_community", "restore_community"):
        return "removed_communities", {"mod_remove_community": there({
            **common, "community_id": group.id, "reason": row.reason or None,
            "removed": row.act == "remove_community"}), **sides}
    return None


def _about_object(entry: Entry, row: Object, log: _Log, common: Json, sides: Json) -> tuple[str, Json] | None:
    act, reason = entry.action.act, entry.action.reason or None
    if row.in_reply_to_uri is not None:
        top = log.top(row)
        if act not in ("remove", "restore") or top is None:
            return None
        return "removed_comments", {"mod_remove_comment": there({
            **common, "comment_id": row.id, "reason": reason, "removed": act == "remove"}),
            "comment": log.comment(row), "commenter": shapes.person(log.author(row)), "post": log.post(top), **sides}
    about = {**common, "post_id": row.id}
    sides = {**sides, "post": log.post(row, entry.action.community_id or 0)}
    match act:
        case "remove" | "restore":
            return "removed_posts", {"mod_remove_post": there({
                **about, "reason": reason, "removed": act == "remove"}), **sides}
        case "lock" | "unlock":
            return "locked_posts", {"mod_lock_post": {**about, "locked": act == "lock"}, **sides}
        case "pin" | "unpin" | "site_pin" | "site_unpin":
            return "featured_posts", {"mod_feature_post": {
                **about, "featured": act in ("pin", "site_pin"), "is_featured_community": act in ("pin", "unpin")},
                **sides}
        case _:
            return None


def _about_person(entry: Entry, target: Actor, common: Json, sides: Json) -> tuple[str, Json] | None:
    row = entry.action
    about, shown = {**common, "other_person_id": target.id}, shapes.person(target)
    match row.act:
        case "ban" | "unban":
            return "banned_from_community", {"mod_ban_from_community": there({
                **about, "reason": row.reason or None, "banned": row.act == "ban",
                "expires": moment(row.expires_at) if row.expires_at else None}), **sides, "banned_person": shown}
        case "add_moderator" | "remove_moderator":
            return "added_to_community", {"mod_add_community": {**about, "removed": row.act == "remove_moderator"},
                                          **sides, "modded_person": shown}
        case "lead":
            return "transferred_to_community", {"mod_transfer_community": about, **sides, "modded_person": shown}
        case _:
            return None


async def _community(session: AsyncSession, call: Call) -> Actor | None:
    """The community that is asked about. The log of one for members is for members.

    Raises:
        ApiError: there is none, or not for the asker.
    """
    wanted = call.params.ident("community_id")
    if wanted is None:
        return None
    group = await session.get(Actor, wanted)
    if group is None or group.type != "Group" or group.deleted_at is not None:
        raise missing("community")
    known = await facets.gather(session, call.viewer_id, community_ids=[group.id])
    if not known.may_read(group.id) and not (
            call.viewer_id is not None and await roles.is_moderator(session, group.id, call.viewer_id)):
        raise missing("community")
    return group


@endpoint("GET", "/modlog", who="anyone")
async def show(call: Call) -> Answer:
    """A page of the log."""
    params = call.params
    session = await call.reader()
    limit = limit_of(params)
    acts, posts = one_of(params, "type_", _TYPES, "All")
    group = await _community(session, call)
    object_id = params.ident("post_id") if params.ident("post_id") is not None else params.ident("comment_id")
    entries = await mod_log.read(
        session, Page(limit=limit), community_id=group.id if group else None, acts=acts, open_only=group is None,
        moderator_id=params.ident("mod_person_id"), target_id=params.ident("other_person_id"), object_id=object_id,
        posts=posts, offset=offset_of(params, limit))
    log = await _load(session, entries, call.viewer_id)
    found: dict[str, list[Any]] = {name: [] for name in ARRAYS}
    for entry in entries:
        placed = _sorted(entry, log)
        if placed is not None:
            name, record = placed
            found[name].append(there(record))
    return answer(found)


route_handlers = [show]
