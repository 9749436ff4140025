"""A real S3-speaking server (moto) in a process of its own, on loopback."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from potluck.settings import Settings
from support.clients import python_client
from support.servers import free_port

_START_SECONDS = 60


@contextmanager
def s3_server() -> Iterator[str]:
    """URL of the server; it ends with the block."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([python_client("moto") / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(url, process)
        yield url
    finally:
        process.kill()
        process.wait()


def make_bucket(url: str, name: str) -> str:
    """A new bucket; anybody may write to it, as moto checks no keys."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{name}", method="PUT")):
        return name


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/moto-api/", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("moto_server did not start") from error
            time.sleep(0.1)


def bucket_settings(request: pytest.FixtureRequest, data: Path, **more: Any) -> Settings:
    """Settings with an empty bucket in force."""
    return Settings(data=data, media_storage="s3", s3_bucket=request.getfixturevalue("s3_bucket"),
                    s3_endpoint=request.getfixturevalue("s3_url"), s3_access_key="key", s3_secret_key="secret",
                    s3_prefix="potluck/media", **more)
