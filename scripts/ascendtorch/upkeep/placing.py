"""Placing the hunks of a patch in a text, by git apply's own rules: no fuzz, offsets counted.

Lines keep their line feeds, so that a file without one at its end differs from one with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ascendtorch.series.patchfile import FileDiff

_HEAD = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NO_END = b"\\"
#: Characters of which lines consist that stand anywhere.
COMMON = b" \t\r\n{}();"


@dataclass(frozen=True)
class Change:
    """One hunk as two texts.

    Attributes:
        number: counted from 1.
        header: the ``@@ ... @@`` part of its first line.
        start: the line it is announced at before the patch, from 1 (0 in an empty file).
        goal: the line it is announced at after the hunks before it were applied.
        before: the lines it expects.
        after: the lines it leaves.
        at_end: whether no context follows its last change: it then belongs at the file's end.
        shown: its lines with their marks, for people.
    """

    number: int
    header: str
    start: int
    goal: int
    before: tuple[bytes, ...]
    after: tuple[bytes, ...]
    at_end: bool
    shown: tuple[bytes, ...]

    @property
    def lead(self) -> int:
        """How many lines of context come before its first change."""
        return _common(self.before, self.after)

    @property
    def trail(self) -> int:
        """How many lines of context follow its last change."""
        shorter = min(len(self.before), len(self.after))
        return min(_common(self.before[::-1], self.after[::-1]), shorter - self.lead)


@dataclass(frozen=True)
class Placed:
    """A text with the hunks in it; `offsets` has one entry a hunk, None for one without a place."""

    lines: tuple[bytes, ...]
    offsets: tuple[int | None, ...]

    @property
    def fits(self) -> bool:
        """Whether every hunk has a place."""
        return None not in self.offsets

    @property
    def exact(self) -> bool:
        """Whether every hunk has it where it was announced."""
        return not any(offset is None or offset for offset in self.offsets)

    @property
    def offset(self) -> int:
        """The offset furthest from 0."""
        return max((offset for offset in self.offsets if offset is not None), key=abs, default=0)

    @property
    def data(self) -> bytes:
        """The text as bytes."""
        return b"".join(self.lines)


def _common(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> int:
    differs = (number for number, (a, b) in enumerate(zip(one, other)) if a != b)
    return next(differs, min(len(one), len(other)))


def changes_of(item: FileDiff) -> tuple[Change, ...]:
    """Read the hunks of a section, which `parse_patch` has checked."""
    lines = item.body.split(b"\n")
    found: list[Change] = []
    at = 0
    while at < len(lines) and len(found) < len(item.hunks):
        match = _HEAD.match(lines[at])
        at += 1
        if match is not None:
            hunk, at = _change(len(found) + 1, match, lines, at)
            found.append(hunk)
    return tuple(found)


def _change(number: int, match: re.Match[bytes], lines: list[bytes], at: int) -> tuple[Change, int]:
    before: list[bytes] = []
    after: list[bytes] = []
    olds, news = int(match[2] or b"1"), int(match[4] or b"1")
    begun, last = at, b" "
    while len(before) < olds or len(after) < news or lines[at].startswith(_NO_END):
        # Some tools write an empty context line without its blank.
        mark, text = (lines[at][:1] or b" "), lines[at][1:] + b"\n"
        if mark == _NO_END:
            for side, marks in ((before, b" -"), (after, b" +")):
                if last in marks:
                    side[-1] = side[-1][:-1]
        if mark in (b" ", b"-"):
            before.append(text)
        if mark in (b" ", b"+"):
            after.append(text)
        last = mark if mark != _NO_END else last
        at += 1
        if at >= len(lines):
            break
    change = Change(
        number,
        match[0].decode("ascii"),
        int(match[1]),
        int(match[3]),
        tuple(before),
        tuple(after),
        last != b" ",
        tuple(lines[begun:at]),
    )
    return change, at


def split_lines(data: bytes) -> list[bytes]:
    """Split at line feeds only, and keep them."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def place(changes: tuple[Change, ...], data: bytes) -> Placed:
    """Put hunks into a text one after the other; one without a place is left out."""
    lines = split_lines(data)
    patched = [False] * len(lines)
    offsets: list[int | None] = []
    for change in changes:
        at = _find(lines, patched, change)
        if at is None:
            offsets.append(None)
            continue
        end = at + len(change.before)
        lines[at:end] = change.after
        patched[at:end] = [True] * len(change.after)
        offsets.append(at - max(change.goal - 1, 0))
    return Placed(tuple(lines), tuple(offsets))


def _find(lines: list[bytes], patched: list[bool], change: Change) -> int | None:
    """Find the place nearest to the announced one, forward before backward, as git does."""
    before = list(change.before)
    size = len(before)
    last = len(lines) - size
    for at in _candidates(change, len(lines), last):
        if (
            0 <= at <= last
            and not (change.at_end and at != last)
            and lines[at : at + size] == before
            and not any(patched[at : at + size])
        ):
            return at
    return None


def _candidates(change: Change, count: int, last: int) -> Iterator[int]:
    # A hunk announced at the first line is never looked for elsewhere, nor one without context
    # behind it anywhere but at the end.
    if change.start <= 1:
        yield 0
    elif change.at_end:
        yield last
    else:
        guess = min(max(change.goal - 1, 0), count)
        yield guess
        for step in range(1, max(guess, count - guess) + 1):
            yield guess + step
            yield guess - step


def holds(changes: tuple[Change, ...], data: bytes) -> tuple[bool, ...]:
    """Say of each hunk whether its result stands in a text already, and what it replaces does not.

    What only adds blank lines and braces stands everywhere, which says nothing.
    """
    lines = split_lines(data)
    return tuple(_held(lines, change) for change in changes)


def _held(lines: list[bytes], change: Change) -> bool:
    added = [line for line in change.after if line not in change.before] or change.after
    if not any(line.strip(COMMON) for line in added) or not _occurs(lines, change.after):
        return False
    return _occurs(list(change.after), change.before) or not _occurs(lines, change.before)


def _occurs(lines: list[bytes], wanted: tuple[bytes, ...]) -> bool:
    size, listed = len(wanted), list(wanted)
    if not size:
        return not lines
    return any(
        line == wanted[0] and lines[at : at + size] == listed
        for at, line in enumerate(lines[: len(lines) - size + 1])
    )
