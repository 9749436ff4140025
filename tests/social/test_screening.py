"""Rules against spam."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from potluck.social import holding, objects, spam_rules, timelines
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.model import FeedEntry, HeldObject, Object, SpamRule, User
from potluck.social.paging import Page
from potluck.social.spam_rules import Wish, compiled
from support.cast import Cast, ago


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    spam_rules.forget()
    yield
    spam_rules.forget()


async def rule(cast: Cast, **changes: Any) -> SpamRule:
    values: dict[str, Any] = {"title": "pills", "kind": "words", "patterns": ["cheap pill*"],
                              "action": "hold"} | changes
    async with cast.database.write() as session:
        return await spam_rules.save(session, Wish(**values))


@pytest.mark.parametrize(("phrase", "text", "found"), [
    ("cheap pill*", "Cheap\n  PILLS here", True), ("cheap pill*", "a cheap pillow", True), ("pill", "pillow", False),
    ("*coin", "get dogecoin now", True), ("$$$", "win $$$ now", True), ("a.b", "axb", False), ("(", "a ( b", True),
    ("straße", "STRASSE", False), ("ΣΟΦΟΣ", "σοφος", True)])
def test_phrases(phrase: str, text: str, found: bool) -> None:
    """Phrases match whole words in any case; nothing in them is a regular expression but the star."""
    pattern = compiled([phrase])
    assert pattern is not None
    assert (pattern.search(text) is not None) is found


def test_phrases_are_quick_whatever_the_text() -> None:
    """A text made to be slow is not."""
    pattern = compiled(["*a* *a* *a* b"])
    assert pattern is not None
    assert pattern.search("aa " * 7_000) is None


async def test_a_held_post_waits(cast: Cast) -> None:
    """It reaches nobody but its author until a moderator lets it go; then it is told and counted as any other."""
    made = await rule(cast)
    row = await cast.say(cast.alice, "<p>Cheap pills</p>")
    assert row.state == "held"
    async with cast.database.read() as session:
        assert (await session.get_one(HeldObject, row.id)).title == "pills"
        assert (await session.get_one(SpamRule, made.id)).hits == 1
        assert [ref.object_id for ref in await timelines.profile(session, cast.alice.id, cast.alice.id, Page())] == [
            row.id]
        for viewer in (cast.bob.id, None):
            assert await timelines.profile(session, cast.alice.id, viewer, Page()) == []
        assert (await session.scalars(select(FeedEntry))).all() == []
        user = (await session.scalars(select(User).where(User.actor_id == cast.mona.id))).one()
    async with cast.database.write() as session:
        await holding.release(session, user, await session.get_one(Object, row.id))
        with pytest.raises(NotFound):
            await holding.release(session, user, await session.get_one(Object, row.id))
    async with cast.database.read() as session:
        assert {entry.feed_id for entry in (await session.scalars(select(FeedEntry))).all()} == {
            cast.alice.id, cast.bob.id}
    assert (await cast.again(cast.alice)).posts_count == 1


async def test_refusing(cast: Cast) -> None:
    """Somebody here is told; what comes from elsewhere is passed over."""
    await rule(cast, action="reject")
    with pytest.raises(NotAllowed):
        await cast.say(cast.alice, "cheap pills")
    assert await cast.store(cast.draft(cast.carol, "cheap pills")) == []


async def test_limiting(cast: Cast) -> None:
    """The author is limited, the post stays."""
    await rule(cast, action="silence", kind="mentions", threshold=2)
    await cast.say(cast.carol, "hello", mentions=[cast.alice])
    assert (await cast.again(cast.carol)).silenced_at is None
    await cast.say(cast.carol, "hello", mentions=[cast.alice, cast.bob])
    assert (await cast.again(cast.carol)).silenced_at is not None


async def test_links_of_new_accounts(cast: Cast) -> None:
    """Links count without those of mentions and hashtags, and only for whom the rule is about."""
    await rule(cast, kind="links", threshold=1, new_days=3, strangers_only=True, action="hold")
    tag = '<a href="https://x.example/tags/a" class="mention hashtag">#a</a>'
    link = '<a href="https://x.example/" rel="nofollow">x</a>'
    assert (await cast.say(cast.carol, tag)).state == "published"
    assert (await cast.say(cast.carol, link)).state == "held"
    await cast.follow(cast.bob, cast.carol)
    assert (await cast.say(cast.carol, link)).state == "published"
    await cast.change(cast.frank, created_at=ago(days=4))
    assert (await cast.say(cast.frank, link)).state == "published"


async def test_whom_rules_pass_over(cast: Cast) -> None:
    """Moderators, posts brought along, and the other side where a rule is for one."""
    await rule(cast, origin="remote")
    assert (await cast.say(cast.alice, "cheap pills")).state == "published"
    assert (await cast.say(cast.carol, "cheap pills")).state == "held"
    await rule(cast)
    assert (await cast.say(cast.mona, "cheap pills")).state == "published"
    assert (await cast.say(cast.alice, "cheap pills", quiet=True)).state == "published"


async def test_edits(cast: Cast) -> None:
    """Spam does not come in by an edit."""
    await rule(cast)
    row = await cast.say(cast.alice, "fine")
    async with cast.database.write() as session:
        with pytest.raises(NotAllowed):
            await objects.edit(session, row.id, cast.draft(cast.alice, "cheap pills"), cast.alice)


@pytest.mark.parametrize("changes", [
    {"title": " "}, {"kind": "regex"}, {"action": "burn"}, {"patterns": [" * "]}, {"patterns": ["x" * 101]},
    {"patterns": ["a*b"]},
    {"kind": "links", "threshold": 0}, {"new_days": -1}, {"origin": "moon"}])
async def test_rules_that_cannot_be(cast: Cast, changes: dict[str, Any]) -> None:
    """What makes no sense is refused."""
    with pytest.raises(Invalid):
        await rule(cast, **changes)
