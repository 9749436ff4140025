"""Search: what is found, by whom, and above all what is not."""

from __future__ import annotations

import pytest

from potluck.social import follows, reactions, search
from potluck.social.drafts import MentionDraft
from potluck.social.search import parse


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
    assert parse("before:yesterday http://x.test a:b").words == ["before:yesterday", "http://x.test", "a:b"]
    assert len(parse("a " * 500).words) == search.MAX_WORDS
    assert parse("").words == []


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
    from potluck.social import actors, blocks

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
