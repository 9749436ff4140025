"""Pictures: what is made of an upload, as one step. The job that runs this is in `processing`."""

from __future__ import annotations

import asyncio
from typing import Any

from potluck.jobs import JobFailed
from potluck.media import files, images, meta
from potluck.media.facts import Size
from potluck.media.making import DAMAGED, Made, Making
from potluck.media.moving import Shown
from potluck.media.sandbox import Crashed
from potluck.social.model import Media

_MAY_MOVE = frozenset({"image/gif", "image/png"})
_TOO_LONG = ("This animation is too long or too large to stay a picture: it has %(frames)d frames. Please shorten it,"
             " or upload it as a video.")
_STEP = "pictures"
_STILL = frozenset({"avatar", "header"})


async def is_picture(making: Making, media: Media) -> bool:
    """Whether an upload is to stay a picture. Attached GIF and PNG that move become videos, fractions of them."""
    async with making.job.db.read() as session:
        variants = (await files.variants_of(session, [media.id])).get(media.id, {})
    media_type = variants[files.ORIGINAL][0].media_type if files.ORIGINAL in variants else ""
    if _STEP in making.job.finished or not media_type.startswith("image/"):
        return _STEP in making.job.finished
    if media_type not in _MAY_MOVE or media.purpose != "attachment":
        return True
    return await _frames(making) == 1


async def _frames(making: Making) -> int:
    async def describe() -> Any:
        async with making.run(images.DESCRIBE, params=images.params(making.settings),
                              limits=images.limits(making.settings)) as outcome:
            try:
                return images.read_description(outcome.result).frames
            except Crashed as reason:
                raise JobFailed(DAMAGED) from reason

    return int(await making.job.step("describe", describe))


async def picture(making: Making, media: Media) -> Shown:
    """All files of a picture; the clean original takes the place of what was sent."""
    if _STEP not in making.job.finished:
        making.job.report(0.02, "Preparing the picture")
        await _make(making, media)
    found: dict[str, Any] = making.job.finished[_STEP]
    wire, small = Size(*found["wire"]), Size(*found["small"])
    return Shown("image", found["media_type"], images.WIRE, found["preview"],
                 {**meta.of_picture(wire), "colour": found["colour"], "original": meta.of_picture(wire),
                  "small": meta.of_picture(small)}, found["blurhash"])


async def _make(making: Making, media: Media) -> None:
    focus = None if media.focus_x is None or media.focus_y is None else (media.focus_x, media.focus_y)
    async with making.run(images.TASK, params=images.params(making.settings, media.purpose, focus),
                          limits=images.limits(making.settings), on_progress=making.job.span(0.05, 0.9)) as outcome:
        try:
            made = await asyncio.to_thread(images.read, outcome.result, outcome.folder)
        except Crashed as reason:
            raise JobFailed(DAMAGED) from reason
        if made.source.frames > 1 and not made.source.animated and media.purpose not in _STILL:
            raise JobFailed(_TOO_LONG, frames=made.source.frames)
        wire, small = made.files[images.WIRE], made.files.get(images.SMALL) or made.files[images.STILL]
        await making.keep(_STEP, [
            Made(file.name, file.path, file.media_type,
                 {"width": file.width, "height": file.height, "meta": {"moving": True} if file.moving else {}})
            for file in made.files.values()
        ], {"wire": (wire.width, wire.height), "small": (small.width, small.height), "preview": small.name,
            "media_type": wire.media_type, "blurhash": made.blurhash, "colour": made.colour})
