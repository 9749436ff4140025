"""Pictures of every format that is taken, opened inside the sandbox: looked at first, decoded only as far as needed.

libvips decodes what it can be trusted with (JPEG, PNG, WebP, AVIF, GIF, TIFF); HEIC comes through libheif and BMP
through Pillow, since the libvips wheel has neither. All other loaders of libvips are blocked. What comes out is
upright, in sRGB with eight bits, and carries no metadata.
"""

from __future__ import annotations

import mmap
import sys
from dataclasses import dataclass, field

import pi_heif
import pyvips
from PIL import BmpImagePlugin

from potluck.media import sniffing
from potluck.media.sandbox.errors import Refused
from potluck.media.tasks import Job, apng
from potluck.media.tasks.wanted import Bounds

_LOADERS = ("Jpeg", "Png", "Webp", "Heif", "Nsgif", "Tiff")
_VIPS = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/tiff"})
_ANIMATED = frozenset({"image/webp", "image/gif"})
_WRONG = (ValueError, RuntimeError, EOFError, OSError, SyntaxError, OverflowError, IndexError, KeyError, TypeError)
"""What Pillow and libheif raise over damaged files."""
_LYING = 5  # from this orientation on, width and height change places
_KEPT_PIXELS = 32_000_000  # up to here a decoded picture is kept in memory, so that it need not be decoded again
_PROFILE = "icc-profile-data"

pyvips.vips_lib.vips_operation_block_set(b"VipsForeignLoad", True)
for _name in _LOADERS:
    pyvips.vips_lib.vips_operation_block_set(b"VipsForeignLoad" + _name.encode(), False)
pyvips.vips_lib.vips_block_untrusted_set(True)
pyvips.cache_set_max(0)


@dataclass(slots=True)
class Picture:
    """A picture that was looked at and found small enough to decode."""

    media_type: str
    width: int  # upright, as people see it
    height: int
    data: mmap.mmap
    delays: list[int] = field(default_factory=list)  # milliseconds of each frame in the file, if there are several
    animated: bool = False  # whether its frames are within bounds, so that `thumbnail` may keep them
    base: pyvips.Image | None = None  # decoded, in memory: smaller versions are made of it

    @property
    def frames(self) -> int:
        """All that are in the file."""
        return max(1, len(self.delays))

    @property
    def milliseconds(self) -> int:
        """One round of the animation; browsers give each frame some time."""
        return sum(max(10, delay) for delay in self.delays)

    def thumbnail(self, width: int, height: int, *, moving: bool = False, exact: bool = False) -> pyvips.Image:
        """The picture within a box, upright, in sRGB; decoded at a smaller scale where the format can.

        Args:
            width: of the box.
            height: of the box.
            moving: with all frames, one below the other.
            exact: exactly this size, which should be about its own shape; else in its own shape, and never enlarged.

        Raises:
            Refused: the bytes turn out to be damaged.
        """
        if exact:
            close = self.thumbnail(width, height)
            return close if (close.width, close.height) == (width, height) else \
                close.thumbnail_image(width, height=height, size="force")
        try:
            if moving:
                return plain(self._moving(width, height))
            if self.base is not None and self._suffices(self.base, width, height):
                return self.base.thumbnail_image(width, height=height, size="down")
            image = plain(self._decode(width, height, f"[fail_on={self._strict}]"))
            if image.width * image.height > _KEPT_PIXELS:
                return image
            self.base = image.copy_memory()
        except (pyvips.Error, apng.BadFrames) as error:
            raise damaged(error) from error
        return self.base

    def _moving(self, width: int, height: int) -> pyvips.Image:
        if self.media_type == "image/png":
            return apng.frames(self.data, self.delays, width, height)
        return self._decode(width, height, f"[fail_on={self._strict},n=-1]")

    def _decode(self, width: int, height: int, options: str) -> pyvips.Image:
        source = pyvips.Source.new_from_memory(self.data)
        return pyvips.Image.thumbnail_source(source, width, height=height, size="down", option_string=options)

    @property
    def _strict(self) -> str:
        """A file that ends too early is an error, not a grey stripe; libtiff calls that by another name."""
        return "error" if self.media_type == "image/tiff" else "truncated"

    def _suffices(self, base: pyvips.Image, width: int, height: int) -> bool:
        scale = min(1.0, width / self.width, height / self.height)
        return bool(base.width >= self.width * scale - 1 and base.height >= self.height * scale - 1)


def open_picture(job: Job, name: str, bounds: Bounds) -> Picture:
    """Look at an input and open it.

    Raises:
        Refused: it is no picture of a known format, damaged, or too large.
    """
    fd = job.inputs[name]
    try:
        data = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    except ValueError as error:
        raise Refused("This file is empty.") from error
    media_type = sniffing.media_type_of(data[:sniffing.ENOUGH])
    try:
        if media_type in _VIPS:
            return _look(data, media_type, bounds)
        if media_type == "image/heic":
            return _heic(data, bounds)
        if media_type == "image/bmp":
            return _bitmap(job, name, data, bounds)
    except pyvips.Error as error:
        raise damaged(error) from error
    if media_type == sniffing.SVG:
        raise Refused("SVG pictures are not taken, because they can hold programs. Please save it as PNG or WebP.")
    raise Refused("This is not a picture of a kind that is taken here.")


def _look(data: mmap.mmap, media_type: str, bounds: Bounds) -> Picture:
    """Read the header only."""
    image = pyvips.Image.new_from_source(pyvips.Source.new_from_memory(data), "", access="sequential",
                                         **({"n": -1} if media_type in _ANIMATED else {}))
    width, height = image.width, image.get_page_height() if media_type in _ANIMATED else image.height
    check_size(width, height, bounds)
    delays = _delays(image, data, media_type)
    if image.get_typeof("orientation") and image.get("orientation") >= _LYING:
        width, height = height, width
    frames = max(1, len(delays))
    animated = 1 < frames <= bounds.frames and width * height * frames <= bounds.animated_pixels
    return Picture(media_type, width, height, data, delays if frames > 1 else [], animated)


def _delays(image: pyvips.Image, data: mmap.mmap, media_type: str) -> list[int]:
    """Milliseconds of each frame of an animation."""
    if media_type == "image/png":
        return apng.delays(data)
    frames = image.height // image.get_page_height() if media_type in _ANIMATED else 1
    known = list(image.get("delay")) if image.get_typeof("delay") else []
    return [*known[:frames], *[100] * (frames - len(known))]


def _heic(data: mmap.mmap, bounds: Bounds) -> Picture:
    """HEIC, as phones write it; libheif turns it upright itself."""
    try:
        file = pi_heif.open_heif(data[:], convert_hdr_to_8bit=True)
        width, height = file.size
        check_size(width, height, bounds)
        bands = len(file.mode)
        image = pyvips.Image.new_from_memory(file.data, file.stride // bands, height, bands, "uchar")
    except _WRONG as error:
        raise damaged(error) from error
    image = image.crop(0, 0, width, height)
    return Picture("image/heic", width, height, data, base=_in_srgb(image, file.info.get("icc_profile")))


def _bitmap(job: Job, name: str, data: mmap.mmap, bounds: Bounds) -> Picture:
    with job.open(name) as handle:
        try:
            file = BmpImagePlugin.BmpImageFile(handle)
            check_size(*file.size, bounds)
            pixels = file.convert("RGBA" if file.mode == "RGBA" else "RGB")
        except _WRONG as error:
            raise damaged(error) from error
    image = pyvips.Image.new_from_memory(pixels.tobytes(), pixels.width, pixels.height, len(pixels.mode), "uchar")
    return Picture("image/bmp", image.width, image.height, data, base=_in_srgb(image, None))


def _in_srgb(image: pyvips.Image, profile: bytes | None) -> pyvips.Image:
    """Pixels that another library decoded, in memory."""
    image = image.copy(interpretation="srgb" if image.bands > 2 else "b-w")
    if profile:
        image.set_type(pyvips.GValue.blob_type, _PROFILE, profile)
    return plain(image).copy_memory()


def check_size(width: int, height: int, bounds: Bounds) -> None:
    """Refuse to decode what would be too large.

    Raises:
        Refused: it is.
    """
    if width * height > bounds.pixels:
        raise Refused("This picture is too large: it has %(width)d by %(height)d pixels. At most %(most)d megapixels"
                      " are taken.", width=width, height=height, most=bounds.pixels // 1_000_000)


def plain(image: pyvips.Image) -> pyvips.Image:
    """Eight bits, grey or RGB, with transparency where there was some, in sRGB and without a profile."""
    if image.get_typeof(_PROFILE):
        if not _is_srgb(image.get(_PROFILE)):  # converting takes twice as long as decoding
            image = image.icc_transform("srgb", embedded=True, depth=8)
        image = image.copy()
        image.remove(_PROFILE)
    if image.interpretation not in {"srgb", "b-w"} or image.format != "uchar":
        image = image.colourspace("b-w" if image.bands < 3 else "srgb")
    if image.format != "uchar":
        image = image.cast("uchar")
    return image if image.bands <= 4 else image[0:4]


def _is_srgb(profile: bytes) -> bool:
    """Whether a profile says it is sRGB; one that lies spoils its own colours only."""
    start = bytes(profile[:4096])
    return b"sRGB" in start or "sRGB".encode("utf-16-be") in start


def damaged(error: Exception) -> Exception:
    """What to raise instead of an error of a decoder."""
    text = str(error).lower()
    if "memory" in text and ("out of" in text or "alloc" in text):
        return MemoryError()
    print(error, file=sys.stderr)  # noqa: T201 - into the log of the job
    return Refused("This picture is damaged, or not what it claims to be.")
