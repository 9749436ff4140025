"""Captions: SRT and WebVTT in, clean WebVTT out; put, replaced and removed by the video's owner alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media.av.conftest import Studio
from potluck.media import caption_files, captions
from potluck.media.facts import Unusable
from potluck.social.errors import Invalid, NotFound
from support.cast import local_actor

SRT = "1\r\n00:00:00,500 --> 00:00:01,500\r\nHello <i>there</i>\r\n\r\n2\r\n00:00:01,500 --> 00:00:02,000\r\nBye\r\n"


def _body(text: str | bytes) -> str:
    return captions.normalise(text.encode() if isinstance(text, str) else text).removeprefix("WEBVTT\n\n")


def test_srt_becomes_webvtt() -> None:
    """Numbers go, commas become points, markup that WebVTT knows stays."""
    assert captions.normalise(SRT.encode()) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nHello <i>there</i>\n\n00:00:01.500 --> 00:00:02.000\nBye\n")


def test_webvtt_is_cleaned() -> None:
    """Styles, regions, notes and unknown settings go; voices and positions stay; cues are in order."""
    text = ("WEBVTT - A title\nKind: captions\n\nSTYLE\n::cue { background: url(http://evil.test) }\n\nNOTE private\n\n"
            "b\n00:05.000 --> 00:06.000 align:start foo:bar position:10%\n<v Alice>Second</v>\n\n"
            "00:01.000 --> 00:02.000\nFirst\nline two\n")
    assert _body(text) == ("00:00:01.000 --> 00:00:02.000\nFirst\nline two\n\n"
                           "00:00:05.000 --> 00:00:06.000 align:start position:10%\n<v Alice>Second</v>\n")


@pytest.mark.parametrize(("before", "after"), [
    ("<script>alert(1)</script>Hi", "Hi"), ('<img src=x onerror="alert(1)">Hi', "Hi"), ("<b onclick=x>Hi", "<b>Hi</b>"),
    ("a < b & c", "a &lt; b &amp; c"), ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
    ("<i>a<b>b</i>c", "<i>a<b>bc</b></i>"),
    ("{\\an8}Top", "Top"), ('<font color="red">Red</font>', "Red"), ("<00:01.000>karaoke", "karaoke"),
    ("<v.loud Bob>Hey", "<v Bob>Hey</v>"), ("<svg><a href=//x>y</a></svg>z", "z"), ("</i></b>Hi", "Hi"),
    ("<script src=//evil", "")])
def test_hostile_text_is_only_text(before: str, after: str) -> None:
    """Nothing of HTML survives in a cue."""
    assert captions.clean(before) == after


@pytest.mark.parametrize("data", [b"", b"WEBVTT\n", b"\x00\x01\x02" * 100, b"<html><script>x</script></html>",
                                  b"00:00:02,000 --> 00:00:01,000\nbackwards\n", SRT.encode()[:20]])
def test_what_holds_no_captions_is_refused(data: bytes) -> None:
    """In words."""
    with pytest.raises(Unusable, match="no captions"):
        captions.normalise(data)


def test_old_encodings_are_read() -> None:
    """UTF-8 with its mark, UTF-16, and what Windows wrote."""
    text = "1\n00:00:00,000 --> 00:00:01,000\nÜber\n"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        assert "Über" in _body(text.encode(encoding))


def test_too_much_is_refused() -> None:
    """In bytes and in cues."""
    with pytest.raises(Unusable, match="too large"):
        captions.normalise(b"x" * (captions.MOST_BYTES + 1))
    with pytest.raises(Unusable, match="too many"):
        captions.normalise("".join(
            f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02},000 --> 99:00:00,000\nx\n\n"
            for number in range(50_002)).encode())


async def test_captions_are_put_replaced_and_removed(studio: Studio, sample: Callable[..., Path]) -> None:
    """Only by the owner of the video; players find them in the master playlist."""
    studio.db.settings = replace(studio.db.settings, video_resolutions=(100,), renditions_from_seconds=1)
    media_id = await studio.upload(sample("plain.mp4"))
    with pytest.raises(NotFound):  # it is not known yet that it is a video
        await caption_files.put(studio.db, local_actor("eve"), media_id, "en", SRT.encode())
    await studio.engine.drain()
    made = await caption_files.put(studio.db, studio.alice, media_id, "pt_br", SRT.encode())
    assert (made.language, made.label, made.automatic) == ("pt-BR", "português (Brasil)", False)
    again = await caption_files.put(studio.db, studio.alice, media_id, "pt-BR", SRT.replace("Bye", "Tchau").encode())
    assert again.url != made.url
    await caption_files.put(studio.db, studio.alice, media_id, "de", SRT.encode(), automatic=True)
    async with studio.db.read() as session:
        found = await caption_files.listed(session, studio.storage, media_id)
    assert [(one.language, one.automatic) for one in found] == [("de", True), ("pt-BR", False)]
    assert "Tchau" in (await studio.path(media_id, "captions-pt-BR")).read_text()
    master = (await studio.path(media_id, "hls")).read_text()
    assert master.count("TYPE=SUBTITLES") == 2
    assert 'LANGUAGE="pt-BR"' in master
    assert (await studio.variants(media_id))["captions-de"][1] in (await studio.path(
        media_id, "captions-de-hls")).read_text()
    await caption_files.remove(studio.db, studio.alice, media_id, "de")
    assert (await studio.path(media_id, "hls")).read_text().count("TYPE=SUBTITLES") == 1
    with pytest.raises(NotFound):
        await caption_files.remove(studio.db, studio.alice, media_id, "de")
    with pytest.raises(NotFound):
        await caption_files.remove(studio.db, local_actor("eve"), media_id, "pt-BR")
    with pytest.raises(Invalid, match="language"):
        await caption_files.put(studio.db, studio.alice, media_id, "klingon!", SRT.encode())
    with pytest.raises(Invalid, match="no captions"):
        await caption_files.put(studio.db, studio.alice, media_id, "fr", b"nothing")
