"""Every page of the router is for everyone: no serious fault by axe-core, nothing wider than a small phone, no
violation of the content policy, in light and dark, on desk and phone."""

from __future__ import annotations

import re

import pytest

from browser import pages
from browser.audit import audit
from browser.conftest import Open
from browser.people import Person
from potluck.web.routes import AREAS
from support.servers import Server
from support.stage import Stage

pytestmark = pytest.mark.timeout(280)
_PARTS = 4


@pytest.fixture(scope="module")
def example(stage: Stage, site: Server) -> pages.Example:
    """Something of everything there is a page for."""
    async def make() -> pages.Example:
        return await pages.examples(await site.signed_in("alice"), await site.signed_in("bob"))

    return stage.run(make())


@pytest.fixture
def filled(as_: Open, example: pages.Example) -> pages.Example:
    """The same with what only the administration's pages know."""
    if "invite" not in example.values:
        alice = as_("alice", scripts=False)
        alice.go("/admin/invites")
        alice.press("Make an invitation")
        example.values["invite"] = alice.page.locator("main code").first.inner_text().rpartition("/")[2]
        for word, path in (("user", "/admin/people"), ("report", "/admin/reports")):
            alice.go(path)
            link = alice.page.locator(f"main a[href^='{path}/']").first.get_attribute("href")
            assert link is not None
            example.values[word] = link.rpartition("/")[2]
        alice.go("/admin/spam")
        alice.page.get_by_label("Name of the rule").fill("pills")
        alice.page.get_by_label("Words or phrases, one in each line").fill("cheap pill*")
        alice.press("Add")
        link = alice.page.locator("main a[href^='/admin/spam/']").first.get_attribute("href")
        assert link is not None
        example.values["spam"] = link.rpartition("/")[2]
        alice.go("/admin/trends?q=potluck")
        example.values["tag"] = alice.page.url.rpartition("/")[2]
        _warn_bob(as_, example)
        _share(as_, example)
        _write(as_, example)
    return example


def _warn_bob(as_: Open, example: pages.Example) -> None:
    """Alice warns Bob, who appeals."""
    alice, bob = as_("alice", scripts=False), as_("bob", scripts=False)
    alice.go(f"/admin/actors/{example.values['bob']}")
    alice.page.get_by_label("Reason, for the person to read").fill("Please label your soups")
    alice.press("Do this")
    bob.go("/strikes")
    link = bob.page.locator("main a[href^='/strikes/']").first.get_attribute("href")
    assert link is not None
    example.values["strike"] = link.rpartition("/")[2]
    bob.go(link)
    bob.page.get_by_label("Why should it be taken back?").fill("I did label them")
    bob.press("Send appeal")
    alice.go("/admin/moderation?only=appeal")
    link = alice.page.locator("main a[href^='/admin/appeals/']").first.get_attribute("href")
    assert link is not None
    example.values["appeal"] = link.rpartition("/")[2]


def _share(as_: Open, example: pages.Example) -> None:
    """Alice brings a link to a community, Bob comments, a moderator looks at it; a bundle has the community."""
    alice, bob = as_("alice", scripts=False), as_("bob", scripts=False)
    alice.go("/@long_table/submit")
    alice.fill("Title", "Looked at by everybody")
    alice.fill("Link", "https://kitchen.example/looked-at")
    alice.press("Post")
    example.values["shared"] = alice.page.url.rpartition("/")[2]
    alice.go("/@long_table/submit")
    alice.fill("Title", "Taken back again")
    alice.press("Post")
    example.values["taken_back"] = alice.page.url.rpartition("/")[2]
    alice.go(f"/posts/{example.values['taken_back']}/delete?back=/deleted")
    alice.press("Delete")
    alice.go("/@long_table/submit")
    alice.fill("Title", "Half a post")
    alice.press("Keep as draft")
    link = alice.page.locator("main a[href^='/communities/drafts/']").first.get_attribute("href")
    assert link is not None
    example.values["put_aside"] = link.rpartition("/")[2]
    bob.go(f"/@alice/{example.values['shared']}")
    bob.fill("Your comment", "By me, too")
    bob.press("Comment")
    alice.go(f"/posts/{example.values['shared']}/mod")
    alice.press("Lock")
    alice.go("/compose")
    alice.page.get_by_label("Your post").fill("Half a thought")
    alice.press("Keep as draft")
    link = alice.page.locator("main a[href^='/drafts/']").first.get_attribute("href")
    assert link is not None
    example.values["draft"] = link.rpartition("/")[2]
    alice.go("/settings/filters/new")
    alice.fill("Name", "Soup")
    alice.fill("Words or phrases", "soup")
    alice.press("Save")
    link = alice.page.locator("main a[href^='/settings/filters/']").last.get_attribute("href")
    assert link is not None
    example.values["filter"] = link.rpartition("/")[2]
    alice.go("/admin/announcements")
    alice.fill("Text", "The kitchen *moves*")
    alice.press("Save")
    alice.go("/communities/bundles")
    alice.fill("Name", "Kitchens")
    alice.press("New bundle")
    example.values["bundle"] = alice.page.url.rpartition("/")[2]


def _write(as_: Open, example: pages.Example) -> None:
    """Alice publishes an article, has a draft of another with an earlier version, and a message to her blog."""
    alice = as_("alice", scripts=False)
    for title in ("A published one", "A draft"):
        alice.go("/write")
        alice.fill("Title", title)
        alice.page.get_by_label("Your article").fill("# Heading\n\nWords[^1]\n\n[^1]: and a note")
        alice.press("Publish" if title == "A published one" else "Save draft")
    draft = alice.page.url.rpartition("/")[2]
    alice.page.get_by_label("Your article").fill("Other words")
    alice.press("Save draft")
    alice.go(f"/write/{draft}/history")
    link = alice.page.locator(f"main a[href^='/write/{draft}/history/']").first.get_attribute("href")
    assert link is not None
    alice.go("/@alice")
    edit = alice.post_with("A published one").locator("a[href$='/article']").first.get_attribute("href")
    assert edit is not None
    alice.go("/@crumbs_and_salt/desk/messages")
    message = alice.page.locator("main a[href^='/@crumbs_and_salt/desk/messages/']").first.get_attribute("href")
    assert message is not None
    example.values["message"] = message.rpartition("/")[2]
    example.values.update({"writing": draft, "version": link.rpartition("/")[2], "written": edit.split("/")[2]})


def look_at(person: Person, example: pages.Example, patterns: tuple[str, ...]) -> None:
    """Open the pages and hold each to the rules."""
    faults: list[str] = []
    for number, pattern in enumerate(patterns):
        person.go(example.address(pattern))
        faults += audit(person.page, frame=number == 0)
    assert not faults, "\n\n".join(faults)


def _as_pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^}]*\\}", "[^/?]+", re.escape(route)))


def test_the_looking_itself_sees_faults(open_browser: Open) -> None:
    """A page with pale text, a nameless button and a wide table is found wanting in each of these."""
    person = open_browser()
    person.page.set_content("""<html lang="en"><title>Bad</title><main><h1>Bad</h1><button></button>
        <p style="color:#bbb;background:#fff">pale</p><div style="width:500px">wide</div></main>""")
    found = "\n".join(audit(person.page))
    assert "button-name" in found
    assert "color-contrast" in found
    assert "px wide" in found


def test_no_page_is_forgotten() -> None:
    """Every GET route of the site is looked at here, or is named as one that shows no page of its own."""
    routes = {path for area in AREAS for handler in area.route_handlers if "GET" in handler.http_methods
              for path in handler.paths}
    assert routes >= pages.NO_PAGES, "a route that is gone is still named"
    seen = [pattern.partition("?")[0] for pattern in (*pages.GUEST, *pages.SIGNED_IN, *pages.MODERATED)]
    forgotten = [route for route in routes - pages.NO_PAGES
                 if not any(_as_pattern(route).fullmatch(address) for address in seen)]
    assert forgotten == []


def test_pages_for_guests(open_browser: Open, filled: pages.Example) -> None:
    """What guests see."""
    look_at(open_browser(), filled, pages.GUEST)


@pytest.mark.parametrize("part", range(_PARTS))
def test_pages_for_people_and_their_administrator(as_: Open, filled: pages.Example, part: int) -> None:
    """What Alice, who administers the server, sees."""
    look_at(as_("alice"), filled, pages.SIGNED_IN[part::_PARTS])


def test_pages_for_those_moderators_have_dealt_with(as_: Open, filled: pages.Example) -> None:
    """What Bob sees of it."""
    look_at(as_("bob"), filled, pages.MODERATED)


def test_page_that_is_not_there(open_browser: Open) -> None:
    """The page for wrong addresses holds to the same rules."""
    guest = open_browser()
    answer = guest.page.goto(f"{guest.base}/nothing/here")
    assert answer is not None
    assert answer.status == 404
    assert audit(guest.page) == []
