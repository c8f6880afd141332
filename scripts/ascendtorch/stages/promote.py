"""Bringing a work tree from one commit to another by content.

Only files that differ between the two commits are written, each by rename, so no other mtime
moves. A journal is written first: after a kill, every file is as it was or as it should be, and
the next run completes the rest. Files that a person changed are never overwritten unasked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.edge import files, git
from ascendtorch.edge.files import read_json, write_json
from ascendtorch.errors import PatchError
from ascendtorch.stages.edits import refuse_linked_parent, set_aside
from ascendtorch.stages.materialise import BRANCH

STAGE = "patch"
_JOURNAL = "promote.json"
_SCHEMA = 1
_ABSENT = "000000"
_GITLINK = "160000"


@dataclass(frozen=True)
class Move:
    """One repository's way from commit `old` to commit `new`."""

    repository: str
    old: str
    new: str


def pending(state: Path) -> dict[str, Any] | None:
    """Return the journal of a promotion that was cut off, if there is one."""
    return read_json(state / _JOURNAL, schema=_SCHEMA, stage=STAGE)


def promote(
    moves: list[Move],
    repositories: Mapping[str, git.Repository],
    state: Path,
    receipt: Mapping[str, Any],
    *,
    force: bool = False,
) -> int:
    """Bring every repository to its new commit; return how many files were written.

    Args:
        receipt: noted in the journal, for the run that completes it.
        force: copy files that a person changed to a backup folder and go on.

    Raises:
        EditedError: a file that must change was changed by a person.
        PatchError: a lock of git's lies in the tree.
    """
    changes = {
        move.repository: repositories[move.repository].diff_trees(move.old, move.new)
        for move in moves
    }
    edited = [
        path
        for name, listed in changes.items()
        for path in _edited(repositories[name], name, _files(listed))
    ]
    top = _work_tree(repositories[""])
    if edited:
        set_aside(top, edited, stage=STAGE, backup=state / "backup", force=force)
    for move in moves:
        _refuse_lock(repositories[move.repository])
    write_json(
        state / _JOURNAL,
        {
            "schema": _SCHEMA,
            "moves": [[move.repository, move.old, move.new] for move in moves],
            "receipt": dict(receipt),
        },
    )
    written = 0
    # The release last: its commit names the submodules' commits.
    for move in sorted(moves, key=lambda move: -len(move.repository)):
        repository, listed = repositories[move.repository], changes[move.repository]
        files.sweep((_work_tree(repository) / change.path).parent for change in listed)
        written += _write(repository, _files(listed))
        _set_index(repository, move.new, listed, state)
        _set_head(repository, move.new)
    return written


def finish(state: Path) -> None:
    """Forget the journal, once the receipt is written."""
    (state / _JOURNAL).unlink(missing_ok=True)


def moves_of(journal: Mapping[str, Any]) -> list[Move]:
    """Read the moves of a journal."""
    return [Move(*entry) for entry in journal["moves"]]


def _files(changes: list[git.Change]) -> list[git.Change]:
    # A submodule's commit is in the index and the commit only; its files are its own move.
    return [c for c in changes if _GITLINK not in (c.old_mode, c.new_mode)]


def _work_tree(repository: git.Repository) -> Path:
    if repository.work_tree is None:
        raise ValueError("the repository has no work tree")
    return repository.work_tree


def _edited(repository: git.Repository, name: str, changes: list[git.Change]) -> list[str]:
    top = _work_tree(repository)
    present = [
        c.path for c in changes if (top / c.path).is_file() and not (top / c.path).is_symlink()
    ]
    found: dict[str, str] = {}
    if present:
        listed = repository.run(
            "hash-object",
            "--stdin-paths",
            stdin="".join(f"{path}\n" for path in present).encode("utf-8", "surrogateescape"),
        )
        found = dict(zip(present, listed.text.split()))
    prefix = f"{name}/" if name else ""
    staged = repository.staged()
    removed = {top / change.path for change in changes if change.new_mode == _ABSENT}
    edited = []
    for change in changes:
        path = top / change.path
        allowed = {
            change.old_oid if change.old_mode != _ABSENT else None,
            change.new_oid if change.new_mode != _ABSENT else None,
        }
        actual = found.get(change.path)
        odd = actual is None and os.path.lexists(path) and not _makes_room(path, removed)
        refuse_linked_parent(top, change.path, STAGE)
        known = not staged or staged.get(change.path) in allowed
        if odd or actual not in allowed or not known:
            edited.append(prefix + change.path)
    return edited


def _makes_room(path: Path, removed: set[Path]) -> bool:
    """Whether a folder stands in a file's place, and goes with the files that are removed."""
    if path.is_symlink() or not path.is_dir():
        return False
    return all(inner in removed or inner.is_dir() for inner in path.rglob("*"))


def _refuse_lock(repository: git.Repository) -> None:
    # None of them is ours: what this tool does to these files, it does without git.
    for name in ("index", "HEAD", BRANCH):
        lock = repository.git_dir / f"{name}.lock"
        if lock.exists():
            raise PatchError(
                "another git process holds the tree, or one died and left its lock",
                stage=STAGE,
                path=lock,
                remedy="if no git runs there, delete this file and run again",
            )


def _write(repository: git.Repository, changes: list[git.Change]) -> int:
    top = _work_tree(repository)
    wanted = [c for c in changes if c.new_mode != _ABSENT]
    contents = repository.blobs([c.new_oid for c in wanted])
    written = 0
    # Removals first, because a file may make room for a folder of the same name.
    for change in (c for c in changes if c.new_mode == _ABSENT):
        if os.path.lexists(top / change.path):
            (top / change.path).unlink()
            written += 1
        # Also of one that is gone: a run may have been killed between the two.
        files.drop_empty_parents(top, top / change.path)
    for change in wanted:
        data = contents[change.new_oid]
        written += files.write_if_changed(
            top / change.path, data, executable=change.new_mode == "100755"
        )
    return written


def _set_index(
    repository: git.Repository, commit: str, changes: list[git.Change], state: Path
) -> None:
    """Bring the index to `commit`, keeping stat data and what a person staged elsewhere."""
    scratch = state / "index.new"
    index = repository.git_dir / "index"
    # Left by a git that was killed; nobody else knows this index.
    scratch.with_name(scratch.name + ".lock").unlink(missing_ok=True)
    if index.exists():
        shutil.copyfile(index, scratch)
        ordered = sorted(changes, key=lambda change: change.new_mode != _ABSENT)
        lines = "".join(f"{c.new_mode} {c.new_oid}\t{c.path}\0" for c in ordered)
        repository.run(
            *("update-index", "-z", "--index-info"),
            index=scratch,
            stdin=lines.encode("utf-8", "surrogateescape"),
        )
    else:
        repository.run("read-tree", "--reset", commit, index=scratch)
    repository.run("update-index", "-q", "--refresh", index=scratch, check=False)
    _refuse_lock(repository)
    scratch.replace(index)


def _set_head(repository: git.Repository, commit: str) -> None:
    repository.set_ref(BRANCH, commit)
    if (repository.git_dir / "HEAD").read_text().strip() != f"ref: {BRANCH}":
        # A person's own branch stays where it is; the work tree no longer shows it.
        repository.point_head(BRANCH)
