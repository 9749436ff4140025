"""Pictures, video and sound in a real browser: sent, described, prepared, looked at and played."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import pyvips
from playwright.sync_api import Locator, expect

from browser.audit import Axe, audit
from browser.conftest import Open
from browser.people import Person
from potluck.media.sandbox import programs

pytestmark = pytest.mark.timeout(200)
_PREPARED_MS = 90_000


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A photo, a small picture, a film with sound and its captions, made by real encoders."""
    folder = tmp_path_factory.mktemp("files")
    found = {name: folder / name for name in ("photo.jpg", "second.png", "film.mkv", "film.srt", "notes.txt")}
    plane = pyvips.Image.xyz(900, 600)
    (plane[0] / 4).bandjoin([plane[1] / 3, 120]).cast("uchar").copy(interpretation="srgb").write_to_file(
        str(found["photo.jpg"]))
    plane[0].bandjoin([90, plane[1]]).cast("uchar").copy(interpretation="srgb").crop(0, 0, 300, 200).write_to_file(
        str(found["second.png"]))
    program = programs.ffmpeg()
    assert program, "no ffmpeg: install imageio-ffmpeg"
    subprocess.run([program.path, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4",
                    "-f", "lavfi", "-i", "sine=duration=4", "-c:v", "mpeg4", "-c:a", "libvorbis",
                    str(found["film.mkv"])], check=True)
    found["film.srt"].write_text("1\n00:00:00,000 --> 00:00:04,000\nA pattern, and a tone\n", encoding="utf-8")
    found["notes.txt"].write_text("no picture", encoding="utf-8")
    return found


def attached(person: Person, name: str) -> Locator:
    """A file in the composer."""
    return person.page.locator(".attached").filter(has_text=name)


def published(person: Person, text: str) -> Locator:
    """The card of a post that is published as soon as its files are ready."""
    card = person.page.locator(".feed article").filter(has_text=text).first
    if person.scripts:
        expect(person.page.locator("#preparing")).to_be_hidden(timeout=_PREPARED_MS)
        fresh = person.page.get_by_role("button", name=re.compile("New here"))
        if not card.count() and fresh.is_visible():
            fresh.click()
    for _ in range(120):
        if card.count():
            break
        person.page.wait_for_timeout(500)
        person.go("/home")
    expect(card).to_be_visible()
    return card


def test_photo_and_film_with_scripts(as_: Open, files: dict[str, Path]) -> None:
    """Sent, described, posted before they are ready, shown as being prepared, then looked at and played."""
    alice = as_("alice")
    page = alice.page
    alice.go("/compose")
    page.get_by_label("Pictures, video, sound").first.set_input_files([files["film.mkv"], files["photo.jpg"]])
    for name in ("film.mkv", "photo.jpg"):
        expect(attached(alice, name).get_by_role("textbox")).to_be_visible()
    attached(alice, "photo.jpg").get_by_role("textbox").fill("A wall, blue below")
    attached(alice, "film.mkv").get_by_role("textbox").fill("A test pattern")
    attached(alice, "photo.jpg").get_by_role("button", name=re.compile("forward")).click()
    expect(page.locator(".attached").first).to_contain_text("photo.jpg")
    attached(alice, "photo.jpg").get_by_text("Focal point").click()
    attached(alice, "photo.jpg").get_by_label("Left to right").press("ArrowRight")
    attached(alice, "film.mkv").get_by_text("Captions and cover").click()
    attached(alice, "film.mkv").get_by_label("Captions (WebVTT or SRT)").set_input_files(files["film.srt"])
    attached(alice, "film.mkv").get_by_label("Their language").select_option("en")
    assert Axe.run(page, {}) == []
    page.get_by_label("Your post").fill("Seen at the wall")
    alice.press("Post")
    alice.is_at("/home")
    card = published(alice, "Seen at the wall")
    look_at_it(alice, card)
    play_it(alice, card)


def look_at_it(person: Person, card: Locator) -> None:
    """The picture opens by keyboard, says what it shows, grows, and gives the focus back."""
    page = person.page
    link = card.locator("a[data-lightbox]")
    link.focus()
    page.keyboard.press("Enter")
    viewer = page.locator("#lightbox")
    expect(viewer).to_be_visible()
    expect(viewer).to_contain_text("A wall, blue below")
    expect(viewer.get_by_role("img")).to_have_attribute("alt", "A wall, blue below")
    assert Axe.run(page, {}) == []
    page.keyboard.press("+")
    expect(viewer.locator("img")).to_have_attribute("style", re.compile("scale"))
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(link).to_be_focused()


def play_it(person: Person, card: Locator) -> None:
    """Nothing plays by itself; the film plays when it is asked to, with captions."""
    page, video = person.page, card.locator("video")
    card.locator("media-controller").scroll_into_view_if_needed()
    assert video.evaluate("video => video.paused")
    expect(video).to_have_attribute("aria-label", "A test pattern")
    card.locator("media-play-button.player-start").click()
    page.wait_for_function("video => video.currentTime > 0.3", arg=video.element_handle(), timeout=30_000)
    captions = card.get_by_role("switch", name="closed captions")
    expect(captions).not_to_be_checked()
    captions.click()
    expect(captions).to_be_checked()
    assert video.evaluate("video => [...video.textTracks].map(track => [track.language, track.mode])") == [
        ["en", "showing"]]
    page.wait_for_function("video => video.textTracks[0].activeCues?.length > 0 || video.ended",
                           arg=video.element_handle())
    assert "A pattern" in video.evaluate("video => video.textTracks[0].cues[0].text")


def test_photo_and_film_without_scripts(as_: Open, files: dict[str, Path]) -> None:
    """The form brings the files; they are described before posting, and played by the browser's own controls."""
    bob = as_("bob", scripts=False)
    page = bob.page
    bob.go("/compose")
    page.get_by_label("Your post").fill("From a plain form")
    page.locator("summary").filter(has_text="Pictures, video, sound").click()
    page.locator("#files").set_input_files([files["photo.jpg"], files["film.mkv"]])
    bob.press("Attach")
    attached(bob, "photo.jpg").get_by_role("textbox").fill("Still a wall")
    assert audit_of_plain(bob) == []
    bob.press("Post")
    bob.sees("published as soon as its files are ready")
    card = published(bob, "From a plain form")
    expect(card.get_by_role("img", name="Still a wall")).to_be_visible()
    expect(card.locator("video")).to_have_attribute("controls", "")
    card.get_by_role("img", name="Still a wall").click()
    assert "/media/" in page.url


def audit_of_plain(person: Person) -> list[str]:
    """Without scripts axe cannot run; nothing may be wider than a phone."""
    person.page.set_viewport_size({"width": 360, "height": 740})
    wide = person.page.locator("html").bounding_box()
    person.page.set_viewport_size({"width": 1280, "height": 900})
    assert wide is not None
    return [] if wide["width"] <= 360 else [f"{wide['width']} px wide"]


def test_dropped_file_that_is_refused(as_: Open, files: dict[str, Path]) -> None:
    """What cannot be taken says why in its place, and is put away; the post goes out without it."""
    mia = as_("mia")
    page = mia.page
    mia.go("/compose")
    page.locator("form.composer").evaluate("""form => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["just words"], "notes.txt", { type: "text/plain" }));
        form.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""")
    expect(attached(mia, "notes.txt")).to_contain_text(re.compile("type|cannot", re.IGNORECASE))
    attached(mia, "notes.txt").get_by_role("button", name="Cancel").click()
    expect(page.locator(".attached")).to_have_count(0)
    page.get_by_label("Your post").fill("Only words after all")
    mia.press("Post")
    expect(mia.post_with("Only words after all")).to_be_visible()


def test_several_pictures_by_keyboard(as_: Open, files: dict[str, Path]) -> None:
    """The viewer goes through the pictures of one post with the arrow keys and says where one is."""
    dave = as_("dave")
    dave.go("/compose")
    dave.page.get_by_label("Pictures, video, sound").first.set_input_files([files["photo.jpg"], files["second.png"]])
    expect(dave.page.locator("[data-attached][data-state=ready]")).to_have_count(2, timeout=_PREPARED_MS)
    dave.page.get_by_label("Your post").fill("Two of them")
    dave.press("Post")
    card = dave.post_with("Two of them")
    card.locator("a[data-lightbox]").first.click()
    viewer = dave.page.locator("#lightbox")
    expect(viewer).to_contain_text("Picture 1 of 2")
    dave.page.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("Picture 2 of 2")
    expect(viewer.get_by_role("button", name="Next picture")).to_be_disabled()
    dave.page.keyboard.press("ArrowLeft")
    expect(viewer).to_contain_text("Picture 1 of 2")
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()
    assert audit(dave.page) == []


def test_picture_of_the_profile_is_previewed(as_: Open, files: dict[str, Path], scripts: bool) -> None:
    """A chosen picture is shown before it is saved, and everybody sees it afterwards."""
    eve = as_("eve", scripts=scripts)
    eve.go("/settings/profile")
    eve.page.get_by_label("Your picture").first.set_input_files(files["photo.jpg"])
    if scripts:
        expect(eve.page.locator("[data-preview-of=avatar]")).to_have_attribute("src", re.compile("^blob:"))
    eve.press("Save")
    eve.is_at("/@eve")
    expect(eve.page.locator("main img[src*='/media/']").first).to_be_visible()
