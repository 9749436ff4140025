"""ffmpeg inside the walls: it does its work, and nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from potluck.media.sandbox import MIB, Exhausted, Limits, Refused, programs
from potluck.media.sandbox.client import Sandbox

TONE = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-c:a", "pcm_s16le", "tone.wav"]
LIMITS = Limits(memory=512 * MIB, wall_seconds=60, output_bytes=8 * MIB)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tone") / "tone.wav"


SHELL = str(Path("/bin/sh").resolve())


async def made(sandbox: Sandbox, tone: Path) -> Path:
    if not os.access(tone, os.R_OK):
        async with sandbox.run("ffmpeg", inputs={}, params={"arguments": TONE}, limits=LIMITS) as outcome:
            (outcome.folder / "tone.wav").rename(tone)
    return tone


async def test_ffmpeg_reads_its_input_and_tells_its_progress(sandbox: Sandbox, tone: Path) -> None:
    """Inputs come as descriptors that can be sought in, outputs are files in the folder, progress is in time."""
    heard: list[float] = []
    async with sandbox.run("ffmpeg", inputs={"tone": await made(sandbox, tone)}, limits=LIMITS, params={
        "arguments": ["-i", "{tone}", "-c:a", "flac", "tone.flac"], "seconds": 2,
    }, on_progress=heard.append) as outcome:
        assert (outcome.folder / "tone.flac").read_bytes()[:4] == b"fLaC"
    assert heard[-1] == pytest.approx(1.0, abs=0.05)


async def test_what_ffmpeg_cannot_read_is_refused(sandbox: Sandbox) -> None:
    """Bytes that are no sound and no film are the sender's fault, said in ffmpeg's words."""
    with pytest.raises(Refused, match="Invalid data"):
        async with sandbox.run("ffmpeg", inputs={"tone": b"no sound at all" * 100}, limits=LIMITS,
                               params={"arguments": ["-i", "{tone}", "out.wav"]}):
            pass


async def test_ffmpeg_is_bounded(sandbox: Sandbox) -> None:
    """Its output and its memory end where those of any worker end."""
    endless = ["-f", "lavfi", "-i", "sine", "-c:a", "pcm_s16le", "tone.wav"]
    with pytest.raises(Exhausted, match="output"):
        async with sandbox.run("ffmpeg", inputs={}, params={"arguments": endless}, limits=LIMITS):
            pass


async def test_ffmpeg_reaches_no_file_and_no_network(sandbox: Sandbox, tone: Path, tmp_path: Path) -> None:
    """Files and addresses that a playlist or a command line names are out of reach."""
    secret = await made(sandbox, tone)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.wav"
        for source in (str(secret), "/etc/passwd", "/proc/self/environ", address, f"concat:{secret}"):
            with pytest.raises(Refused, match=r"Permission denied|Operation not permitted"):
                async with sandbox.run("ffmpeg", inputs={}, params={"arguments": ["-i", source, "out.wav"]},
                                       limits=LIMITS):
                    pass
    for target in (str(tmp_path / "out.wav"), "/tmp/out.wav"):
        with pytest.raises(Refused, match="Permission denied"):
            async with sandbox.run("ffmpeg", inputs={}, params={"arguments": [*TONE[:-1], target]}, limits=LIMITS):
                pass


async def test_only_that_one_program_runs_and_only_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was allowed cannot start another one, nor itself again, nor a further process."""
    shell = programs.inspect(SHELL)
    monkeypatch.setattr("potluck.media.sandbox.client.ffmpeg", lambda: shell)
    for words in ("exec /bin/true", "exec /bin/sh -c :", "/bin/true", "(:)", ": </etc/passwd", "echo >/tmp/out"):
        with pytest.raises(Refused, match=r"[Pp]ermission denied|not permitted|[Cc]annot (fork|open|create)"):
            async with sandbox.run("ffmpeg", inputs={}, params={"arguments": ["-c", words]}, limits=LIMITS):
                pass


async def test_an_older_ffmpeg_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A system's ffmpeg without the fd protocol is not used; the bundled one is."""
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho file pipe http\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    programs.ffmpeg.cache_clear()
    found = programs.ffmpeg()
    programs.ffmpeg.cache_clear()
    assert found
    assert found.path != str(old)
