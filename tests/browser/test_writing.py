"""Writing an article in a real browser: no word is lost, whatever happens to the network, the server or the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import pyvips
from playwright.sync_api import Browser, expect

from browser.conftest import Open
from browser.people import Person
from support.servers import PASSWORD, Server, free_port
from support.stage import Stage

pytestmark = pytest.mark.timeout(280)

_UNREACHED = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
                        r"|ERR_ABORTED|the server responded with a status of 50[0-9]|ERR_INCOMPLETE|ERR_SOCKET"
                        r"|An unknown error occurred when fetching the script")  # the service worker's


@pytest.fixture(scope="module")
def mortal(stage: Stage) -> Server:
    """A server that may be stopped and started again."""
    port = free_port()
    made = stage.server(port=port, url=f"http://localhost:{port}", allow_private="127.0.0.0/8,::1/128")
    stage.run(made.person("alice"))
    return made


@pytest.fixture(scope="module")
def signed_in(browser: Browser, mortal: Server) -> Any:
    """Alice's cookies."""
    alice = Person(browser.new_context(), mortal.url, scripts=True)
    alice.sign_in("alice", PASSWORD)
    alice.is_at("/home")
    return alice.state()


@pytest.fixture
def writer(open_browser: Open, mortal: Server, signed_in: Any) -> Person:
    """Alice before the empty page."""
    alice = open_browser(base=mortal.url, storage_state=signed_in)
    write(alice, "/write")
    return alice


def write(person: Person, path: str) -> None:
    """Open the editor and wait for its scripts."""
    person.go(path)
    person.page.wait_for_selector("form.writing[data-ready]")


def types(person: Person, words: str) -> None:
    """At the end of the text, key by key."""
    text = person.page.get_by_label("Your article")
    text.focus()
    person.page.keyboard.press("Control+End")
    person.page.keyboard.insert_text(words)


def text_of(person: Person) -> Any:
    """What stands in the editor."""
    return person.page.get_by_label("Your article").input_value()


def is_in_state(person: Person, words: str) -> None:
    """What the editor says of itself."""
    expect(person.page.locator("[data-writing-state]")).to_contain_text(words, timeout=30_000)


def forgive_the_network(person: Person) -> None:
    """What the console says of a server that is away is what this is about."""
    person.faults[:] = [fault for fault in person.faults if not _UNREACHED.search(fault)]


def test_no_word_is_lost(writer: Person, mortal: Server, stage: Stage) -> None:
    """The network goes, and comes; the server is killed in mid-sentence, the page is loaded again without it, is
    closed, and all comes back.
    """
    types(writer, "Once upon a time")
    is_in_state(writer, "Saved")
    writer.is_at(r"/write/\d+")
    address = writer.page.url

    writer.page.context.set_offline(True)
    types(writer, " there was no network,")
    is_in_state(writer, "Kept on this device")
    writer.page.context.set_offline(False)
    is_in_state(writer, "Saved")

    types(writer, " and then the ser")
    stage.run(mortal.stop())
    types(writer, "ver died")
    is_in_state(writer, "Kept on this device")
    writer.page.wait_for_selector("form.writing[data-offline=ready]")
    write(writer, address.removeprefix(mortal.url))
    assert text_of(writer) == "Once upon a time there was no network, and then the server died"
    is_in_state(writer, "Kept on this device")
    types(writer, " in mid-sentence.")
    writer.page.wait_for_timeout(400)  # the moment in which a word is not in the browser's memory yet
    context = writer.page.context
    writer.page.close()
    stage.run(mortal.start())

    writer.page = context.new_page()
    write(writer, address.removeprefix(mortal.url))
    writer.sees("It was kept on this device, and is back.")
    is_in_state(writer, "Saved")
    whole = "Once upon a time there was no network, and then the server died in mid-sentence."
    assert text_of(writer) == whole
    write(writer, address.removeprefix(mortal.url))
    assert text_of(writer) == whole
    forgive_the_network(writer)


def test_signing_out_leaves_nothing_on_the_device(open_browser: Open, mortal: Server) -> None:
    """It asks first where words would be lost; then texts, the kept page and its service worker are gone."""
    alice = open_browser(base=mortal.url)
    alice.sign_in("alice", PASSWORD)
    write(alice, "/write")
    types(alice, "Dear diary")
    is_in_state(alice, "Saved")
    alice.page.wait_for_selector("form.writing[data-offline=ready]")
    kept = alice.page.evaluate("async () => [...await caches.keys(), ...Object.keys(localStorage)]")
    assert any("written:" in name for name in kept)
    assert "writing" in kept
    assert "Dear diary" not in alice.page.evaluate(
        "async () => (await (await (await caches.open('writing')).match('/write')).text())")
    alice.page.evaluate("localStorage.setItem('potluck:writing:@alice:k:b', '{}')")
    alice.go("/drafts")
    alice.page.evaluate("document.querySelector('form[action=\"/signout\"]').requestSubmit()")
    alice.sees("This device keeps a text that was not saved.")
    alice.press("Sign out", within=alice.page.get_by_role("dialog"))
    alice.sees("You are signed out.")
    left = alice.page.evaluate(
        "async () => [...await caches.keys(), ...Object.keys(localStorage),"
        " ...await navigator.serviceWorker.getRegistrations()]")
    assert left == []


def test_a_text_that_never_reached_the_server(writer: Person) -> None:
    """It is offered on the page for new articles, and becomes a draft then."""
    writer.page.context.set_offline(True)
    types(writer, "Written on a train")
    is_in_state(writer, "Kept on this device")
    context = writer.page.context
    writer.page.close()
    context.set_offline(False)
    writer.page = context.new_page()
    write(writer, "/write")
    writer.press("Go on with it")
    is_in_state(writer, "Saved")
    assert text_of(writer) == "Written on a train"
    forgive_the_network(writer)


def test_two_tabs(writer: Person) -> None:
    """The second to save is asked; whichever text goes on, the other is among the earlier versions."""
    types(writer, "Common")
    is_in_state(writer, "Saved")
    path = writer.page.url.removeprefix(writer.base)
    first = writer.page
    writer.page = first.context.new_page()
    write(writer, path)
    types(writer, " by the second")
    is_in_state(writer, "Saved")
    second, writer.page = writer.page, first
    types(writer, " by the first")
    is_in_state(writer, "Changed elsewhere")
    writer.press("Save mine")
    is_in_state(writer, "Saved")
    assert text_of(writer) == "Common by the first"
    writer.page.wait_for_timeout(100)
    writer.go(f"{path}/history")
    writer.sees("Common by the second")
    second.close()


def test_helpers(writer: Person) -> None:
    """They put Markdown round what is chosen, and undo takes it away again."""
    types(writer, "flour")
    writer.page.keyboard.press("Control+A")
    writer.press("Bold")
    assert text_of(writer) == "**flour**"
    writer.page.keyboard.press("Control+z")
    assert text_of(writer) == "flour"
    writer.page.keyboard.press("Control+End")
    writer.press("Footnote")
    writer.page.keyboard.insert_text("Ground.")
    assert text_of(writer) == "flour[^1]\n\n[^1]: Ground."
    expect(writer.page.locator("[data-writing-words]")).to_have_text("4")
    writer.page.get_by_label("Title").focus()
    for key in ("Tab", "Home", "ArrowRight"):
        writer.page.keyboard.press(key)
    expect(writer.page.get_by_role("button", name="Italic")).to_be_focused()
    writer.page.keyboard.press("Tab")
    expect(writer.page.get_by_label("Your article")).to_be_focused()
    is_in_state(writer, "Saved")


def test_pictures_and_publishing(writer: Person, tmp_path: Path) -> None:
    """A picture stands where the caret was, described as one says beside the text; then the article goes out."""
    plane = pyvips.Image.xyz(120, 80)
    loaf = tmp_path / "loaf.jpg"
    plane[0].bandjoin([plane[1], 120]).cast("uchar").copy(interpretation="srgb").write_to_file(str(loaf))
    writer.fill("Title", "On bread")
    types(writer, "Look:")
    writer.page.locator("[data-writing-chooser]").set_input_files(loaf)
    text = writer.page.get_by_label("Your article")
    expect(text).to_have_value(re.compile(r"Look:\n\n!\[\]\(http://[^)]+\)"), timeout=60_000)
    writer.page.locator("[data-picture-alt]").fill('A loaf, "golden"')
    expect(text).to_have_value(re.compile(r'!\[A loaf, "golden"\]\(http'))
    writer.page.get_by_label("Show it on top of the article").check()
    is_in_state(writer, "Saved")
    writer.press("Preview")
    expect(writer.page.locator(".writing-shown > .article-text img")).to_have_attribute("alt", 'A loaf, "golden"')
    writer.press("Publish")
    writer.page.get_by_label("Tags").fill("bread")
    writer.press("Publish", within=writer.page.get_by_role("dialog"))
    writer.sees("Your article is out.")
    writer.is_at("/@alice/on-bread")
    expect(writer.page.locator("img.article-cover")).to_be_visible()
    picture = writer.page.locator(".article-text img")
    expect(picture).to_have_attribute("alt", 'A loaf, "golden"')
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
