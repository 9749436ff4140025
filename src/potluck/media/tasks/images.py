"""Makes of one picture the files that are shown: drawn anew from its pixels, so that nothing else of it is left."""

from __future__ import annotations

from typing import Any

import pyvips

from potluck.media import blurhash
from potluck.media.tasks import Job, task
from potluck.media.tasks.pictures import Picture, damaged, open_picture
from potluck.media.tasks.wanted import Bounds, Wanted

_LARGEST_PNG = 6 << 20
_TINY = 32
_FULL = 255
_WHITE = [255, 255, 255]


@task("images.describe")
def describe(job: Job) -> dict[str, Any]:
    """What a picture is, from its header."""
    picture = open_picture(job, "file", Bounds(**job.params["bounds"]))
    return _facts(picture)


@task("images.make")
def make(job: Job) -> dict[str, Any]:
    """Make all files that are wanted, the largest first; one that is there already gets a second name."""
    picture = open_picture(job, "file", Bounds(**job.params["bounds"]))
    wanted = [Wanted(**one) for one in job.params["wanted"]]
    made: list[dict[str, Any]] = []
    try:
        for count, one in enumerate(wanted, start=1):
            made.append(_make(picture, one, job.params.get("focus"), made))
            job.progress(count / (len(wanted) + 1))
        return {**_facts(picture), **_impression(picture), "files": made}
    except pyvips.Error as error:
        raise damaged(error) from error


def _facts(picture: Picture) -> dict[str, Any]:
    return {"media_type": picture.media_type, "width": picture.width, "height": picture.height,
            "frames": picture.frames, "milliseconds": picture.milliseconds, "animated": picture.animated}


def _make(picture: Picture, wanted: Wanted, focus: list[float] | None, made: list[dict[str, Any]]) -> dict[str, Any]:
    moving = picture.animated and not wanted.still and not wanted.cut
    for other in made:
        if other["form"] == wanted.form and other["moving"] == moving and not wanted.cut \
                and other["width"] <= wanted.width and other["height"] <= wanted.height:
            return other | {"name": wanted.name}
    image = _cut(picture, wanted, focus) if wanted.cut else \
        picture.thumbnail(wanted.width, wanted.height, moving=moving)
    file, media_type = _save(image, wanted, picture.media_type, moving=moving)
    height = image.get_page_height() if moving else image.height
    return {"name": wanted.name, "file": file, "media_type": media_type, "width": image.width, "height": height,
            "form": wanted.form, "moving": moving}


def _cut(picture: Picture, wanted: Wanted, focus: list[float] | None) -> pyvips.Image:
    """Fill the box round the focal point; a picture that is too small for it keeps its size."""
    scale = min(1.0, max(wanted.width / picture.width, wanted.height / picture.height))
    image = picture.thumbnail(max(1, round(picture.width * scale)), max(1, round(picture.height * scale)), exact=True)
    share = min(image.width / wanted.width, image.height / wanted.height, 1.0)
    width, height = max(1, int(wanted.width * share)), max(1, int(wanted.height * share))
    x, y = focus or (0.0, 0.0)
    left, top = round((x + 1) / 2 * image.width - width / 2), round((1 - y) / 2 * image.height - height / 2)
    return image.crop(max(0, min(left, image.width - width)), max(0, min(top, image.height - height)), width, height)


def _save(image: pyvips.Image, wanted: Wanted, came_as: str, *, moving: bool) -> tuple[str, str]:
    """Write the file in the best form for it. Returns its name and media type."""
    name = wanted.name
    if wanted.form == "webp":
        image.webpsave(f"{name}.webp", Q=80, effort=3, smart_subsample=False, keep="none")
        return f"{name}.webp", "image/webp"
    if moving:
        image.gifsave(f"{name}.gif", effort=4, keep="none")
        return f"{name}.gif", "image/gif"
    opaque = is_opaque(image)
    if not opaque or came_as in {"image/png", "image/gif", "image/bmp"}:
        data = image.pngsave_buffer(compression=6, filter="all", keep="none")
        if not opaque or len(data) <= _LARGEST_PNG:
            with open(f"{name}.png", "wb") as file:  # noqa: PTH123 - its working folder
                file.write(data)
            return f"{name}.png", "image/png"
    if image.hasalpha():
        image = image.flatten(background=_WHITE[:image.bands - 1])
    image.jpegsave(f"{name}.jpg", Q=88, keep="none")
    return f"{name}.jpg", "image/jpeg"


def is_opaque(image: pyvips.Image) -> bool:
    """Whether nothing of it is transparent."""
    return not image.hasalpha() or int(image[image.bands - 1].min()) == _FULL


def _impression(picture: Picture) -> dict[str, Any]:
    """What is shown before the picture is there: its blurhash and its most frequent colour."""
    tiny = picture.thumbnail(_TINY, _TINY, exact=True)
    if tiny.hasalpha():
        tiny = tiny.flatten(background=_WHITE[:tiny.bands - 1])
    pixels = bytes(tiny.colourspace("srgb").write_to_memory())
    wide = picture.width >= picture.height
    return {"blurhash": blurhash.encode(pixels, _TINY, _TINY, *((4, 3) if wide else (3, 4))),
            "colour": "#" + "".join(f"{part:02x}" for part in _frequent(pixels))}


def _frequent(pixels: bytes) -> tuple[int, int, int]:
    """The mean of the most frequent kind of colour."""
    kinds: dict[int, list[tuple[int, int, int]]] = {}
    for colour in zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True):
        kinds.setdefault(_kind(colour), []).append(colour)
    alike = max(kinds.values(), key=len)
    red, green, blue = (sum(parts) // len(alike) for parts in zip(*alike, strict=True))
    return red, green, blue


def _kind(colour: tuple[int, int, int]) -> int:
    return (colour[0] >> 6) << 4 | (colour[1] >> 6) << 2 | colour[2] >> 6
