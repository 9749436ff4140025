"""Everything can be done without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.conftest import Open
from browser.people import Person
from potluck.demo.cast import PASSWORD

pytestmark = pytest.mark.timeout(120)


def tab_to(person: Person, name: str, *, most: int = 80) -> None:
    """Press Tab until something with this accessible name has the focus."""
    keyboard = person.page.keyboard
    for _ in range(most):
        keyboard.press("Tab")
        focused = person.page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText"
            " || document.activeElement.innerText || '').trim()")
        if re.search(name, focused):
            return
    raise AssertionError(f"the Tab key never comes to {name!r} on {person.page.url}")


def focus_is_visible(person: Person) -> bool:
    """Whether what has the focus is drawn differently from when it has not."""
    return bool(person.page.evaluate("""() => {
        const element = document.activeElement;
        const look = () => { const style = getComputedStyle(element);
            return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor].join(); };
        const focused = look();
        element.blur();
        const plain = look();
        element.focus();
        return focused !== plain;
    }"""))


def test_sign_in_and_post_by_keyboard_alone(open_browser: Open, scripts: bool) -> None:
    """Signing in, reaching the composer and posting need the Tab and Enter keys only; the focus is always seen."""
    person = open_browser(scripts=scripts)
    person.go("/signin")
    keyboard = person.page.keyboard
    tab_to(person, "User name")
    assert focus_is_visible(person)
    keyboard.type("dave")
    tab_to(person, "Password")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    person.is_at("/home")
    tab_to(person, "New post")
    assert focus_is_visible(person)
    keyboard.press("Enter")
    person.is_at("/compose")
    tab_to(person, "Your post")
    keyboard.type(f"Typed, not clicked ({scripts})")
    tab_to(person, "^Post$")
    assert focus_is_visible(person)
    keyboard.press("Enter")
    expect(person.post_with(f"Typed, not clicked ({scripts})")).to_be_visible()


def test_skip_link_comes_first(as_: Open) -> None:
    """The first Tab shows a link past the navigation, which moves the focus to the content."""
    alice = as_("alice", scripts=False)
    alice.go("/home")
    alice.page.keyboard.press("Tab")
    skip = alice.page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("main")).to_be_focused()


def test_menus_open_and_close(as_: Open) -> None:
    """A post's menu opens with Enter, and Escape closes it and gives the focus back."""
    alice = as_("alice")
    alice.go("/@alice")
    summary = alice.page.get_by_role("article").first.locator(".post-menu summary")
    summary.focus()
    alice.page.keyboard.press("Enter")
    panel = alice.page.get_by_role("article").first.locator(".menu-panel")
    expect(panel).to_be_visible()
    alice.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(summary).to_be_focused()


def test_shortcuts(as_: Open) -> None:
    """J and K walk the posts, F favourites, N writes, ? lists the shortcuts; none of them acts inside a field."""
    alice = as_("alice")
    alice.go("/local")
    keyboard = alice.page.keyboard
    keyboard.press("j")
    expect(alice.page.get_by_role("article").nth(0)).to_be_focused()
    keyboard.press("j")
    second = alice.page.get_by_role("article").nth(1)
    expect(second).to_be_focused()
    star = second.get_by_role("button", name=re.compile("Favourite"))
    was = star.get_attribute("aria-pressed")
    keyboard.press("f")
    expect(star).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    keyboard.press("k")
    expect(alice.page.get_by_role("article").nth(0)).to_be_focused()
    keyboard.press("?")
    expect(alice.page.get_by_role("dialog")).to_be_visible()
    keyboard.press("Escape")
    alice.go("/home")
    keyboard.press("n")
    expect(alice.page.get_by_label("Your post")).to_be_focused()
    keyboard.type("jjj?")
    expect(alice.page.get_by_label("Your post")).to_have_value("jjj?")
    alice.page.get_by_label("Your post").fill("")


def test_confirmation_keeps_the_focus(as_: Open) -> None:
    """The question before deleting is a dialog that holds the focus, and Escape means no."""
    alice = as_("alice")
    alice.go("/@alice")
    card = alice.page.get_by_role("article").first
    card.locator(".post-menu summary").press("Enter")
    delete = card.get_by_role("link", name="Delete")
    delete.press("Enter")
    dialog = alice.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert alice.page.evaluate("document.querySelector('dialog[open]').contains(document.activeElement)")
    alice.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(card).to_be_visible()
