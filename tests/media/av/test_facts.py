"""What a worker found in a file is held against reason before anything is done with it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from potluck.media.facts import (
    Facts,
    Picture,
    Size,
    Sound,
    Unusable,
    ceiling,
    may_be_copied,
    rate_for,
    read_facts,
    target,
)


def test_a_header_that_claims_years_is_refused() -> None:
    """And numbers that are none are not believed."""
    with pytest.raises(Unusable, match="longer than a day"):
        read_facts({"duration": 1e7, "audio": {"codec": "mp3", "channels": 2, "rate": 44100}})
    with pytest.raises(Unusable, match="neither"):
        read_facts({"duration": float("nan"), "video": [], "audio": "loud"})
    found = read_facts({"duration": "x", "video": {"width": 64, "height": 64, "rate": "1/0", "aspect": "wide"}})
    assert (found.seconds, found.video.rate) == (0.04, None)


def _film(**changes: Any) -> Facts:
    values = {"index": 0, "codec": "h264", "pixels": "yuv420p", "size": Size(1280, 720), "turned": False,
              "interlaced": False, "rate": Fraction(30), "bitrate": 2_000_000, "pictures": None} | changes
    sound = values.pop("sound", Sound(1, "aac", "LC", 2, 48000, 128_000))
    return Facts("mp4", 10.0, 2_200_000, Picture(**values), sound, cover=False)


@pytest.mark.parametrize("changes", [
    {"codec": "hevc"}, {"pixels": "yuv420p10le"}, {"turned": True}, {"interlaced": True}, {"size": Size(1279, 720)},
    {"size": Size(2560, 1440)}, {"rate": Fraction(120)}, {"rate": None}, {"bitrate": 20_000_000},
    {"sound": Sound(1, "opus", "None", 2, 48000, None)}, {"sound": Sound(1, "aac", "HE-AAC", 2, 48000, None)},
    {"sound": Sound(1, "aac", "LC", 6, 48000, None)}])
def test_only_what_plays_everywhere_is_taken_as_it_is(changes: dict[str, Any]) -> None:
    """Another codec, depth, position, shape, rate or too many bits: it is encoded anew."""
    assert may_be_copied(_film(), 1080)
    assert may_be_copied(_film(sound=None), 1080)
    assert not may_be_copied(_film(**changes), 1080)


def test_small_renditions_need_no_sixty_pictures_a_second() -> None:
    """An even part of the source's rate, so that motion stays even."""
    fast = _film(rate=Fraction(60)).video
    assert [rate_for(fast, lines) for lines in (1080, 720, 360)] == [60, 60, 30]
    assert rate_for(_film(rate=Fraction(30000, 1001)).video, 360) == Fraction(30000, 1001)
    assert rate_for(_film(rate=Fraction(240)).video, 1080) == 60
    assert rate_for(_film(rate=None).video, 360) == 25


def test_no_more_bits_than_the_source_explains() -> None:
    """As PeerTube has it: an average by size and rate, at most 1.3 times the source, never under a floor."""
    size = Size(1280, 720)
    assert target(_film(bitrate=50_000_000), size, Fraction(30)) == int(1280 * 720 * 30 * Fraction(.11))
    assert target(_film(bitrate=1_000_000), size, Fraction(30)) == 1_300_000
    assert target(_film(bitrate=1000), size, Fraction(30)) == int(1280 * 720 * 30 * Fraction(.02))
    assert ceiling(Size(64, 64), Fraction(25)) == 500_000


def test_sizes_keep_their_shape_and_are_even() -> None:
    """Never larger than the source, in any direction."""
    assert Size(1920, 1080).within(720) == Size(1280, 720)
    assert Size(1080, 1920).within(720) == Size(720, 1280)
    assert Size(255, 143).within(1080) == Size(254, 142)
    assert Size(2, 2).within(1080) == Size(2, 2)
    assert Size(4000, 41).within(20) == Size(1950, 20)
    assert Size(400, 300).inside(192, 192) == Size(192, 144)
