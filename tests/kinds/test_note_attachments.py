"""Attachments on the wire: what we write of local uploads, and every shape in which others write theirs."""

from __future__ import annotations

from typing import Any

import pytest

from kinds.test_note_wire import _note as note
from potluck.db.base import now
from potluck.federation.writing import attachment
from potluck.kinds.note import wire
from potluck.social.model import Media
from support.samples import sample

URL = "https://potluck.test/media/ab/"


def upload(**values: Any) -> Media:
    """A local upload that is ready."""
    return Media(**{"id": 1, "type": "image", "url": f"{URL}full.jpg", "preview_url": f"{URL}small.webp",
                    "media_type": "image/jpeg", "description": "", "meta": {"width": 30, "height": 20},
                    "state": "ready", "created_at": now(), **values})


def test_picture_is_written_for_all_readers() -> None:
    """Type by kind (Pixelfed), `name` and `summary` (Mastodon, GoToSocial), size, focal point, placeholder, preview."""
    assert attachment(upload(description="A bowl", blurhash="LKO2?U%2Tw=w]~RBVZRi};RPxuwH", focus_x=0.5,
                             focus_y=-0.25)) == {
        "type": "Image", "mediaType": "image/jpeg", "url": f"{URL}full.jpg", "name": "A bowl", "summary": "A bowl",
        "blurhash": "LKO2?U%2Tw=w]~RBVZRi};RPxuwH", "focalPoint": [0.5, -0.25], "width": 30, "height": 20,
        "icon": {"type": "Image", "mediaType": "image/webp", "url": f"{URL}small.webp"}}


@pytest.mark.parametrize(("kind", "media_type", "written"), [
    ("video", "video/mp4", "Video"), ("gifv", "video/mp4", "Video"), ("audio", "audio/mpeg", "Audio"),
    ("unknown", "application/pdf", "Document")])
def test_other_files(kind: str, media_type: str, written: str) -> None:
    """Sound and video say how long they are; nothing is null."""
    found = attachment(upload(type=kind, media_type=media_type, preview_url=None, meta={"duration": 61.5}))
    assert found == {"type": written, "mediaType": media_type, "url": f"{URL}full.jpg", "duration": "PT61.500S"}


@pytest.mark.parametrize("entry", [
    {"type": "Document", "mediaType": "image/png", "url": "https://x.example/a.png"},
    {"type": "Image", "url": "https://x.example/a.png"},
    {"type": "Document", "mediaType": "image/png", "url": ["https://x.example/a.png"]},
    {"type": "Document", "url": [{"type": "Link", "mediaType": "image/png", "href": "https://x.example/a.png"}]},
    {"type": "Document", "url": {"type": "Link", "mediaType": "image/png", "href": "https://x.example/a.png"}},
    {"type": "Image", "mediaType": "image/png", "url": [
        {"type": "Link", "mediaType": "text/html", "href": "https://x.example/page"},
        {"type": "Link", "mediaType": "image/png", "href": "https://x.example/a.png"}]},
])
def test_a_picture_in_every_shape(entry: dict[str, Any]) -> None:
    """An address, a list of them, Links: the first that is a file counts."""
    [found] = wire.read(note(attachment=[entry])).attachments
    assert (found.type, found.url) == ("image", "https://x.example/a.png")


def test_a_single_attachment_without_a_list() -> None:
    """GoToSocial writes one attachment without a list."""
    [found] = wire.read(note(attachment={
        "type": "Image", "url": "https://x.example/a.png", "summary": "A"})).attachments
    assert found.description == "A"


def test_an_album_keeps_its_order() -> None:
    """Pixelfed's album of pictures and a video, in the order of its author."""
    draft = wire.read(sample("pixelfed/r-create-album-mixed")["object"])
    assert [item.type for item in draft.attachments] == ["image", "image", "video"]
    assert len({item.url for item in draft.attachments}) == len(draft.attachments)


def test_one_sensitive_file_covers_all() -> None:
    """Misskey marks single files; we cover all files of a post or none."""
    document = note(sensitive=False, attachment=[
        {"type": "Document", "mediaType": "image/png", "url": "https://x.example/a.png", "sensitive": False},
        {"type": "Document", "mediaType": "image/png", "url": "https://x.example/b.png", "sensitive": True}])
    assert wire.read(document).sensitive is True
    assert wire.read(note(sensitive=False, attachment=document["attachment"][:1])).sensitive is False
