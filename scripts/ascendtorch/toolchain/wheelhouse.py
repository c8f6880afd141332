"""Where wheels of a bundle wait, for builds and tests that run offline."""

from __future__ import annotations

from pathlib import Path

from ascendtorch.workspace import Workspace


def wheelhouse(cache: Path, version: str) -> Path:
    """Return the folder of a version's wheels below a cache."""
    return cache / "wheelhouse" / version


def wheelhouses(workspace: Workspace, version: str) -> tuple[Path, ...]:
    """Return those that are there: the user cache, and the one that stands in where it cannot."""
    caches = (workspace.cache, workspace.build / "cache")
    folders = (wheelhouse(cache, version) for cache in caches)
    return tuple(folder for folder in folders if folder.is_dir())
