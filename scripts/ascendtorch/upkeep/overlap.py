"""Which patches of a series change the same lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ascendtorch.series.patchfile import FileDiff, PatchFile
from ascendtorch.upkeep.lines import Block, blocks


@dataclass(frozen=True)
class Overlap:
    """Two patches that change the same lines; `line` is the first, as `second` finds the file."""

    first: str
    second: str
    path: str
    line: int


@dataclass(frozen=True)
class _Span:
    """Lines `start` to `end` (not included) that a patch has put into a file, or taken away."""

    start: int
    end: int
    patch: str


def overlaps(patches: Sequence[PatchFile]) -> Iterator[Overlap]:
    """Return each pair of patches once a file."""
    files: dict[str, list[_Span]] = {}
    for patch in patches:
        for item in patch.files:
            spans = files.pop(item.source or item.path, [])
            seen: set[str] = set()
            for line, other in _met(item, spans):
                if other not in seen:
                    seen.add(other)
                    yield Overlap(other, patch.name, item.path, line)
            if item.kind != "delete":
                files[item.path] = _carried(item, spans, patch.name)


def _met(item: FileDiff, spans: Sequence[_Span]) -> Iterator[tuple[int, str]]:
    for block in blocks(item):
        end = block.start + len(block.removed)
        for span in spans:
            # Nothing between two lines overlaps only where something else was put or taken away.
            if span.start < end and block.start < span.end:
                yield max(block.start, span.start), span.patch
            elif end == block.start and span.start < block.start < span.end:
                yield block.start, span.patch
            elif span.start == span.end and block.start < span.start < end:
                yield span.start, span.patch


def _carried(item: FileDiff, spans: Sequence[_Span], patch: str) -> list[_Span]:
    """Return the spans as they are numbered after a change, its own among them."""
    listed = list(blocks(item))
    moved = [_Span(_after(listed, s.start), _after(listed, s.end), s.patch) for s in spans]
    shift = 0
    for block in listed:
        start = block.start + shift
        moved.append(_Span(start, start + len(block.added), patch))
        shift += len(block.added) - len(block.removed)
    return moved


def _after(listed: Sequence[Block], line: int) -> int:
    shift = 0
    for block in listed:
        if block.start + len(block.removed) <= line:
            shift += len(block.added) - len(block.removed)
        elif block.start < line:
            return block.start + shift
    return line + shift
