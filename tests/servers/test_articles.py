"""Two servers and a blog: followed, read whole, commented, edited and deleted over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
import pytest_asyncio

from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social.communities import making
from potluck.social.communities.making import Wishes
from potluck.social.keys import make_pairs
from support.insiders import inside
from support.servers import Person, eventually, server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two_servers() -> AsyncIterator[tuple[Person, Person]]:
    """Alice on one, Bob on the other: fewer people than a server of many tests has, since making them takes long."""
    async with server() as one, server() as two:
        yield (await one.people("alice"))[0], (await two.people("bob"))[0]


async def test_an_article_is_read_commented_edited_and_deleted_elsewhere(two_servers: tuple[Person, Person]) -> None:
    """A blog is followed like anybody; its article is whole there, with its pictures in place; comments come back."""
    alice, bob = two_servers
    one, two = alice.server, bob.server
    name = "crumbs"
    await one.writes("blog", who=alice.name, name=name, title="Crumbs", comments="approve")
    blog = Person(one, name, "", bob._client)
    account = await bob.follow(blog)
    assert account["display_name"] == "Crumbs"
    assert alice.name not in str({key: value for key, value in account.items() if key not in (
        "acct", "username", "url", "uri", "avatar", "avatar_static")})
    made = await one.writes(
        "publish", who=alice.name, blog=name, title="On rye", summary="All of it", language="en", tags=["Bread"],
        text="## Salt\n\nA sour[^1] with $x^2$\n\n| a |\n|---|\n| 1 |\n\n[^1]: Fed twice.")
    seen = await bob.will_see("On rye")
    assert seen["uri"] == made["uri"]
    assert "Fed twice" in seen["content"]
    assert [tag["name"] for tag in seen["tags"]] == ["bread"]
    assert seen["account"]["acct"] == blog.handle[1:]
    page = await two.page(f"/@{blog.handle[1:]}/{seen['id']}")
    for part in ("Salt</h2>", "<table", "$x^2$", "footnotes", "On rye"):
        assert part in page, part
    await bob.say("Lovely salt", in_reply_to_id=seen["id"])

    await one.writes("show", who=alice.name, blog=name)
    assert "Lovely salt" in await one.page(f"/@{name}/on-rye")
    assert "Lovely salt" in (await alice.notified("mention", bob))["status"]["content"]
    await one.writes("revise", who=alice.name, id=made["id"], title="On barley", text="Changed words")
    edited = await bob.will_see("On barley")
    assert (edited["id"], "Changed words" in edited["content"]) == (seen["id"], True)
    await one.writes("delete", who=alice.name, id=made["id"])

    async def gone() -> bool:
        return await bob.sees("On barley") is None

    await eventually(gone)


async def test_an_article_is_brought_to_a_community_elsewhere(two_servers: tuple[Person, Person]) -> None:
    """It is among the community's posts there; what is said there stands below the article at home."""
    alice, bob = two_servers
    async with inside(alice.server) as one, inside(bob.server) as two:
        host = await two.actor(bob.name)
        assert host is not None
        async with two.acting() as session:
            await making.create(session, host, "bakers", Wishes("Bakers"), pairs=make_pairs())
        handle = f"!bakers@{two.server.host}"
        await alice.get(f"/api/v2/search?resolve=true&q={quote(handle, safe='')}")
        writer, group = await one.actor(alice.name), await one.actor(handle.lstrip("!"))
        assert writer is not None
        assert group is not None
        request = ArticleRequest("## Salt\n\nA *sour*", title="On rye", community_id=group.id)
        async with one.acting():
            prepared = await actions.prepare(one.db, None, request)
        async with one.acting() as session:
            made = await actions.publish(session, writer, request, prepared)
        place = await eventually(lambda: two.place(made.uri))
        assert place is not None
        assert "On rye" in await two.server.page("/@bakers")
        assert "<em>sour</em>" in await two.server.page(f"/@{alice.handle[1:]}/{place.object_id}")
        async with two.acting() as session:
            said = await notes.compose(session, host, NoteRequest("Twice is better", in_reply_to_id=place.object_id))
        await eventually(lambda: one.object(said.uri))
        assert "Twice is better" in await one.server.page(f"/@{alice.name}/on-rye")
