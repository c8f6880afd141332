"""Writing a set of files of ours into a folder, and removing those that no longer belong to it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files
from ascendtorch.edge.files import sha256_bytes, sha256_file
from ascendtorch.errors import EditedError


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
    edited = [path for path in paths if _is_edited(folder, path, wanted, known, stage)]
    if edited:
        _handle_edits(folder, edited, backup, stage, force)
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
    parent = files.symlinked_parent(folder, path)
    if parent is not None:
        raise EditedError(
            "a folder was replaced by a symbolic link",
            stage=stage,
            path=folder / parent,
            remedy="put the folder back, then run the same command again",
        )
    target = folder / path
    if target.is_symlink() or target.is_dir():
        return True
    if not target.exists():
        return False
    allowed = {known.get(path), wanted[path].digest if path in wanted else None}
    return sha256_file(target) not in allowed


def _handle_edits(folder: Path, edited: list[str], backup: Path, stage: str, force: bool) -> None:
    if not force:
        raise EditedError(
            f"changed by hand, and would be overwritten: {', '.join(edited[:8])}",
            stage=stage,
            path=folder,
            remedy="move your change to its source, or pass --force, which first copies the files "
            "to a backup folder",
        )
    backup = backup / time.strftime("%Y%m%d-%H%M%S")
    for path in edited:
        source, target = folder / path, backup / path
        if source.is_dir() and not source.is_symlink():
            raise EditedError(
                "a folder stands where a file belongs",
                stage=stage,
                path=source,
                remedy="move it away",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
