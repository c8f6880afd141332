"""The release with a series on it, tried in scratch as `gen` would apply it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ascendtorch.errors import PatchError
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import Series
from ascendtorch.stages.chain import STAGE, build_chain
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import commits as reading
from ascendtorch.upkeep import strip
from ascendtorch.upkeep.flat import FlatTree, touched_modules
from ascendtorch.upkeep.inputs import Change
from ascendtorch.upkeep.looking import recorded
from ascendtorch.upkeep.ownfiles import OwnFiles
from ascendtorch.upkeep.scratch import scratch_repositories


class Trial:
    """The release with the series on it, in scratch."""

    def __init__(
        self, fetched: FetchedTree, series: Series, changes: list[Change], scratch: Path
    ) -> None:
        self._known = tuple(module.path for module in fetched.spec.submodules)
        paths = {p for change in changes for p in strip.candidates(change.diff.sections)}
        _refuse_absent(fetched, changes, self._known, paths)
        _, self._bases = recorded(fetched)
        touched = {f.path for item in series.patches for f in item.files} | paths
        self.modules = touched_modules(touched, fetched.modules)
        opened = reading.open_repositories(fetched)
        repositories = {name: opened[name] for name in ("", *sorted(self.modules))}
        self._repositories = scratch_repositories(repositories, scratch)
        self._bases = {name: self._bases[name] for name in repositories}
        self._patches = series.patches
        self.heads = self._apply(list(series.patches))
        self.flat = FlatTree(self._repositories, scratch)

    def _apply(self, patches: list[PatchFile]) -> dict[str, str]:
        made = build_chain(tuple(patches), (), self._repositories, self._bases, self._known)
        return {**self._bases, **(made[-1].heads if made else {})}

    def prove(self, patches: list[PatchFile], own: OwnFiles | None) -> str:
        """Return the tree that a series and files of our own make, applied as `gen` does."""
        tree = self.flat.build(self._apply(patches), self.modules)
        return self.flat.with_entries(tree, own.entries()) if own and own.files else tree


def _refuse_absent(
    fetched: FetchedTree, changes: list[Change], known: tuple[str, ...], paths: Iterable[str]
) -> None:
    absent = sorted({owner_of(path, known) for path in paths} - {"", *fetched.modules})
    if absent:
        raise PatchError(
            f"it changes files of submodules that the tree lacks: {', '.join(absent)}",
            stage=STAGE,
            path=changes[0].path,
            remedy="run `ascendtorch gen` without `--submodules needed` first",
        )
