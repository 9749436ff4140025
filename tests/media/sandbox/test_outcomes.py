"""What came of a job, by what was seen of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from potluck.media.sandbox.errors import Exhausted, Refused, SandboxError
from potluck.media.sandbox.limits import Limits
from potluck.media.sandbox.outcomes import Job, judge
from potluck.media.sandbox.programs import Program

_LIMITS = Limits(memory=1 << 30, cpu_seconds=10, wall_seconds=20, output_bytes=1 << 30)


@pytest.mark.parametrize(("cpu", "ending", "expected"), [
    (10.1, "", Exhausted), (9.7, "", Exhausted), (5.0, "", Refused), (5.0, "Cannot allocate memory", Exhausted),
    (5.0, "av_interleaved_write_frame(): File too large", Exhausted), (5.0, "Invalid data found", Refused)])
def test_why_ffmpeg_ended(tmp_path: Path, cpu: float, ending: str, expected: type[SandboxError]) -> None:
    """It ends by itself when it is warned, with a code like any other: then by how much it used."""
    job = Job("ffmpeg", {}, _LIMITS, (), (), tmp_path, Program("ffmpeg"))
    with pytest.raises(expected):
        judge(job, {}, "", ending, {"ended": 1, "cpu": cpu})
