"""File names of new patches, and the series file with its comments kept."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence

_LENGTH = 60


def slug(subject: str) -> str:
    """Return a subject in the letters that every file system takes; never empty."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", subject).strip("-").lower()
    if len(words) > _LENGTH:
        words = words[: _LENGTH + 1].rpartition("-")[0] or words[:_LENGTH]
    return words or "change"


def new_names(subjects: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Name new patches ``NNNN-subject.patch``, numbered on from the highest there is."""
    numbers = [int(match[1]) for name in taken if (match := re.match(r"(\d{4})-", name))]
    first = max(numbers, default=0) + 1
    return [f"{first + at:04d}-{slug(subject)}.patch" for at, subject in enumerate(subjects)]


def series_text(text: str, names: Sequence[str]) -> str:
    """Return the series file for these names in this order.

    Comments and blank lines stay where they are. Names that keep their order keep their lines; one
    that comes or moves stands behind the name before it.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    listed = {line.strip() for line in lines if _is_name(line)}
    places = {name: at for at, name in enumerate(names)}
    staying = _longest([places[line.strip()] for line in lines if line.strip() in places])
    kept = {names[at] for at in staying} & listed
    seen: set[str] = set()
    result: list[str] = []
    for line in lines:
        name = line.strip()
        if not _is_name(line):
            result.append(line)
        elif name in kept and name not in seen:
            seen.add(name)
            result.append(line)
    for at, name in enumerate(names):
        if name not in kept:
            result.insert(_place(result, names, at), name)
    return "".join(f"{line}\n" for line in result)


def _is_name(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _place(lines: list[str], names: Sequence[str], at: int) -> int:
    stripped = [line.strip() for line in lines]
    if at > 0:
        return stripped.index(names[at - 1]) + 1
    return next((i for i, line in enumerate(lines) if _is_name(line)), len(lines))


def _longest(numbers: Sequence[int]) -> list[int]:
    """Return the longest rising selection of some numbers (patience sorting)."""
    tops: list[int] = []
    piles: list[list[int]] = []
    for number in numbers:
        at = bisect.bisect_left(tops, number)
        below = piles[at - 1] if at else []
        if at == len(tops):
            tops.append(number)
            piles.append([*below, number])
        else:
            tops[at] = number
            piles[at] = [*below, number]
    return piles[-1] if piles else []
