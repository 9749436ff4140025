"""Real pictures of every format, made by the encoders people's files come from (libvips, x265 by libheif, Pillow)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pillow_heif
import pyvips
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

SECRET = "Ada was at home in 51.5007 N, 0.1246 W"
WIDTH, HEIGHT = 120, 80
CORNERS = {"red": (230, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 230), "white": (250, 250, 250)}


def corners(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A picture that shows which way up it is: red and green above, blue and white below."""
    picture = Image.new("RGB", (width, height))
    boxes = ((0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2))
    for colour, corner in zip(CORNERS.values(), boxes, strict=True):
        picture.paste(colour, (*corner, corner[0] + width // 2, corner[1] + height // 2))
    return picture


def vips(picture: Image.Image | None = None) -> pyvips.Image:
    picture = picture or corners()
    image = pyvips.Image.new_from_memory(picture.tobytes(), picture.width, picture.height, len(picture.mode), "uchar")
    return image.copy(interpretation="srgb" if len(picture.mode) > 2 else "b-w")


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: which way up, who, and where."""
    data = Image.Exif()
    data[0x0112], data[0x013B], data[0x010E] = orientation, SECRET, SECRET
    data[0x8825] = {1: "N", 2: (51.0, 30.0, 2.52), 3: "W", 4: (0.0, 7.0, 28.56)}
    return data


def save(form: str, picture: Image.Image | None = None, **options: object) -> bytes:
    """By Pillow."""
    out = io.BytesIO()
    (picture or corners()).save(out, form, **options)
    return out.getvalue()


def heic(picture: Image.Image | None = None, **options: object) -> bytes:
    """By x265; which way up is written into the container as phones do."""
    return save("HEIF", picture, quality=90, **options)


def avif() -> bytes:
    return bytes(vips().heifsave_buffer(compression="av1", Q=80, effort=2))


def animation(form: str, frames: int = 5, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Each frame 100 ms, with a comment where the format has one."""
    pictures = [Image.new("RGB", (width, height), (40 * number % 256, 90, 200 - 30 * number % 200))
                for number in range(frames)]
    if form == "PNG" and frames > 1:  # Pillow leaves out frames that are equal to the one before
        pictures[0].putpixel((0, 0), (1, 2, 3))
    extra = {"comment": SECRET.encode()} if form == "GIF" else {"exif": exif().tobytes()}
    return save(form, pictures[0], save_all=True, append_images=pictures[1:], duration=100, loop=0, **extra)


FORMATS: dict[str, Callable[[], bytes]] = {
    "image/jpeg": lambda: save("JPEG", exif=exif().tobytes(), comment=SECRET.encode(), quality=92),
    "image/png": lambda: save("PNG", exif=exif().tobytes()),
    "image/webp": lambda: save("WEBP", exif=exif().tobytes(), quality=90),
    "image/gif": lambda: save("GIF", comment=SECRET.encode()),
    "image/avif": avif,
    "image/heic": lambda: heic(exif=exif().tobytes()),
    "image/tiff": lambda: save("TIFF", description=SECRET),
    "image/bmp": lambda: save("BMP"),
}


def display_p3() -> bytes:
    """A JPEG in a wide colour space, its profile embedded, as phones take them."""
    return bytes(vips().icc_transform("p3").jpegsave_buffer(Q=95))


def cmyk() -> bytes:
    return bytes(vips().icc_transform("cmyk").jpegsave_buffer(Q=95))


def with_own_srgb_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return save("JPEG", icc_profile=profile, quality=95)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size, with hardly anything behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + body + _chunk(b"IEND")


def png_bomb(side: int) -> bytes:
    """A PNG that really holds a large empty picture, in a few kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND")


def png_with_text() -> bytes:
    data = save("PNG")
    text = _chunk(b"tEXt", b"Comment\0<script>alert(1)</script>" + SECRET.encode())
    return data[:33] + text + data[33:]


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def jpeg_header(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size than its data has."""
    data = bytearray(save("JPEG", quality=80))
    at = data.index(b"\xff\xc0")
    data[at + 5:at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def gif_header(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + save("GIF")[10:]


def zipped() -> bytes:
    """A small archive, to append to pictures."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.html", f"<script>{SECRET}</script>")
    return out.getvalue()
