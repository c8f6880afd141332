"""Whose line it is: upstream's, a submodule's, a patch's, an overlay file's, a generated file's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ascendtorch.series.patchfile import FileDiff, PatchFile

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
#: Where upstream's own build writes: its build folder, and sources it generates.
_UPSTREAM_OUTPUT = re.compile(r"build/|torch/csrc/(?:\w+/)*generated/|torch/version\.py$")


@dataclass(frozen=True)
class Owner:
    """Who can mend a line.

    `kind` is ``upstream``, ``submodule``, ``patch``, ``overlay``, ``generated`` or ``environment``;
    `name` the submodule's path, the patch's name or the file; `note` what else is worth knowing.
    """

    kind: str
    name: str = ""
    note: str = ""

    def __str__(self) -> str:
        head = f"{self.kind} {self.name}".rstrip()
        return f"{head} ({self.note})" if self.note else head

    @property
    def is_ours(self) -> bool:
        """Whether this project wrote the line, as far as can be said."""
        return self.kind in ("patch", "overlay") or (
            self.kind == "generated" and "upstream" not in self.note
        )


ENVIRONMENT = Owner("environment")


@dataclass(frozen=True)
class OwnerIndex:
    """What is needed to attribute a file of an adapted tree.

    Attributes:
        tree: the tree as the build saw it, absolute and with symbolic links resolved.
        submodules: path of each submodule, nested ones too, to its commit.
        overlay: tree path of each file of ours to its digest.
        generated: tree path of each file we rendered to its digest.
        patches: the series, in order.
    """

    tree: Path
    submodules: Mapping[str, str]
    overlay: Mapping[str, str] = field(default_factory=dict)
    generated: Mapping[str, str] = field(default_factory=dict)
    patches: tuple[PatchFile, ...] = ()

    def tree_path(self, path: str, folder: str = "") -> str | None:
        """Return `path` below the tree; None when it lies outside.

        A relative path starts from `folder`, itself below the tree (``build`` for ninja).
        """
        root = posixpath.normpath(str(self.tree))
        full = posixpath.normpath(posixpath.join(root, folder, path))
        return full[len(root) + 1 :] if full.startswith(f"{root}/") else None

    def owner_of(self, path: str, line: int | None = None) -> Owner:
        """Return who wrote that line of a file, given below the tree.

        A patch owns the lines it added and those that its hunks show around them.
        """
        if path in self.overlay:
            return Owner("overlay", path)
        if path in self.generated:
            return Owner("generated", path, "from our templates")
        if _UPSTREAM_OUTPUT.match(path):
            return Owner("generated", path, "by upstream's build")
        marks = _marks(self.patches, path)
        if line is not None and line in marks.added:
            return Owner("patch", marks.added[line], f"it added line {line}")
        if line is not None:
            for start, end, name in reversed(marks.spans):
                if start <= line <= end:
                    return Owner("patch", name, f"it changes lines beside line {line}")
        note = f"also touched by patch {marks.last}" if marks.last else ""
        module = max((m for m in self.submodules if path.startswith(f"{m}/")), key=len, default="")
        return Owner("submodule", module, note) if module else Owner("upstream", "", note)


@dataclass
class _Marks:
    """Lines of the file as it stands: those added, and spans of hunks with their patch."""

    added: dict[int, str] = field(default_factory=dict)
    spans: list[tuple[int, int, str]] = field(default_factory=list)
    last: str = ""


@dataclass(frozen=True)
class _Hunk:
    """Lines count from 1; `kept` maps old to new for context lines."""

    old: range
    new: range
    kept: dict[int, int]
    added: tuple[int, ...]


def _marks(patches: tuple[PatchFile, ...], path: str) -> _Marks:
    touching: list[tuple[str, FileDiff]] = []
    name = path
    for patch in reversed(patches):
        diff = next((item for item in patch.files if item.path == name), None)
        if diff is None:
            continue
        touching.append((patch.name, diff))
        if diff.kind == "add":
            break
        name = diff.source or name
    marks = _Marks()
    for patch_name, diff in reversed(touching):
        hunks = _hunks(diff.body)
        moved = {_moved(line, hunks): owner for line, owner in marks.added.items()}
        marks.added = {line: owner for line, owner in moved.items() if line is not None}
        marks.spans = [
            (_shifted(start, hunks), _shifted(end, hunks), owner)
            for start, end, owner in marks.spans
        ]
        for hunk in hunks:
            marks.added.update(dict.fromkeys(hunk.added, patch_name))
            marks.spans.append((hunk.new.start, max(hunk.new.start, hunk.new.stop - 1), patch_name))
        marks.last = patch_name
    return marks


def _hunks(body: bytes) -> list[_Hunk]:
    hunks = []
    for match in _HUNK.finditer(body):
        old, old_count, new, new_count = (
            int(group) if group is not None else 1 for group in match.groups()
        )
        # A side without lines is numbered by the line before it.
        old, new = old + (old_count == 0), new + (new_count == 0)
        old_lines, new_lines = range(old, old + old_count), range(new, new + new_count)
        hunks.append(_hunk(body[match.end() :], old_lines, new_lines))
    return hunks


def _hunk(body: bytes, old: range, new: range) -> _Hunk:
    kept: dict[int, int] = {}
    added: list[int] = []
    old_line, new_line = old.start, new.start
    for line in body.split(b"\n")[1:]:
        if old_line >= old.stop and new_line >= new.stop:
            break
        if line.startswith(b"+"):
            added.append(new_line)
            new_line += 1
        elif line.startswith(b"-"):
            old_line += 1
        elif not line.startswith(b"\\"):
            kept[old_line] = new_line
            old_line, new_line = old_line + 1, new_line + 1
    return _Hunk(old, new, kept, tuple(added))


def _moved(line: int, hunks: list[_Hunk]) -> int | None:
    """Where a line of the old file is in the new one; None when it is gone."""
    offset = 0
    for hunk in hunks:
        if line in hunk.old:
            return hunk.kept.get(line)
        if line < hunk.old.start:
            break
        offset = hunk.new.stop - hunk.old.stop
    return line + offset


def _shifted(line: int, hunks: list[_Hunk]) -> int:
    moved = _moved(line, hunks)
    if moved is not None:
        return moved
    return next(hunk.new.start for hunk in hunks if line in hunk.old)
