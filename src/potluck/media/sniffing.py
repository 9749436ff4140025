"""Finds what a file is by its first bytes. What somebody says about it (name, Content-Type) is never believed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from potluck.media.types import BYTES

ENOUGH = 4096
"""So many bytes from the start are looked at."""

SVG = "image/svg+xml"
"""Recognised, so that it can be refused by name or drawn; never stored under its own type."""

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"fLaC", "audio/flac"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "video/x-ms-asf"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"WEBVTT", "text/vtt"),
    (b"\xef\xbb\xbfWEBVTT", "text/vtt"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = (
    ((b"avif", b"avis"), "image/avif"),
    ((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    ((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    ((b"qt  ",), "video/quicktime"),
)


def media_type_of(head: bytes) -> str:
    """The media type of a file that begins with these bytes (give `ENOUGH`); that of plain bytes if unknown."""
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    for look in _LOOKS:
        media_type = look(head)
        if media_type:
            return media_type
    return BYTES


def media_type_of_file(path: Path) -> str:
    """`media_type_of` for a file on disk. Blocks."""
    with path.open("rb") as handle:
        return media_type_of(handle.read(ENOUGH))


def _aiff(head: bytes) -> str | None:
    return "audio/aiff" if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"} else None


def _riff(head: bytes) -> str | None:
    return _RIFF.get(head[8:12]) if head[:4] == b"RIFF" else None


def _iso(head: bytes) -> str | None:
    """ISO base media (MP4 and its many relatives), by the brands it says it is compatible with."""
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at:at + 4] for at in range(16, length, 4))]
    for wanted, media_type in _BRANDS:
        if brands[0] in wanted:
            return media_type
    if brands[0] in (b"mif1", b"msf1", b"miaf"):  # pictures that name the general brand first
        return "image/avif" if any(brand in (b"avif", b"avis") for brand in brands) else "image/heic"
    return "video/mp4"


def _bitmap(head: bytes) -> str | None:
    """BMP: two letters, a size, zeros, and a header of a known length."""
    known = head[14:18] in {size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)}
    return "image/bmp" if head[:2] == b"BM" and head[6:10] == bytes(4) and known else None


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1aE\xdf\xa3"):
        return None
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _ogg(head: bytes) -> str | None:
    if not head.startswith(b"OggS"):
        return None
    if b"\x80theora" in head[:512]:
        return "video/ogg"
    return "audio/opus" if b"OpusHead" in head[:128] else "audio/ogg"


def _mpeg_audio(head: bytes) -> str | None:
    """MPEG layers by their frame header; AAC in ADTS has layer 0."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    version, layer, rate, sampling = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return "audio/mpeg" if version != 1 and layer != 0 and rate not in {0, 15} and sampling != 3 else None


def _transport_stream(head: bytes) -> str | None:
    packets = [head[at] for at in range(0, min(len(head), 188 * 5), 188)]
    return "video/mp2t" if len(packets) >= 3 and all(byte == 0x47 for byte in packets) else None


def _zip(head: bytes) -> str | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    return "application/epub+zip" if head[30:58] == b"mimetypeapplication/epub+zip" else "application/zip"


def _svg(head: bytes) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return SVG if text.startswith((b"<?xml", b"<!--", b"<!doctype svg", b"<svg")) and b"<svg" in text else None


_LOOKS: tuple[Callable[[bytes], str | None], ...] = (
    _riff, _aiff, _iso, _bitmap, _matroska, _ogg, _mpeg_audio, _transport_stream, _zip, _svg)
