"""Files gone wrong in many ways are no trouble for the server: whatever a decoder does, its worker is the end of it."""

from __future__ import annotations

import random
from pathlib import Path

from media.av.conftest import RECIPES, ffmpeg
from media.images import pictures
from potluck.media.sandbox.client import Sandbox
from support.fuzzing import mutations, stumble

_SOUNDS_AND_FILMS = ("plain.mp4", "browser.webm", "song.mp3", "song.ogg", "song.flac")


def samples(folder: Path) -> dict[str, bytes]:
    """Real files of many formats, small ones."""
    found = {media_type: form() for media_type, form in pictures.FORMATS.items()}
    found |= {f"image/moving {form}": pictures.animation(form, 3) for form in ("GIF", "PNG", "WEBP")}
    for name in _SOUNDS_AND_FILMS:
        ffmpeg(*RECIPES[name].format(seconds=0.5, size="64x48").split(), folder / name)
        found[name] = (folder / name).read_bytes()
    return found


async def test_no_mutation_gets_beyond_its_worker(tmp_path: Path) -> None:
    """Seeded mutations of every format: each is read or ends in an error that blames the file, never in another.

    Some here; `python -m bench.media.fuzz --seconds 3600` goes on as long as you like.
    """
    sandbox = Sandbox(tmp_path / "work")
    try:
        real = samples(tmp_path)
        assert {outcome for _, outcome in await stumble(sandbox, real.items())} == {"made"}
        counts = await stumble(sandbox, mutations(real, random.Random(7), 6))
    finally:
        sandbox.close()
    assert counts.total() == 6 * len(real)
    outcomes = {outcome: sum(count for (_, what), count in counts.items() if what == outcome)
                for outcome in ("made", "refused")}
    assert min(outcomes.values()) > 10, counts
    assert list((tmp_path / "work").iterdir()) == []
