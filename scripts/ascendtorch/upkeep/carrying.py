"""Carrying a series to another release, patch by patch, in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ascendtorch.series.patchfile import FileDiff, PatchFile
from ascendtorch.upkeep.moved import Lookup
from ascendtorch.upkeep.nearly import Merge
from ascendtorch.upkeep.porting import Blob, Ported, port, unplaced
from ascendtorch.upkeep.release import Release
from ascendtorch.upkeep.tracing import Step, is_copy, paths_of
from ascendtorch.upkeep.verdict import STOPS, FileVerdict, PatchVerdict


@dataclass(frozen=True)
class Carried:
    """What became of a patch.

    Attributes:
        results: by path at the release, the file's new state; None where it is removed.
        marked: the same of the files that stop it, with conflict markers.
    """

    verdict: PatchVerdict
    results: Mapping[str, Blob | None]
    marked: Mapping[str, Blob | None]


class Side:
    """The files of a release as a series finds them, changed by what was carried there."""

    def __init__(
        self, release: Release, patches: Iterable[PatchFile], lookup: Lookup, merge: Merge
    ) -> None:
        self._release = release
        self._lookup = lookup
        self._merge = merge
        self._names: dict[str, str] = {}
        self._failed: dict[str, str] = {}
        self._files: dict[str, Blob | None] = {}
        self._missing: set[str] = set()
        self._load(path for patch in patches for path in paths_of(patch))

    def get(self, path: str) -> Blob | None:
        """Return a file of the release as it is now."""
        if path not in self._files:
            self._load([path])
        return self._files[path]

    def carry(self, patch: PatchFile, steps: Iterable[Step]) -> Carried:
        """Say what becomes of a patch; nothing is changed until `take`."""
        verdicts: list[FileVerdict] = []
        results: dict[str, Blob | None] = {}
        marked: dict[str, Blob | None] = {}
        for step in steps:
            verdict, changes = self._carry(step)
            verdicts.append(verdict)
            (marked if verdict.kind in STOPS else results).update(changes)
        return Carried(
            PatchVerdict(patch.name, self._release.tag, tuple(verdicts)), results, marked
        )

    def take(self, carried: Carried) -> None:
        """Make what was carried part of the release, files that stop it left out."""
        self._files.update(carried.results)
        for file in carried.verdict.files:
            if file.kind in STOPS:
                self._failed[file.path] = carried.verdict.patch

    def put(self, results: Mapping[str, Blob | None]) -> None:
        """Make files part of the release that were carried, or resolved by a person, before."""
        self._files.update(results)

    def skip(self, patch: PatchFile) -> None:
        """Note that a patch is left out, for what is said of later ones."""
        self._failed.update(dict.fromkeys(paths_of(patch), patch.name))

    def changed(self, results: Mapping[str, Blob | None]) -> dict[str, Blob | None]:
        """Return those results that differ from what the release has now."""
        return {path: blob for path, blob in results.items() if self.get(path) != blob}

    def _load(self, paths: Iterable[str]) -> None:
        wanted = {path for path in paths if path not in self._files}
        found, missing = self._release.blobs(wanted)
        self._missing |= missing
        self._files.update({path: found.get(path) for path in wanted})

    def _carry(self, step: Step) -> tuple[FileVerdict, dict[str, Blob | None]]:
        item = step.item
        problem = step.problem or self._problem(item.path)
        if problem:
            return FileVerdict(item.path, "unknown", note=problem), {}
        start = item.source or item.path
        where = self._names.get(start, start)
        commit, fate_note, ours = None, "", self.get(where)
        if ours is None and step.base is not None and start not in self._failed:
            fate = self._lookup(start)
            commit, fate_note = fate.commit, fate.note
            if fate.moved_to is not None:
                self._names[start] = where = fate.moved_to
                ours = self.get(where)
        if where in self._missing:
            return FileVerdict(item.path, "unknown", note=f"the object of {where} is not here"), {}
        target = where if item.source is None else item.path
        way = self._in_the_way(item, target) if step.base is None or item.source else None
        if way is not None:
            ported = Ported(FileVerdict(item.path, "conflict", note=way), unplaced(step.after))
        else:
            ported = port(item, step.base, step.after, ours, self._merge)
        verdict = self._explained(ported.verdict, where, start, fate_note)
        verdict = dataclasses.replace(verdict, commit=commit)
        changes: dict[str, Blob | None] = {target: ported.result}
        if item.source is not None and not is_copy(item) and verdict.kind not in STOPS:
            changes[where] = None
        return verdict, changes

    def _explained(self, verdict: FileVerdict, where: str, start: str, fate: str) -> FileVerdict:
        notes = [verdict.note] if verdict.note else []
        kind = verdict.kind
        if where != start:
            notes.insert(0, f"renamed to {where}")
            kind = kind if kind in (*STOPS, "upstream") else "renamed"
        elif kind == "deleted" and fate:
            notes = [fate]
        before = self._failed.get(start)
        if before is not None and kind in STOPS:
            notes.append(f"{before} before it does not fit this file either")
        moved = where if where != start else None
        return dataclasses.replace(verdict, kind=kind, moved_to=moved, note="; ".join(notes))

    def _problem(self, path: str) -> str:
        return self._release.problem(path)

    def _in_the_way(self, item: FileDiff, target: str) -> str | None:
        if item.source is not None and self.get(target) is not None:
            return f"the release has another {target}"
        way = self._release.in_the_way(target)
        if not self._release.module_of(target).commit:
            return f"{self._release.tag} has no submodule {self._release.module_of(target).path}"
        return None if way is None else f"{way} stands where it belongs"
