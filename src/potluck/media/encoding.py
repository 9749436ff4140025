"""What ffmpeg is told for each thing that is made. Plain lists of words; `{file}` stands for the input.

Every output loses all metadata of its source (places, names, devices) and is bounded in threads. Nothing is scaled up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from potluck.media.facts import (
    Facts,
    Picture,
    Size,
    Sound,
    rate_for,
    sound_may_be_copied,
    target,
)

SEGMENT_SECONDS = 4
_KEY_SECONDS = 2
_STRIP = ("-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn")
_FAST_START = ("-movflags", "+faststart", "-f", "mp4")
_MOST_PEAKS = 800
_TILE = 192
_MOST_TILES = 121
_TILE_COLUMNS = 11


@dataclass(frozen=True, slots=True)
class Way:
    """How to encode: the settings of the server."""

    preset: str = "veryfast"
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A grid of small pictures for the bar of a player."""

    tile: Size
    columns: int
    rows: int
    every: int  # seconds between two of them


def _read(way: Way, name: str = "file", *before: str) -> list[str]:
    """The input, held to what was found to be in it: no other file, no network, whatever the bytes say."""
    return ["-threads", str(way.threads), "-protocol_whitelist", "fd", *before, "-i", f"{{{name}}}"]


def _picture_stream(picture: Picture) -> list[str]:
    return ["-map", f"0:{picture.index}"]


def _filters(picture: Picture, size: Size, rate: Fraction | None) -> str:
    steps = ["bwdif"] if picture.interlaced else []
    if rate is not None and picture.rate is not None and rate < picture.rate:
        steps.append(f"fps={rate.numerator}/{rate.denominator}")
    return ",".join([*steps, f"scale={size.width}:{size.height}:flags=bicubic", "setsar=1", "format=yuv420p"])


def _h264(facts: Facts, size: Size, way: Way) -> list[str]:
    picture = facts.video
    rate = rate_for(picture, size.resolution)
    bits = target(facts, size, rate)
    return ["-vf", _filters(picture, size, rate), "-c:v", "libx264", "-preset", way.preset, "-crf", "23",
            "-maxrate", str(bits), "-bufsize", str(bits * 2), "-bf", "3", "-b_strategy", "1",
            "-force_key_frames", f"expr:gte(t,n_forced*{_KEY_SECONDS})", "-threads", str(way.threads)]


def room_for(facts: Facts, size: Size) -> int:
    """Bytes the encoded video may take at the most."""
    bits = target(facts, size, rate_for(facts.video, size.resolution)) + 200_000
    return int(bits * facts.seconds / 8 * 2) + (64 << 20)


def _aac(sound: Sound) -> list[str]:
    if sound_may_be_copied(sound):
        return ["-map", f"0:{sound.index}", "-c:a", "copy"]
    return ["-map", f"0:{sound.index}", "-c:a", "aac", "-b:a", "96k" if sound.channels == 1 else "160k",
            "-ac", str(min(2, sound.channels)), "-ar", "44100" if sound.rate % 44100 == 0 else "48000"]


def video_as_it_is(facts: Facts, way: Way) -> list[str]:
    """`stream.mp4` of streams that need not be drawn anew (`may_be_copied`)."""
    sound = _aac(facts.sound) if facts.sound is not None else []
    return [*_read(way), *_picture_stream(facts.video), "-c:v", "copy", *sound, *_STRIP, *_FAST_START, "stream.mp4"]


def video(facts: Facts, most: int, way: Way) -> list[str]:
    """`stream.mp4`: what every browser and every other server plays."""
    sound = _aac(facts.sound) if facts.sound is not None else []
    return [*_read(way), *_picture_stream(facts.video), *_h264(facts, facts.video.size.within(most), way), *sound,
            *_STRIP, *_FAST_START, "stream.mp4"]


def moving_picture(facts: Facts, most: int, way: Way) -> list[str]:
    """`stream.mp4` of a GIF: without sound, played in a loop."""
    picture = facts.video
    return [*_read(way), *_picture_stream(picture), *_h264(facts, picture.size.within(most), way), "-an", *_STRIP,
            *_FAST_START, "stream.mp4"]


def rendition(facts: Facts, resolution: int, way: Way) -> list[str]:
    """One resolution for HLS: `video.mp4` in fragments and its playlist."""
    picture = facts.video
    return [*_read(way), *_picture_stream(picture), *_h264(facts, picture.size.within(resolution), way), "-an",
            *_STRIP, *_hls("video")]


def rendition_of_stream(way: Way) -> list[str]:
    """The largest resolution for HLS: the pictures of `stream.mp4`, which is the input `stream`, as they are."""
    return [*_read(way, "stream"), "-map", "0:v:0", "-c:v", "copy", "-an", *_STRIP, *_hls("video")]


def sound_of_stream(way: Way) -> list[str]:
    """The sound for HLS: that of `stream.mp4` as it is."""
    return [*_read(way, "stream"), "-map", "0:a:0", "-c:a", "copy", "-vn", *_STRIP, *_hls("audio")]


def _hls(name: str) -> list[str]:
    """One file in fragments of about four seconds, a playlist of byte ranges, and what a master playlist says of it."""
    return ["-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod", "-hls_list_size", "0",
            "-hls_segment_type", "fmp4", "-hls_flags", "single_file", "-master_pl_name", "master.m3u8",
            "-hls_segment_filename", f"{name}.mp4", f"{name}.m3u8"]


def stills(facts: Facts, poster: Size, small: Size, way: Way) -> list[str]:
    """`poster.jpg`, `small.jpg` and 32 by 32 raw picture elements for the blurhash, of a telling moment."""
    picture = facts.video
    at = min(facts.seconds * 0.1, 10.0) if facts.seconds > 1 else 0.0
    deinterlace = "bwdif," if picture.interlaced else ""
    graph = (f"[0:{picture.index}]{deinterlace}thumbnail=30,setsar=1,split=3[a][b][c];"
             f"[a]scale={poster.width}:{poster.height}[p];[b]scale={small.width}:{small.height}[s];"
             "[c]scale=32:32[r]")
    return [*_read(way, "file", "-ss", f"{at:.3f}"), *_three(graph)]


def cover(large: Size, small: Size, way: Way) -> list[str]:
    """`poster.jpg`, `small.jpg` and the raw picture elements of a picture, which is all there is in the file."""
    graph = (f"[0:v:0]setsar=1,split=3[a][b][c];[a]scale={large.width}:{large.height}[p];"
             f"[b]scale={small.width}:{small.height}[s];[c]scale=32:32[r]")
    return [*_read(way), *_three(graph)]


def _three(graph: str) -> list[str]:
    jpeg = ["-frames:v", "1", "-q:v", "3", "-pix_fmt", "yuvj420p", "-update", "1", *_STRIP, "-f", "image2"]
    return ["-filter_complex", graph, "-map", "[p]", *jpeg, "poster.jpg", "-map", "[s]", *jpeg, "small.jpg",
            "-map", "[r]", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "blur.rgb"]


def storyboard_of(facts: Facts) -> Storyboard:
    """How the grid looks: at most 11 by 11 pictures, their long side 192, evenly over the whole."""
    every = max(1, math.ceil(facts.seconds / _MOST_TILES))
    count = max(1, min(_MOST_TILES, math.ceil(facts.seconds / every)))
    columns = min(_TILE_COLUMNS, count)
    return Storyboard(facts.video.size.inside(_TILE, _TILE), columns, math.ceil(count / columns), every)


def storyboard(facts: Facts, board: Storyboard, way: Way) -> list[str]:
    """`storyboard.jpg`. Of long videos only key pictures are decoded."""
    picture = facts.video
    keys_only = ["-skip_frame", "nokey"] if board.every >= 5 else []
    steps = [f"fps=1/{board.every}:round=up", f"scale={board.tile.width}:{board.tile.height}", "setsar=1",
             f"tile={board.columns}x{board.rows}"]
    return [*_read(way, "file", *keys_only), *_picture_stream(picture), "-vf", ",".join(steps), "-frames:v", "1",
            "-q:v", "4", "-pix_fmt", "yuvj420p", "-update", "1", *_STRIP, "-f", "image2", "storyboard.jpg"]


def sound_file(sound: Sound, container: str) -> tuple[str, str, list[str]]:
    """How a sound is offered: name of the file, media type, and the words for ffmpeg that make it.

    MP3 and AAC go as they are into files that start at once; all else becomes MP3, which everything plays.
    """
    if sound.codec == "mp3" and sound.channels <= 2:
        return "stream.mp3", "audio/mpeg", ["-c:a", "copy", "-id3v2_version", "0", "-write_xing",
                                            "1" if container != "mp3" else "0", "-f", "mp3", "stream.mp3"]
    if sound_may_be_copied(sound):
        return "stream.m4a", "audio/mp4", ["-c:a", "copy", "-movflags", "+faststart", "-f", "ipod", "stream.m4a"]
    rate = "44100" if sound.rate % 44100 == 0 else "48000"
    return "stream.mp3", "audio/mpeg", ["-c:a", "libmp3lame", "-q:a", "2", "-ac", str(min(2, sound.channels)), "-ar",
                                        rate, "-id3v2_version", "0", "-f", "mp3", "stream.mp3"]


def sound(facts: Facts, words: list[str], way: Way) -> list[str]:
    """The sound file, and in the same run its loudness (EBU R128, in the log) and its peaks (`peaks.txt`)."""
    found = facts.audio
    window = max(256, math.ceil(facts.seconds * found.rate / _MOST_PEAKS))
    measure = (f"ebur128=peak=true:framelog=quiet,asetnsamples=n={window}:p=0,"
               "astats=metadata=1:reset=1:measure_perchannel=none:measure_overall=Peak_level,"
               "ametadata=mode=print:key=lavfi.astats.Overall.Peak_level:file=peaks.txt:direct=1")
    return ["-loglevel", "info", *_read(way), "-map", f"0:{found.index}", "-vn", *_STRIP, *words,
            "-map", f"0:{found.index}", "-vn", "-af", measure, "-f", "null", "-"]
