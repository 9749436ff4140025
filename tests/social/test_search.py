"""Search: what is found, by whom, and above all what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from potluck.kinds.note.model import PollDraft
from potluck.social import blocks, follows, objects, post_index_fill, profiles, reactions, search
from potluck.social.drafts import AttachmentDraft, Draft, MentionDraft
from potluck.social.model import PostIndex
from potluck.social.search_query import MAX_WORDS, parse


@pytest.fixture
async def dana(local):
    """Someone who wants to be found."""
    return await local("dana", indexable=True, display_name="Dana Ömer")


async def found(session, viewer, query: str, **more: object) -> list[int]:
    return await search.statuses(session, query, viewer_id=viewer.id, **more)


async def test_public_posts_of_those_who_want_it_are_found(session, alice, bob, dana, post) -> None:
    """`indexable` is the author's word; without it only they find their posts."""
    shown = await post(dana, "<p>Soup of the day</p>")
    hidden = await post(bob, "<p>Soup of the night</p>")
    assert await found(session, alice, "soup") == [shown.id]
    assert await found(session, bob, "soup") == [hidden.id, shown.id]


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "direct", "group"])
async def test_what_is_not_public_is_not_found_by_strangers(session, alice, dana, post, visibility) -> None:
    """Whatever the author's wish for their public posts."""
    await post(dana, "<p>Secret soup</p>", visibility=visibility)
    assert await found(session, alice, "soup") == []


async def test_a_follower_does_not_find_followers_only_posts_they_did_nothing_with(session, alice, dana, post) -> None:
    """Being allowed to see something is not wanting to be found by it."""
    await follows.follow(session, alice, dana)
    row = await post(dana, "<p>Secret soup</p>", visibility="followers")
    assert await found(session, alice, "soup") == []
    await reactions.react(session, alice, row.id)
    assert await found(session, alice, "soup") == [row.id]
    await follows.unfollow(session, alice, dana)
    assert await found(session, alice, "soup") == []


async def test_one_finds_what_one_was_named_in(session, alice, bob, charlie, post) -> None:
    """Also in private, and nobody else does."""
    row = await post(bob, "<p>Secret soup</p>", visibility="direct",
                     mentions=[MentionDraft(alice.uri, "@alice", actor_id=alice.id)])
    assert await found(session, alice, "soup") == [row.id]
    assert await found(session, charlie, "soup") == []


async def test_words_count_not_markup(session, alice, dana, post) -> None:
    """Attributes and tags are no text; all words must be there; phrases stand together."""
    row = await post(dana, '<p>Hello <a href="https://soup.test/" class="mention">there</a> you &amp; me</p>')
    assert await found(session, alice, "soup") == []
    assert await found(session, alice, "mention") == []
    assert await found(session, alice, "HELLO there") == [row.id]
    assert await found(session, alice, "hello nobody") == []
    assert await found(session, alice, '"there you"') == [row.id]
    assert await found(session, alice, '"you there"') == []
    assert await found(session, alice, '"you & me"') == [row.id]


async def test_patterns_are_plain_text(session, alice, dana, post) -> None:
    """What SQL takes for a wildcard is none."""
    await post(dana, "<p>plain</p>")
    for query in ("%", "_lain", "pl%n", "'", "\\", '"'):
        assert await found(session, alice, query) == []


async def test_operators_narrow(session, alice, dana, bob, post) -> None:
    """from:, is:reply, language:, before:, after:."""
    one = await post(dana, "<p>soup</p>", language="de")
    two = await post(alice, "<p>soup too</p>", in_reply_to_id=one.id, in_reply_to_uri=one.uri)
    assert await found(session, alice, "soup from:me") == [two.id]
    assert await found(session, alice, "soup from:@dana") == [one.id]
    assert await found(session, alice, "from:dana") == [one.id]
    assert await found(session, alice, "soup from:nobody") == []
    assert await found(session, alice, "soup is:reply") == [two.id]
    assert await found(session, alice, "soup language:de") == [one.id]
    assert await found(session, alice, "soup before:2024-05-01") == []
    assert await found(session, alice, "soup after:2024-05-01") == [two.id, one.id]
    assert await found(session, alice, "soup", max_id=two.id) == [one.id]
    assert await found(session, alice, "soup", author_id=alice.id) == [two.id]
    assert await found(session, alice, "soup", limit=1, offset=1) == [one.id]


def test_a_query_of_any_shape_is_read() -> None:
    """Nonsense is words."""
    words = [part.value for part in parse("before:yesterday http://x.test a:b has:fun is: -").words]
    assert words == ["before:yesterday", "http://x.test", "a:b", "has:fun", "is:", "-"]
    assert len(parse("a " * 500).words) == MAX_WORDS
    assert parse("").words == []


async def test_what_must_not_be_there(session, alice, dana, post) -> None:
    """A minus before a word, a phrase or an operator."""
    one = await post(dana, "<p>soup with bread</p>", language="en")
    two = await post(dana, "<p>soup with rice</p>", language="de", sensitive=True)
    assert await found(session, alice, "soup -bread") == [two.id]
    assert await found(session, alice, 'soup -"with rice"') == [one.id]
    assert await found(session, alice, "soup -is:sensitive") == [one.id]
    assert await found(session, alice, "soup -language:en-GB") == [two.id]
    assert await found(session, alice, "soup -from:dana") == []
    assert await found(session, alice, "soup -from:nobody -%") == [two.id, one.id]
    assert await found(session, alice, "-bread") == []


async def test_what_a_post_has(session, alice, dana, post) -> None:
    """has:media and its kinds, has:poll, has:link, is:sensitive; descriptions of pictures count as text."""
    picture = await post(dana, "<p>look</p>", attachments=[
        AttachmentDraft("image", "https://files.test/1.png", description="A tureen of soup")])
    clip = await post(dana, "<p>look</p>", attachments=[AttachmentDraft("gifv", "https://files.test/2.mp4")])
    poll = await post(dana, "<p>look</p>", type="Question", kind_data=PollDraft([("Borscht", 0), ("Ramen", 0)]))
    link = await post(dana, '<p>look <a href="https://a.test/" rel="nofollow">a.test</a></p>', sensitive=True)
    named = await post(dana, '<p>look <a href="https://b.test/" class="u-url mention">b</a></p>')
    assert await found(session, alice, "has:media look") == [clip.id, picture.id]
    assert await found(session, alice, "has:image") == [picture.id]
    assert await found(session, alice, "has:video") == [clip.id]
    assert await found(session, alice, "has:poll") == [poll.id]
    assert await found(session, alice, "has:link") == [link.id]
    assert await found(session, alice, "is:sensitive") == [link.id]
    assert await found(session, alice, "tureen") == [picture.id]
    assert await found(session, alice, "ramen") == [poll.id]
    assert await found(session, alice, "look -has:media -has:link") == [named.id, poll.id]


async def test_ones_own_library(session, alice, bob, dana, post) -> None:
    """in:library is what one wrote, was named in or did something with; in:public is the rest of the world's."""
    public = await post(dana, "<p>soup</p>")
    own = await post(alice, "<p>soup</p>")
    marked = await post(bob, "<p>soup</p>")
    await reactions.bookmark(session, alice, marked.id)
    assert await found(session, alice, "soup in:library") == [marked.id, own.id]
    assert await found(session, alice, "soup in:public") == [public.id]
    assert await found(session, alice, "soup in:all") == [marked.id, own.id, public.id]
    await reactions.unbookmark(session, alice, marked.id)
    assert await found(session, alice, "in:library") == [own.id]


async def test_times(session, alice, dana, post) -> None:
    """before:, after: and during: take a day, a month or a year."""
    old = await post(dana, "<p>soup</p>", published=datetime(2020, 5, 17, 12, tzinfo=UTC))
    new = await post(dana, "<p>soup</p>", published=datetime(2021, 1, 1, 0, tzinfo=UTC))
    assert await found(session, alice, "soup during:2020-05-17") == [old.id]
    assert await found(session, alice, "during:2020-05") == [old.id]
    assert await found(session, alice, "soup during:2021") == [new.id]
    assert await found(session, alice, "soup after:2020-05-17") == [new.id]
    assert await found(session, alice, "soup before:2020-05-17") == []
    assert await found(session, alice, "soup before:2020-12") == [old.id]
    assert await found(session, alice, "soup before:9999-12-31 after:0000") == []


SPELLINGS = (
    ("今日は三毛猫がいる", "三毛猫"), ("今日は三毛猫がいる", "猫"), ("วันนี้กินซุป", "ซุป"), ("한국어를 배운다", "한국어"),
    ("Größe über alles", "grosse uber"), ("café", "CAFE\u0301"), ("ＦＵＬＬ width", "full"), ("हिन्दी भाषा", "हिन्दी"),  # noqa: RUF001
    ("🍲 tonight", "🍲"),
)


async def test_every_language(session, alice, dana, post) -> None:
    """No accents, no case, and parts of what is written without spaces."""
    for text, query in SPELLINGS:
        row = await post(dana, f"<p>{text}</p>")
        assert (await found(session, alice, query))[0] == row.id, query
        assert await found(session, alice, f"{query}犬") == []


async def test_an_edit_and_a_deletion_change_what_is_found(session, alice, dana, post) -> None:
    """At once, and whatever was done with the post."""
    row = await post(dana, "<p>soup</p>")
    await reactions.react(session, alice, row.id)
    await objects.edit(session, row.id, Draft("note", "Note", row.published, content="<p>stew</p>"), dana)
    assert await found(session, alice, "soup") == []
    assert await found(session, alice, "stew") == [row.id]
    await objects.delete(session, row.id, dana)
    assert await found(session, alice, "stew") == []
    assert await session.scalar(select(func.count()).select_from(PostIndex)) == 0


async def test_what_nobody_here_may_find_is_not_in_the_index(session, alice, dora, post) -> None:
    """Most of what arrives: it costs nothing but to look."""
    row = await post(dora, "<p>soup</p>")
    assert await session.scalar(select(func.count()).select_from(PostIndex)) == 0
    await reactions.announce(session, alice, row.id)
    assert await found(session, alice, "soup") == [row.id]
    await reactions.unannounce(session, alice, row.id)
    assert await session.scalar(select(func.count()).select_from(PostIndex)) == 0


async def test_an_author_changes_their_mind(session, alice, bob, remote, post) -> None:
    """Who no longer wants to be found is not found at once; who wants it is found when the index has followed."""
    emil = await remote("emil@remote.test", indexable=True)
    row, other = await post(emil, "<p>soup</p>"), await post(bob, "<p>soup</p>")
    assert await found(session, alice, "soup") == [row.id]
    await remote("emil@remote.test", indexable=False)
    assert await found(session, alice, "soup") == []
    await profiles.update_profile(session, bob, indexable=True)
    steps = []
    while progress := await post_index_fill.step(session, 1):
        steps.append((progress.actor_id, progress.finished))
    assert steps == [(emil.id, False), (emil.id, True), (bob.id, False), (bob.id, True)]
    assert await found(session, alice, "soup") == [other.id]
    assert await session.get(PostIndex, row.id) is None


async def test_the_whole_index_is_written_anew(session, alice, dana, post) -> None:
    """Newest first, a few at a time; what was lost is found again."""
    rows = [await post(dana, f"<p>soup {number}</p>") for number in range(5)]
    await session.execute(delete(PostIndex))
    await post_index_fill.ask_for_all(session)
    first = await post_index_fill.step(session, 2)
    assert (first.done, first.total, first.finished) == (2, 5, False)
    assert await found(session, alice, "soup") == [rows[4].id, rows[3].id]
    while await post_index_fill.step(session, 2):
        pass
    assert await found(session, alice, "soup") == [row.id for row in reversed(rows)]
    assert await post_index_fill.waiting(session) == []


async def test_pages_go_on_where_the_last_ended(session, alice, bob, dana, post) -> None:
    """However many hidden posts lie between."""
    await blocks.block(session, alice, bob)
    bob.indexable = True
    start = datetime(2015, 1, 1, tzinfo=UTC)
    rows = [await post(dana if number % 3 == 0 else bob, "<p>soup</p>", published=start + timedelta(days=30 * number))
            for number in range(120)]
    wanted = [row.id for row in reversed(rows) if row.author_id == dana.id]
    assert await found(session, alice, "soup", limit=50) == wanted
    assert await found(session, alice, "soup", limit=7, offset=7) == wanted[7:14]
    assert await found(session, alice, "soup", limit=7, max_id=wanted[6]) == wanted[7:14]


async def test_people_are_found_by_handle_and_name(session, alice, bob, dana, dora) -> None:
    """The exact handle first, then beginnings, then those one follows."""
    async def people(query: str, **more: object) -> list[str]:
        return [row.acct for row in await search.accounts(session, query, viewer_id=alice.id, **more)]

    assert await people("@dora@remote.test") == ["dora@remote.test"]
    assert await people("dana@potluck.test") == ["dana"]
    assert set(await people("d")) == {"dana", "dora@remote.test"}
    assert await people("ömer") == ["dana"]
    assert await people("") == []
    assert await people("%") == []
    assert await people("d", following=True) == []
    await follows.follow(session, alice, dana)
    assert await people("d", following=True) == ["dana"]


async def test_people_one_must_not_meet_are_not_found(session, alice, bob, dana, dora) -> None:
    """Suspended, gone, blocked either way; but the whole handle finds whom one blocked, to unblock them."""
    from potluck.social import actors

    await blocks.block(session, bob, alice)
    await actors.suspend(session, dora)
    names = [row.name for row in await search.accounts(session, "o", viewer_id=alice.id)]
    assert names == []
    assert [row.name for row in await search.accounts(session, "bob", viewer_id=None)] == ["bob"]
    assert [row.name for row in await search.accounts(session, "bob", viewer_id=bob.id)] == ["bob"]
    assert [row.name for row in await search.accounts(session, "alice", viewer_id=bob.id)] == ["alice"]
    assert [row.name for row in await search.accounts(session, "alic", viewer_id=bob.id)] == []


async def test_hashtags_are_found_by_their_beginning(session, alice, post) -> None:
    """Shortest first, in any spelling."""
    await post(alice, hashtags=["Soup", "Soupçon", "Bread"])
    assert [row.name for row in await search.hashtags(session, "#SOUP")] == ["soup", "soupcon"]
    assert list(await search.hashtags(session, "!!")) == []


async def test_other_forms_of_a_word(session, alice, dana, post) -> None:
    """A word is found in its other forms, in the language of the post; quoted, or in another language, as it stands."""
    one = await post(dana, "<p>One soup, running</p>", language="en")
    many = await post(dana, "<p>Many soups run</p>", language="en")
    german = await post(dana, "<p>Viele Suppen und new things</p>", language="de")
    plain = await post(dana, "<p>What news, soup?</p>")
    assert await found(session, alice, "soups") == [plain.id, many.id, one.id]
    assert await found(session, alice, "soup!") == [plain.id, many.id, one.id]
    assert await found(session, alice, '"soup"') == [plain.id, one.id]
    assert await found(session, alice, "run -soups") == []
    assert await found(session, alice, "runs soup") == [many.id, one.id]
    assert await found(session, alice, "Suppe") == []
    assert await found(session, alice, "Suppe language:de") == [german.id]
    assert await found(session, alice, "news") == [plain.id]
    assert await found(session, alice, '"many soup"') == []
