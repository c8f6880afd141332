"""A whole tree with its submodules as one, in a scratch index: what a diff of a tree is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import PatchError
from ascendtorch.series.nearest import explain_mismatch
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff
from ascendtorch.series.refusal import refuse
from ascendtorch.stages.chain import STAGE
from ascendtorch.upkeep.inputs import Change
from ascendtorch.upkeep.rawdiff import stripped
from ascendtorch.upkeep.scratch import ScratchRepository

_FAILED = re.compile(r"^error: (?:patch failed: )?(.+?)(?::\d+)?(?:: .*)?$", re.MULTILINE)
_MOVED = re.compile(r"succeeded at \d+ \(offset -?\d+ lines?\)")


@dataclass(frozen=True)
class Entry:
    """One file of a tree; mode and object."""

    mode: str
    oid: str


class FlatTree:
    """Trees in which submodules are folders.

    Args:
        repositories: the release and its submodules, with the objects of `heads`.
        folder: for objects and indexes.
    """

    def __init__(self, repositories: Mapping[str, git.Repository], folder: Path) -> None:
        self._repositories = repositories
        self._index = folder / "flat-index"
        places = []
        for repository in repositories.values():
            if isinstance(repository, ScratchRepository):
                places.append(repository.objects)
            places.append(repository.git_dir / "objects")
        self.repository = ScratchRepository(repositories[""], folder / "flat-objects", places)

    def build(self, heads: Mapping[str, str], modules: Iterable[str]) -> str:
        """Return the tree of these commits; of the submodules only those in `modules` are in it."""
        run = self.repository.run
        run("read-tree", heads[""], index=self._index)
        # Outer ones first: they bring the place of the inner ones.
        for name in sorted(modules):
            run("update-index", "--force-remove", name, index=self._index)
            run("read-tree", f"--prefix={name}/", heads[name], index=self._index)
        return run("write-tree", index=self._index).text.strip()

    def entries(self, tree: str) -> dict[str, Entry]:
        """Return the files of a tree."""
        listed = self.repository.ls_tree(tree)
        return {e.path: Entry(e.mode, e.oid) for e in listed if e.kind == "blob"}

    def with_entries(self, tree: str, changes: Mapping[str, Entry | None]) -> str:
        """Return a tree with some files replaced; None takes one out."""
        lines = [f"0 {'0' * 40}\t{path}" for path, entry in changes.items() if entry is None]
        lines += [f"{entry.mode} {entry.oid}\t{path}" for path, entry in changes.items() if entry]
        self.repository.run("read-tree", tree, index=self._index)
        self.repository.run(
            *("update-index", "-z", "--index-info"),
            index=self._index,
            stdin="".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape"),
        )
        return self.repository.run("write-tree", index=self._index).text.strip()

    def apply(self, change: Change, level: int, tree: str) -> tuple[str, int]:
        """Apply a diff as it is to a tree; return the new tree and how many hunks had to move.

        Raises:
            PatchError: it does not fit, naming file and hunk.
        """
        self.repository.run("read-tree", tree, index=self._index)
        arguments = ("--whitespace=nowarn", f"-p{level}", "-")
        done = self.repository.run(
            *("apply", "--cached", "--verbose", *arguments),
            index=self._index,
            stdin=change.diff.body,
            check=False,
        )
        if done.returncode != 0:
            back = self.repository.run(
                *("apply", "--cached", "--check", "--reverse", *arguments),
                index=self._index,
                stdin=change.diff.body,
                check=False,
            )
            if back.returncode == 0:
                refuse(
                    change.path,
                    f"{change.name}: its changes are already there",
                    "nothing is left to import",
                )
            self._explain(change, level, done.error_text)
        made = self.repository.run("write-tree", index=self._index).text.strip()
        return made, len(_MOVED.findall(done.error_text))

    def _explain(self, change: Change, level: int, said: str) -> None:
        """Refuse a diff, with the nearest match of the hunks that do not fit."""
        failed = set(_FAILED.findall(said))
        there = self.entries_of_index()
        lines = []
        for section in change.diff.sections:
            path = next(
                (n for n in (stripped(section.old, level), stripped(section.new, level)) if n), ""
            )
            if path not in failed:
                continue
            if section.adds and path in there:
                lines.append(f"{path} is new in the diff and exists already")
            elif path in there:
                content = self.repository.blobs([there[path].oid])[there[path].oid]
                item = FileDiff(path, None, "change", None, b"", section.hunks)
                lines.append(explain_mismatch(item, content))
        shown = "\n  ".join(lines[:5]) or (said.splitlines() or ["git apply refused it"])[-1]
        more = f"\n  and {len(lines) - 5} more files" if len(lines) > 5 else ""
        raise PatchError(
            f"{change.name} does not fit the release with the series on it:\n  {shown}{more}",
            stage=STAGE,
            path=change.path,
            remedy="adapt it to the text that is there; nothing was written",
        )

    def entries_of_index(self) -> dict[str, Entry]:
        """Return the files of the index that was used last."""
        listed = self.repository.run("ls-files", "--stage", "-z", index=self._index).text
        found = {}
        for line in filter(None, listed.split("\0")):
            meta, _, path = line.partition("\t")
            mode, oid, _ = meta.split()
            found[path] = Entry(mode, oid)
        return found


def touched_modules(paths: Iterable[str], present: Iterable[str]) -> set[str]:
    """Return the submodules that some paths lie in, with those around them."""
    modules = tuple(present)
    found: set[str] = set()
    for path in paths:
        owner = owner_of(path, modules)
        while owner and owner not in found:
            found.add(owner)
            owner = owner_of(owner, modules)
    return found
