"""Bundles `frontend/` into `src/potluck/web/static/dist/` under names that hold the hash of their content.

Each `.js` and `.css` directly in `frontend/` is an entry point; what a script imports only when it is needed becomes a
file of its own. `static/manifest.json` tells which file of the bundle
each of them became: `{"app.js": "dist/app-4XQ2.js"}`, relative to `static/`. Nothing is done when the sources are
those of the last bundle.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import node
from places import CACHE, ROOT, SetupError, fingerprint, only_one, read_stamp, run, say, write_stamp

FRONTEND = ROOT / "frontend"
STATIC = ROOT / "src" / "potluck" / "web" / "static"
BUNDLE = STATIC / "dist"
MANIFEST = STATIC / "manifest.json"

_MODULES = FRONTEND / "node_modules"
_PACKAGES = (FRONTEND / "package.json", FRONTEND / "package-lock.json", FRONTEND / ".npmrc")
_STAMPS = CACHE / "assets.json"
_OPTIONS = (
    "--bundle", "--minify", "--splitting", "--format=esm", "--target=es2022", "--charset=utf8", "--sourcemap",
    "--log-level=warning",
    "--entry-names=[name]-[hash]", "--asset-names=[name]-[hash]", "--chunk-names=[name]-[hash]",
    "--loader:.svg=file", "--loader:.png=file", "--loader:.webp=file", "--loader:.woff2=file",
)


def build() -> None:
    """Make the bundle if its sources changed.

    Raises:
        SetupError: a package could not be fetched, or the sources do not bundle; the last bundle stays in place.
    """
    with only_one("assets"):
        made_from = fingerprint([*_sources(), *_PACKAGES, Path(__file__).resolve()])
        if read_stamp(_STAMPS).get("bundle") == made_from and _complete():
            return
        say("bundling the web assets")
        _install_packages()
        made = _publish(_bundle())
        write_stamp(_STAMPS, {**read_stamp(_STAMPS), "bundle": made_from, "files": " ".join(made)})


def _sources() -> list[Path]:
    return sorted(path for path in FRONTEND.rglob("*")
                  if path.is_file() and path not in _PACKAGES and _MODULES not in path.parents)


def _complete() -> bool:
    return MANIFEST.is_file() and all((STATIC / name).is_file() for name in read_stamp(MANIFEST).values())


def _install_packages() -> None:
    locked = fingerprint(_PACKAGES)
    if read_stamp(_STAMPS).get("packages") == locked and _MODULES.is_dir():
        return
    found = node.find()
    run(*found.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=FRONTEND, env=found.environment)
    write_stamp(_STAMPS, {"packages": locked, "files": read_stamp(_STAMPS).get("files", "")})


def _bundle() -> dict[str, str]:
    """Bundle into a folder beside the real one; gives the manifest."""
    fresh, report = _fresh_folder(), CACHE / "assets-report.json"
    entries = sorted(path.name for path in FRONTEND.iterdir() if path.suffix in {".js", ".css"})
    if not entries:
        raise SetupError(f"no entry point in {FRONTEND}")
    found = node.find()
    run(found.program, _MODULES / "esbuild" / "bin" / "esbuild", *entries, *_OPTIONS,
        f"--outdir={fresh}", f"--metafile={report}", cwd=FRONTEND, env=found.environment)
    outputs = json.loads(report.read_text(encoding="utf-8"))["outputs"]
    made = {output["entryPoint"]: f"{BUNDLE.name}/{Path(path).name}"
            for path, output in outputs.items() if output.get("entryPoint") in entries}
    if missing := set(entries) - set(made):
        raise SetupError(f"the bundle lacks {', '.join(sorted(missing))}")
    return made


def _fresh_folder() -> Path:
    fresh = STATIC / "dist.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    return fresh


def _publish(manifest: dict[str, str]) -> list[str]:
    """Put new files beside the old ones and switch the manifest; gives the names of the new ones.

    The bundle before this one stays, because a server that is running, or a page that is open, still names its files;
    older ones go.
    """
    fresh = STATIC / "dist.new"
    BUNDLE.mkdir(exist_ok=True)
    made = sorted(path.name for path in fresh.iterdir())
    for name in made:
        (fresh / name).replace(BUNDLE / name)
    keep = {*made, *read_stamp(_STAMPS).get("files", "").split()}
    fresh.rmdir()
    write_stamp(MANIFEST, manifest)
    for path in list(BUNDLE.iterdir()):
        if path.name not in keep:
            path.unlink()
    return made


if __name__ == "__main__":
    try:
        build()
    except SetupError as error:
        say(str(error))
        sys.exit(1)
