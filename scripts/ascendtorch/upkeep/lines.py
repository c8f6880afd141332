"""The changed lines of a section, with their numbers, read from its bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ascendtorch.series.patchfile import FileDiff

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True)
class Block:
    """Neighbouring changed lines.

    Attributes:
        start: number of the first line it takes away, before the change; where nothing is taken
            away, of the line that it stands before.
        removed: the lines it takes away, without line feeds.
        added: the lines it puts there.
    """

    start: int
    removed: tuple[bytes, ...]
    added: tuple[bytes, ...]


def blocks(item: FileDiff) -> Iterator[Block]:
    """Return what a section changes, from top to bottom."""
    lines = item.body.split(b"\n")
    at = next((i for i, line in enumerate(lines) if line.startswith(b"@@ -")), len(lines))
    while at < len(lines) and (match := _HUNK.match(lines[at])):
        old, new = int(match[2] or 1), int(match[4] or 1)
        # An empty range is numbered by the line before it.
        number = int(match[1]) + (old == 0)
        at += 1
        removed: list[bytes] = []
        added: list[bytes] = []
        while old > 0 or new > 0:
            line = lines[at]
            at += 1
            if line.startswith(b"\\"):
                continue
            old -= not line.startswith(b"+")
            new -= not line.startswith(b"-")
            if line.startswith(b"-"):
                removed.append(line[1:])
            elif line.startswith(b"+"):
                added.append(line[1:])
            else:
                if removed or added:
                    yield Block(number, tuple(removed), tuple(added))
                    number += len(removed)
                    removed, added = [], []
                number += 1
        if removed or added:
            yield Block(number, tuple(removed), tuple(added))
        while at < len(lines) and lines[at].startswith(b"\\"):
            at += 1
