"""What a person changed in the tree: refused, or copied to a backup before it is overwritten."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from ascendtorch.edge import files, git
from ascendtorch.errors import EditedError

_SHOWN = 8


def refuse_linked_parent(folder: Path, path: str, stage: str) -> None:
    """Refuse a path that would be written through a symbolic link.

    Raises:
        EditedError: a folder above it was replaced by a link.
    """
    parent = files.symlinked_parent(folder, path)
    if parent is not None:
        raise EditedError(
            "a folder was replaced by a symbolic link",
            stage=stage,
            path=folder / parent,
            remedy="put the folder back, then run the same command again",
        )


def refuse_unfinished(repository: git.Repository, folder: Path, stage: str) -> None:
    """Refuse a repository in which something is begun, such as a rebase.

    Raises:
        EditedError: says what it is.
    """
    begun = repository.unfinished()
    if begun is not None:
        raise EditedError(
            f"{begun} is not finished",
            stage=stage,
            path=folder,
            remedy="finish or abort it with git, then run the same command again",
        )


def set_aside(folder: Path, edited: list[str], *, stage: str, backup: Path, force: bool) -> None:
    """Refuse to overwrite edited files, or with `force` copy them below `backup` first.

    Raises:
        EditedError: without `force`, or where a folder stands in a file's place.
    """
    if not force:
        more = f" and {len(edited) - _SHOWN} more" if len(edited) > _SHOWN else ""
        raise EditedError(
            f"changed by hand, and would be overwritten: {', '.join(edited[:_SHOWN])}{more}",
            stage=stage,
            path=folder,
            remedy="put your change into the series or the sources it belongs to, or pass --force, "
            "which first copies the files to a backup folder",
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
        if os.path.lexists(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
