"""Attachments as pages show them."""

from __future__ import annotations

from typing import Any

import pytest

from potluck import settings
from potluck.db.base import now
from potluck.social.model import Media
from potluck.web.presenters.media import clock, covered, shown_medium


def attachment(**values: Any) -> Media:
    """A row as it comes out of the database."""
    return Media(**{
        "id": 7, "type": "image", "media_type": "image/jpeg", "url": "https://a.test/media/x.jpg",
        "preview_url": "https://a.test/media/s.webp", "description": "A cat", "meta": {}, "state": "ready",
        "created_at": now(), **values})


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of `a.test` are our own."""
    monkeypatch.setattr(settings, "_current", settings.Settings(url="https://a.test"))


def test_remote_picture() -> None:
    """Files of other servers are shown under addresses of our own: those servers do not learn who reads what."""
    found = shown_medium(attachment(url="https://b.test/f.png", preview_url=None))
    assert found.url.startswith("https://a.test/proxy/full/")
    assert found.preview_url.startswith("https://a.test/proxy/small/")
    assert "b.test" not in found.url + found.preview_url


def test_picture() -> None:
    """Pages show the variant made for them, and keep the shape of the picture before it has come."""
    shown = shown_medium(attachment(meta={"width": 4, "height": 3, "files": {"full": "https://a.test/media/f.webp"}}))
    assert (shown.kind, shown.url, shown.preview_url) == (
        "image", "https://a.test/media/f.webp", "https://a.test/media/s.webp")
    assert (shown.width, shown.height, shown.alt) == (4, 3, "A cat")


@pytest.mark.parametrize(("x", "y", "classes"), [
    (None, None, ""), (0.0, 0.0, "fx-5 fy-5"), (-1.0, 1.0, "fx-0 fy-0"), (1.0, -1.0, "fx-10 fy-10")])
def test_focal_point(x: float | None, y: float | None, classes: str) -> None:
    """The focal point becomes classes, y counted from the top: an attribute style would not pass our policy."""
    assert shown_medium(attachment(focus_x=x, focus_y=y)).focus == classes


def test_sound() -> None:
    """A sound has its title, artist, length, cover and the waveform."""
    shown = shown_medium(attachment(type="audio", meta={
        "title": "Washing up", "artist": "Alice", "duration": 125.4,
        "files": {"cover": "https://a.test/media/c.webp", "peaks": "https://a.test/media/p.json"}}))
    assert (shown.title, shown.artist, shown.duration, shown.cover_url, shown.peaks_url) == (
        "Washing up", "Alice", "2:05", "https://a.test/media/c.webp", "https://a.test/media/p.json")


def test_video_with_captions() -> None:
    """Captions are called by their label, or by the language's own name."""
    shown = shown_medium(attachment(type="video", meta={"files": {"hls": "https://a.test/m.m3u8", "captions": [
        {"language": "de", "label": "", "url": "https://a.test/de.vtt"},
        {"language": "en", "label": "With sounds", "url": "https://a.test/en.vtt"}]}}))
    assert shown.hls_url == "https://a.test/m.m3u8"
    assert [(track.language, track.label) for track in shown.captions] == [("de", "Deutsch"), ("en", "With sounds")]


@pytest.mark.parametrize(("values", "kind"), [
    ({"state": "processing"}, "pending"), ({"state": "failed", "error": "It is cut short."}, "failed"),
    ({"url": None, "remote_url": None}, "pending"), ({"type": "unknown"}, "file"), ({"type": "gifv"}, "gifv")])
def test_kinds(values: dict[str, Any], kind: str) -> None:
    """What is not ready says so, and what browsers do not know is offered as a file."""
    assert shown_medium(attachment(**values)).kind == kind


def test_hostile_meta() -> None:
    """What another server said about a file is shown only where it makes sense."""
    shown = shown_medium(attachment(meta={
        "width": "wide", "height": -4, "duration": True, "title": ["x"], "files": "none", "artist": {"a": 1}}))
    assert (shown.width, shown.height, shown.title, shown.artist, shown.captions) == (None, None, "", "", [])


def test_guests_have_sensitive_media_covered() -> None:
    """Without an account the author's wish counts."""
    assert covered(True, None)
    assert not covered(False, None)


def test_clock() -> None:
    """Lengths are written as players do."""
    assert [clock(value) for value in (0.4, 65, 3607)] == ["0:00", "1:05", "1:00:07"]
