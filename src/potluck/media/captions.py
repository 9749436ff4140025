"""Captions: WebVTT and SRT are read tolerantly and written anew, so that nothing but times and text is left.

Of markup only italics, bold, underline and the voice who speaks stay. Styles, regions, scripts and HTML do not.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from potluck.media.facts import Unusable

MOST_BYTES = 20 << 20
_MOST_CUES = 50_000
_MOST_CUE_TEXT = 2000
_MOST_SECONDS = 100 * 3600

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(.*)$")
_TAG = re.compile(r"<(/?)([a-zA-Z]+|\d)?([^<>]{0,200})>")
_SETTING = re.compile(r"^(?:align:(?:start|center|end|left|right)|(?:line|position|size):-?\d{1,3}%?"
                      r"|vertical:(?:rl|lr))$")
_KEPT = {"i", "b", "u", "v"}


@dataclass(frozen=True, slots=True)
class Cue:
    """A piece of text and when it is shown, in milliseconds."""

    start: int
    end: int
    text: str
    settings: str = ""


def normalise(data: bytes) -> str:
    """A file of captions (WebVTT or SRT, in UTF-8 or an old encoding) as clean WebVTT.

    Raises:
        Unusable: there are no captions in it.
    """
    if len(data) > MOST_BYTES:
        raise Unusable("This file of captions is too large.")
    cues = _read(_decoded(data))
    if not cues:
        raise Unusable("There are no captions in this file. WebVTT and SRT are understood.")
    return _write(cues)


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig",):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return re.sub(r"\r\n?", "\n", text).replace("\0", "�")
    return re.sub(r"\r\n?", "\n", data.decode("cp1252", errors="replace"))


def _read(text: str) -> list[Cue]:
    """Cues in either format: a line of times, then text up to an empty line. All other blocks are passed over."""
    cues: list[Cue] = []
    for block in re.split(r"\n[ \t]*\n+", text):
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines[:3]) if "-->" in line), None)
        found = _TIMES.match(lines[at]) if at is not None else None
        if at is None or found is None:
            continue
        start, end = _milliseconds(found.groups()[:4]), _milliseconds(found.groups()[4:8])
        words = clean("\n".join(line.strip() for line in lines[at + 1:])[:_MOST_CUE_TEXT])
        if end > start and words and end <= _MOST_SECONDS * 1000:
            cues.append(Cue(start, end, words, _settings(found.group(9))))
        if len(cues) > _MOST_CUES:
            raise Unusable("There are too many captions in this file.")
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, rest = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((rest or "0").ljust(3, "0"))


def _settings(text: str) -> str:
    return " ".join(word for word in text.split()[:6] if _SETTING.match(word))


def clean(text: str) -> str:
    """The text of a cue: kept tags balanced, all else escaped or gone."""
    text = re.sub(r"(?is)<(script|style|iframe|object|svg|math)\b.*?(</\1\s*>|\Z)", "", text)
    text = re.sub(r"\{\\[^}\n]{0,100}\}", "", text)  # how some SRT files place and colour text
    made: list[str] = []
    opened: list[str] = []
    at = 0
    for tag in _TAG.finditer(text):
        made.append(_escaped(text[at:tag.start()]))
        made.append(_tag(tag, opened))
        at = tag.end()
    made.append(_escaped(text[at:]))
    made += [f"</{name}>" for name in reversed(opened)]
    return "".join(made).strip()


def _tag(tag: re.Match[str], opened: list[str]) -> str:
    closing, name, rest = tag.group(1), (tag.group(2) or "").lower(), tag.group(3) or ""
    if name not in _KEPT:
        return ""
    if closing:
        if not opened or opened[-1] != name:
            return ""
        opened.pop()
        return f"</{name}>"
    if name == "v":
        voice = re.sub(r"^[^\s]*", "", rest).strip()
        if not voice:
            return ""
        opened.append(name)
        return f"<v {_escaped(voice)[:100]}>"
    opened.append(name)
    return f"<{name}>"


def _escaped(text: str) -> str:
    """Text of a cue; what was escaped already is not escaped twice."""
    plain = html.unescape(text).replace("\0", "")
    return html.escape(plain, quote=False).replace("--&gt;", "→")


def _write(cues: list[Cue]) -> str:
    blocks = ["WEBVTT"]
    for cue in cues:
        times = f"{_clock(cue.start)} --> {_clock(cue.end)}"
        blocks.append(f"{times} {cue.settings}".rstrip() + f"\n{cue.text}")
    return "\n\n".join(blocks) + "\n"


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
