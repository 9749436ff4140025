"""What people do every day, with scripts and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from browser.conftest import Open
from support import servers as api
from support.servers import Server
from support.stage import Stage

pytestmark = pytest.mark.timeout(120)


def words(scripts: bool, text: str) -> str:
    """A text that the two ways do not share."""
    return f"{text} ({'scripts' if scripts else 'plain'})"


def test_post_with_warning_and_poll(as_: Open, stage: Stage, site: Server, scripts: bool) -> None:
    """A post with content warning and poll is previewed, posted, folded, and voted in by someone else."""
    alice = as_("alice", scripts=scripts)
    text = words(scripts, "Soup or stew on Tuesday?")
    alice.go("/compose")
    alice.page.get_by_label("Your post").fill(text)
    alice.page.locator("summary").filter(has_text="Content warning").click()
    alice.page.get_by_role("textbox", name="Content warning").fill("food, strong opinions")
    alice.page.locator("summary").filter(has_text="Poll").click()
    alice.page.get_by_label("Answer 1").fill("Soup")
    alice.page.get_by_label("Answer 2").fill("Stew")
    alice.page.get_by_label("Who can see it").select_option("public")
    alice.press("Preview")
    expect(alice.page.locator("#compose-preview")).to_contain_text("food, strong opinions")
    expect(alice.page.get_by_label("Your post")).to_have_value(text)
    alice.press("Post")
    alice.go("/@alice")
    card = alice.post_with("food, strong opinions")
    expect(card.get_by_text(text)).to_be_hidden()

    bob = as_("bob", scripts=scripts)
    bob.go("/home")
    card = bob.post_with(text)
    card.locator("summary").filter(has_text="food, strong opinions").click()
    expect(card.get_by_text(text)).to_be_visible()
    card.get_by_label("Stew").check()
    card.get_by_role("button", name="Vote").click()
    if not scripts:  # the page came anew, and what stands behind a warning is folded again
        bob.post_with(text).locator("summary").filter(has_text="food, strong opinions").click()
    expect(bob.post_with(text).get_by_text("1 person voted")).to_be_visible()
    if scripts:  # a live update folds nothing under the reader's eyes
        async def vote() -> None:
            dave = await site.signed_in("dave")
            said = await dave.sees(text, "public")
            assert said is not None
            await dave.post(f"/api/v1/polls/{said['poll']['id']}/votes", choices=[0])

        stage.run(vote())
        expect(bob.post_with(text).get_by_text("2 people voted")).to_be_visible()


def test_reply_appears_in_the_thread_and_at_the_author(as_: Open, scripts: bool) -> None:
    """A reply stands below the post it answers, and its author is told."""
    alice, bob = as_("alice", scripts=scripts), as_("bob", scripts=scripts)
    question, answer = words(scripts, "Who has a ladder?"), words(scripts, "I have two")
    alice.say(question)
    bob.go("/home")
    bob.follow_link("Reply", within=bob.post_with(question))
    expect(bob.page.get_by_label("Your reply")).to_have_value("@alice ")
    bob.page.get_by_label("Your reply").fill(f"@alice {answer}")
    bob.press("Reply")
    bob.go("/home")
    bob.post_with(question).locator("[data-permalink]").click()
    expect(bob.page.get_by_role("heading", name="Replies")).to_be_visible()
    bob.sees(answer)
    alice.go("/notifications")
    alice.sees(answer)


@pytest.mark.parametrize(("do", "undo"), [("Boost", "Undo boost"), ("Favourite", "Undo favourite"),
                                          ("Bookmark", "Remove bookmark")])
def test_marks_go_on_and_off(as_: Open, scripts: bool, do: str, undo: str) -> None:
    """Boost, favourite and bookmark show that they are pressed, count, and can be taken back."""
    alice, bob = as_("alice", scripts=scripts), as_("bob", scripts=scripts)
    text = words(scripts, f"Something to {do.lower()}")
    alice.say(text)
    bob.go("/@alice")
    button = bob.post_with(text).get_by_role("button", name=re.compile(do))
    button.click()
    button = bob.post_with(text).get_by_role("button", name=re.compile(do))
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_attribute("title", undo)
    if do != "Bookmark":
        expect(button).to_contain_text("1")
        alice.go("/notifications")
        expect(alice.page.get_by_text(text).first).to_be_visible()
    else:
        bob.go("/bookmarks")
        button = bob.post_with(text).get_by_role("button", name=re.compile(do))
    button.click()
    if do == "Bookmark" and not scripts:
        expect(bob.page.get_by_text(text)).to_have_count(0)
    else:
        expect(button).to_have_attribute("aria-pressed", "false")


def test_edit_keeps_the_history_and_delete_asks_first(as_: Open, scripts: bool) -> None:
    """An edited post says so and shows its former text; deleting asks, and then the post is gone."""
    alice = as_("alice", scripts=scripts)
    before, after = words(scripts, "Bring six chairs"), words(scripts, "Bring seven chairs")
    alice.say(before)
    alice.go("/@alice")
    alice.post_with(before).locator(".post-menu summary").click()
    alice.follow_link("Edit", within=alice.post_with(before).locator(".post-menu"))
    alice.page.get_by_label("Your post").fill(after)
    alice.press("Save")
    alice.go("/@alice")
    card = alice.post_with(after)
    card.get_by_role("link", name="Edited").click()
    alice.sees(before)
    alice.go("/@alice")
    alice.post_with(after).locator(".post-menu summary").click()
    alice.follow_link("Delete", within=alice.post_with(after).locator(".post-menu"))
    question = alice.page.get_by_role("dialog") if scripts else alice.page.locator("main")
    question.get_by_role("button", name="Delete").click()
    expect(alice.page.get_by_text("Deleted").or_(alice.page.get_by_text("deleted")).first).to_be_visible()
    alice.go("/@alice")
    expect(alice.page.get_by_text(after)).to_have_count(0)


def test_follow_and_unfollow(as_: Open, scripts: bool) -> None:
    """Following someone is seen at once on their profile, and ends by the same button."""
    dave = as_("dave", scripts=scripts)
    dave.go("/@mia")
    dave.press("Follow Mia")
    expect(dave.page.get_by_role("button", name=re.compile("Following|Unfollow")).first).to_be_visible()
    dave.go("/@dave/following")
    dave.sees("Mia")
    dave.go("/@mia")
    dave.page.get_by_role("button", name=re.compile("Following|Unfollow")).first.click()
    expect(dave.page.get_by_role("button", name="Follow Mia")).to_be_visible()


def test_follow_request_is_answered(as_: Open, scripts: bool) -> None:
    """A locked account is asked, and its answer makes the follow."""
    mia, eve = as_("mia", scripts=scripts), as_("eve", scripts=scripts)
    mia.go("/@eve")
    mia.page.get_by_role("button", name=re.compile("follow", re.IGNORECASE)).first.click()
    expect(mia.page.get_by_role("button", name=re.compile("Requested|Withdraw|Cancel")).first).to_be_visible()
    eve.go("/requests")
    row = eve.page.locator("main li, main article").filter(has_text="Mia").first
    row.get_by_role("button", name=re.compile("Accept")).click()
    eve.sees("follows you now")
    mia.go("/@eve")
    button = mia.page.get_by_role("button", name=re.compile("Following|Unfollow")).first
    expect(button).to_be_visible()
    button.click()
    expect(mia.page.get_by_role("button", name=re.compile("^Follow "))).to_be_visible()


def test_profile_is_edited(as_: Open, scripts: bool) -> None:
    """Name, text and facts of a profile change, and everyone sees them."""
    mona = as_("mona", scripts=scripts)
    mona.go("/settings/profile")
    mona.fill("Name", words(scripts, "Mona R."))
    mona.fill("About you", "Keeps the lights on. #lamps")
    mona.fill("Label 1", "Tea")
    mona.fill("Content 1", "black, no sugar")
    mona.press("Save")
    bob = as_("bob", scripts=scripts)
    bob.go("/@mona")
    expect(bob.page.get_by_role("heading", name=words(scripts, "Mona R."))).to_be_visible()
    bob.sees("black, no sugar")
    expect(bob.page.get_by_role("link", name="#lamps")).to_have_attribute("href", re.compile("/tags/lamps$"))


def test_pasted_address_of_another_server_is_opened(as_: Open, stage: Stage, carol: api.Person, scripts: bool) -> None:
    """The address of a post on another server, and a handle, pasted into the search, open here."""
    said = stage.run(carol.say(words(scripts, "Hello from elsewhere")))
    alice = as_("alice", scripts=scripts)
    alice.go("/search")
    alice.page.locator("main").get_by_role("searchbox").fill(said["url"])
    alice.press("Search", within=alice.page.locator("main"))
    alice.sees(words(scripts, "Hello from elsewhere"))
    alice.go("/search")
    alice.page.locator("main").get_by_role("searchbox").fill(carol.handle)
    alice.press("Search", within=alice.page.locator("main"))
    alice.sees(carol.handle)


def test_follow_someone_elsewhere_and_read_them_at_home(as_: Open, stage: Stage, carol: api.Person) -> None:
    """Someone of another server is followed on the page, and what they then say appears at home while one looks."""
    bob = as_("bob")
    bob.go(f"/{carol.handle}")
    bob.press("Follow carol")
    bob.go("/home")
    stage.run(api.eventually(lambda: carol.notified("follow")))
    bob.page.wait_for_timeout(3_000)  # the page listens by now, and the follow is settled on both sides
    stage.run(carol.say("Across the wire"))
    bob.page.get_by_role("button", name=re.compile("New here")).click(timeout=30_000)
    expect(bob.post_with("Across the wire")).to_be_visible()


def test_live_update(as_: Open) -> None:
    """A new post waits behind a button on an open home page, edits and deletions are shown, notices counted."""
    alice, bob = as_("alice"), as_("bob")
    alice.go("/notifications")
    alice.go("/home")
    expect(alice.page.locator("nav.side-nav [data-count]")).to_be_hidden()
    bob.say("@alice fresh from the oven")
    alice.page.get_by_role("button", name=re.compile("New here")).click()
    card = alice.post_with("fresh from the oven")
    expect(card).to_be_visible()
    expect(card).to_be_focused()
    expect(alice.page.locator("nav.side-nav [data-count]")).to_have_text("1")
    bob.go("/@bob/with_replies")
    mine = bob.post_with("fresh from the oven")
    mine.locator(".post-menu summary").click()
    bob.follow_link("Edit", within=mine.locator(".post-menu"))
    bob.page.get_by_label("Your post").fill("@alice cold by now")
    bob.press("Save")
    expect(alice.post_with("cold by now")).to_be_visible()
    bob.go("/@bob/with_replies")
    mine = bob.post_with("cold by now")
    mine.locator(".post-menu summary").click()
    bob.follow_link("Delete", within=mine.locator(".post-menu"))
    bob.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(alice.post_with("cold by now")).to_have_count(0)


def test_lists(as_: Open, scripts: bool) -> None:
    """A list is made, filled with someone one follows, shows what they say, and is deleted."""
    alice = as_("alice", scripts=scripts)
    title = words(scripts, "Carpenters")
    alice.go("/lists")
    alice.fill("Name of a new list", title)
    alice.press("Make a list")
    alice.is_at(r"/lists/\d+/edit")
    alice.fill("Name or address", "bob")
    alice.press("Search", within=alice.page.locator("main"))
    alice.press("Add", within=alice.page.locator("main"))
    expect(alice.page.get_by_role("region", name="People on this list")).to_contain_text("Bob Okafor")
    bob = as_("bob", scripts=scripts)
    bob.say(words(scripts, "Sawing boards"))
    alice.go("/lists")
    alice.follow_link(title, within=alice.page.locator("main"))
    alice.is_at(r"/lists/\d+$")
    expect(alice.post_with(words(scripts, "Sawing boards"))).to_be_visible()
    alice.follow_link("Change list")
    alice.follow_link("Delete list")
    alice.press("Delete", within=alice.page.locator("main"))
    expect(alice.page.get_by_role("heading", name="Lists", exact=True)).to_be_visible()
    expect(alice.page.get_by_role("link", name=title)).to_have_count(0)


def test_conversations(as_: Open, scripts: bool) -> None:
    """What is said to one person only is found under conversations by both, and nowhere by others."""
    alice, bob, dave = (as_(name, scripts=scripts) for name in ("alice", "bob", "dave"))
    text = words(scripts, "Only for you")
    alice.go("/compose")
    alice.page.get_by_label("Your post").fill(f"@bob {text}")
    alice.page.get_by_label("Who can see it").select_option("direct")
    alice.press("Post")
    bob.go("/conversations")
    bob.sees(text)
    for path in ("/local", "/federated", "/@alice"):
        dave.go(path)
        expect(dave.page.get_by_text(text)).to_have_count(0)


def test_guests_read_and_are_shown_the_way(open_browser: Open, site: Server, scripts: bool) -> None:
    """Without an account one reads public pages, and what needs one leads to signing in."""
    guest = open_browser(scripts=scripts)
    guest.go("/")
    guest.is_at("/local")
    guest.go("/@alice")
    expect(guest.page.get_by_role("heading", name="Alice Marlow")).to_be_visible()
    guest.page.goto(f"{site.url}/home")
    guest.is_at("/signin")
    answer: Any = guest.page.goto(f"{site.url}/@nobody_here")
    assert answer.status == 404
    expect(guest.page.get_by_role("heading").first).to_be_visible()
