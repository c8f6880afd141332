"""Which repository of a tree a patch concerns: the release, or one of its submodules."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from ascendtorch.errors import PatchError
from ascendtorch.series.patchfile import FileDiff, PatchFile


@dataclass(frozen=True)
class Part:
    """What one patch does in one repository."""

    repository: str
    files: tuple[FileDiff, ...]


def split(patch: PatchFile, modules: Container[str], known: tuple[str, ...]) -> list[Part]:
    """Divide a patch by repository, deepest first, leaving out submodules that are not there.

    Args:
        modules: submodules of the tree.
        known: every submodule of the release, there or not.
    """
    parts: dict[str, list[FileDiff]] = {}
    for item in patch.files:
        owner = owner_of(item.path, known)
        if item.source is not None and owner_of(item.source, known) != owner:
            raise PatchError(
                f"{item.source} moves to another repository",
                stage="patch",
                path=patch.path,
                remedy="write a removal and an addition",
            )
        if not owner or owner in modules:
            parts.setdefault(owner, []).append(item)
    order = sorted(parts, key=lambda name: (-name.count("/"), name))
    return [Part(name, tuple(parts[name])) for name in order]


def owner_of(path: str, known: tuple[str, ...]) -> str:
    """Return the innermost submodule that a path lies in; empty for the release itself.

    A submodule's own path lies in its parent.
    """
    return max((m for m in known if path.startswith(m + "/")), key=len, default="")
