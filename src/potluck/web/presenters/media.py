"""Attachments as pages show them (`components/attachments.html`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from potluck.media.addresses import SMALL, shown
from potluck.social import preferences
from potluck.social.model import Media
from potluck.web.auth import Viewer
from potluck.web.i18n import language_name

_KINDS = frozenset({"image", "gifv", "video", "audio"})


@dataclass(frozen=True, slots=True)
class Captions:
    """A track of captions."""

    language: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownMedia:
    """See `components/attachments.html`."""

    id: str
    kind: str
    url: str
    preview_url: str
    alt: str
    width: int | None
    height: int | None
    name: str
    media_type: str = ""
    focus: str = ""
    blurhash: str = ""
    duration: str = ""
    seconds: float | None = None
    title: str = ""
    artist: str = ""
    cover_url: str = ""
    peaks_url: str = ""
    hls_url: str = ""
    captions: list[Captions] = field(default_factory=list)
    autoplay: bool = False
    error: str = ""


def shown_media(items: Sequence[Media], viewer: Viewer | None) -> list[ShownMedia]:
    """The attachments of a post, for someone."""
    autoplay = viewer is None or preferences.of(viewer.user).autoplay_gifs
    return [shown_medium(item, autoplay=autoplay) for item in items]


def shown_medium(item: Media, *, autoplay: bool = False) -> ShownMedia:
    """One attachment.

    Further files of it (resolutions, captions, peaks) are in `meta["files"]` (see `potluck.media.shown`).

    Args:
        autoplay: whether a silent loop may start by itself (if the device does not object).
    """
    meta = item.meta
    found = meta.get("files")
    files: dict[str, Any] = found if isinstance(found, dict) else {}
    address = item.url or item.remote_url or ""
    seconds = _number(meta.get("duration"))
    return ShownMedia(
        id=str(item.id), kind=_kind(item, address), url=shown(_text(files.get("full")) or address) or "",
        preview_url=shown(item.preview_url or (address if item.type == "image" else ""), SMALL) or "",
        alt=item.description,
        width=_whole(meta.get("width")), height=_whole(meta.get("height")),
        name=_file_name(meta, address), media_type=item.media_type or "", focus=focus_classes(item),
        blurhash=item.blurhash or "", duration=clock(seconds) if seconds else "", seconds=seconds,
        title=_text(meta.get("title")), artist=_text(meta.get("artist")), cover_url=_cover(item, files),
        peaks_url=shown(_text(files.get("peaks"))) or "", hls_url=shown(_text(files.get("hls"))) or "",
        captions=_captions(files.get("captions")),
        autoplay=autoplay, error=item.error or "")


def covered(sensitive: bool, viewer: Viewer | None) -> bool:
    """Whether media are behind a button for someone, by what they prefer."""
    wanted = preferences.of(viewer.user).expand_media if viewer else "default"
    return wanted == "hide_all" or (sensitive and wanted != "show_all")


def clock(seconds: float) -> str:
    """A length of time as players write it: 1:05, 1:00:07."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def focus_classes(item: Media) -> str:
    """Classes (`media.css`) that say which part stays when a picture is cut: tenths of its width and height.

    The focal point goes from -1 (left, bottom) to 1 (right, top); an attribute `style` would not pass our policy.
    """
    if item.focus_x is None or item.focus_y is None:
        return ""
    return f"fx-{round((item.focus_x + 1) * 5)} fy-{round((1 - item.focus_y) * 5)}"


def _kind(item: Media, address: str) -> str:
    if item.state == "failed":
        return "failed"
    if item.state != "ready" or not address:
        return "pending"
    return item.type if item.type in _KINDS else "file"


def _file_name(meta: dict[str, Any], address: str) -> str:
    return _text(meta.get("file_name")) or unquote(urlsplit(address).path.rpartition("/")[2])


def _cover(item: Media, files: dict[str, Any]) -> str:
    """The picture beside a sound."""
    own = _text(files.get("cover"))
    return shown(own or (item.preview_url if item.type == "audio" else ""), SMALL) or ""


def _captions(value: Any) -> list[Captions]:
    tracks = value if isinstance(value, list) else []
    return [Captions(track["language"], track.get("label") or language_name(track["language"]),
                     shown(track["url"]) or "")
            for track in tracks if isinstance(track, dict) and track.get("language") and track.get("url")]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _number(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and value > 0 else None
