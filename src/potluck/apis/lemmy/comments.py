"""Comments: the tree below a post, the newest ones of many communities, and what people do with them."""

from __future__ import annotations

from potluck.apis.lemmy import finding, own_acts, render
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.posts import check_listing, marked_with, mine, votes_on
from potluck.apis.lemmy.words import COMMENT_SORTS, LISTINGS, Json, language_of, limit_of, offset_of, one_of
from potluck.kinds import authoring
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest
from potluck.social import act_limits
from potluck.social.communities import comments as discussion
from potluck.social.communities import contributions
from potluck.social.communities.contributions import Wanted
from potluck.text.languages import normalise_language

TREE = 300
"""Comments of a tree at once; `page` goes on."""

_DEEPEST = 100
_MARKDOWN = "text/markdown"
MAX_LENGTH = 10_000


@endpoint("GET", "/comment/list", who="anyone")
async def index(call: Call) -> Answer:
    """Comments of a post as a flat tree (`path` says where each hangs), of a community, or of many."""
    sort = one_of(call.params, "sort", COMMENT_SORTS, "Hot")
    mark = marked_with(call)
    post_id, parent_id = call.params.ident("post_id"), call.params.ident("parent_id")
    if not mark and (post_id or parent_id):
        return answer({"comments": await _tree(call, post_id, parent_id, sort)})
    scope = one_of(call.params, "type_", LISTINGS, "All" if mark else mine(call)["default_listing_type"])
    community = await finding.optional_community(call)
    if community is None and not mark:
        check_listing(call, scope)
    limit = limit_of(call.params)
    session = await call.reader()
    found = await contributions.comments(session, call.viewer_id, Wanted(
        "all" if community else scope, community.id if community else None, mark=mark, sort=sort, limit=limit,
        offset=offset_of(call.params, limit)))
    return answer({"comments": await render.comments_in_order(session, found, call.viewer_id)})


async def _tree(call: Call, post_id: int | None, parent_id: int | None, sort: str) -> list[Json]:
    """With `max_depth` so many levels and as many comments as fit; else pages of `limit`."""
    session = await call.reader()
    if parent_id:
        top = (await finding.entry(session, parent_id, call.viewer_id, "comment")).object
    else:
        top = (await finding.entry(session, post_id or 0, call.viewer_id, "post")).object
    depth = call.params.whole("max_depth")
    if depth is not None and depth < 1:
        raise refused("invalid_body_field", message="max_depth is at least 1")
    limit = TREE if depth is not None else limit_of(call.params)
    offset = offset_of(call.params, limit)
    tree = await discussion.tree(session, top, call.viewer_id, sort=sort, offset=offset, limit=limit,
                                 depth=min(depth or _DEEPEST, _DEEPEST))
    nodes = tree.flat()
    wanted = [node.leaf.id for node in nodes]
    if parent_id and not offset:
        wanted.insert(0, parent_id)
    found = await render.comments(session, wanted, call.viewer_id, gone={
        node.leaf.id for node in nodes if node.leaf.gone})
    return [found[object_id] for object_id in wanted if object_id in found]


@endpoint("GET", "/comment", who="anyone")
async def show(call: Call) -> Answer:
    """One comment."""
    return await answered(call, call.number("id"))


@endpoint("GET", "/comment/like/list")
async def voters(call: Call) -> Answer:
    """Who voted on a comment: for the moderators of its community and for who looks after the server."""
    view = await finding.entry(await call.reader(), call.number("comment_id"), call.viewer_id, "comment")
    return answer({"comment_likes": await votes_on(call, view.object)})


async def answered(call: Call, object_id: int) -> Answer:
    """CommentResponse."""
    found = await render.comments(await call.reader(), [object_id], call.viewer_id)
    if object_id not in found:
        raise missing("comment")
    return answer({"comment_view": found[object_id], "recipient_ids": []})


@endpoint("POST", "/comment", act="comment")
async def create(call: Call) -> Answer:
    """Comment on a post, or answer a comment."""
    post_id, parent_id = call.number("post_id"), call.params.ident("parent_id")
    text = _content(call)
    session = await call.reader()
    top = await finding.entry(session, post_id, call.viewer_id, "post")
    if parent_id:
        parent = (await finding.entry(session, parent_id, call.viewer_id, "comment")).object
        if parent.thread_root_id != top.object.id:
            raise refused("couldnt_create_comment", message="The comment answered belongs to another post")
    request = NoteRequest(text, content_type=_MARKDOWN, in_reply_to_id=parent_id or post_id,
                          language=language_of(call.params))
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, text)
    async with call.write() as writer:
        me = await call.acting(writer)
        await act_limits.take(writer, me, "posts")
        made = await actions.compose(writer, me, request)
    return await answered(call, made.id)


def _content(call: Call) -> str:
    text = call.text("content")
    if not text.strip() or len(text) > max(MAX_LENGTH, call.settings.max_characters):
        raise refused("invalid_body_field", message="A comment has 1 to 10000 characters")
    return text


@endpoint("PUT", "/comment")
async def edit(call: Call) -> Answer:
    """Change one's own comment."""
    object_id = call.number("comment_id")
    session = await call.reader()
    row = await finding.own(session, object_id, call.me.id, "comment")
    view = await finding.entry(session, object_id, call.viewer_id, "comment")
    language = language_of(call.params) if call.params.whole("language_id") is not None else row.language
    text = _content(call) if call.params.optional_text("content") is not None else row.source or ""
    request = NoteRequest(
        text, content_type=_MARKDOWN if "content" in call.params else row.source_type or _MARKDOWN,
        summary=row.summary, visibility=row.visibility, sensitive=row.sensitive, quote_policy=row.quote_policy,
        language=normalise_language(language or ""), media_ids=[item.id for item in view.media if item.owner_id])
    await call.stop_reading()
    await authoring.prepare_mentions(call.db, call.request.app.state.federation, text)
    async with call.write() as writer:
        await actions.revise(writer, await call.acting(writer), object_id, request)
    return await answered(call, object_id)


@endpoint("POST", "/comment/like")
async def like(call: Call) -> Answer:
    """Vote up (1) or down (-1), or take the vote back (0)."""
    return await answered(call, await own_acts.vote(call, "comment"))


@endpoint("PUT", "/comment/save")
async def save(call: Call) -> Answer:
    """Keep a comment to come back to, or no longer."""
    return await answered(call, await own_acts.keep(call, "comment"))


@endpoint("POST", "/comment/delete")
async def delete(call: Call) -> Answer:
    """Take one's own comment back, or put it there again."""
    object_id, before = await own_acts.take_back(call, "comment")
    if before is None:
        return await answered(call, object_id)
    return answer({"comment_view": {**before, "comment": {**before["comment"], "content": "", "deleted": True}},
                   "recipient_ids": []})


route_handlers = [index, show, voters, create, edit, like, save, delete]
