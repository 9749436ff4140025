"""What one does with posts and comments alike: voting, keeping, taking one's own back and putting it there again."""

from __future__ import annotations

from potluck.apis.lemmy import finding, render, shapes
from potluck.apis.lemmy.endpoint import Call
from potluck.apis.lemmy.errors import missing, refused
from potluck.apis.lemmy.words import Json, What
from potluck.social import reactions
from potluck.social.communities import joining, listing, withdrawing
from potluck.social.model import Object


async def vote(call: Call, what: What) -> int:
    """Vote up (1) or down (-1), or take the vote back (0); who votes on a post has read it.

    Returns:
        The id of what was voted on.

    Raises:
        ApiError: it is not there for the asker, or that is no vote.
    """
    object_id, score = call.number(f"{what}_id"), call.params.whole("score")
    await finding.entry(await call.reader(), object_id, call.viewer_id, what)
    if score not in (-1, 0, 1):
        raise refused("invalid_body_field", message="score is 1, 0 or -1")
    async with call.write() as session:
        await joining.vote(session, await call.acting(session), object_id, score)
        if what == "post":
            await listing.mark_read(session, call.me.id, [object_id])
    return object_id


async def keep(call: Call, what: What) -> int:
    """Keep something to come back to, or no longer.

    Returns:
        Its id.

    Raises:
        ApiError: it is not there for the asker.
    """
    object_id, wanted = call.number(f"{what}_id"), call.flag("save")
    await finding.entry(await call.reader(), object_id, call.viewer_id, what)
    async with call.write() as session:
        await (reactions.bookmark if wanted else reactions.unbookmark)(session, await call.acting(session), object_id)
    return object_id


async def take_back(call: Call, what: What) -> tuple[int, Json | None]:
    """Take one's own back, or put it there again.

    Returns:
        Its id, and its view as it was before it was taken back; None once it was put there again.

    Raises:
        ApiError: it is not there, or somebody else's.
    """
    object_id, wanted = call.number(f"{what}_id"), call.flag("deleted")
    session = await call.reader()
    row = await finding.own(session, object_id, call.me.id, what)
    views = render.posts if what == "post" else render.comments
    view = (await views(session, [object_id], call.viewer_id)).get(object_id)
    if not wanted:
        if shapes.is_deleted(row):
            async with call.write() as writer:
                await withdrawing.put_back(writer, await call.acting(writer), object_id)
        return object_id, None
    if view is None:
        raise missing(what)
    async with call.write() as writer:
        await finding.take_away(writer, await call.acting(writer), await writer.get_one(Object, object_id))
    return object_id, view
