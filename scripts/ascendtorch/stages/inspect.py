"""What state a tree is in, found out without changing anything."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.edge.files import sha256_file
from ascendtorch.errors import EditedError
from ascendtorch.series.series import load_series
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import fetch, overlay, patch, promote


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


def inspect_tree(spec: VersionSpec, tree: Path, sources: Path) -> TreeReport:
    """Compare a tree with its receipts, the series and the overlay sources."""
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
    stale, edited = [], []
    series = {item.name: item.digest for item in load_series(spec.series_file).patches}
    if series != patched.patches:
        stale.append("the series changed since it was applied")
    for name, head in {"": patched.head, **patched.module_heads}.items():
        if git.Repository.at(tree / name).head() != head:
            edited.append(f"commits of yours are on top of the series in {name or 'the release'}")
    edited += [f"edited: {path}" for path in git.Repository.at(tree).changed_paths()]
    overlaid = overlay.load(patched)
    wanted = {path: output.digest for path, output in overlay.collect(spec, sources).items()}
    if overlaid is None or overlaid.files != wanted:
        stale.append("the overlay changed since it was laid")
    for path, digest in (overlaid.files if overlaid else {}).items():
        if not (tree / path).is_file() or sha256_file(tree / path) != digest:
            edited.append(f"edited overlay file: {path}")
    state = "edited" if edited else "stale" if stale else "clean"
    return TreeReport(spec.version, str(tree), state, (*edited, *stale))
