"""What becomes of one section of a patch on another text of its target, decided from texts alone.

The three texts are the target at the pin before the patch (`base`), after it (`after`), and at
the other release (`ours`). Only the merge itself is somebody else's (git's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ascendtorch.series.patchfile import FileDiff
from ascendtorch.upkeep.nearly import Merge, describe_hunks
from ascendtorch.upkeep.placing import Change, Placed, changes_of, holds, place
from ascendtorch.upkeep.verdict import FileVerdict

_REGULAR = ("100644", "100755")
_ODD = {"120000": "a symbolic link", "160000": "a submodule"}


@dataclass(frozen=True)
class Blob:
    """A file's mode and content."""

    mode: str
    data: bytes


@dataclass(frozen=True)
class Ported:
    """A verdict with its result: the target's new state (None: no file), marked if a conflict."""

    verdict: FileVerdict
    result: Blob | None


def port(
    item: FileDiff, base: Blob | None, after: Blob | None, ours: Blob | None, merge: Merge
) -> Ported:
    """Port one section.

    Args:
        base: the file (for a move, its source) before the patch; None for an addition.
        after: the file after the patch; None for a removal.
        ours: the file, or its source, at the other release; None where it is absent.
    """
    if ours is not None and ours.mode not in _REGULAR:
        note = f"{_ODD.get(ours.mode, 'not a file')} in the release"
        return Ported(FileVerdict(item.path, "conflict", note=note), unplaced(after))
    if base is None:
        return _add(item, after, ours, merge)
    if after is None:
        return _delete(item, base, ours, merge)
    if ours is None:
        note = "its target is not in the release"
        hunks = describe_hunks(changes_of(item), base.data, b"", merge)
        verdict = FileVerdict(item.path, "deleted", note=note, hunks=hunks)
        return Ported(verdict, unplaced(after))
    return _change(item, base, after, ours, merge)


def _add(item: FileDiff, after: Blob | None, ours: Blob | None, merge: Merge) -> Ported:
    if after is None:
        raise ValueError(f"{item.path}: an addition without a file")
    if ours is None:
        return Ported(FileVerdict(item.path, "clean"), after)
    if ours.data == after.data:
        return Ported(FileVerdict(item.path, "upstream"), ours)
    marked, _ = merge(ours.data, b"", after.data)
    note = "the file is new in the patch, and the release has another one of this name"
    return Ported(FileVerdict(item.path, "conflict", note=note), Blob(after.mode, marked))


def unplaced(after: Blob | None) -> Blob | None:
    """Return what the patch makes of a file that has no place at the release, as a conflict."""
    if after is None:
        return None
    return Blob(after.mode, b"<<<<<<< the release\n=======\n" + after.data + b">>>>>>> the patch\n")


def _delete(item: FileDiff, base: Blob, ours: Blob | None, merge: Merge) -> Ported:
    if ours is None:
        return Ported(FileVerdict(item.path, "upstream", note="removed there too"), None)
    if ours.data == base.data:
        return Ported(FileVerdict(item.path, "clean"), None)
    note = "the patch removes the file, and upstream changed it"
    marked, _ = merge(ours.data, base.data, b"")
    return Ported(FileVerdict(item.path, "conflict", note=note), Blob(ours.mode, marked))


def _change(item: FileDiff, base: Blob, after: Blob, ours: Blob, merge: Merge) -> Ported:
    changes = changes_of(item)
    mode = after.mode if after.mode != base.mode else ours.mode
    placed = place(changes, ours.data)
    if placed.fits and placed.exact and placed.data != ours.data:
        return Ported(FileVerdict(item.path, "clean"), Blob(mode, placed.data))
    merged, conflicts = merge(ours.data, base.data, after.data)
    if conflicts == 0:
        return _merged(item, placed, changes, ours, Blob(mode, merged))
    if changes and all(holds(changes, ours.data)) and not placed.fits:
        return Ported(FileVerdict(item.path, "upstream"), Blob(mode, ours.data))
    note = (
        f"git apply would put it {placed.offset:+d} lines off, where a merge sees a conflict"
        if placed.fits
        else ""
    )
    hunks = describe_hunks(changes, base.data, ours.data, merge)
    verdict = FileVerdict(item.path, "conflict", note=note, hunks=hunks)
    return Ported(verdict, Blob(mode, merged))


def _merged(
    item: FileDiff, placed: Placed, changes: Sequence[Change], ours: Blob, result: Blob
) -> Ported:
    if result == ours:
        return Ported(FileVerdict(item.path, "upstream"), result)
    if not changes:
        return Ported(FileVerdict(item.path, "clean"), result)
    if placed.fits and placed.data == result.data:
        return Ported(FileVerdict(item.path, "offset", offset=placed.offset), result)
    there = [
        str(change.number)
        for change, held in zip(changes, holds(tuple(changes), ours.data))
        if held
    ]
    note = f"upstream has hunk {', '.join(there)} already" if there else ""
    if placed.fits:
        note = (
            f"git apply would put it {placed.offset:+d} lines off, in the wrong place; "
            "the merge does not"
        )
    return Ported(FileVerdict(item.path, "merge", note=note), result)
