"""Articles: published in blogs and on profiles, revised, pinned, commented; nobody learns whose a blog is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from potluck.db.ids import ids
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import keys, notifications, objects, reactions, standing, views
from potluck.social.blogs import authors, comments, listing, making, moderating, places
from potluck.social.blogs.making import Wishes
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.model import Actor, Article, ArticleComment, Conversation, FeedEntry, Media, Object, Pin
from potluck.social.paging import Page
from support.cast import Cast

PAIRS = keys.make_pairs()
TEXT = "A sour for *three* days #bread @mia\n\n<!--more-->\n\n" + "and more " * 300


async def _blog(cast: Cast, name: str = "crumbs", owner: Actor | None = None, **changes: Any) -> Actor:
    async with cast.database.write() as session:
        person = await session.get_one(Actor, (owner or cast.alice).id)
        return await making.create(session, person, name, Wishes(**{"title": name.title(), **changes}), pairs=PAIRS)


async def _publish(cast: Cast, writer: Actor, text: str = TEXT, **changes: Any) -> Object:
    request = ArticleRequest(text, **{"title": "Rye", **changes})
    prepared = await actions.prepare(cast.database, None, request)
    async with cast.database.write() as session:
        return await actions.publish(session, writer, request, prepared)


async def _revise(cast: Cast, writer: Actor, row: Object, text: str = "changed", **changes: Any) -> Object:
    request = ArticleRequest(text, **{"title": "Rye", **changes})
    prepared = await actions.prepare(cast.database, None, request)
    async with cast.database.write() as session:
        return await actions.revise(session, writer, row.id, request, prepared)


async def _view(cast: Cast, row: Object, viewer: Actor | None = None) -> views.ObjectView | None:
    async with cast.database.read() as session:
        return (await views.load_objects(session, [row.id], viewer.id if viewer else None)).get(row.id)


async def _comment(cast: Cast, author: Actor, row: Object, text: str = "Mm") -> Object:
    async with cast.database.write() as session:
        return await notes.compose(session, author, NoteRequest(text, in_reply_to_id=row.id))


async def test_an_article_of_a_blog(cast: Cast) -> None:
    """It is the blog's, has an address made of its title, and a teaser up to the mark."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id, title="Rye & Barley", tags=["Baking"], language="en")
    assert (row.kind, row.type, row.author_id, row.title) == ("article", "Article", blog.id, "Rye & Barley")
    assert row.url == "https://potluck.test/@crumbs/rye-barley"
    assert row.summary == "A sour for three days #bread @mia"
    view = await _view(cast, row)
    assert view is not None
    assert {tag.display for tag in view.hashtags} == {"bread", "Baking"}
    assert [actor.name for actor in view.mentions] == ["mia"]
    assert view.object.extra["words"] > 600


async def test_addresses_are_free_and_stay(cast: Cast) -> None:
    """The same title gets a number; an edit keeps the address unless another is asked for."""
    first = await _publish(cast, cast.alice, title="Bröt!")
    second = await _publish(cast, cast.alice, title="Brot")
    assert [row.url for row in (first, second)] == [
        "https://potluck.test/@alice/brot", "https://potluck.test/@alice/brot-2"]
    edited = await _revise(cast, cast.alice, second, title="Other")
    assert edited.url == "https://potluck.test/@alice/brot-2"
    moved = await _revise(cast, cast.alice, second, slug="2024")
    assert moved.url == "https://potluck.test/@alice/post-2024"
    assert places.slug_of("media") == "post-media"
    assert places.slug_of("日本の パン") == "日本の-パン"
    assert places.slug_of("!!!") == "article"


async def test_titles_come_from_the_text(cast: Cast) -> None:
    """A first heading, else the first words."""
    assert (await _publish(cast, cast.alice, "# Head\n\ntext", title="")).title == "Head"
    assert (await _publish(cast, cast.alice, "Just *words* here", title="")).title == "Just words here"


@pytest.mark.parametrize(("changes", "field"), [
    ({"text": "  "}, "text"), ({"title": "x" * 301}, "title"), ({"visibility": "direct"}, "visibility"),
    ({"content_type": "text/plain"}, "content_type"), ({"language": "!"}, "language"), ({"comments": "no"}, "comments"),
    ({"tags": ["a-b"]}, "tags"), ({"warning": "x" * 501}, "warning"), ({"text": "x" * 2_000_001}, "text")])
async def test_requests_are_checked(cast: Cast, changes: dict[str, Any], field: str) -> None:
    """Each error names its field."""
    with pytest.raises(Invalid) as refused:
        await actions.prepare(cast.database, None, ArticleRequest(**{"text": "x", **changes}))
    assert refused.value.field == field


async def test_only_its_authors_write_in_a_blog(cast: Cast) -> None:
    """Authors change their own articles, editors everybody's, strangers none."""
    blog = await _blog(cast)
    with pytest.raises(NotAllowed):
        await _publish(cast, cast.bob, blog_id=blog.id)
    async with cast.database.write() as session:
        await authors.invite(session, cast.alice, blog, cast.bob, "author")
        with pytest.raises(NotAllowed):
            await authors.invite(session, cast.bob, blog, cast.eve, "author")
    hers, his = await _publish(cast, cast.alice, blog_id=blog.id), await _publish(cast, cast.bob, blog_id=blog.id)
    assert (await _revise(cast, cast.bob, his)).content == "<p>changed</p>"
    with pytest.raises(NotFound):
        await _revise(cast, cast.bob, hers)
    with pytest.raises(NotFound):
        await _revise(cast, cast.eve, his)
    async with cast.database.write() as session:
        await authors.invite(session, cast.alice, blog, cast.bob, "editor")
    await _revise(cast, cast.bob, hers)
    async with cast.database.write() as session:
        await authors.part(session, cast.bob, blog, cast.bob)
        with pytest.raises(NotAllowed):
            await authors.part(session, cast.alice, blog, cast.alice)
    with pytest.raises(NotFound):
        await _revise(cast, cast.bob, his)
    assert (await _revise(cast, cast.alice, his)).author_id == blog.id


@pytest.mark.parametrize(("visibility", "asked", "seen"), [
    ("public", "public", "public"), ("public", "unlisted", "unlisted"), ("unlisted", "public", "unlisted"),
    ("private", "public", "followers"), ("password", "public", "followers")])
async def test_an_article_is_never_more_open_than_its_blog(cast: Cast, visibility: str, asked: str, seen: str) -> None:
    """A closed blog's articles are for the followers it has let in, everywhere."""
    blog = await _blog(cast, visibility=visibility, password="secret" if visibility == "password" else None)
    row = await _publish(cast, cast.alice, blog_id=blog.id, visibility=asked)
    assert row.visibility == seen
    assert (await _view(cast, row) is None) == (seen == "followers")
    assert (await _view(cast, row, cast.bob) is None) == (seen == "followers")
    async with cast.database.read() as session:
        assert (row.id in await listing.reader(session, cast.bob.id, Page())) == (seen == "public")
    assert blog.locked == (visibility in making.CLOSED)


async def test_a_blog_is_not_opened_or_closed_later(cast: Cast) -> None:
    """Others may have what was public; what was private stays so."""
    blog = await _blog(cast)
    async with cast.database.write() as session:
        await making.update(session, cast.alice, blog, Wishes("Crumbs", visibility="private"))
        await making.update(session, cast.alice, blog, Wishes("Crumbs", visibility="public"))
    await _publish(cast, cast.alice, blog_id=blog.id)
    async with cast.database.write() as session:
        fresh = await session.get_one(Actor, blog.id)
        with pytest.raises(Conflict):
            await making.update(session, cast.alice, fresh, Wishes("Crumbs", visibility="private"))
    shut = await _blog(cast, "shut", visibility="private")
    await _publish(cast, cast.alice, blog_id=shut.id)
    async with cast.database.write() as session:
        with pytest.raises(Conflict):
            await making.update(session, cast.alice, await session.get_one(Actor, shut.id), Wishes("Shut"))


async def test_a_blog_does_not_say_whose_it_is(cast: Cast) -> None:
    """No follow, no attribution, no owner in what is shown of it."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    view = await _view(cast, row)
    assert view is not None
    assert view.kind_data.byline is None
    assert "alice" not in repr((blog.uri, blog.url, blog.extra, blog.summary, row.url, row.extra, row.content))
    assert blog.followers_count == 0


async def test_bylines_where_a_blog_wants_them(cast: Cast) -> None:
    """A team may say who wrote what."""
    blog = await _blog(cast, bylines=True)
    view = await _view(cast, await _publish(cast, cast.alice, blog_id=blog.id))
    assert view is not None
    assert view.kind_data.byline.name == "alice"


async def test_pages_stand_in_the_menu(cast: Cast) -> None:
    """They reach no feed and no list."""
    blog = await _blog(cast)
    await cast.follow(cast.bob, blog)
    page = await _publish(cast, cast.alice, blog_id=blog.id, title="About", page=True)
    post = await _publish(cast, cast.alice, blog_id=blog.id)
    async with cast.database.read() as session:
        assert await listing.articles(session, blog.id, None, Page()) == [post.id]
        assert await listing.articles(session, blog.id, None, Page(), tag="bread") == [post.id]
        assert await listing.menu(session, blog.id, None) == [("post-about", "About")]
        fed = (await session.scalars(select(FeedEntry.object_id).where(FeedEntry.feed_id == cast.bob.id))).all()
    assert post.id in fed
    assert page.id not in fed


async def test_pinned_articles(cast: Cast) -> None:
    """They stand on top in the order in which they were pinned; deleting forgets the place."""
    blog = await _blog(cast)
    one, two = [await _publish(cast, cast.alice, blog_id=blog.id) for _ in range(2)]
    async with cast.database.write() as session:
        for row in (two, one):
            await actions.pin(session, cast.alice, row.id)
        assert await listing.pinned(session, blog.id, None) == [two.id, one.id]
        assert set((await session.scalars(select(Pin.object_id).where(Pin.actor_id == blog.id))).all()) == {
            one.id, two.id}
        await actions.pin(session, cast.alice, two.id, pinned=False)
        with pytest.raises(NotFound):
            await actions.pin(session, cast.eve, two.id)
        await actions.delete(session, cast.alice, one.id)
    async with cast.database.read() as session:
        assert await listing.pinned(session, blog.id, None) == []
        assert await session.get(Article, one.id) is None


async def test_pictures_become_the_blogs(cast: Cast) -> None:
    """Uploads of the writer go with the article; those of others cannot be taken."""
    blog = await _blog(cast)
    async with cast.database.write() as session:
        mine, theirs = ids.new(), ids.new()
        session.add(Media(id=mine, owner_id=cast.alice.id, type="image", url="https://potluck.test/m/a.png",
                          description="a loaf"))
        session.add(Media(id=theirs, owner_id=cast.bob.id, type="image", url="https://potluck.test/m/b.png"))
    row = await _publish(cast, cast.alice, blog_id=blog.id, cover_id=mine, media_ids=[mine])
    assert row.extra["cover"] == {"url": "https://potluck.test/m/a.png", "alt": "a loaf"}
    again = await _revise(cast, cast.alice, row, cover_id=mine, media_ids=[mine])
    assert again.extra["cover"]["alt"] == "a loaf"
    async with cast.database.read() as session:
        assert (await session.get_one(Media, mine)).owner_id == blog.id
    with pytest.raises(Invalid):
        await _publish(cast, cast.alice, blog_id=blog.id, media_ids=[theirs])


async def test_an_article_as_a_request_again(cast: Cast) -> None:
    """What an editor opens is what was published."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, "one #two", blog_id=blog.id, summary="short", tags=["x"], slug="own",
                         comments="approve", warning="hot")
    async with cast.database.read() as session:
        _row, request = await actions.source(session, cast.alice, row.id)
    assert (request.text, request.title, request.summary, request.slug, list(request.tags), request.comments,
            request.warning, request.blog_id) == ("one #two", "Rye", "short", "own", ["x"], "approve", "hot", blog.id)


async def test_comments_that_wait(cast: Cast) -> None:
    """They are nowhere, and in no count, until an author of the blog shows them; hiding takes them away again."""
    blog = await _blog(cast, comments="approve")
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    said = await _comment(cast, cast.bob, row)
    away = (await cast.store(cast.draft(cast.carol, "from afar", in_reply_to_uri=row.uri)))[0]
    own = await _comment(cast, cast.alice, row)
    assert (said.state, away.state, own.state) == ("awaiting", "awaiting", "published")
    assert await _view(cast, said) is None
    assert await _view(cast, said, cast.eve) is None
    assert await _view(cast, said, cast.bob) is not None
    async with cast.database.write() as session:
        assert (await session.get_one(Object, row.id)).replies_count == 1
        assert await comments.waiting(session, blog.id, Page()) == [away.id, said.id]
        assert await comments.count_waiting(session, [blog.id]) == {blog.id: 2}
        await moderating.approve(session, said.id)
        with pytest.raises(NotFound):
            await moderating.approve(session, said.id)
    assert await _view(cast, said) is not None
    async with cast.database.write() as session:
        assert (await session.get_one(Object, row.id)).replies_count == 2
        await moderating.hide(session, said.id)
        await moderating.hide(session, away.id)
        with pytest.raises(NotFound):
            await moderating.hide(session, row.id)
    assert await _view(cast, said) is None
    async with cast.database.read() as session:
        assert (await session.get_one(Object, row.id)).replies_count == 1
        assert await comments.waiting(session, blog.id, Page()) == []
        assert await comments.waiting(session, blog.id, Page(), state="hidden") == [away.id, said.id]


async def test_closed_comments(cast: Cast) -> None:
    """People here are told; what comes from elsewhere is kept, hidden. Answers to answers are comments, too."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    first = await _comment(cast, cast.bob, row)
    await _revise(cast, cast.alice, row, comments="closed")
    with pytest.raises(NotAllowed):
        await _comment(cast, cast.bob, row)
    away = (await cast.store(cast.draft(cast.carol, "but", in_reply_to_uri=first.uri)))[0]
    async with cast.database.read() as session:
        assert (await session.get_one(ArticleComment, away.id)).state == "hidden"


async def test_a_blogs_rule_is_its_articles_rule(cast: Cast) -> None:
    """Changing it changes articles that say nothing themselves."""
    blog = await _blog(cast)
    plain = await _publish(cast, cast.alice, blog_id=blog.id)
    own = await _publish(cast, cast.alice, blog_id=blog.id, comments="approve")
    async with cast.database.write() as session:
        await making.update(session, cast.alice, blog, Wishes("Crumbs", comments="closed"))
    async with cast.database.read() as session:
        rules = {row.id: row.interaction_policy["canReply"]["manualApproval"]
                 for row in (await objects.by_ids(session, [plain.id, own.id])).values() if row.interaction_policy}
    assert rules == {plain.id: [], own.id: ["https://www.w3.org/ns/activitystreams#Public"]}


async def test_deleting_a_blog(cast: Cast) -> None:
    """Everything in it goes; the person stays."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    async with cast.database.write() as session:
        with pytest.raises(NotAllowed):
            await making.delete(session, cast.bob, blog)
        await making.delete(session, cast.alice, blog)
    assert await _view(cast, row, cast.alice) is None
    async with cast.database.read() as session:
        assert await authors.blogs_of(session, cast.alice.id) == []
        assert (await session.get_one(Actor, cast.alice.id)).deleted_at is None


@pytest.mark.parametrize(("changes", "field"), [
    ({"title": ""}, "title"), ({"visibility": "x"}, "visibility"), ({"visibility": "password"}, "password"),
    ({"visibility": "password", "password": "abc"}, "password"), ({"css": "x" * 50_001}, "css"),
    ({"language": "!"}, "language"), ({"comments": "x"}, "comments"), ({"domain": "potluck.test"}, "domain"),
    ({"domain": "not a host"}, "domain"), ({"domain": "localhost"}, "domain")])
async def test_wishes_are_checked(cast: Cast, changes: dict[str, Any], field: str) -> None:
    """Each error names its field, and nothing is made."""
    with pytest.raises(Invalid) as refused:
        await _blog(cast, **changes)
    assert refused.value.field == field


async def test_right_to_left(cast: Cast) -> None:
    """Some languages are written so, unless said otherwise."""
    assert (await _blog(cast, "salam", language="ar")).extra["blog"]["rtl"] is True
    assert (await _blog(cast, "hallo", language="de")).extra["blog"]["rtl"] is False


async def test_who_looks_after_a_blog_learns_of_its_readers(cast: Cast) -> None:
    """Comments and likes are told to its owner and editors; the blog itself reads nothing."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    await _comment(cast, cast.bob, row)
    await _comment(cast, cast.alice, row)
    async with cast.database.write() as session:
        await reactions.react(session, cast.bob, row.id, "like")
    async with cast.database.read() as session:
        told = await notifications.page(session, cast.alice.id, Page())
        assert [(notice.type, notice.actor_id) for notice in told] == [
            ("favourite", cast.bob.id), ("mention", cast.bob.id)]
        assert await notifications.page(session, blog.id, Page()) == []


async def test_a_word_among_followers_to_a_blog(cast: Cast) -> None:
    """Whoever looks after it reads it and is told; other authors do not, and nobody sees that they do."""
    blog = await _blog(cast)
    async with cast.database.write() as session:
        await authors.invite(session, cast.alice, blog, cast.eve, "author")
    said = await cast.say(cast.bob, "just for you", visibility="followers", mentions=[blog])
    view = await _view(cast, said, cast.alice)
    assert view is not None
    assert [actor.name for actor in view.mentions] == ["crumbs"]
    assert await _view(cast, said, cast.eve) is None
    async with cast.database.read() as session:
        assert [notice.type for notice in await notifications.page(session, cast.alice.id, Page())] == ["mention"]
    direct = await cast.say(cast.bob, "psst", visibility="direct", mentions=[blog])
    assert await _view(cast, direct, cast.alice) is None
    async with cast.database.read() as session:
        taking_part = (await session.scalars(select(Conversation).where(
            Conversation.reader_id == cast.bob.id))).one().participant_ids
    assert taking_part == [blog.id]


async def test_comments_on_articles_of_a_person(cast: Cast) -> None:
    """They wait for the person."""
    row = await _publish(cast, cast.alice, comments="approve")
    said = await _comment(cast, cast.bob, row)
    async with cast.database.read() as session:
        assert await comments.waiting(session, cast.alice.id, Page()) == [said.id]


async def test_blogs_of_an_account_are_suspended_with_it(cast: Cast) -> None:
    """Only those that nobody else writes in; what is lifted with it are those that went with it."""
    alone, before = await _blog(cast), await _blog(cast, "pies")
    shared, theirs = await _blog(cast, "soups"), await _blog(cast, "dips", cast.bob)
    everybody = [cast.alice, alone, before, shared, theirs]

    async def moments() -> list[Any]:
        async with cast.database.read() as session:
            return [(await session.get_one(Actor, actor.id)).suspended_at for actor in everybody]

    async with cast.database.write() as session:
        await authors.invite(session, cast.alice, shared, cast.bob)
        await authors.invite(session, cast.bob, theirs, cast.alice)
        await standing.suspend(session, before)
    async with cast.database.write() as session:
        await standing.suspend(session, cast.alice)
    alice, first, second, *others = await moments()
    assert alice == first != second
    assert alice is not None
    assert others == [None, None]
    async with cast.database.write() as session:
        await standing.unsuspend(session, cast.alice)
    assert await moments() == [None, None, second, None, None]


async def test_an_article_of_a_suspended_blog_stays_as_it_is(cast: Cast) -> None:
    """A blog that moderators suspended cannot act, whoever writes in it."""
    blog = await _blog(cast)
    row = await _publish(cast, cast.alice, blog_id=blog.id)
    async with cast.database.write() as session:
        await standing.suspend(session, blog)
    with pytest.raises(NotFound):
        await _revise(cast, cast.alice, row)
