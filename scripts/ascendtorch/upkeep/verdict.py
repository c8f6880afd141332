"""What becomes of a patch at another release: kinds of verdict, and which is the worst."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Kinds from good to bad, with what a person reads. Those before `STOPS` need nobody.
KINDS = {
    "clean": "fits as it is",
    "offset": "fits, some lines further up or down",
    "upstream": "the release contains it already",
    "merge": "the text around it changed; a three-way merge puts it right",
    "renamed": "its target has another name there; it fits under that",
    "deleted": "its target is not there",
    "conflict": "upstream changed the same lines",
    "unknown": "objects are missing, so that nothing can be said",
}
#: Kinds that need a person.
STOPS = ("deleted", "conflict", "unknown")
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class HunkVerdict:
    """One hunk of a section with a conflict: what it wanted, and what stands there.

    Attributes:
        number: counted from 1.
        header: its ``@@ ... @@`` line.
        state: ``fits``, ``merge`` (only the text around it changed), ``upstream`` (its result is
            there already) or ``conflict``.
        line: where the text it is about stands, or nearly does, or where a merge would put it,
            from 1; 0 where there is no text.
        wanted: its lines with their marks.
        there: what upstream has at that place, which may be nothing.
    """

    number: int
    header: str
    state: str
    line: int
    wanted: tuple[str, ...] = ()
    there: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The verdict as data."""
        return {
            "hunk": self.number,
            "header": self.header,
            "state": self.state,
            "line": self.line,
            "wanted": list(self.wanted),
            "there": list(self.there),
        }


@dataclass(frozen=True)
class FileVerdict:
    """What becomes of one section of a patch.

    Attributes:
        path: the target as the patch names it.
        offset: lines by which the furthest hunk moved.
        moved_to: the name it has at the release, where that is another one.
        note: why, in a few words; empty where the kind says it all.
        commit: the upstream commit that renamed, removed or added the target: hash and subject.
        hunks: for a conflict, every hunk.
    """

    path: str
    kind: str
    offset: int = 0
    moved_to: str | None = None
    note: str = ""
    commit: tuple[str, str] | None = None
    hunks: tuple[HunkVerdict, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The verdict as data."""
        return {
            "path": self.path,
            "verdict": self.kind,
            "offset": self.offset,
            "moved_to": self.moved_to,
            "note": self.note,
            "commit": None
            if self.commit is None
            else {"hash": self.commit[0], "subject": self.commit[1]},
            "hunks": [hunk.as_json() for hunk in self.hunks],
        }


@dataclass(frozen=True)
class PatchVerdict:
    """What becomes of a patch at one release."""

    patch: str
    tag: str
    files: tuple[FileVerdict, ...]

    @property
    def kind(self) -> str:
        """The worst of its files'; what is upstream in part only is still a patch, by merge."""
        kinds = [file.kind for file in self.files]
        found = worst(kinds)
        return "merge" if found == "upstream" and set(kinds) != {"upstream"} else found

    @property
    def offset(self) -> int:
        """The offset furthest from 0."""
        return max((file.offset for file in self.files), key=abs, default=0)

    @property
    def stops(self) -> bool:
        """Whether it needs a person."""
        return self.kind in STOPS

    @property
    def label(self) -> str:
        """The verdict in one or two words."""
        if self.kind == "offset":
            return f"offset {self.offset:+d}"
        return self.kind

    def as_json(self) -> dict[str, Any]:
        """The verdict as data."""
        return {
            "patch": self.patch,
            "tag": self.tag,
            "verdict": self.kind,
            "offset": self.offset,
            "files": [file.as_json() for file in self.files],
        }


def worst(kinds: Iterable[str]) -> str:
    """Return the kind that decides about a whole; ``clean`` for nothing at all."""
    return max(kinds, key=_RANK.__getitem__, default="clean")
