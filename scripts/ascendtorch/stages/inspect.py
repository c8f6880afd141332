"""What state a tree is in, found out without changing anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import git
from ascendtorch.errors import EditedError
from ascendtorch.series.series import load_series
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import codegen, fetch, overlay, patch, promote, receipts
from ascendtorch.stages.codegen import Kernels
from ascendtorch.stages.publish import Output
from ascendtorch.stages.recorded import digest_of, digests
from ascendtorch.stages.results import PatchedTree


@dataclass(frozen=True)
class TreeReport:
    """The state of a tree.

    Attributes:
        state: ``clean``; ``missing`` (not generated), ``foreign`` (not ours), ``interrupted`` (a
            run was cut off; the next one completes it), ``stale`` (gen has something to do) or
            ``edited`` (changed by hand).
        notes: one line for each thing that is not clean.
    """

    version: str
    tree: str
    state: str
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The report as data."""
        return dataclasses.asdict(self)


def inspect_tree(
    spec: VersionSpec, tree: Path, sources: Path, kernels: Callable[[], Kernels | None]
) -> TreeReport:
    """Compare a tree with its receipts, the series, the overlay sources and the op spec.

    Args:
        kernels: says how kernels are rendered for a tree that is there.
    """
    try:
        fetched = fetch.load(spec, tree)
    except EditedError as error:
        return TreeReport(spec.version, str(tree), "foreign", (error.cause,))
    patched = patch.load(fetched) if fetched else None
    if fetched is None:
        return TreeReport(spec.version, str(tree), "missing", ("run gen",))
    if promote.pending(fetched.state) is not None:
        notes = ("a run was cut off while it changed files; run gen to complete it",)
        return TreeReport(spec.version, str(tree), "interrupted", notes)
    if patched is None:
        return TreeReport(spec.version, str(tree), "stale", ("the series is not applied yet",))
    stale = []
    series = {item.name: item.digest for item in load_series(spec.series_file).patches}
    if series != patched.patches:
        stale.append("the series changed since it was applied")
    known, more = _our_files(patched, overlay.collect(spec, sources), kernels())
    edited = edits(patched, known)
    stale += more
    state = "edited" if edited else "stale" if stale else "clean"
    return TreeReport(spec.version, str(tree), state, (*edited, *stale))


def edits(patched: PatchedTree, known: Mapping[str, str]) -> list[str]:
    """Return what people changed in a tree, one line for each commit stack and file.

    Args:
        known: the files of ours in it, with their digests.
    """
    tree = patched.fetched.tree
    found = []
    for name, head in {"": patched.head, **patched.module_heads}.items():
        if git.Repository.at(tree / name).head() != head:
            found.append(f"commits of yours are on top of the series in {name or 'the release'}")
    found += [f"edited: {path}" for path in git.Repository.at(tree).changed_paths()]
    found += [f"edited: {path}" for path, was in known.items() if digest_of(tree / path) != was]
    return found


def _our_files(
    patched: PatchedTree, laid: Mapping[str, Output], kernels: Kernels | None
) -> tuple[dict[str, str], list[str]]:
    """Return the files that are ours by the receipts, and what is stale of them."""
    stale = []
    overlaid = overlay.load(patched)
    if overlaid is None or overlaid.files != digests(laid):
        stale.append("the overlay changed since it was laid")
    rendered = receipts.load(patched.fetched.state, codegen.KERNELS) or {"files": {}}
    if kernels is not None and rendered.get("inputs") != kernels.inputs:
        stale.append("the op spec or its templates changed since the kernels were rendered")
    # While they are being written, they are not as the receipt has them.
    kept = {} if rendered.get("pending") else rendered["files"]
    return {**(overlaid.files if overlaid else {}), **kept}, stale
