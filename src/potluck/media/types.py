"""Media types that files are stored and served under: a closed list, found by looking at the bytes.

Nothing here can run as a page or a script. What is not in the list is kept as plain bytes and only offered for
download, whatever it may be.
"""

from __future__ import annotations

BYTES = "application/octet-stream"

EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/avif": "avif", "image/gif": "gif",
    "image/heic": "heic", "image/jxl": "jxl", "image/tiff": "tif", "image/bmp": "bmp",
    "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/aac": "aac", "audio/ogg": "ogg", "audio/opus": "opus",
    "audio/flac": "flac", "audio/wav": "wav", "audio/webm": "weba", "audio/aiff": "aiff", "audio/amr": "amr",
    "video/mp4": "mp4", "video/webm": "webm", "video/ogg": "ogv", "video/quicktime": "mov",
    "video/x-matroska": "mkv", "video/mp2t": "ts", "video/x-msvideo": "avi", "video/iso.segment": "m4s",
    "video/x-flv": "flv", "video/x-ms-asf": "asf", "video/mpeg": "mpg",
    "text/vtt": "vtt", "application/vnd.apple.mpegurl": "m3u8", "application/json": "json",
    "application/pdf": "pdf", "application/epub+zip": "epub", "application/zip": "zip",
    BYTES: "bin",
}
"""Every type a stored file may have, and the extension of its name."""

_BY_EXTENSION = {extension: media_type for media_type, extension in EXTENSIONS.items()}

_SHOWN = ("image/", "audio/", "video/", "text/vtt", "application/vnd.apple.mpegurl", "application/json")


def extension_of(media_type: str) -> str:
    """The extension of names of this type; `bin` for types that are not in the list."""
    return EXTENSIONS.get(media_type, EXTENSIONS[BYTES])


def known(media_type: str) -> str:
    """The type itself if files may be stored under it, else that of plain bytes."""
    return media_type if media_type in EXTENSIONS else BYTES


def type_of_name(name: str) -> str:
    """The type a stored file is served under, from its name."""
    return _BY_EXTENSION.get(name.rpartition(".")[2], BYTES)


def is_shown(media_type: str) -> bool:
    """Whether a browser may show a file of this type instead of only saving it."""
    return media_type in EXTENSIONS and media_type.startswith(_SHOWN)
