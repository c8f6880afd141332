"""Finds the source tree of a release, from which its operators are read."""

from __future__ import annotations

from pathlib import Path

from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import receipts


def generated_tree(spec: VersionSpec, tree: Path, parked: Path) -> Path | None:
    """Return the tree that was generated for a version, wherever it waits; None for none."""
    for place in (tree, *sorted(parked.glob(f"{spec.version}*"))):
        fetched = receipts.load(place / ".git" / "ascendtorch", "fetch")
        patched = receipts.load(place / ".git" / "ascendtorch", "patch")
        if fetched is None or patched is None:
            continue
        if (fetched["version"], fetched["base"]) == (spec.version, spec.upstream.commit):
            return place
    return None
