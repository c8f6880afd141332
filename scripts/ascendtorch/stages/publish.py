"""Writing a set of files of ours into a folder, and removing those that no longer belong to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import files
from ascendtorch.edge.files import sha256_bytes, sha256_file
from ascendtorch.stages.edits import refuse_linked_parent, set_aside


@dataclass(frozen=True)
class Output:
    """Content of one file to publish."""

    data: bytes
    executable: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256_bytes(self.data)


#: By path, digests of what a publication may have written when it was cut off.
Pending = dict[str, list[str]]


@dataclass(frozen=True)
class Published:
    """How many files a publication wrote and removed."""

    written: int
    removed: int


def publish(
    folder: Path,
    wanted: Mapping[str, Output],
    known: Mapping[str, str],
    *,
    stage: str,
    backup: Path,
    force: bool = False,
    pending: Pending | None = None,
    begin: Callable[[Pending], None] = lambda _: None,
) -> Published:
    """Make `folder` hold exactly the `wanted` files among those that are ours.

    Args:
        wanted: by path relative to `folder`.
        known: digests of what the last publication wrote, by path.
        backup: where edited files are copied with `force`.
        pending: what publications that were cut off may have written.
        begin: notes what may be written from now on, before anything is.

    Raises:
        EditedError: a file that would be written or removed holds what we did not write.
    """
    pending = pending or {}
    paths = sorted({*wanted, *known, *pending})
    files.sweep((folder / path).parent for path in paths)
    ours = {path: {*pending.get(path, ())} for path in paths}
    for path, digest in (*known.items(), *((p, output.digest) for p, output in wanted.items())):
        ours[path].add(digest)
    edited = [path for path in paths if _is_edited(folder, path, ours[path], stage)]
    if edited:
        set_aside(folder, edited, stage=stage, backup=backup, force=force)
    if any(known.get(path) != output.digest for path, output in wanted.items()):
        may_be = {p: sorted({*pending.get(p, ()), o.digest}) for p, o in wanted.items()}
        begin({**pending, **may_be})
    removed = 0
    # First, because a file may have made room for a folder of the same name.
    for path in (path for path in paths if path not in wanted):
        if os.path.lexists(folder / path):
            (folder / path).unlink()
            removed += 1
        # Also of one that is gone: a run may have been killed between the two.
        files.drop_empty_parents(folder, folder / path)
    written = sum(
        files.write_if_changed(folder / path, output.data, executable=output.executable)
        for path, output in wanted.items()
    )
    return Published(written, removed)


def _is_edited(folder: Path, path: str, ours: set[str], stage: str) -> bool:
    refuse_linked_parent(folder, path, stage)
    target = folder / path
    if target.is_symlink() or target.is_dir():
        return True
    if not target.exists():
        return False
    return sha256_file(target) not in ours
