"""Whether files can be stored, read and removed where the settings say."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from potluck.media.places import S3, StorageError
from potluck.media.storage import Storage
from potluck.operation.finding import Finding
from potluck.settings import Settings

_WHAT = "Files"
_PROBE = b"potluck doctor"


async def storage(settings: Settings) -> Finding:
    """Store a small file, read it back and remove it."""
    found = Storage(settings)
    where = f"the bucket {settings.s3_bucket}" if found.place == S3 else str(found.local.root)
    advice = "Look at media_storage and the s3_… settings." if found.place == S3 else (
        "Let the user that runs Potluck own the folder.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "probe"
            await asyncio.to_thread(path.write_bytes, _PROBE)
            stored = await found.put(path, "application/octet-stream")
        data = b"".join([piece async for piece in found.read(stored.key, place=stored.place)])
        await found.delete([stored.key])
    except (StorageError, OSError) as error:
        return Finding(_WHAT, "bad", f"{where}: {error}", advice)
    if data != _PROBE:
        return Finding(_WHAT, "bad", f"{where}: what is read is not what was written", advice)
    return Finding(_WHAT, "good", f"{where}: written, read and removed")
