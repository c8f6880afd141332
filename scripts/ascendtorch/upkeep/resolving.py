"""A patch that stopped a rebase: its files laid out for a person, and taken back from there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge.files import remove_tree, unsafe_reason, write_atomic
from ascendtorch.errors import PatchError
from ascendtorch.upkeep.carrying import Carried
from ascendtorch.upkeep.porting import Blob
from ascendtorch.upkeep.rebase import Ground
from ascendtorch.upkeep.rebasestate import STAGE, RebaseFolder

_MARK = re.compile(rb"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
_GO_ON = "then run `ascendtorch patch rebase --continue`, or leave the patch out with --skip"


def lay_out(folder: RebaseFolder, carried: Carried) -> None:
    """Write the files that stop a patch below the work folder, with conflict markers."""
    remove_tree(folder.work)
    for path, blob in carried.marked.items():
        if blob is not None:
            write_atomic(folder.work / path, blob.data, executable=blob.mode == "100755")
    folder.work.mkdir(parents=True, exist_ok=True)


def take_back(ground: Ground, folder: RebaseFolder, carried: Carried) -> dict[str, Blob | None]:
    """Return what a patch becomes: what fits by itself, and the files of the work folder.

    A file that is not there any more is removed at the new release, or stays absent; one that was
    added is part of the patch.

    Raises:
        PatchError: a file still has conflict markers, or is not one that a patch may change.
    """
    results: dict[str, Blob | None] = dict(carried.results)
    results.update(dict.fromkeys(carried.marked))
    for path in sorted(folder.work.rglob("*")):
        name = path.relative_to(folder.work).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            _refuse(path, "not a regular file", "replace it by a file")
        if path.is_dir():
            continue
        _check_name(ground, path, name)
        data = path.read_bytes()
        mark = _MARK.search(data)
        if mark is not None:
            line = data.count(b"\n", 0, mark.start()) + 1
            _refuse(f"{path}:{line}", "a conflict marker is still there", f"resolve it, {_GO_ON}")
        results[name] = Blob(_mode(path, name, carried.marked), data)
    return results


def _mode(path: Path, name: str, marked: Mapping[str, Blob | None]) -> str:
    known = marked.get(name)
    if known is not None:
        return known.mode
    return "100755" if path.stat().st_mode & 0o100 else "100644"


def _check_name(ground: Ground, path: Path, name: str) -> None:
    reason = unsafe_reason(name)
    if reason is not None:
        _refuse(path, reason, "use a path that a patch may change")
    if ground.module(name) not in ground.repositories:
        _refuse(
            path,
            f"it lies in the submodule {ground.module(name)}, which the release lacks or which no "
            "patch touches",
            "move it out of the work folder",
        )


def _refuse(path: Path | str, cause: str, remedy: str) -> None:
    raise PatchError(cause, stage=STAGE, path=path, remedy=remedy)
