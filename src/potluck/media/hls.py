"""HLS playlists: read what ffmpeg wrote (nothing of it is copied), and write our own with the names of stored files.

As PeerTube has it: one MP4 in fragments for each resolution, read in ranges of bytes; the sound in one of its own; a
JSON file with the SHA-256 of each range, by which peers can check what other peers gave them.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AUDIO = 0
"""The resolution by which the rendition of the sound alone goes."""

_RANGE = re.compile(r"(\d{1,15})@(\d{1,15})")
_CODECS = re.compile(r'CODECS="([a-z0-9.,]{1,80})"', re.IGNORECASE)
_MOST_SEGMENTS = 100_000


class BadPlaylist(ValueError):
    """A playlist is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a file."""

    start: int
    length: int

    @property
    def name(self) -> str:
        """As the list of hashes names it: first and last byte."""
        return f"{self.start}-{self.start + self.length - 1}"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a playlist says: the head of the file, then the segments and how long each is."""

    head: Range
    parts: Sequence[tuple[float, Range]]
    codecs: str

    @property
    def peak(self) -> int:
        """Bits per second of the largest segment."""
        return max((math.ceil(part.length * 8 / max(0.1, seconds)) for seconds, part in self.parts), default=0)

    @property
    def longest(self) -> float:
        """Seconds of the longest segment."""
        return max((seconds for seconds, _ in self.parts), default=0.0)

    @property
    def average(self) -> int:
        """Bits per second of the whole."""
        seconds = sum(seconds for seconds, _ in self.parts)
        return math.ceil(sum(part.length for _, part in self.parts) * 8 / max(0.1, seconds))


def read(playlist: str, master: str, size: int) -> Segments:
    """What ffmpeg wrote, held against the size of its file.

    Raises:
        BadPlaylist: it is not a playlist of ranges within the file.
    """
    head: Range | None = None
    parts: list[tuple[float, Range]] = []
    seconds = 0.0
    for line in playlist.splitlines():
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-MAP":
            head = _range(value)
        elif tag == "#EXTINF":
            seconds = _seconds(value)
        elif tag == "#EXT-X-BYTERANGE":
            parts.append((seconds, _range(value)))
    if head is None or not parts or len(parts) > _MOST_SEGMENTS:
        raise BadPlaylist("it lists no segments")
    if any(part.start + part.length > size or part.length == 0 for part in (head, *(part for _, part in parts))):
        raise BadPlaylist("a range lies outside of the file")
    codecs = _CODECS.search(master)
    return Segments(head, parts, codecs.group(1) if codecs else "")


def _range(value: str) -> Range:
    found = _RANGE.search(value)
    if found is None:
        raise BadPlaylist("a segment has no range")
    return Range(int(found.group(2)), int(found.group(1)))


def _seconds(value: str) -> float:
    try:
        return min(86_400.0, max(0.0, float(value.partition(",")[0])))
    except ValueError as error:
        raise BadPlaylist("a segment has no duration") from error


def hashes(segments: Segments, path: Path) -> dict[str, str]:
    """The SHA-256 of each range. Blocks."""
    with path.open("rb") as file:
        return {part.name: _hash(file, part) for part in (segments.head, *(part for _, part in segments.parts))}


def _hash(file: Any, part: Range) -> str:
    file.seek(part.start)
    return hashlib.sha256(file.read(part.length)).hexdigest()


def playlist(segments: Segments, uri: str) -> str:
    """The playlist of one rendition, whose file is found at `uri`."""
    longest = max(1, math.ceil(segments.longest))
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{longest}", "#EXT-X-MEDIA-SEQUENCE:0",
             "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-INDEPENDENT-SEGMENTS",
             f'#EXT-X-MAP:URI="{uri}",BYTERANGE="{segments.head.length}@{segments.head.start}"']
    for seconds, part in segments.parts:
        lines += [f"#EXTINF:{seconds:.6f},", f"#EXT-X-BYTERANGE:{part.length}@{part.start}", uri]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def captions_playlist(uri: str, seconds: float) -> str:
    """The playlist around a file of captions: one segment as long as the video."""
    return "\n".join(["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{max(1, math.ceil(seconds))}",
                      "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD", f"#EXTINF:{seconds:.3f},", uri,
                      "#EXT-X-ENDLIST", ""])


@dataclass(frozen=True, slots=True)
class Rendition:
    """One entry of a master playlist."""

    uri: str
    peak: int
    average: int
    codecs: str
    width: int = 0
    height: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Captions in one language."""

    uri: str
    language: str
    label: str


def master(renditions: Sequence[Rendition], sound: Rendition | None, subtitles: Sequence[Subtitles] = ()) -> str:
    """The playlist of renditions, best first. The sound is listed by itself only if there are no pictures."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = ""
    if sound is not None and renditions:
        lines.append('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",AUTOSELECT=YES,DEFAULT=YES,'
                     f'URI="{sound.uri}"')
        groups += ',AUDIO="audio"'
    lines += [f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="{_quoted(text.label)}",'
              f'LANGUAGE="{_quoted(text.language)}",AUTOSELECT=NO,DEFAULT=NO,URI="{text.uri}"' for text in subtitles]
    if subtitles:
        groups += ',SUBTITLES="subs"'
    for one in renditions or ([sound] if sound is not None else []):
        lines += [f"#EXT-X-STREAM-INF:{_attributes(one, sound if renditions else None)}{groups}", one.uri]
    return "\n".join([*lines, ""])


def _attributes(one: Rendition, sound: Rendition | None) -> str:
    peak, average = one.peak + (sound.peak if sound else 0), one.average + (sound.average if sound else 0)
    words = [f"BANDWIDTH={peak}", f"AVERAGE-BANDWIDTH={average}"]
    if one.width:
        words.append(f"RESOLUTION={one.width}x{one.height}")
    if one.rate:
        words.append(f"FRAME-RATE={one.rate:.3f}")
    codecs = ",".join(code for code in (one.codecs, sound.codecs if sound else "") if code)
    return ",".join([*words, f'CODECS="{codecs}"'] if codecs else words)


def _quoted(text: str) -> str:
    """What may stand between quotation marks in a playlist."""
    return re.sub(r'[\x00-\x1f"\x7f]', "", text)[:100]
