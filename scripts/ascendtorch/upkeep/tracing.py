"""What each patch of a series does at its own pin: every target before and after, as texts."""

from __future__ import annotations

from dataclasses import dataclass

from ascendtorch.errors import PatchError
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff, PatchFile
from ascendtorch.upkeep.placing import changes_of, place
from ascendtorch.upkeep.porting import Blob
from ascendtorch.upkeep.release import Release

STAGE = "patch"


@dataclass(frozen=True)
class Step:
    """One section of a patch with its texts at the pin.

    Attributes:
        base: the target, or for a move its source, before the patch; None for an addition.
        after: the target after it; None for a removal.
        problem: why the texts are not known; empty where they are.
    """

    item: FileDiff
    base: Blob | None = None
    after: Blob | None = None
    problem: str = ""


def touched_modules(patches: tuple[PatchFile, ...], known: tuple[str, ...]) -> set[str]:
    """Return the modules whose files a series names."""
    return {owner_of(path, known) for patch in patches for path in paths_of(patch)}


def paths_of(patch: PatchFile) -> set[str]:
    """Return every path that a patch names."""
    return {path for item in patch.files for path in (item.path, item.source) if path}


def is_copy(item: FileDiff) -> bool:
    """Whether a section copies its source, and so leaves it there."""
    return b"\ncopy from " in item.body.partition(b"\n@@ ")[0]


def trace(patches: tuple[PatchFile, ...], pin: Release) -> dict[str, tuple[Step, ...]]:
    """Apply a series to its pin in memory; return the steps of each patch by name.

    Raises:
        PatchError: a patch does not apply to its own pin.
    """
    files, missing = pin.blobs(path for patch in patches for path in paths_of(patch))
    traced: dict[str, tuple[Step, ...]] = {}
    for patch in patches:
        steps = []
        for item in patch.files:
            named = {item.path, item.source or item.path}
            lost = ", ".join(sorted(named & missing))
            problem = pin.problem(item.path) or (lost and f"objects are missing: {lost}")
            if problem:
                steps.append(Step(item, problem=problem))
                continue
            step = _step(patch, item, files)
            steps.append(step)
            if item.source is not None and not is_copy(item):
                files.pop(item.source, None)
            if step.after is None:
                files.pop(item.path, None)
            else:
                files[item.path] = step.after
        traced[patch.name] = tuple(steps)
    return traced


def _step(patch: PatchFile, item: FileDiff, files: dict[str, Blob]) -> Step:
    base = None if item.kind == "add" else files.get(item.source or item.path)
    if (base is None) != (item.kind == "add") or (item.kind == "add" and item.path in files):
        raise _refusal(patch, item)
    placed = place(changes_of(item), base.data if base else b"")
    if not placed.fits or (not placed.exact and not patch.header.allow_offset):
        raise _refusal(patch, item)
    if item.kind == "delete":
        return Step(item, base, None)
    mode = item.new_mode or (base.mode if base else "100644")
    return Step(item, base, Blob(mode, placed.data))


def _refusal(patch: PatchFile, item: FileDiff) -> PatchError:
    return PatchError(
        f"{item.path}: the patch does not apply to its own pin",
        stage=STAGE,
        path=patch.path,
        remedy="run `ascendtorch gen`, which says where it does not fit, and correct it first",
    )
