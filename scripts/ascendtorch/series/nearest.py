"""Where a hunk nearly fits: what it wanted, and what stands there instead."""

from __future__ import annotations

import difflib

from ascendtorch.series.patchfile import FileDiff

#: Files longer than this are searched around the announced line only.
_MAX_LINES = 20000


def explain_mismatch(item: FileDiff, content: bytes) -> str:
    """Say which hunk does not fit, where it fits best, and the first line that differs."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()  # what follows the last line feed is no line
    for number, hunk in enumerate(item.hunks, 1):
        wanted, header = list(hunk.expected), hunk.header
        if _find(lines, wanted) is not None:
            continue
        if _find([x.rstrip(b"\r") for x in lines], [x.rstrip(b"\r") for x in wanted]) is not None:
            ends = "CRLF" if any(x.endswith(b"\r") for x in lines) else "LF"
            return (
                f"{item.path}: hunk {number} ({header}) differs in line ends: the file has {ends}"
            )
        at, ratio = _nearest(lines, wanted, hunk.start)
        there = lines[at : at + len(wanted)]
        for offset, line in enumerate(wanted):
            found = there[offset] if offset < len(there) else None
            if found != line:
                return (
                    f"{item.path}: hunk {number} ({header}) does not fit; nearest match at line "
                    f"{at + 1} ({ratio:.0%} alike), where line {at + 1 + offset} is\n"
                    f"    wanted: {_show(line)}\n    there:  {_show(found)}"
                )
    return f"{item.path}: a hunk does not fit"


def _find(lines: list[bytes], wanted: list[bytes]) -> int | None:
    size = len(wanted)
    return next((i for i in range(len(lines) - size + 1) if lines[i : i + size] == wanted), None)


def _nearest(lines: list[bytes], wanted: list[bytes], start: int) -> tuple[int, float]:
    size = max(1, len(wanted))
    first, last = 0, max(1, len(lines))
    if len(lines) > _MAX_LINES:
        first, last = max(0, start - 500), min(last, start + 500)
    goal = set(wanted)
    best, best_score = max(0, min(start - 1, last - 1)), -1.0
    for at in range(first, last):
        window = lines[at : at + size]
        score = sum(line in goal for line in window) - abs(at - start + 1) / (10 * len(lines) + 1)
        if score > best_score:
            best, best_score = at, score
    ratio = difflib.SequenceMatcher(None, lines[best : best + size], wanted).ratio()
    return best, ratio


def _show(line: bytes | None) -> str:
    return "(end of file)" if line is None else repr(line.decode("utf-8", "replace"))[:120]
