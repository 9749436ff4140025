"""The doctor says whether files can be stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from potluck.operation.doctor_storage import storage
from potluck.settings import Settings
from support.s3 import bucket_settings


async def test_the_folder(tmp_path: Path) -> None:
    """A folder that can be written is good, and nothing is left in it; a file in its place is not."""
    found = await storage(Settings(data=tmp_path))
    assert (found.state, "written, read and removed" in found.text) == ("good", True)
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "media").write_text("a file")
    assert (await storage(Settings(data=tmp_path / "other"))).state == "bad"


async def test_the_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A bucket that answers is good; one that is not there is told, with what to do."""
    settings = bucket_settings(request, tmp_path)
    assert (await storage(settings)).state == "good"
    found = await storage(replace(settings, s3_bucket="no-such-bucket"))
    assert (found.state, "s3_" in found.advice) == ("bad", True)
    assert "secret" not in found.text
