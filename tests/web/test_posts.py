"""Writing posts and acting on them, through forms and through htmx."""

import re

import pytest
from sqlalchemy import select

from potluck.social.model import Bookmark, Object, Pin, Reaction, ThreadMute
from web.conftest import Site

HTMX = {"hx-request": "true"}


async def newest(site: Site) -> Object:
    async with site.database.read() as session:
        return (await session.scalars(select(Object).order_by(Object.id.desc()).limit(1))).one()


async def test_posting(site: Site) -> None:
    """A post is written, appears at home, and the page says so."""
    browser = await site.browser(site.cast.alice)
    page = await browser.page_after(await browser.post("/compose", {
        "text": "bread & butter", "visibility": "unlisted", "language": "de", "warning": "food", "back": "/home"}))
    assert "Your post is out." in page
    assert "bread &amp; butter" in page
    row = await newest(site)
    assert (row.visibility, row.language, row.summary, row.sensitive) == ("unlisted", "de", "food", True)


@pytest.mark.parametrize(("field", "fields"), [
    ("text", {"text": "   "}), ("text", {"text": "x" * 5001}),
    ("poll_option", {"text": "x", "poll_option": ["one"], "poll_expires": "300"}),
])
async def test_errors_keep_what_was_typed(site: Site, field: str, fields: dict[str, object]) -> None:
    """A post that cannot be published comes back with the error at its field and nothing lost."""
    browser = await site.browser(site.cast.alice)
    found = await browser.post("/compose", {"warning": "kept", **fields})
    assert found.status_code == 422
    assert f'href="#{field}"' in found.text
    assert 'value="kept"' in found.text
    assert "Validation failed" not in found.text


async def test_preview_publishes_nothing(site: Site) -> None:
    """The preview shows the post as it will look, and keeps it unpublished."""
    browser = await site.browser(site.cast.alice)
    found = await browser.post("/compose", {"text": "look #bread", "preview": "1"})
    assert 'class="preview-box"' in found.text
    assert "/tags/bread" in found.text
    async with site.database.read() as session:
        assert (await session.scalars(select(Object))).all() == []


async def test_a_reply_names_people_and_is_no_more_public(site: Site) -> None:
    """Replying to a post for followers offers the same audience and the author's name."""
    row = await site.cast.say(site.cast.alice, "<p>hush</p>", visibility="followers")
    browser = await site.browser(site.cast.bob)
    page = (await browser.get(f"/posts/{row.id}/reply")).text
    assert "@alice </textarea>" in page
    assert '<option value="followers" selected>' in page
    await browser.post("/compose", {"text": "@alice yes", "reply_id": str(row.id), "visibility": "followers"})
    assert (await newest(site)).in_reply_to_id == row.id


async def test_nobody_replies_to_what_they_may_not_see(site: Site) -> None:
    """A private post is not there for a stranger, by any verb."""
    row = await site.cast.say(site.cast.alice, "<p>hush</p>", visibility="followers")
    browser = await site.browser(site.cast.eve)
    for path in (f"/posts/{row.id}", f"/posts/{row.id}/reply", f"/posts/{row.id}/quote", f"/posts/{row.id}/report",
                 f"/@alice/{row.id}", f"/@alice/{row.id}/history", f"/posts/{row.id}/edit", f"/posts/{row.id}/delete"):
        assert (await browser.get(path)).status_code == 404, path
    for verb in ("favourite", "boost", "bookmark", "mute", "pin", "vote", "report", "delete", "edit"):
        assert (await browser.post(f"/posts/{row.id}/{verb}", {"choice": "0"})).status_code == 404, verb
    assert (await browser.post("/compose", {"text": "x", "reply_id": str(row.id)})).status_code == 404
    assert (await browser.post("/compose", {"text": "x", "quote_id": str(row.id)})).status_code == 404


async def test_editing_and_its_history(site: Site) -> None:
    """An edit changes the post; the earlier version stays readable."""
    browser = await site.browser(site.cast.alice)
    await browser.post("/compose", {"text": "first words"})
    row = await newest(site)
    assert "first words</textarea>" in (await browser.get(f"/posts/{row.id}/edit")).text
    page = await browser.page_after(await browser.post(f"/posts/{row.id}/edit", {"text": "second words"}))
    assert "second words" in page
    history = (await browser.get(f"/@alice/{row.id}/history")).text
    assert "first words" in history
    assert "second words" in history


async def test_only_the_author_edits_and_deletes(site: Site) -> None:
    """Someone else's post can be neither edited nor deleted."""
    row = await site.cast.say(site.cast.alice, "<p>mine</p>")
    browser = await site.browser(site.cast.bob)
    for path in (f"/posts/{row.id}/edit", f"/posts/{row.id}/delete"):
        assert (await browser.get(path)).status_code == 403
        assert (await browser.post(path, {"text": "x"})).status_code == 403


async def test_deleting(site: Site) -> None:
    """Deleting asks first; afterwards the page says that it is gone."""
    row = await site.cast.say(site.cast.alice, "<p>oops</p>")
    browser = await site.browser(site.cast.alice)
    assert "Delete this post?" in (await browser.get(f"/posts/{row.id}/delete")).text
    page = await browser.page_after(await browser.post(f"/posts/{row.id}/delete", {"back": f"/@alice/{row.id}"}))
    assert "The post is deleted." in page
    assert (await browser.get(f"/@alice/{row.id}")).status_code == 410


@pytest.mark.parametrize(("verb", "table"), [("favourite", Reaction), ("bookmark", Bookmark), ("mute", ThreadMute)])
async def test_acts_and_their_undoing(site: Site, verb: str, table: type) -> None:
    """Each act is a form that leads back to where it was, and can be undone."""
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    browser = await site.browser(site.cast.bob)
    found = await browser.post(f"/posts/{row.id}/{verb}", {"back": f"/local#post-{row.id}"})
    assert found.headers["location"] == f"/local#post-{row.id}"
    async with site.database.read() as session:
        assert len((await session.scalars(select(table))).all()) == 1
    await browser.post(f"/posts/{row.id}/un{verb}")
    async with site.database.read() as session:
        assert (await session.scalars(select(table))).all() == []


async def test_pinning_ones_own_post(site: Site) -> None:
    """A pinned post stands first on the profile; someone else's cannot be pinned."""
    row = await site.cast.say(site.cast.alice, "<p>who I am</p>")
    browser = await site.browser(site.cast.alice)
    await browser.post(f"/posts/{row.id}/pin")
    async with site.database.read() as session:
        assert len((await session.scalars(select(Pin))).all()) == 1
    assert "Pinned" in (await browser.get("/@alice")).text
    assert (await (await site.browser(site.cast.bob)).post(f"/posts/{row.id}/pin")).status_code == 422


async def test_htmx_gets_the_card_anew(site: Site) -> None:
    """With scripts the answer is the one card, with the act done."""
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    browser = await site.browser(site.cast.bob)
    found = await browser.post(f"/posts/{row.id}/boost", **HTMX)
    assert found.text.count("<article") == 1
    assert "<html" not in found.text
    assert f'formaction="/posts/{row.id}/unboost"' in found.text


async def test_a_boosts_card_stays_a_boosts_card(site: Site) -> None:
    """Acting on a boosted post in a feed gives back the card of the boost, not of the bare post."""
    row = await site.cast.say(site.cast.carol, "<p>from afar</p>")
    await (await site.browser(site.cast.alice)).post(f"/posts/{row.id}/boost")
    browser = await site.browser(site.cast.bob)
    card = re.search(r'id="(post-[0-9]+)"', (await browser.get("/home")).text)
    assert card
    assert card[1] != f"post-{row.id}"
    found = await browser.post(f"/posts/{row.id}/favourite", **HTMX, **{"hx-target": f"article#{card[1]}"})
    assert f'id="{card[1]}"' in found.text
    assert "boosted" in found.text


async def test_polls_without_scripts(site: Site) -> None:
    """A poll is made and voted in by plain forms."""
    alice = await site.browser(site.cast.alice)
    await alice.post("/compose", {"text": "what?", "poll_option": ["soup", "salad", ""], "poll_expires": "3600"})
    row = await newest(site)
    bob = await site.browser(site.cast.bob)
    assert 'type="radio" name="choice"' in (await bob.get(f"/@alice/{row.id}")).text
    page = await bob.page_after(await bob.post(f"/posts/{row.id}/vote", {"choice": "1"}))
    assert "poll-result chosen" in page
    assert (await bob.post(f"/posts/{row.id}/vote", {"choice": "0"})).status_code == 422
    assert (await bob.post(f"/posts/{row.id}/vote", {"choice": "99"})).status_code == 422


async def test_a_guest_replies_from_their_own_server(site: Site) -> None:
    """The reply button of a guest leads to the page that asks for their server."""
    row = await site.cast.say(site.cast.alice, "<p>hi</p>")
    assert (await site.guest().get(f"/posts/{row.id}/reply")).headers["location"].startswith("/interact?uri=")


async def test_unconfirmed_accounts_do_not_post(site: Site) -> None:
    """Until the address is confirmed or the account approved, nothing is published."""
    await site.cast.change(await site.user(site.cast.eve), confirmed_at=None)
    browser = await site.browser(site.cast.eve)
    found = await browser.post("/compose", {"text": "spam"})
    assert found.status_code == 403
    assert "confirm your e-mail address" in found.text


async def test_posts_are_escaped(site: Site) -> None:
    """Names, warnings and poll answers are text, whatever they look like."""
    await site.cast.change(site.cast.alice, display_name="<script>alert(1)</script>")
    browser = await site.browser(site.cast.alice)
    await browser.post("/compose", {"text": "<img src=x onerror=alert(1)>", "warning": '"><script>x</script>',
                                    "poll_option": ["<b>a", "<i>b"], "poll_expires": "3600"})
    row = await newest(site)
    for path in ("/home", f"/@alice/{row.id}", "/@alice", f"/posts/{row.id}/reply"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page
        assert "<script>x" not in page
        assert "<img src=x" not in page
        assert "<b>a" not in page


async def test_quotes_of_a_post(site: Site) -> None:
    """Everyone sees who quotes a post; its author says who may, and takes it out of a quote for good."""
    row = await site.cast.say(site.cast.alice, "<p>my loaf</p>")
    quoting = await site.cast.say(site.cast.bob, "<p>look at this</p>", quote_id=row.id, quote_state="accepted")
    alice, eve = await site.browser(site.cast.alice), await site.browser(site.cast.eve)
    page = f"/posts/{row.id}/quotes"
    assert f'href="/posts/{row.id}/quotes"' in (await alice.get(f"/@alice/{row.id}")).text
    assert "look at this" in (await site.guest().get(page)).text
    revoke = f"{page}/{quoting.id}/revoke"
    assert revoke not in (await eve.get(page)).text
    assert (await eve.post(revoke)).status_code == 404
    assert revoke in (await alice.get(page)).text
    assert (await alice.post(revoke)).status_code == 303
    assert "look at this" not in (await alice.get(page)).text
    assert "my loaf" not in (await eve.get(f"/@bob/{quoting.id}")).text
    assert f"/posts/{row.id}/quote\"" in (await eve.get(f"/@alice/{row.id}")).text
    assert (await alice.post(f"/posts/{row.id}/quote-policy", data={"quote_policy": "nobody"})).status_code == 303
    assert f"/posts/{row.id}/quote\"" not in (await eve.get(f"/@alice/{row.id}")).text
    assert (await eve.post(f"/posts/{row.id}/quote-policy", data={"quote_policy": "public"})).status_code == 404


async def test_what_an_author_elsewhere_does_not_want(site: Site) -> None:
    """Buttons that would be refused are off; the page to reply says no."""
    policy = {"canReply": {"automaticApproval": []}, "canLike": {"automaticApproval": []}}
    row = await site.cast.say(site.cast.carol, "<p>leave me</p>", interaction_policy=policy)
    alice = await site.browser(site.cast.alice)
    page = (await alice.get(f"/@{site.cast.carol.acct}/{row.id}")).text
    assert "The author does not want replies" in page
    assert f'href="/posts/{row.id}/reply"' not in page
    sent = await alice.post("/compose", data={"text": "but", "reply_id": str(row.id)})
    assert sent.status_code == 403
