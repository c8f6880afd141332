"""Folders for what is tried, outside of the workspace; the next run removes a killed run's."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "ascendtorch-scratch-"


@contextlib.contextmanager
def scratch_folder(place: Path | None = None) -> Iterator[Path]:
    """Give an empty folder that is gone after the ``with`` block.

    Args:
        place: the folder it lies in, made where it is missing; else the system's for such things.

    A killed run cannot remove its own. It holds a lock on it, though, which the kernel drops with
    the process: what is not locked any more is nobody's, and is removed here.
    """
    place = place or Path(tempfile.gettempdir())
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    folder, handle = _make(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _make(place: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Another run may have taken it for a dead one's, in the moment before it was locked.
        if folder.is_dir():
            return folder, handle
        os.close(handle)


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            _remove_if_dead(folder)


def _remove_if_dead(folder: Path) -> None:
    info = folder.lstat()
    # The place is shared with other users, who may name a link or a folder of theirs so.
    if info.st_uid != os.getuid() or not stat.S_ISDIR(info.st_mode):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
