"""What each stage hands to the next: a wrong order does not type-check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ascendtorch.spec.version import VersionSpec


@dataclass(frozen=True)
class FetchedTree:
    """A tree at its pinned commit; `modules` maps each present submodule to its pin."""

    spec: VersionSpec
    tree: Path
    modules: dict[str, str]

    @property
    def state(self) -> Path:
        """Receipts that belong to this tree; they move and vanish with it."""
        return self.tree / ".git" / "ascendtorch"


@dataclass(frozen=True)
class PatchedTree:
    """A tree with the series applied; `patches` maps patch names to digests, in order."""

    fetched: FetchedTree
    patches: dict[str, str]
    head: str
    module_heads: dict[str, str]


@dataclass(frozen=True)
class OverlaidTree:
    """A tree with our files laid over it; `files` maps tree paths to digests."""

    patched: PatchedTree
    files: dict[str, str]


@dataclass(frozen=True)
class GeneratedTree:
    """A complete source tree.

    Attributes:
        kernels: what was rendered into the tree, by path in it, with digests.
        outputs: what was rendered beside it, by path in the build folder of the version.
    """

    overlaid: OverlaidTree
    kernels: dict[str, str]
    outputs: dict[str, str]
    manifest: Path

    @property
    def files(self) -> dict[str, str]:
        """Every file of ours in the tree, with its digest."""
        return {**self.overlaid.files, **self.kernels}


class Generated(Protocol):
    """What is built, of whichever layout."""

    @property
    def manifest(self) -> Path:
        """The file that says what it is made of."""


@dataclass(frozen=True)
class BuiltWheel:
    """The wheel as the build left it, with what shaped it."""

    generated: Generated
    wheel: Path
    fingerprint: dict[str, str]
    log: Path


@dataclass(frozen=True)
class FinishedWheel:
    """The checked wheel in the dist folder; size in bytes."""

    path: Path
    sha256: str
    size: int
    up_to_date: bool
