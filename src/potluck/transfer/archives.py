"""Archives from strangers, unpacked with bounds: zip, tar, tar.gz as Mastodon and others write them.

No name in an archive becomes a path: files get names of ours, and an index says which is which. Links, devices and
folders are passed over. What unpacks to more than the bounds is refused while it is being unpacked.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

import msgspec

MAX_ENTRIES = 200_000
MAX_DOCUMENT = 256 << 20
MAX_FILE = 1 << 30
MAX_TOTAL = 20 << 30
MAX_DIRECTORY = 64 << 20  # list of entries of a zip
MAX_HEADER = 4 << 20
_DIRECTORY_SIZE = 5  # place in what zipfile reads of the end of a file
_PIECE = 1 << 20
_LATEST = 4e9  # a time beyond that is nobody's
_INDEX = "index.json"
DOCUMENTS = ("actor.json", "outbox.json", "likes.json", "bookmarks.json")


class NoArchive(Exception):
    """This cannot be unpacked. The text says why, in words for people (a message id)."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive on disk: name in the archive -> file."""

    folder: Path
    files: dict[str, str]

    def path(self, name: str) -> Path | None:
        """The file of a name, None if there is none."""
        known = self.files.get(name)
        return self.folder / known if known else None

    def document(self, name: str) -> Path | None:
        """A document, at the top of the archive or in the one folder that holds everything."""
        found = [key for key in self.files if key == name or (key.endswith(f"/{name}") and key.count("/") == 1)]
        return self.path(min(found, key=len)) if found else None


def unpack(source: Path, folder: Path, *, most: int = MAX_TOTAL) -> Unpacked:
    """Unpack into an empty folder. Files keep the time of their last change.

    Args:
        most: bytes of everything together.

    Raises:
        NoArchive: it is none, damaged, or larger than the bounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    left = min(most, MAX_TOTAL)
    try:
        for number, (name, changed, reader) in enumerate(_entries(source)):
            if number >= MAX_ENTRIES:
                raise NoArchive("There are too many files in this archive.")
            bound = min(left, MAX_DOCUMENT if name.rpartition("/")[2] in DOCUMENTS else MAX_FILE)
            with reader() as opened:
                left -= _copy(opened, folder / f"{number:06}", bound)
            os.utime(folder / f"{number:06}", (changed, changed))
            files[name] = f"{number:06}"
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, RuntimeError, NotImplementedError, ValueError,
            zlib.error) as error:
        raise NoArchive("This is no archive that can be read, or it is damaged.") from error
    (folder / _INDEX).write_bytes(msgspec.json.encode(files))
    return Unpacked(folder, files)


def opened(folder: Path) -> Unpacked:
    """An archive that was unpacked before."""
    return Unpacked(folder, msgspec.json.decode((folder / _INDEX).read_bytes(), type=dict[str, str]))


def _copy(source: IO[bytes], target: Path, most: int) -> int:
    """Copy a file; what it says of its own size is not believed."""
    size = 0
    with target.open("wb") as out:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > most:
                raise NoArchive("This archive unpacks to more than this server takes.")
            out.write(piece)
    return size


Reader = Callable[[], IO[bytes]]


def _entries(source: Path) -> Iterator[tuple[str, float, Reader]]:
    """Name, time of the last change, and bytes of every file."""
    if zipfile.is_zipfile(source):
        yield from _in_zip(source)
    else:
        yield from _in_tar(source)


def _in_zip(source: Path) -> Iterator[tuple[str, float, Reader]]:
    with source.open("rb") as opened:
        # The list of entries is read into memory at once, so its size is looked at before.
        end = zipfile._EndRecData(opened)  # type: ignore[attr-defined]  # noqa: SLF001 - what ZipFile itself reads
        if end is None or end[_DIRECTORY_SIZE] > MAX_DIRECTORY:
            raise NoArchive("There are too many files in this archive.")
        with zipfile.ZipFile(opened) as packed:
            for entry in packed.infolist():
                if not entry.is_dir():
                    yield _name(entry.filename), _moment(entry.date_time), partial(packed.open, entry)


def _moment(parts: tuple[int, ...]) -> float:
    """The time an entry of a zip says, which may be the 31st of February."""
    try:
        year, month, day, hour, minute, second = parts[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


class _Bounded:
    """A file that gives no more at once, and no more in all, than tarfile needs for honest archives."""

    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def read(self, size: int = -1) -> bytes:
        """Read; tarfile takes whole headers into memory, whatever size they claim."""
        if not 0 <= size <= MAX_HEADER:
            raise ValueError("a header too large to be true")
        found: bytes = self._opened.read(size)
        return found

    def seek(self, place: int) -> int:
        """Go on to a place; what lies between is unpacked."""
        if place > MAX_TOTAL:
            raise NoArchive("This archive unpacks to more than this server takes.")
        return int(self._opened.seek(place))

    def tell(self) -> int:
        """Where it is."""
        return int(self._opened.tell())


def _in_tar(source: Path) -> Iterator[tuple[str, float, Reader]]:
    with source.open("rb") as raw:
        magic = raw.read(2)
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if magic == b"\x1f\x8b" else nullcontext(raw) as opened:
            bounded: Any = _Bounded(opened)
            with tarfile.open(fileobj=bounded, mode="r:") as packed:
                for entry in packed:
                    reader = packed.extractfile(entry) if entry.isreg() else None
                    packed.members = []  # type: ignore[attr-defined]  # or it remembers every entry
                    if reader is not None:
                        yield _name(entry.name), min(max(0.0, float(entry.mtime)), _LATEST), partial(
                            nullcontext, reader)  # type: ignore[misc]


def _name(raw: str) -> str:
    """A name to look things up by; it is never a path."""
    return raw.replace("\\", "/").removeprefix("./").lstrip("/")[:1000]


def keep(path: Path, folder: Path, name: str) -> None:
    """Put a file that was sent into a new folder; what was in it before is gone."""
    remove(folder)
    folder.mkdir(parents=True)
    try:
        os.link(path, folder / name)
    except OSError:  # another file system
        shutil.copyfile(path, folder / name)


def remove(folder: Path) -> None:
    """Remove everything unpacked."""
    shutil.rmtree(folder, ignore_errors=True)
