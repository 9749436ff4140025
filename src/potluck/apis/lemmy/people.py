"""People: who somebody is, and what they posted and commented in communities."""

from __future__ import annotations

from potluck.apis.lemmy import finding, render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.words import SORTS, limit_of, offset_of, one_of
from potluck.social.communities import belonging, contributions
from potluck.social.communities.contributions import Wanted

_OF_COMMENTS = {"new": "new", "old": "old", "top": "top", "controversial": "controversial", "hot": "hot",
                "active": "hot", "scaled": "hot", "most_comments": "new", "new_comments": "new"}


@endpoint("GET", "/user", who="anyone")
async def show(call: Call) -> Answer:
    """A person with a page of their posts and comments; with `saved_only`, of what one saved oneself."""
    actor = await finding.person(call)
    sort, _ = one_of(call.params, "sort", SORTS, "New")
    limit = limit_of(call.params)
    saved = call.params.flag("saved_only")
    session = await call.reader()
    [person] = await render.people(session, [actor])
    wanted = Wanted(community_id=call.params.ident("community_id"), author_id=None if saved else actor.id,
                    mark="saved" if saved else "", sort=sort, limit=limit, offset=offset_of(call.params, limit))
    posts: list[int] = []
    comments: list[int] = []
    if not saved or actor.id == call.viewer_id:
        posts = await contributions.posts(session, call.viewer_id, wanted)
        comments = await contributions.comments(
            session, call.viewer_id, Wanted(wanted.scope, wanted.community_id, wanted.author_id, wanted.mark,
                                            _OF_COMMENTS[sort], wanted.limit, wanted.offset))
    return answer({
        "person_view": person, "posts": await render.posts_in_order(session, posts, call.viewer_id),
        "comments": await render.comments_in_order(session, comments, call.viewer_id),
        "moderates": [{"community": view["community"], "moderator": person["person"]}
                      for view in await render.communities(
                          session, await belonging.moderated(session, actor.id), call.viewer_id)]})


route_handlers = [show]
