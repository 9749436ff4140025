"""The bundle of the site's JavaScript and CSS."""

import json
from pathlib import Path

import build_assets


def test_manifest_names_files_that_exist() -> None:
    """Each entry point is in the manifest under a name that changes with its content, and the file is there."""
    manifest = json.loads(build_assets.MANIFEST.read_text(encoding="utf-8"))
    assert {"app.js", "app.css"} <= set(manifest)
    for name, made in manifest.items():
        assert (build_assets.STATIC / made).is_file()
        assert Path(made).stem.startswith(f"{Path(name).stem}-")


def test_second_build_changes_nothing() -> None:
    """With the same sources nothing is made again."""
    before = build_assets.MANIFEST.stat().st_mtime_ns
    build_assets.build()
    assert build_assets.MANIFEST.stat().st_mtime_ns == before
