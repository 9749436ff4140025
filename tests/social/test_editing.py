"""Editing: the earlier version is kept, whoever has it is told, and nothing else changes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from potluck.db.base import now
from potluck.social import conversations, notifications, objects, reactions, views
from potluck.social.drafts import AttachmentDraft, Draft
from potluck.social.errors import NotAllowed, NotFound
from potluck.social.model import Actor, LiveEvent, Media, Mention, Object, ObjectDocument, Revision
from potluck.social.paging import Page
from support.cast import Cast


async def _edit(cast: Cast, row: Object, draft: Draft, editor: Actor, *, silent: bool = False) -> Object:
    async with cast.database.write() as session:
        return await objects.edit(session, row.id, draft, editor, silent=silent)


async def test_the_earlier_version_is_kept(cast: Cast) -> None:
    """Each edit leaves the version before it, with the time from which that one was current."""
    row = await cast.say(cast.carol, "one", summary="cw", attachments=[
        AttachmentDraft("image", "https://carol.example/1.png", description="a bowl")])
    moment = now()
    await _edit(cast, row, cast.draft(cast.carol, "two", uri=row.uri, edited_at=moment), cast.carol)
    await _edit(cast, row, cast.draft(cast.carol, "three", uri=row.uri), cast.carol)
    async with cast.database.read() as session:
        old = (await session.scalars(select(Revision).order_by(Revision.id))).all()
    assert [(item.content, item.summary, item.created_at) for item in old] == [
        ("one", "cw", row.published), ("two", "", moment)]
    assert old[0].extra["attachments"][0]["description"] == "a bowl"
    assert old[1].extra["attachments"] == []
    fresh = await cast.again(row)
    assert (fresh.content, fresh.version) == ("three", 3)
    assert fresh.edited_at > moment


async def test_what_stays(cast: Cast) -> None:
    """Author, audience, parent, quote and time of publication stay whatever the new document says."""
    parent = await cast.say(cast.alice)
    row = await cast.reply(cast.carol, parent, visibility="unlisted")
    draft = cast.draft(cast.carol, "new", uri=row.uri, visibility="public", in_reply_to_uri="https://else.example/1",
                       quote_uri="https://else.example/2", published=now() - timedelta(days=9))
    fresh = await _edit(cast, row, draft, cast.carol)
    assert (fresh.visibility, fresh.in_reply_to_uri, fresh.quote_uri) == ("unlisted", parent.uri, None)
    assert fresh.published == row.published


async def test_only_the_author_edits(cast: Cast) -> None:
    """Somebody else's Update changes nothing."""
    row = await cast.say(cast.alice)
    with pytest.raises(NotAllowed):
        await _edit(cast, row, cast.draft(cast.bob, "hacked"), cast.bob)
    assert (await cast.again(row)).content == "hello"


async def test_deleted_things_cannot_be_edited(cast: Cast) -> None:
    """A late Update does not bring a deleted thing back."""
    row = await cast.say(cast.carol)
    async with cast.database.write() as session:
        await objects.delete(session, row.id, cast.carol)
    with pytest.raises(NotFound):
        await _edit(cast, row, cast.draft(cast.carol, uri=row.uri), cast.carol)
    with pytest.raises(NotFound):
        async with cast.database.write() as session:
            await objects.edit(session, 1, cast.draft(cast.carol), cast.carol)


async def test_mentions(cast: Cast) -> None:
    """The newly mentioned are told; those no longer named stay in the audience, silently."""
    row = await cast.say(cast.alice, mentions=[cast.bob], visibility="followers")
    await _edit(cast, row, cast.draft(cast.alice, mentions=[cast.mia, cast.carol]), cast.alice)
    async with cast.database.read() as session:
        mentions = dict((await session.execute(select(Mention.actor_id, Mention.silent))).all())
        assert mentions == {cast.bob.id: True, cast.mia.id: False, cast.carol.id: False}
        assert [item.type for item in await notifications.page(session, cast.mia.id, Page())] == ["mention"]
        assert row.id in await views.load_objects(session, [row.id], cast.mia.id)
    await _edit(cast, row, cast.draft(cast.alice, mentions=[cast.bob, cast.mia]), cast.alice)
    async with cast.database.read() as session:
        assert len(await notifications.page(session, cast.mia.id, Page())) == 1
        assert len(await notifications.page(session, cast.bob.id, Page())) == 1


async def test_someone_taken_into_a_private_conversation(cast: Cast) -> None:
    """Who is mentioned only after an edit of a private message finds it among the conversations."""
    row = await cast.say(cast.alice, visibility="direct", mentions=[cast.mia])
    await _edit(cast, row, cast.draft(cast.alice, mentions=[cast.mia, cast.eve]), cast.alice)
    async with cast.database.read() as session:
        assert len(await conversations.page(session, cast.eve.id, Page())) == 1
        assert len(await conversations.page(session, cast.mia.id, Page())) == 1


async def test_boosters_are_told(cast: Cast) -> None:
    """Local people who boosted learn that what they stand for was changed, every time."""
    row = await cast.say(cast.alice)
    async with cast.database.write() as session:
        await reactions.announce(session, cast.bob, row.id)
    for text in ("two", "three"):
        await _edit(cast, row, cast.draft(cast.alice, text), cast.alice)
    async with cast.database.read() as session:
        assert [item.type for item in await notifications.page(session, cast.bob.id, Page())] == ["update", "update"]


async def test_a_silent_update_changes_no_words(cast: Cast) -> None:
    """An Update without newer `updated` refreshes tallies and stamps, keeps no version and notifies nobody."""
    row = await cast.say(cast.carol, "words", mentions=[cast.alice],
                         quote_uri="https://q.example/1", quote_state="pending")
    draft = cast.draft(cast.carol, "other words", uri=row.uri, remote_likes=7, quote_uri="https://q.example/1",
                       quote_authorization_uri="https://q.example/stamp", quote_state="accepted")
    fresh = await _edit(cast, row, draft, cast.carol, silent=True)
    assert (fresh.content, fresh.edited_at, fresh.remote_likes) == ("words", None, 7)
    assert (fresh.quote_authorization_uri, fresh.quote_state) == ("https://q.example/stamp", "accepted")
    async with cast.database.read() as session:
        assert (await session.scalars(select(Revision))).all() == []
        assert len(await notifications.page(session, cast.alice.id, Page())) == 1


async def test_parts_are_replaced(cast: Cast) -> None:
    """Hashtags, attachments and the kept document are those of the new version."""
    row = await cast.say(cast.carol, hashtags=["soup"], document="1", attachments=[
        AttachmentDraft("image", "https://carol.example/1.png")])
    draft = cast.draft(cast.carol, uri=row.uri, hashtags=["pie"], document="2", attachments=[
        AttachmentDraft("image", "https://carol.example/2.png")])
    await _edit(cast, row, draft, cast.carol)
    async with cast.database.read() as session:
        view = (await views.load_objects(session, [row.id], None))[row.id]
        assert [tag.name for tag in view.hashtags] == ["pie"]
        assert [item.url for item in view.media] == ["https://carol.example/2.png"]
        assert (await session.get_one(ObjectDocument, row.id)).document == "2"


async def test_uploads_can_be_exchanged(cast: Cast) -> None:
    """A local author may keep, drop and reorder uploads; a dropped one is free again."""
    async with cast.database.write() as session:
        session.add_all([Media(id=number, owner_id=cast.alice.id, type="image") for number in (1, 2, 3)])
    row = await cast.say(cast.alice, media_ids=[1, 2])
    await _edit(cast, row, cast.draft(cast.alice, media_ids=[3, 2]), cast.alice)
    async with cast.database.read() as session:
        found = (await session.execute(select(Media.id, Media.object_id, Media.position).order_by(Media.id))).all()
        assert [(number, owner) for number, owner, _ in found] == [(1, None), (2, row.id), (3, row.id)]
        view = (await views.load_objects(session, [row.id], None))[row.id]
        assert [item.id for item in view.media] == [3, 2]


async def test_open_pages_are_told(cast: Cast) -> None:
    """An edit raises the version and is a live event."""
    row = await cast.say(cast.alice)
    await _edit(cast, row, cast.draft(cast.alice, "new"), cast.alice)
    async with cast.database.read() as session:
        types = (await session.scalars(select(LiveEvent.type).order_by(LiveEvent.id))).all()
    assert types == ["update", "status.update"]
