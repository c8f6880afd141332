"""A conflict, hunk by hunk: what each wanted, and what the release has at that place."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Callable

from ascendtorch.upkeep.placing import COMMON, Change, holds, place, split_lines
from ascendtorch.upkeep.verdict import HunkVerdict

#: ours, base, after -> the merged text and how many conflicts are marked in it.
Merge = Callable[[bytes, bytes, bytes], tuple[bytes, int]]

#: Files longer than this are searched around the announced line only.
_MAX_LINES = 20000
_NEAR = 500
#: Less than this in common is nothing alike; with this much in common it is the text itself, moved.
_ALIKE = 0.3
_SAME = 0.8
#: Stands for a hunk's lines where a merge shall say what the release has in their place.
_MARK = b"<what the hunk is about>\n"


def describe_hunks(
    changes: tuple[Change, ...], base: bytes, ours: bytes, merge: Merge
) -> tuple[HunkVerdict, ...]:
    """Describe every hunk of a section that does not fit as a whole, each by a merge of its own."""
    lines = split_lines(ours)
    offsets = place(changes, ours).offsets
    found = []
    for change, offset, held in zip(changes, offsets, holds(changes, ours)):
        alone = dataclasses.replace(change, goal=change.start)
        made = place((alone,), base)
        merged, conflicts = merge(ours, base, made.data)
        state = _state(conflicts, merged == ours, held, offset is not None)
        text = list(change.after if state == "upstream" else change.before)
        at = nearest(lines, text, change.goal)
        there = [] if at is None else lines[at : at + len(text)]
        if state == "conflict" and ours and (at is None or _alike(there, text) < _SAME):
            first, end = _place_of(change, made.offset, base, ours, merge)
            if at is None or at >= max(end, first + 1) or at + len(text) <= first:
                # What is alike is another place's; git's is shown, however little is left there.
                inside = nearest(lines[first:end], text, 1)
                at = max(0, first - change.lead) if inside is None else first + inside
                there = lines[at : min(end + change.trail, at + len(text))]
        found.append(
            HunkVerdict(
                change.number,
                change.header,
                state,
                0 if at is None else at + 1,
                tuple(_text(line) for line in change.shown),
                tuple(_text(line) for line in there),
            )
        )
    return tuple(found)


def _state(conflicts: int, same: bool, held: bool, placed: bool) -> str:
    if conflicts:
        return "upstream" if held and not placed else "conflict"
    if same:
        return "upstream"
    return "fits" if placed else "merge"


def _place_of(
    change: Change, offset: int, base: bytes, ours: bytes, merge: Merge
) -> tuple[int, int]:
    """Return the lines of the release, from 0, that git's merge has where a hunk changes some.

    Args:
        offset: how far from its announced place the hunk is in the base.
    """
    old, new = split_lines(base), split_lines(ours)
    first = offset + (change.start - 1 if change.before else change.start)
    old[first + change.lead : first + len(change.before) - change.trail] = [_MARK]
    merged = split_lines(merge(ours, base, b"".join(old))[0])
    # Up to the conflict, or to the mark if there is none, the merge is the release's own text.
    differs = (number for number, (a, b) in enumerate(zip(merged, new)) if a != b)
    begin = next(differs, len(new))
    if merged[begin] == _MARK:
        return begin, len(new) - (len(merged) - 1 - begin)
    middle = next(number for number in range(begin, len(merged)) if _is_middle(merged[number]))
    return begin, middle - 1


def _is_middle(line: bytes) -> bool:
    return line.rstrip(b"\r\n") == b"======="


def nearest(lines: list[bytes], wanted: list[bytes], start: int) -> int | None:
    """Return where the wanted lines nearly stand, from 0; None where nothing is alike."""
    size = max(1, len(wanted))
    first, last = 0, max(1, len(lines) - size + 1)
    if len(lines) > _MAX_LINES:
        first, last = max(0, start - _NEAR), min(last, start + _NEAR)
    # Lines that stand everywhere (a brace, nothing) say little about the place.
    goal = {line: 1.0 if line.strip(COMMON) else 0.1 for line in wanted}
    best, best_score = None, 0.0
    for at in range(first, last):
        score = sum(goal.get(line, 0.0) for line in set(lines[at : at + size]))
        score -= abs(at - start + 1) / (10 * len(lines) + 1)
        if score > best_score:
            best, best_score = at, score
    if best is None:
        return None
    return best if _alike(lines[best : best + size], wanted) >= _ALIKE else None


def _alike(lines: list[bytes], wanted: list[bytes]) -> float:
    return difflib.SequenceMatcher(None, lines, wanted).ratio()


def _text(line: bytes) -> str:
    return line.rstrip(b"\n").decode("utf-8", "replace")
