"""Unified diffs as any tool writes them: sections and hunks, with every line accounted for.

`git apply` skips what it does not understand; here that is refused, so that nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.series.hunks import Hunk
from ascendtorch.series.names import unquoted
from ascendtorch.series.refusal import refuse

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STAMP = re.compile(rb"\t(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [+-]\d{4})?)")
_MAKE = "make the diff again with `diff -Nur` or `git format-patch`"


@dataclass(frozen=True)
class Section:
    """What a diff says about one file, with the names as they stand there.

    Attributes:
        line: number of its first line.
        old: name before the change; empty for ``/dev/null``.
        new: name after it.
        adds: whether it makes the file.
        hunks: as in a patch of the series.
        added: the lines it puts into the file.
        removed: the lines it takes away.
        stamp: when the new file was written, as diff(1) says it.
    """

    line: int
    old: str
    new: str
    adds: bool
    hunks: tuple[Hunk, ...]
    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]
    stamp: str | None


@dataclass(frozen=True)
class RawDiff:
    """A text with a diff in it: what stands before, the diff's bytes, its sections."""

    head: bytes
    body: bytes
    sections: tuple[Section, ...]


def scan(path: Path, raw: bytes) -> RawDiff:
    """Read a diff.

    Raises:
        PatchError: there is none, it is binary, truncated or of another kind, or it has lines that
            belong to no hunk.
    """
    scanner = _Scanner(path, raw)
    scanner.run()
    if scanner.first is None:
        refuse(path, "there is no unified diff in it", _MAKE)
    lines = scanner.lines
    return RawDiff(
        b"".join(line + b"\n" for line in lines[: scanner.first]),
        b"\n".join(lines[scanner.first :]),
        tuple(scanner.sections),
    )


class _Scanner:
    def __init__(self, path: Path, raw: bytes) -> None:
        self._path = path
        self.lines = raw.split(b"\n")
        self.sections: list[Section] = []
        self.first: int | None = None
        self._at = 0

    def run(self) -> None:
        """Go through all lines."""
        inside = False
        while self._at < len(self.lines):
            line = self.lines[self._at]
            following = self.lines[self._at + 1] if self._at + 1 < len(self.lines) else b""
            if line.startswith(b"diff --git "):
                self._begin()
                self._git()
                inside = True
            elif line.startswith(b"--- ") and following.startswith(b"+++ "):
                self._begin()
                self._plain({}, self._at)
                inside = True
            else:
                self._between(line, following, inside)
                if line.startswith((b"diff ", b"Index: ")) and self._section_follows():
                    self._begin()
                    inside = False
                self._at += 1

    def _section_follows(self) -> bool:
        return any(line.startswith(b"--- ") for line in self.lines[self._at + 1 : self._at + 4])

    def _begin(self) -> None:
        self.first = self._at if self.first is None else self.first

    def _between(self, line: bytes, following: bytes, inside: bool) -> None:
        """Judge a line outside all hunks."""
        where = f"line {self._at + 1}"
        if line.startswith((b"Binary files ", b"GIT binary patch")) or (
            line.startswith(b"Files ") and line.endswith(b" differ")
        ):
            refuse(
                self._path,
                f"{where}: a binary file ({_text(line)})",
                "put the file into the overlay (pytorch_src) and take it out of the diff",
            )
        if line.startswith(b"Only in "):
            refuse(
                self._path,
                f"{where}: the diff lacks the content of a file ({_text(line)})",
                "make it again with `diff -Nur`; -N takes in new files",
            )
        if line.startswith(b"*** ") and following.startswith(b"--- "):
            refuse(self._path, f"{where}: a context diff", _MAKE)
        signature = line in (b"-- ", b"--")
        if inside and line.startswith((b"+", b"-", b" ", b"@@", b"\\")) and not signature:
            refuse(
                self._path,
                f"{where}: a line that belongs to no hunk: {_text(line)!r}",
                f"correct the counts in the `@@` line before it, or {_MAKE}",
            )

    def _git(self) -> None:
        """Read a section that git wrote, from its first line on."""
        start = self._at
        fields: dict[str, bytes] = {}
        self._at += 1
        while self._at < len(self.lines):
            line = self.lines[self._at]
            match = re.match(
                rb"(rename from|rename to|copy from|copy to|new file mode|deleted file mode"
                rb"|old mode|new mode|similarity index|dissimilarity index|index) (.*)",
                line,
            )
            if match is None:
                break
            fields[match[1].decode()] = match[2]
            self._at += 1
        if self._at + 1 < len(self.lines) and self.lines[self._at].startswith(b"--- "):
            self._plain(fields, start)
            return
        old, new = self._first_line(self.lines[start])
        for verb in ("rename", "copy"):
            if f"{verb} to" in fields:
                old = "a/" + unquoted(self._path, fields[f"{verb} from"])
                new = "b/" + unquoted(self._path, fields[f"{verb} to"])
        self._add(start, old, new, "new file mode" in fields, [], None)

    def _first_line(self, line: bytes) -> tuple[str, str]:
        pair = line[len(b"diff --git ") :]
        half = len(pair) // 2
        return unquoted(self._path, pair[:half]), unquoted(self._path, pair[half + 1 :])

    def _plain(self, fields: dict[str, bytes], start: int) -> None:
        """Read ``---``, ``+++`` and the hunks."""
        old, new = self.lines[self._at][4:], self.lines[self._at + 1][4:]
        if old.endswith(b"\r") or new.endswith(b"\r"):
            refuse(
                self._path,
                f"line {self._at + 1}: the diff's own lines end in CRLF",
                "convert it to LF; only lines of a file that ends its lines in CRLF do so",
            )
        stamp = _STAMP.search(new)
        names = [unquoted(self._path, name.partition(b"\t")[0].rstrip()) for name in (old, new)]
        names = ["" if name == "/dev/null" else name for name in names]
        self._at += 2
        hunks = []
        while self._at < len(self.lines) and self.lines[self._at].startswith(b"@@ -"):
            hunks.append(self._hunk())
        if not hunks:
            refuse(self._path, f"line {start + 1}: a section without a hunk", _MAKE)
        adds = "new file mode" in fields or not names[0] or hunks[0][1] == (0, 0)
        self._add(start, names[0], names[1], adds, hunks, stamp[1].decode() if stamp else None)

    def _hunk(self) -> tuple[Hunk, tuple[int, int], list[bytes], list[bytes]]:
        header = self.lines[self._at]
        match = _HUNK.match(header)
        if match is None:
            refuse(self._path, f"line {self._at + 1}: not the start of a hunk", _MAKE)
        old, new = int(match[2] or 1), int(match[4] or 1)
        before = (int(match[1]), old)
        begun = self._at + 1
        self._at += 1
        expected: list[bytes] = []
        added: list[bytes] = []
        removed: list[bytes] = []
        while old > 0 or new > 0:
            line = self.lines[self._at] if self._at < len(self.lines) else None
            # Some editors take the space of an empty context line away.
            kind = b"?" if line is None else (line[:1] or b" ")
            if (
                line is None
                or kind not in b" +-\\"
                or (self._at == len(self.lines) - 1 and not line)
            ):
                refuse(self._path, f"line {begun}: a truncated or damaged hunk", _MAKE)
            self._at += 1
            if kind == b"\\":
                continue
            old -= kind != b"+"
            new -= kind != b"-"
            if kind == b"+":
                added.append(line[1:])
            else:
                expected.append(line[1:])
                if kind == b"-":
                    removed.append(line[1:])
        if old < 0 or new < 0:
            refuse(self._path, f"line {begun}: the counts of a hunk do not fit its lines", _MAKE)
        while self._at < len(self.lines) and self.lines[self._at].startswith(b"\\"):
            self._at += 1
        name = (header.split(b" @@")[0] + b" @@").decode("latin-1")
        hunk = Hunk(before[0], name, tuple(expected), len(added), len(removed))
        return hunk, before, added, removed

    def _add(
        self,
        start: int,
        old: str,
        new: str,
        adds: bool,
        hunks: list[tuple[Hunk, tuple[int, int], list[bytes], list[bytes]]],
        stamp: str | None,
    ) -> None:
        self.sections.append(
            Section(
                start + 1,
                old,
                new,
                adds,
                tuple(hunk for hunk, _, _, _ in hunks),
                tuple(line for _, _, added, _ in hunks for line in added),
                tuple(line for _, _, _, removed in hunks for line in removed),
                stamp,
            )
        )


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")[:100]


def stripped(name: str, level: int) -> str:
    """Return a name without its first `level` folders, as ``-pN`` does; empty where too short."""
    return "/".join(name.split("/")[level:])
