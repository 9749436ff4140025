"""Files in a folder of this machine: written beside, made durable, then given their name in one step.

A name stands for whole bytes or does not exist, whenever the power goes. Everything here blocks; `Storage` calls it in
threads.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from potluck.media.places import Item

ARRIVING = ".arriving"
"""Subfolder of what is being written. What is left there by a crash is collected."""


class LocalFolder:
    """The folder `media`. Files lie two levels deep: `ab/abcd….webp`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where the file of a name is. The name must be one of ours (`places.is_key`)."""
        return self.root / key

    def arriving(self) -> Path:
        """A path nobody uses, on the same file system, for something that is being written."""
        folder = self.root / ARRIVING
        folder.mkdir(parents=True, exist_ok=True)
        return folder / secrets.token_hex(12)

    def put(self, source: Path, key: str, *, move: bool) -> None:
        """Make the file at `source` the file of `key`. With `move` its bytes are taken over where possible, not copied.

        The old name stays: whoever owns it has the file until the caller says otherwise.
        """
        staged = self.arriving()
        try:
            if not (move and _linked(source, staged)):
                shutil.copyfile(source, staged)
            staged.chmod(0o644)
            os.utime(staged)  # the collector goes by the age of the name, not by that of the bytes
            _sync(staged)
            target = self.path(key)
            if not target.parent.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync(self.root)
            staged.replace(target)
            _sync(target.parent)
        finally:
            staged.unlink(missing_ok=True)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files; those that are not there are passed over."""
        for key in keys:
            self.path(key).unlink(missing_ok=True)

    def size(self, key: str) -> int | None:
        """Length of a file, None if it is not there."""
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return None

    def folders(self) -> list[Path]:
        """The folders that files lie in."""
        if not self.root.is_dir():
            return []
        return [Path(entry.path) for entry in os.scandir(self.root)
                if len(entry.name) == 2 and entry.is_dir(follow_symlinks=False)]

    def items(self, folder: Path) -> list[Item]:
        """The files of a folder, none if there is no such folder; they may come and go meanwhile."""
        found: list[Item] = []
        if not folder.is_dir():
            return found
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    found.append(_item(f"{folder.name}/{entry.name}", entry))
        return found

    def left_over(self) -> list[Item]:
        """What is being written, or was when the machine stopped."""
        return self.items(self.root / ARRIVING)


def _item(key: str, entry: os.DirEntry[str]) -> Item:
    found = entry.stat(follow_symlinks=False)
    return Item(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _linked(source: Path, target: Path) -> bool:
    """Give a file a second name, unless the two are on different file systems (or it knows no such names)."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:
            return False
        raise
    return True


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
