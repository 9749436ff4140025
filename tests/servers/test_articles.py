"""Two servers and a blog: followed, read whole, commented, edited and deleted over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

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
