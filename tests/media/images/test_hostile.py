"""Pictures that are meant to harm: refused with words for their owner, or drawn anew without anything foreign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from potluck.media import images
from potluck.media.sandbox import MIB, Crashed, Exhausted, Limits, Refused
from potluck.media.sandbox.client import Sandbox
from potluck.settings import Settings

from . import pictures
from .conftest import Make

HTML = b"<html><script>alert(1)</script></html>"


async def refusal(make: Make, data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        async with make(data):
            pass
    return str(caught.value)


@pytest.mark.parametrize("data", [
    pictures.png_header(100_000, 100_000), pictures.jpeg_header(65_500, 65_500), pictures.png_header(10_001, 10_000),
], ids=["png-100k", "jpeg-64k", "png-just-over"])
async def test_claims_of_a_gigantic_size_are_refused(make: Make, data: bytes) -> None:
    """By the header alone, in no time: nothing of it is decoded."""
    words = await refusal(make, data)
    assert "too large" in words
    assert "At most 100 megapixels" in words


async def test_lies_about_the_size_that_decoders_see_through(make: Make) -> None:
    """More than PNG allows is damage; a GIF's screen counts for nothing, its frame is the picture."""
    assert "damaged" in await refusal(make, pictures.png_header(2 ** 31 - 1, 1))
    async with make(pictures.gif_header(65_535, 65_535)) as made:
        assert (made.files["original"].width, made.files["original"].height) == (pictures.WIDTH, pictures.HEIGHT)


async def test_a_decompression_bomb_is_refused(make: Make) -> None:
    """Forty kilobytes that are four hundred million pixels."""
    bomb = pictures.png_bomb(20_000)
    assert len(bomb) < 100_000
    assert "too large" in await refusal(make, bomb)


async def test_frames_count_as_pixels_of_an_animation(make: Make) -> None:
    """Many large frames in little room are not unpacked: one is shown."""
    bomb = pictures.animation("GIF", 20, 300, 300)
    async with make(bomb, settings=Settings(image_megapixels=1)) as made:
        assert (made.source.frames, made.source.animated) == (20, False)
        assert not made.files["full"].moving


@pytest.mark.parametrize("media_type", pictures.FORMATS)
async def test_truncated_files_are_refused(make: Make, media_type: str) -> None:
    """Half a picture is damaged, in every format."""
    noise = pictures.corners().effect_spread(60)
    forms = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF", "image/tiff": "TIFF",
             "image/bmp": "BMP", "image/heic": "HEIF"}
    data = pictures.save(forms[media_type], noise) if media_type in forms else pictures.FORMATS[media_type]()
    assert "damaged" in await refusal(make, data[:len(data) // 2])


@pytest.mark.parametrize(("data", "words"), [
    (b"", "empty"),
    (HTML, "not a picture"),
    (b"\0" * 5000, "not a picture"),
    (b"%PDF-1.7\n", "not a picture"),
    (pictures.zipped(), "not a picture"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
    (b"<?xml version='1.0'?><!DOCTYPE svg><svg><style>@font-face{src:url(http://a.example/f)}</style></svg>", "SVG"),
    (b"GIF89a/*" + HTML + b"*/=1;", "damaged"),
    (b"\xff\xd8\xff\xe0" + HTML * 50, "damaged"),
    (b"\x89PNG\r\n\x1a\n" + HTML * 50, "damaged"),
    (b"RIFF\x00\x10\x00\x00WEBP" + HTML * 50, "damaged"),
    (b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heicmiaf" + HTML * 50, "damaged"),
    (b"II*\x00\x08\x00\x00\x00" + b"\xff" * 500, "damaged"),
    (b"BM" + b"\xff" * 4 + bytes(4) + b"\x36\0\0\0\x28\0\0\0" + b"\x7f" * 200, ""),
    (b"\xff\x0a" + bytes(200), "not a picture"),
    (b"P6\n10 10\n255\n" + bytes(300), "not a picture"),
], ids=["empty", "html", "zeros", "pdf", "zip", "svg-script", "svg-font", "gif-html", "jpeg-html", "png-html",
        "webp-html", "heic-html", "tiff-loop", "bmp-lies", "jxl", "ppm"])
async def test_what_is_no_picture_is_refused(make: Make, data: bytes, words: str) -> None:
    """Whatever its name says: the bytes decide, and the owner is told in words."""
    assert words in await refusal(make, data)


async def test_heic_without_a_picture_is_refused(make: Make) -> None:
    """A container that is whole but holds none; found by bench/media/fuzz.py."""
    data = pictures.FORMATS["image/heic"]()
    for name in (b"pitm", b"hvc1"):
        assert "damaged" in await refusal(make, data.replace(name, b"none"))


@pytest.mark.parametrize("media_type", sorted(set(pictures.FORMATS) - {"image/avif", "image/heic"}))
async def test_polyglots_lose_what_is_not_a_picture(make: Make, media_type: str) -> None:
    """A picture with an archive or a page behind it is drawn anew: no byte of either is left."""
    for tail in (pictures.zipped(), HTML):
        async with make(pictures.FORMATS[media_type]() + tail) as made:
            assert made.source.media_type == media_type
            for file in made.files.values():
                data = file.path.read_bytes()
                assert b"PK\x03\x04" not in data
                assert b"evil" not in data
                assert b"script" not in data


async def test_texts_inside_pictures_are_lost(make: Make) -> None:
    """Scripts in text chunks and comments go the way of all metadata."""
    data = pictures.png_with_text()
    assert b"<script>" in data
    async with make(data) as made:
        for file in made.files.values():
            assert b"script" not in file.path.read_bytes()


async def test_memory_is_bounded(picture_sandbox: Sandbox) -> None:
    """A picture that needs more than it is given ends in its own process, and that is told as what it is."""
    data = pictures.save("PNG", pictures.corners(6000, 4000), compress_level=1)
    with pytest.raises(Exhausted, match="memory"):
        async with picture_sandbox.run(images.TASK, inputs={images.INPUT: data}, limits=Limits(memory=64 * MIB),
                                       params=images.params(Settings())):
            pass


def good() -> dict[str, Any]:
    return {"media_type": "image/png", "width": 10, "height": 10, "frames": 1, "milliseconds": 0, "animated": False,
            "blurhash": "L1Eo[I~qfQ~q~qoffQoffQfQfQfQ", "colour": "#7f7f7f", "files": [
                {"name": "small", "file": "small.png", "media_type": "image/png", "width": 10, "height": 10,
                 "moving": False}]}


@pytest.mark.parametrize("lie", [
    {"width": "10"}, {"width": 0}, {"height": 10 ** 9}, {"width": True}, {"media_type": "text/html"}, {"frames": None},
    {"blurhash": "<script>"}, {"colour": "red;}"}, {"files": [1]}, {"files": None}, {"milliseconds": -1},
    *({"files": [good()["files"][0] | lie]} for lie in (
        {"file": "../small.png"}, {"file": "none.png"}, {"file": "page.png"}, {"name": "admin"},
        {"media_type": "text/html"}, {"width": -1})),
], ids=str)
def test_a_worker_that_was_taken_over_is_not_believed(tmp_path: Path, lie: dict[str, Any]) -> None:
    """Sizes, types, names and the files themselves are held against what they may be."""
    (tmp_path / "small.png").write_bytes(pictures.save("PNG"))
    (tmp_path / "page.png").write_bytes(HTML)
    assert images.read(good(), tmp_path).files["small"].media_type == "image/png"
    with pytest.raises(Crashed):
        images.read(good() | lie, tmp_path)
