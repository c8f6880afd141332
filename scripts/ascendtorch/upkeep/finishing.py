"""The end of a rebase: a new folder of patches, proven to apply, put into its place whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.edge.files import remove_tree, sweep, write_atomic, write_if_changed
from ascendtorch.errors import StateError
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import load_series
from ascendtorch.spec.version import load_version
from ascendtorch.stages.chain import build_chain
from ascendtorch.upkeep import mail
from ascendtorch.upkeep.pinning import Pin, pins_of
from ascendtorch.upkeep.rebase import Ground
from ascendtorch.upkeep.rebasestate import STAGE, RebaseFolder, RebaseState, Results
from ascendtorch.upkeep.repin import extended_catalog, repinned_version


@dataclass(frozen=True)
class Finished:
    """A new version.

    Attributes:
        outcomes: what became of each patch, by name.
        kept: patches that are in the new series, byte for byte as they were.
        dropped: patches that are not in it.
        new_modules: submodules that the old release does not have.
    """

    version: str
    folder: Path
    outcomes: dict[str, str]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    new_modules: tuple[str, ...]


def finish(ground: Ground, state: RebaseState, folder: RebaseFolder, patches: Path) -> Finished:
    """Write ``patch/<version>/`` and forget the rebase.

    Raises:
        FetchError: what submodules hold themselves is not known for missing objects.
        SpecError: version.yaml or catalog.yaml cannot be edited as text.
        StateError: the folder is there already.
    """
    spec, target = ground.opened.spec, patches / state.target
    pins = pins_of(spec, state.tag, state.commit, ground.opened.sources)
    made = folder.path / "out" / state.target
    remove_tree(made.parent)
    written = _patches(ground, state, folder.path / "indexes")
    for name, raw in written.items():
        write_atomic(made / name, raw)
    write_atomic(made / "series", _series(spec.series_file, written).encode())
    text = repinned_version(
        spec.folder / "version.yaml", spec.version, state.target, state.tag, state.commit, pins
    )
    write_atomic(made / "version.yaml", text.encode())
    _prove(ground, state, made, pins)
    catalog = extended_catalog(patches / "catalog.yaml", spec.version, state.target)
    sweep([patches])
    if catalog is not None:
        # First, for a version without patches is nothing wrong.
        write_if_changed(patches / "catalog.yaml", catalog.encode())
    _publish(made, target, folder, state)
    folder.remove()
    original = {item.name: item.path.read_bytes() for item in ground.opened.series.patches}
    return Finished(
        state.target,
        target,
        {step.name: step.outcome for step in state.done},
        tuple(name for name, raw in written.items() if raw == original[name]),
        tuple(step.name for step in state.done if step.name not in written),
        tuple(pin.path for pin in pins if pin.new),
    )


def _publish(made: Path, target: Path, folder: RebaseFolder, state: RebaseState) -> None:
    if target.exists():
        if state.finishing:
            return  # a run that was killed put it there whole; a person may have edited it since
        raise StateError(
            f"{target.name} has a patch set already",
            stage=STAGE,
            path=target,
            remedy="move it away and `ascendtorch patch rebase --continue`, or --abort",
        )
    folder.save(replace(state, finishing=True))
    partial = partial_of(target)
    remove_tree(partial)
    # By way of a copy, for the build folder may lie on another file system.
    shutil.copytree(made, partial)
    partial.rename(target)


def partial_of(target: Path) -> Path:
    """Return where a version's folder is made, beside its place."""
    return target.with_name(f".{target.name}.partial")


def _patches(ground: Ground, state: RebaseState, indexes: Path) -> dict[str, bytes]:
    """Return the new patch files; those that leave nothing to change are not among them."""
    # With the locks that a git which was killed left there.
    remove_tree(indexes)
    indexes.mkdir(parents=True)
    trees = {}
    for number, (name, repository) in enumerate(sorted(ground.repositories.items())):
        index = indexes / str(number)
        trees[name] = _Tree(name, repository, index, ground.other.modules[name].commit)
    found = {}
    for item, step in zip(ground.opened.series.patches, state.done):
        if not step.results:
            continue
        parts: dict[str, bytes] = {}
        for name, tree in trees.items():
            inside = {p: e for p, e in step.results.items() if ground.module(p) == name}
            if inside:
                parts.update(tree.sections(inside))
        found[item.name] = _patch_bytes(item, parts)
    return found


class _Tree:
    """A module's tree as patches change it, in an index of its own."""

    def __init__(self, name: str, repository: git.Repository, index: Path, commit: str) -> None:
        self._name = name
        self._repository = repository
        self._index = index
        repository.run("read-tree", commit, index=index)
        self._tree = repository.tree_of(commit)

    def sections(self, results: Results) -> dict[str, bytes]:
        """Change files, and return the sections that say so."""
        strip = len(self._name) + 1 if self._name else 0
        lines = [
            f"0 {'0' * 40}\t{path[strip:]}"
            if entry is None
            else f"{entry[0]} {entry[1]}\t{path[strip:]}"
            for path, entry in results.items()
        ]
        self._repository.run(
            *("update-index", "-z", "--index-info"),
            index=self._index,
            stdin="".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape"),
        )
        before = self._tree
        self._tree = self._repository.run("write-tree", index=self._index).text.strip()
        paths = tuple(path[strip:] for path in results)
        return mail.sections(self._repository, before, self._tree, paths, self._name)


def _patch_bytes(item: PatchFile, parts: Mapping[str, bytes]) -> bytes:
    """Return a patch with its head as it was, and every section that still says the same."""
    raw = item.path.read_bytes()
    old = {file.path: file for file in item.files}
    same = [path for path in parts if path in old and mail.same_change(old[path], parts[path])]
    if set(same) == set(parts) == set(old):
        return raw
    head = re.split(rb"^diff --git ", raw, maxsplit=1, flags=re.MULTILINE)[0]
    order = [path for path in old if path in parts] + sorted(set(parts) - set(old))
    return head + b"".join(parts[path] for path in order)


def _series(path: Path, written: Mapping[str, bytes]) -> str:
    """Return the series file with its comments, without the patches that are gone."""
    lines = path.read_text("utf-8-sig").split("\n")
    kept = (
        line
        for line in lines
        if not line.strip() or line.startswith("#") or line.strip() in written
    )
    return "\n".join(kept)


def _prove(ground: Ground, state: RebaseState, made: Path, pins: tuple[Pin, ...]) -> None:
    """Read what was written as `gen` does, and apply it exactly to the new release."""
    spec = load_version(made)
    told = {module.path: (module.url, module.commit) for module in spec.submodules}
    if told != {pin.path: (pin.url, pin.commit) for pin in pins}:
        raise ValueError("the new version.yaml does not say what the release pins")
    bases = {
        name: module.commit
        for name, module in ground.other.modules.items()
        if name in ground.repositories
    }
    known = tuple(module.path for module in spec.submodules)
    series = load_series(spec.series_file)
    links = build_chain(series.patches, (), ground.repositories, bases, known)
    if links:
        _compare(ground, state, links[-1].heads)


def _compare(ground: Ground, state: RebaseState, heads: Mapping[str, str]) -> None:
    """Make sure that the patches give the very files that were decided upon."""
    final: dict[str, tuple[str, str] | None] = {}
    for step in state.done:
        final.update(step.results)
    for name, head in heads.items():
        strip = len(name) + 1 if name else 0
        entries = {e.path: (e.mode, e.oid) for e in ground.repositories[name].ls_tree(head)}
        for path, entry in final.items():
            if ground.module(path) == name and entries.get(path[strip:]) != entry:
                raise ValueError(f"the new series makes something else of {path}")
