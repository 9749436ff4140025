"""A community from both sides: joining it, posting a link, voting, answering in a tree, and looking after it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from browser.conftest import Open
from browser.people import Person

pytestmark = pytest.mark.timeout(120)


def comment_with(person: Person, text: str) -> Locator:
    """The innermost comment that contains a text."""
    return person.page.locator(".comment").filter(has_text=text).last


def moderate(person: Person, where: Locator, act: str, reason: str) -> None:
    """Open the moderators' menu of something, say why, and press."""
    menu = where.locator(".mod-menu").first
    menu.locator("summary").click()
    menu.get_by_label("Reason").fill(reason)
    menu.get_by_role("button", name=act, exact=True).click()


def test_a_member_and_a_moderator(as_: Open, scripts: bool) -> None:
    """Dave joins, posts and comments; Bob votes, answers, removes, locks and bans; with scripts comments come live."""
    title = f"A bright one in the west ({'scripts' if scripts else 'plain'})"
    dave, bob = as_("dave", scripts=scripts), as_("bob", scripts=scripts)
    dave.go("/@night_sky")
    dave.press("Follow")
    expect(dave.page.get_by_role("button", name="Following")).to_be_visible()
    dave.follow_link("New post", within=dave.page.locator(".community-header"))
    dave.page.get_by_label("Title").fill(title)
    dave.page.get_by_label("Link").fill(f"https://sky.example/{'a' if scripts else 'b'}")
    dave.page.get_by_label("Text").fill("Is it *Venus*?")
    dave.press("Preview")
    expect(dave.page.locator("#compose-preview em")).to_have_text("Venus")
    dave.press("Post")
    expect(dave.page.get_by_role("heading", name=title)).to_be_visible()
    address = dave.page.url.removeprefix(dave.base)

    bob.go("/@night_sky?sort=new")
    line = bob.page.locator(".listed").filter(has_text=title)
    line.get_by_role("button", name="Vote up").click()
    expect(line.get_by_role("button", name="Vote up")).to_have_attribute("aria-pressed", "true")
    expect(line.locator(".score")).to_contain_text("1")
    line.get_by_role("link", name="0 comments").click()
    bob.page.get_by_label("Your comment").fill("Low, bright, and it does not twinkle: yes.")
    bob.press("Comment")
    expect(comment_with(bob, "does not twinkle")).to_be_visible()

    if scripts:  # it waits behind a button, and nothing jumps
        dave.page.get_by_role("button", name="New comments").click()
        expect(comment_with(dave, "does not twinkle")).to_have_class("comment comment-new")
    else:
        dave.go(address)
    dave.follow_link("Reply", within=comment_with(dave, "does not twinkle"))
    dave.page.get_by_label("Your reply").fill("@bob It was a lamp on a crane.")
    dave.press("Reply")
    expect(dave.page.locator(".comments .comments").get_by_text("a lamp on a crane")).to_be_visible()

    bob.go(address)
    moderate(bob, comment_with(bob, "a lamp on a crane"), "Remove", "off topic")
    expect(bob.page.get_by_text("Removed by a moderator")).to_be_visible()
    expect(bob.page.get_by_text("a lamp on a crane")).to_have_count(0)
    moderate(bob, bob.page.locator("main"), "Lock", "settled")
    expect(bob.page.get_by_text("This post is locked")).to_be_visible()
    bob.page.locator(".mod-menu").first.locator("summary").click()
    bob.follow_link("Ban the author")
    bob.page.locator("#ban-reason").fill("cranes")
    bob.page.get_by_label("For how long").select_option("1")
    bob.press("Ban")
    bob.go("/@night_sky/modlog?only=bans")
    expect(bob.page.get_by_text("cranes").first).to_be_visible()
    dave.go("/@night_sky")
    expect(dave.page.locator(".community-header").get_by_role("link", name="New post")).to_have_count(0)

    bob.go("/@night_sky/moderate")
    bob.press("Lift the ban")
    bob.sees("Done.")
    dave.go("/@night_sky")
    dave.press("Following")
