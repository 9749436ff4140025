"""Pictures of every format come out upright, clean, in sRGB, in sizes and formats that others can read."""

from __future__ import annotations

from pathlib import Path

import pytest
import pyvips
from PIL import Image

from potluck.media import images
from potluck.media.sandbox import Refused
from potluck.settings import Settings

from . import pictures
from .conftest import Make
from .pictures import CORNERS, HEIGHT, WIDTH


def load(file: images.File) -> Image.Image:
    with Image.open(file.path) as picture:
        picture.load()
        return picture


def colours(picture: Image.Image) -> list[str]:
    """What stands in the four corners: above left and right, below left and right."""
    width, height = picture.size
    spots = ((.25, .25), (.75, .25), (.25, .75), (.75, .75))
    return [_nearest(picture.convert("RGB").getpixel((int(x * width), int(y * height)))) for x, y in spots]


def _nearest(colour: tuple[int, ...]) -> str:
    return min(CORNERS, key=lambda name: sum(abs(a - b) for a, b in zip(CORNERS[name], colour, strict=True)))


@pytest.mark.parametrize("media_type", pictures.FORMATS)
async def test_every_format_is_taken(make: Make, media_type: str) -> None:
    """Its type is found by its bytes; the files are WebP for our pages and JPEG or PNG for other servers."""
    async with make(pictures.FORMATS[media_type]()) as made:
        assert made.source.media_type == media_type
        assert (made.source.width, made.source.height, made.source.frames) == (WIDTH, HEIGHT, 1)
        assert set(made.files) == {"original", "wire", "full", "small"}
        for name, file in made.files.items():
            picture = load(file)
            assert picture.size == (file.width, file.height) == (WIDTH, HEIGHT)
            assert colours(picture) == list(CORNERS)
            assert (picture.format == "WEBP") == (name in {"full", "small"})
        assert made.files["wire"].media_type in {"image/jpeg", "image/png"}
        assert len(made.blurhash) == 28
        shown = tuple(bytes.fromhex(made.colour[1:]))
        assert max(abs(a - b) for a, b in zip(shown, CORNERS[_nearest(shown)], strict=True)) < 30


@pytest.mark.parametrize("media_type", pictures.FORMATS)
async def test_nothing_but_pixels_survives(make: Make, media_type: str) -> None:
    """Where a picture was taken, by whom, comments and profiles: none of it is in any file that is made."""
    async with make(pictures.FORMATS[media_type]()) as made:
        for file in made.files.values():
            data = file.path.read_bytes()
            assert pictures.SECRET.encode() not in data
            assert b"Exif" not in data
            fields = pyvips.Image.new_from_file(str(file.path)).get_fields()
            assert not [field for field in fields if field.startswith(("exif", "xmp", "iptc", "icc", "gif-comment"))]


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_pictures_are_turned_upright(make: Make, orientation: int) -> None:
    """What the camera says about which way is up is applied to the pixels, since the note of it is lost."""
    turns = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
             5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
             8: Image.Transpose.ROTATE_270}
    stored = pictures.corners()
    if orientation in turns:
        stored = stored.transpose(turns[orientation])
    async with make(pictures.save("JPEG", stored, exif=pictures.exif(orientation).tobytes(), quality=95)) as made:
        assert (made.source.width, made.source.height) == (WIDTH, HEIGHT)
        for file in made.files.values():
            assert colours(load(file)) == list(CORNERS)


async def test_heic_is_turned_upright(make: Make) -> None:
    """A phone's HEIC carries its turn in the container."""
    stored = pictures.corners().transpose(Image.Transpose.ROTATE_90)
    async with make(pictures.heic(stored, exif=pictures.exif(6).tobytes())) as made:
        assert colours(load(made.files["small"])) == list(CORNERS)
        assert (made.source.width, made.source.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("data", [pictures.display_p3, pictures.cmyk, pictures.with_own_srgb_profile])
async def test_colours_become_srgb(make: Make, data: object) -> None:
    """Wide gamuts and printing colours are converted, so that they look the same without their profile."""
    async with make(data()) as made:
        picture = load(made.files["original"]).convert("RGB")
        for (x, y), colour in zip(((.25, .25), (.75, .25), (.25, .75), (.75, .75)), CORNERS.values(), strict=True):
            found = picture.getpixel((int(x * WIDTH), int(y * HEIGHT)))
            if data is pictures.cmyk:  # printing cannot show them all
                assert CORNERS[_nearest(found)] == colour
                continue
            assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) <= 12, (found, colour)


async def test_transparency_stays(make: Make) -> None:
    """A picture with transparent parts is PNG for others and WebP with transparency for us."""
    picture = pictures.corners().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    for form in ("PNG", "WEBP"):
        async with make(pictures.save(form, picture)) as made:
            assert made.files["wire"].media_type == "image/png"
            assert load(made.files["full"]).mode == "RGBA"
            assert load(made.files["wire"]).getpixel((60, 2))[3] < 20


async def test_an_opaque_picture_with_an_unused_alpha_channel_is_a_photo(make: Make) -> None:
    """What only could be transparent need not be PNG."""
    async with make(pictures.save("WEBP", pictures.corners().convert("RGBA"))) as made:
        assert made.files["wire"].media_type == "image/jpeg"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16"])
async def test_other_kinds_of_pixels(make: Make, mode: str) -> None:
    """Grey, grey with transparency, palettes, black and white, sixteen bits."""
    async with make(pictures.save("PNG", pictures.corners().convert("L").convert(mode))) as made:
        assert made.files["wire"].media_type == "image/png"
        assert load(made.files["full"]).size == (WIDTH, HEIGHT)


async def test_sizes_of_a_large_photo(make: Make) -> None:
    """Larger than a box is made to fit into it; nothing is ever enlarged; the original keeps its size."""
    async with make(pictures.save("JPEG", pictures.corners(4800, 3200), quality=70)) as made:
        assert {name: (file.width, file.height) for name, file in made.files.items()} == {
            "original": (4800, 3200), "wire": (3840, 2560), "full": (2560, 1707), "small": (640, 427)}
    async with make(pictures.save("JPEG", pictures.corners(1600, 1200)), settings=Settings(image_side=1000)) as made:
        assert (made.files["original"].width, made.files["original"].height) == (1000, 750)
        assert made.files["original"].path == made.files["wire"].path


async def test_extreme_shapes(make: Make) -> None:
    """A line of pixels is a picture."""
    async with make(pictures.save("PNG", pictures.corners(9000, 2))) as made:
        assert (made.files["small"].width, made.files["small"].height) == (640, 1)
    async with make(pictures.save("PNG", pictures.corners(2, 2))) as made:
        assert made.files["small"].width == 2


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
async def test_animations_stay_animations(make: Make, form: str) -> None:
    """Within bounds all frames and their times are kept; the small one is still."""
    async with make(pictures.animation(form)) as made:
        assert (made.source.frames, made.source.seconds, made.source.animated) == (5, 0.5, True)
        for name in ("original", "wire", "full"):
            picture = pyvips.Image.new_from_file(str(made.files[name].path), n=-1)
            assert picture.get_n_pages() == 5
            assert picture.get("delay") == [100] * 5
            assert made.files[name].moving
            assert (made.files[name].width, made.files[name].height) == (WIDTH, HEIGHT)
        assert made.files["wire"].media_type == "image/gif"
        assert made.files["full"].media_type == "image/webp"
        assert not made.files["small"].moving
        assert pyvips.Image.new_from_file(str(made.files["small"].path), n=-1).height == HEIGHT


async def test_animations_beyond_bounds_are_told(make: Make) -> None:
    """Too many frames, or too many pixels in all of them: the files stand still, and the caller may make a video."""
    for settings in (Settings(image_frames=4), Settings(image_megapixels=1)):
        big = pictures.animation("GIF", 5, 600, 400)
        async with make(big, settings=settings) as made:
            assert (made.source.frames, made.source.animated) == (5, False)
            assert not any(file.moving for file in made.files.values())


async def test_damaged_animations_are_refused(make: Make) -> None:
    """Frames that are announced and do not come."""
    data = pictures.animation("PNG", 5)
    with pytest.raises(Refused, match="damaged"):
        async with make(data[:data.rindex(b"fdAT") + 20]):
            pass


async def test_what_a_picture_is_can_be_asked_alone(picture_sandbox: object) -> None:
    """Its header tells, without decoding it."""
    async with picture_sandbox.run(images.DESCRIBE, inputs={images.INPUT: pictures.animation("GIF", 3)},  # type: ignore[attr-defined]
                                   params=images.params(Settings())) as outcome:
        found = images.read_description(outcome.result)
    assert (found.media_type, found.frames, found.seconds) == ("image/gif", 3, 0.3)


@pytest.mark.parametrize(("purpose", "sizes"), [
    ("avatar", {"original": (2400, 1600), "wire": (400, 400), "full": (400, 400), "small": (120, 120)}),
    ("header", {"original": (2400, 1600), "wire": (1500, 500), "full": (1500, 500), "small": (750, 250)}),
    ("emoji", {"original": (2400, 1600), "wire": (256, 171), "still": (256, 171)}),
])
async def test_pictures_of_profiles_and_emoji(make: Make, purpose: str, sizes: dict[str, tuple[int, int]]) -> None:
    """Avatars and headers are cut to their shape, emoji fit into their box."""
    async with make(pictures.save("PNG", pictures.corners(2400, 1600)), purpose) as made:
        assert {name: (file.width, file.height) for name, file in made.files.items()} == sizes
        if purpose != "header":
            assert colours(load(made.files["wire"])) == list(CORNERS)


async def test_small_pictures_are_cut_but_not_enlarged(make: Make) -> None:
    """An avatar that is smaller than wanted keeps its pixels."""
    async with make(pictures.save("PNG"), "avatar") as made:
        assert (made.files["wire"].width, made.files["wire"].height) == (80, 80)
        assert (made.files["small"].width, made.files["small"].height) == (80, 80)


@pytest.mark.parametrize(("focus", "colour"), [
    ((-1, 1), "red"), ((1, 1), "green"), ((-1, -1), "blue"), ((1, -1), "white"),
])
async def test_the_focal_point_is_kept(make: Make, focus: tuple[float, float], colour: str) -> None:
    """What is cut is cut round the focal point; y points upwards."""
    shape = (2400, 480) if colour in {"red", "blue"} else (480, 2400)
    async with make(pictures.save("PNG", pictures.corners(*shape)), "avatar", focus) as made:
        found = colours(load(made.files["wire"]))
    assert colour in found
    assert len(set(found)) == 2


async def test_animated_emoji_have_a_still(make: Make) -> None:
    """Who does not want movement is shown the first frame."""
    async with make(pictures.animation("GIF"), "emoji") as made:
        assert made.files["wire"].moving
        assert made.files["still"].media_type == "image/png"
        assert not made.files["still"].moving


async def test_files_too_large_for_memory(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is handed over as a descriptor gives the same."""
    monkeypatch.setattr("potluck.media.sandbox.client.SEALED_BYTES", 4)
    path = tmp_path / "photo"
    path.write_bytes(pictures.FORMATS["image/jpeg"]())
    async with make(path) as made:
        assert made.source.media_type == "image/jpeg"
