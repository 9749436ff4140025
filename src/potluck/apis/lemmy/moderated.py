"""Views of posts and comments for those who look after a community: removed ones, too.

Who asks for them has checked that they may see them.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import render
from potluck.apis.lemmy.words import Json
from potluck.social.communities import facets
from potluck.social.communities.withdrawing import WITHDRAWN
from potluck.social.views import ObjectView, add_marks, load_for_moderation

_TELLING = frozenset({"name", "url", "body", "embed_title", "embed_description", "embed_video_url", "thumbnail_url",
                      "alt_text", "url_content_type"})


async def views(session: AsyncSession, object_ids: Iterable[int], viewer_id: int) -> dict[int, Json]:
    """PostViews and CommentViews by id, whatever state they are in, but for what was deleted."""
    found = {key: view for key, view in (await load_for_moderation(session, object_ids)).items() if view.group}
    tops = await load_for_moderation(session, {view.object.thread_root_id or view.object.id
                                               for view in found.values()})
    every = {**tops, **found}
    await add_marks(session, every, viewer_id)
    known = await facets.gather(
        session, viewer_id, community_ids={view.group.id for view in every.values() if view.group},
        author_ids={view.author.id for view in every.values()}, post_ids=list(every))
    above = await facets.ancestors(session, [key for key, view in found.items() if view.object.in_reply_to_uri])
    return {key: made for key, view in found.items() if (made := _view(view, tops, known, above))}


def _view(view: ObjectView, tops: dict[int, ObjectView], known: facets.Facets, above: dict[int, list[int]],
          ) -> Json | None:
    row = view.object
    if view.group is None:
        return None
    if row.in_reply_to_uri is None:
        return render.post_view(view, view.group, known) if row.id in known.places else None
    top = tops.get(row.thread_root_id or 0)
    if top is None or top.object.id not in known.places:
        return None
    made = render.comment_view(view, view.group, top, known, above=above[row.id], below=row.replies_count)
    return made if _may_read(top, view.group.id, known) else made | {"post": _untold(made["post"])}


def _may_read(top: ObjectView, group_id: int, known: facets.Facets) -> bool:
    """Whether the post above a comment is for who asks; reports are answered to those who make them, too."""
    row, moderates = top.object, (group_id, known.viewer_id) in known.moderators
    if row.author_id == known.viewer_id:
        return True
    if row.state == WITHDRAWN:
        return False
    if row.state != "published" and not moderates and known.viewer_id not in known.staff:
        return False
    return moderates or known.may_read(group_id)


def _untold(post: Json) -> Json:
    """A post that is not for who asks, to whom only a comment below it is shown."""
    kept = {name: value for name, value in post.items() if name not in _TELLING}
    return kept | {"name": "…"}


