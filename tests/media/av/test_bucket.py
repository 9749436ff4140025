"""Sound and video while files are kept in a bucket: fetched for the while, stored there, nothing left here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media.av.conftest import open_studio
from potluck import settings
from potluck.db.engine import Database
from support.s3 import bucket_settings


@pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)
async def test_a_video_is_made_and_kept_in_the_bucket(
        database: Database, sample: Callable[..., Path], request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """With all its resolutions; on this machine remains no copy, not even of the original."""
    bucket = bucket_settings(request, tmp_path)
    database.settings = settings.use(replace(
        database.settings, video_resolutions=(100,), renditions_from_seconds=1,
        **{name: getattr(bucket, name) for name in ("media_storage", "s3_bucket", "s3_endpoint", "s3_access_key",
                                                    "s3_secret_key", "s3_prefix")}))
    studio = await open_studio(database)
    media = await studio.made(sample("plain.mp4"))
    assert (media.state, media.type) == ("ready", "video"), media.error
    variants = await studio.variants(media.id)
    assert {"original", "stream", "small", "hls", "hls-100-file", "hls-0-file"} <= variants.keys()
    for name, (variant, key) in variants.items():
        assert await studio.storage.size(key, "s3") == variant.size, name
    assert not [path for path in studio.storage.local.root.rglob("*") if path.is_file()]
