"""Uploaded pictures become attachments that can be shown, and nothing of what was sent remains but its pixels."""

from __future__ import annotations

from pathlib import Path

import pytest

from media.av.conftest import Studio, open_studio
from potluck.db.engine import Database
from potluck.media import uploads

from . import pictures

ON_SQLITE = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)


@pytest.fixture
async def studio(database: Database) -> Studio:
    return await open_studio(database)


def written(folder: Path, data: bytes, name: str = "cat.jpg") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


async def test_a_photo_is_ready_with_all_its_files(studio: Studio, tmp_path: Path) -> None:
    """Address, preview, sizes, blurhash as apps read them; a clean original takes the place of what was sent."""
    data = pictures.save("JPEG", pictures.corners(1200, 800), exif=pictures.exif(1).tobytes())
    media = await studio.made(written(tmp_path, data))
    assert (media.state, media.type, media.media_type, media.error) == ("ready", "image", "image/jpeg", None)
    variants = await studio.variants(media.id)
    assert variants.keys() == {"original", "wire", "full", "small"}
    assert media.url == studio.storage.url(variants["wire"][1])
    assert media.preview_url == studio.storage.url(variants["small"][1])
    assert variants["original"][0].file_id == variants["wire"][0].file_id
    assert len(media.blurhash or "") == 28
    assert media.meta.pop("files").keys() >= {"wire", "full", "small"}
    assert media.meta == {
        "file_name": "cat.jpg", "width": 1200, "height": 800, "size": "1200x800", "aspect": 1.5,
        "colour": media.meta["colour"],
        "original": {"width": 1200, "height": 800, "size": "1200x800", "aspect": 1.5},
        "small": {"width": 640, "height": 427, "size": "640x427", "aspect": 1.498829}}
    for name in variants:
        assert pictures.SECRET.encode() not in (await studio.path(media.id, name)).read_bytes()


@ON_SQLITE
@pytest.mark.parametrize(("form", "kind"), [("GIF", "gifv"), ("PNG", "gifv"), ("WEBP", "image")])
async def test_what_moves(studio: Studio, tmp_path: Path, form: str, kind: str) -> None:
    """An attached GIF or PNG becomes a video, a fraction of its size; an animated WebP stays a picture that moves."""
    media = await studio.made(written(tmp_path, pictures.animation(form, 6), f"dance.{form.lower()}"))
    assert (media.state, media.type) == ("ready", kind), media.error
    if kind == "image":
        assert (await studio.variants(media.id))["full"][0].meta == {"moving": True}


@ON_SQLITE
async def test_an_animation_that_would_stand_still_is_refused(studio: Studio, tmp_path: Path) -> None:
    """What can become neither a moving picture within bounds nor a video is not shown as its first frame in silence."""
    media = await studio.made(written(tmp_path, pictures.animation("WEBP", 301, 8, 8), "long.webp"))
    assert media.state == "failed"
    assert "301 frames" in (media.error or "")


@ON_SQLITE
async def test_a_gif_that_does_not_move_is_a_picture(studio: Studio, tmp_path: Path) -> None:
    """One frame is no film."""
    media = await studio.made(written(tmp_path, pictures.save("GIF"), "still.gif"))
    assert (media.state, media.type, media.media_type) == ("ready", "image", "image/png")


@ON_SQLITE
@pytest.mark.parametrize("purpose", ["avatar", "header", "emoji"])
async def test_pictures_for_other_purposes(studio: Studio, tmp_path: Path, purpose: str) -> None:
    """They are cut and sized for it; an emoji that moves keeps moving."""
    path = studio.storage.local.arriving()
    path.write_bytes(pictures.animation("GIF", 3, 900, 600))
    media = await uploads.accept(studio.db, studio.alice, path, file_name="a.gif", purpose=purpose, focus=(0.5, 0.5),
                                 extra={"shortcode": "dance"})
    await studio.engine.drain()
    row = await studio.media(media.id)
    assert (row.state, row.type) == ("ready", "image"), row.error
    assert row.media_type == ("image/gif" if purpose == "emoji" else "image/png")
    assert {"width": row.meta["width"], "height": row.meta["height"]} == {
        "avatar": {"width": 400, "height": 400}, "header": {"width": 900, "height": 300},
        "emoji": {"width": 256, "height": 171}}[purpose]


@ON_SQLITE
async def test_why_a_picture_failed_is_told(studio: Studio, tmp_path: Path) -> None:
    """In words for its owner."""
    media = await studio.made(written(tmp_path, pictures.png_header(100_000, 100_000)))
    assert media.state == "failed"
    assert media.error == ("This picture is too large: it has 100000 by 100000 pixels. At most 100 megapixels are"
                           " taken.")
    media = await studio.made(written(tmp_path, pictures.save("JPEG")[:700]))
    assert media.error == "This picture is damaged, or not what it claims to be."
