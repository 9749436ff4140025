"""Writing notes: what local people may say, to whom it goes, and what is refused with which word."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.kinds import authoring
from potluck.kinds.note import actions
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.settings import current
from potluck.social import notifications, objects, views
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, CustomEmoji, Media, Object, Revision
from potluck.social.paging import Page
from support.cast import Cast

POLL = PollRequest(["soup", "pie"], 3600)


async def _compose(cast: Cast, author: Actor, text: str = "hello", **changes: Any) -> Object:
    async with cast.database.write() as session:
        return await actions.compose(session, author, NoteRequest(text, **changes))


async def _revise(cast: Cast, author: Actor, row: Object, text: str = "changed", **changes: Any) -> Object:
    async with cast.database.write() as session:
        return await actions.revise(session, author, row.id, NoteRequest(text, **changes))


async def _view(cast: Cast, row: Object, viewer: Actor | None = None) -> views.ObjectView:
    async with cast.database.read() as session:
        return (await views.load_objects(session, [row.id], viewer.id if viewer else None))[row.id]


async def _upload(cast: Cast, owner: Actor, **changes: Any) -> int:
    new_id = ids.new()
    async with cast.database.write() as session:
        session.add(Media(id=new_id, owner_id=owner.id, type="image", **changes))
    return new_id


async def test_a_note(cast: Cast) -> None:
    """What was typed becomes HTML and is kept as it was typed."""
    row = await _compose(cast, cast.alice, "one & <two>\n\nhttps://example.org #Soup", language="de",
                         app_name="Tusky", app_website="https://tusky.app")
    assert (row.kind, row.type, row.local, row.visibility) == ("note", "Note", True, "public")
    assert row.content.startswith("<p>one &amp; &lt;two&gt;</p><p>")
    assert (row.source, row.source_type) == ("one & <two>\n\nhttps://example.org #Soup", "text/plain")
    assert (row.language, row.app_name) == ("de", "Tusky")
    assert [tag.display for tag in (await _view(cast, row)).hashtags] == ["Soup"]


async def test_markdown(cast: Cast) -> None:
    """Markdown is rendered, and what stands in code mentions nobody."""
    row = await _compose(cast, cast.alice, "**bold** `@bob`", content_type="text/markdown")
    assert "<strong>bold</strong>" in row.content
    assert (await _view(cast, row)).mentions == []


async def test_mentions(cast: Cast) -> None:
    """Whoever is named is linked, told and, in private, addressed; by name, with our domain, or with theirs."""
    text = "@bob @MIA@potluck.test @carol@carol.example @nobody @bob mail@bob.example"
    row = await _compose(cast, cast.alice, text, visibility="direct")
    view = await _view(cast, row, cast.alice)
    assert {actor.name for actor in view.mentions} == {"bob", "mia", "carol"}
    assert row.content.count("u-url mention") == 4
    assert cast.carol.url in row.content
    async with cast.database.read() as session:
        assert len(await notifications.page(session, cast.bob.id, Page())) == 1
    assert (await _view(cast, row, cast.mia)).object.id == row.id


async def test_gone_people_are_not_mentioned(cast: Cast) -> None:
    """Suspended and deleted accounts stay plain text."""
    await cast.change(cast.bob, suspended_at=now())
    await cast.change(cast.mia, deleted_at=now())
    assert (await _view(cast, await _compose(cast, cast.alice, "@bob @mia"))).mentions == []


async def test_custom_emoji(cast: Cast) -> None:
    """Emoji of this server are attached wherever they are used, in the warning and in options too."""
    async with cast.database.write() as session:
        for name, host, disabled in (("one", "", False), ("two", "", False), ("three", "", False), ("off", "", True),
                                     ("far", "carol.example", False), ("unused", "", False)):
            session.add(CustomEmoji(id=ids.new(), shortcode=name, host=host, url=f"/{name}.png", disabled=disabled))
    row = await _compose(cast, cast.alice, ":one: :off: :far:", summary=":two:",
                         poll=PollRequest([":three:", "x"], 3600))
    assert {emoji["shortcode"] for emoji in row.emojis} == {"one", "two", "three"}


async def test_a_warning_hides_media(cast: Cast) -> None:
    """A content warning makes the post sensitive."""
    row = await _compose(cast, cast.alice, summary=" spoiler ")
    assert (row.summary, row.sensitive) == ("spoiler", True)


@pytest.mark.parametrize(("changes", "field", "code"), [
    ({"text": " \n "}, "status", "blank"),
    ({"text": "x" * 5001}, "status", "too_long"),
    ({"text": "x" * 4990, "summary": "y" * 11}, "status", "too_long"),
    ({"content_type": "text/html"}, "content_type", "invalid"),
    ({"visibility": "secret"}, "visibility", "inclusion"),
    ({"visibility": "group"}, "visibility", "inclusion"),
    ({"quote_policy": "friends"}, "quote_approval_policy", "inclusion"),
    ({"language": "english please"}, "language", "invalid"),
    ({"media_ids": [1]}, "media_ids", "invalid"),
    ({"media_ids": list(range(1, 30))}, "media_ids", "too_long"),
    ({"poll": POLL, "media_ids": [1]}, "media_ids", "invalid"),
    ({"poll": PollRequest(["one", " "], 3600)}, "poll", "too_short"),
    ({"poll": PollRequest([str(number) for number in range(11)], 3600)}, "poll", "too_long"),
    ({"poll": PollRequest(["x" * 101, "y"], 3600)}, "poll", "too_long"),
    ({"poll": PollRequest(["same", " same "], 3600)}, "poll", "taken"),
    ({"poll": PollRequest(["a", "b"], 299)}, "poll", "inclusion"),
    ({"poll": PollRequest(["a", "b"], 30 * 86400 + 1)}, "poll", "inclusion"),
])
async def test_what_is_refused(cast: Cast, changes: dict[str, Any], field: str, code: str) -> None:
    """A field that cannot be used is named, with a word that APIs know, and nothing is stored."""
    with pytest.raises(Invalid) as caught:
        await _compose(cast, cast.alice, **changes)
    assert (caught.value.field, caught.value.code) == (field, code)
    async with cast.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Object)) == 0


async def test_length_as_people_count(cast: Cast) -> None:
    """Addresses count 23 and mentions without their domain, as Mastodon counts."""
    text = "x" * (current().max_characters - 24) + " https://example.org/" + "y" * 500
    assert (await _compose(cast, cast.alice, text)).content


async def test_media(cast: Cast) -> None:
    """One's own finished, free uploads can be attached, in order; a post may have media and no text."""
    one, two = await _upload(cast, cast.alice), await _upload(cast, cast.alice)
    row = await _compose(cast, cast.alice, "", media_ids=[two, one, two])
    assert [item.id for item in (await _view(cast, row)).media] == [two, one]
    wrong = [one, await _upload(cast, cast.bob), await _upload(cast, cast.alice, state="processing")]
    for media_id in wrong:
        with pytest.raises(Invalid, match=r"Media not found|processing"):
            await _compose(cast, cast.alice, media_ids=[media_id])


async def test_replies(cast: Cast) -> None:
    """An answer knows its parent by id and uri, and goes into its thread; what one cannot see one cannot answer."""
    parent = await cast.say(cast.carol, context_uri="https://carol.example/c/1")
    row = await _compose(cast, cast.alice, in_reply_to_id=parent.id)
    assert (row.in_reply_to_id, row.in_reply_to_uri, row.thread_root_id) == (parent.id, parent.uri, parent.id)
    assert row.context_uri == "https://carol.example/c/1"
    private = await cast.say(cast.bob, visibility="followers")
    for parent_id in (private.id, 1):
        with pytest.raises(NotFound):
            await _compose(cast, cast.alice, in_reply_to_id=parent_id)


async def test_quotes(cast: Cast) -> None:
    """A local quote that is allowed stands at once, a remote one waits for its stamp."""
    for author, state in ((cast.alice, "accepted"), (cast.bob, "accepted"), (cast.carol, "pending")):
        quoted = await cast.say(author)
        row = await _compose(cast, cast.alice, quote_id=quoted.id)
        assert (row.quote_id, row.quote_uri, row.quote_state) == (quoted.id, quoted.uri, state)


@pytest.mark.parametrize(("policy", "follows", "allowed"), [
    ("public", False, True), ("followers", True, True), ("followers", False, False), ("nobody", True, False)])
async def test_quote_policies(cast: Cast, policy: str, follows: bool, allowed: bool) -> None:
    """Who may quote is the quoted author's decision; their own quotes are always theirs to make."""
    quoted = await cast.say(cast.eve, quote_policy=policy)
    if follows:
        await cast.follow(cast.alice, cast.eve)
    if allowed:
        assert (await _compose(cast, cast.alice, quote_id=quoted.id)).quote_id == quoted.id
    else:
        with pytest.raises(NotAllowed):
            await _compose(cast, cast.alice, quote_id=quoted.id)
    assert (await _compose(cast, cast.eve, quote_id=quoted.id)).quote_id == quoted.id


async def test_private_things_are_not_quoted(cast: Cast) -> None:
    """Others' private posts cannot be quoted, one's own only to the same people, and no message at all."""
    theirs = await cast.say(cast.alice, visibility="followers")
    with pytest.raises(NotAllowed):
        await _compose(cast, cast.bob, quote_id=theirs.id)
    with pytest.raises(NotFound):
        await _compose(cast, cast.eve, quote_id=theirs.id)
    assert (await _compose(cast, cast.alice, quote_id=theirs.id)).visibility == "followers"
    message = await cast.say(cast.alice, visibility="direct", mentions=[cast.bob])
    for author in (cast.alice, cast.bob):
        with pytest.raises(NotAllowed):
            await _compose(cast, author, quote_id=message.id)


async def test_polls(cast: Cast) -> None:
    """A poll has the options without empty ones, and its end by the clock; it needs no text."""
    row = await _compose(cast, cast.alice, "", poll=PollRequest([" soup ", "pie", ""], 3600, True, True))
    poll = (await _view(cast, row)).kind_data.poll
    assert (row.type, [title for title, _ in poll.options], poll.multiple) == ("Question", ["soup", "pie"], True)
    assert abs(poll.expires_at - now() - timedelta(hours=1)) < timedelta(seconds=5)
    async with cast.database.read() as session:
        request = await actions.source_poll(session, row.id)
        assert await actions.source_poll(session, 1) is None
    assert request is not None
    assert (request.options, request.multiple, request.hide_totals) == (["soup", "pie"], True, True)
    assert 3590 < request.expires_in <= 3600


async def test_revising(cast: Cast) -> None:
    """One's own note can be changed; audience, parent and quote stay; the earlier version is kept."""
    parent = await cast.say(cast.bob)
    row = await _compose(cast, cast.alice, in_reply_to_id=parent.id, visibility="unlisted", quote_id=parent.id)
    changed = await _revise(cast, cast.alice, row, "@mia changed", visibility="public", summary="cw")
    assert (changed.visibility, changed.in_reply_to_id, changed.quote_id) == ("unlisted", parent.id, parent.id)
    assert (changed.summary, changed.source, changed.url) == ("cw", "@mia changed", row.url)
    assert changed.edited_at is not None
    async with cast.database.read() as session:
        assert (await session.scalars(select(Revision.content))).all() == ["<p>hello</p>"]
        assert len(await notifications.page(session, cast.mia.id, Page())) == 1


async def test_revising_keeps_media(cast: Cast) -> None:
    """An edit may keep, drop and add uploads, but take none from another post."""
    one, two = await _upload(cast, cast.alice), await _upload(cast, cast.alice)
    row = await _compose(cast, cast.alice, media_ids=[one])
    await _revise(cast, cast.alice, row, media_ids=[two, one])
    assert [item.id for item in (await _view(cast, row)).media] == [two, one]
    other = await _compose(cast, cast.alice, "other")
    with pytest.raises(Invalid):
        await _revise(cast, cast.alice, other, media_ids=[one])


async def test_who_may_revise(cast: Cast) -> None:
    """Others' notes, deleted ones and unknown ones are not there to be changed; nonsense is refused as in composing."""
    row = await _compose(cast, cast.alice)
    with pytest.raises(NotFound):
        await _revise(cast, cast.bob, row)
    with pytest.raises(Invalid):
        await _revise(cast, cast.alice, row, "")
    async with cast.database.write() as session:
        await objects.delete(session, row.id, cast.alice)
    with pytest.raises(NotFound):
        await _revise(cast, cast.alice, row)


async def test_preview(cast: Cast) -> None:
    """A preview is what the text would become, and stores nothing."""
    async with cast.database.read() as session:
        assert "u-url mention" in await actions.preview(session, "@bob")
        assert await actions.preview(session, "*x*", "text/markdown") == "<p><em>x</em></p>"
        with pytest.raises(Invalid):
            await actions.preview(session, "x" * 1_000_000, "text/markdown")


class Telephone:
    """Stands for the federation: looks handles up elsewhere, some slowly, some in vain."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def actor_by_handle(self, handle: str) -> Actor | None:
        """Answer as the name says."""
        self.asked.append(handle)
        if handle.startswith("slow"):
            await asyncio.sleep(60)
        if handle.startswith("broken"):
            raise RuntimeError("no answer")
        return None


async def test_unknown_people_are_looked_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those on other servers who are not known yet, each once, for a limited time; failures do no harm."""
    monkeypatch.setattr(authoring, "_RESOLVE_SECONDS", 0.1)
    telephone = Telephone()
    await authoring.prepare_mentions(cast.database, telephone, (
        "@bob @carol@carol.example @new@far.example @New@far.example @slow@far.example @broken@far.example"))
    assert sorted(telephone.asked) == ["broken@far.example", "new@far.example", "slow@far.example"]
    telephone.asked.clear()
    await authoring.prepare_mentions(cast.database, telephone, "nobody")
    await authoring.prepare_mentions(cast.database, telephone, "@bob@potluck.test")
    assert telephone.asked == []


async def test_lookups_are_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text full of handles asks only some of them."""
    monkeypatch.setattr(authoring, "MAX_MENTIONS", 3)
    telephone = Telephone()
    text = " ".join(f"@a{number}@far.example" for number in range(9))
    await authoring.prepare_mentions(cast.database, telephone, text)
    assert len(telephone.asked) == 3
