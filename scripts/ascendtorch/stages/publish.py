"""Writing a set of files of ours into a folder, and removing those that no longer belong to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
) -> Published:
    """Make `folder` hold exactly the `wanted` files among those that are ours.

    Args:
        wanted: by path relative to `folder`.
        known: digests of what the last publication wrote, by path.
        backup: where edited files are copied with `force`.

    Raises:
        EditedError: a file that would be written or removed holds what we did not write.
    """
    paths = sorted({*wanted, *known})
    files.sweep((folder / path).parent for path in paths)
    edited = [path for path in paths if _is_edited(folder, path, wanted, known, stage)]
    if edited:
        set_aside(folder, edited, stage=stage, backup=backup, force=force)
    stale = [path for path in known if path not in wanted and os.path.lexists(folder / path)]
    # First, because a file may have made room for a folder of the same name.
    for path in stale:
        (folder / path).unlink()
        files.drop_empty_parents(folder, folder / path)
    written = sum(
        files.write_if_changed(folder / path, output.data, executable=output.executable)
        for path, output in wanted.items()
    )
    return Published(written, len(stale))


def _is_edited(
    folder: Path, path: str, wanted: Mapping[str, Output], known: Mapping[str, str], stage: str
) -> bool:
    refuse_linked_parent(folder, path, stage)
    target = folder / path
    if target.is_symlink() or target.is_dir():
        return True
    if not target.exists():
        return False
    allowed = {known.get(path), wanted[path].digest if path in wanted else None}
    return sha256_file(target) not in allowed
