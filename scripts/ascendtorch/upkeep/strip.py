"""How many folders at the front of a diff's names are not the tree's: the ``-p`` of patch(1)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.series.refusal import refuse
from ascendtorch.upkeep.rawdiff import Section, stripped

_MAX = 9


def candidates(sections: Sequence[Section]) -> set[str]:
    """Return every path that some level would give."""
    names = (name for section in sections for name in (section.old, section.new) if name)
    return {stripped(name, level) for name in names for level in range(_MAX)} - {""}


def detect_level(
    path: Path, sections: Sequence[Section], files: Container[str], folders: Container[str]
) -> int:
    """Return the level at which every file that the diff changes is there.

    New files say nothing of it: a diff of nothing else is taken as made of two folders.

    Args:
        files: the files of the tree.
        folders: its folders, by which new files decide between levels that fit as well.

    Raises:
        PatchError: no level fits.
    """
    longest = max(len(name.split("/")) for s in sections for name in (s.old, s.new) if name)
    usual = min(1, longest - 1)
    levels = [usual, *(level for level in range(min(longest, _MAX)) if level != usual)]
    scores = {level: _score(sections, level, files, folders) for level in levels}
    best = max(levels, key=lambda level: scores[level])
    if not scores[best][0]:
        best = usual
    lost = list(missing(sections, best, files))
    if lost:
        more = f" and {len(lost) - 6} more" if len(lost) > 6 else ""
        refuse(
            path,
            f"it changes files that are not in the tree: {', '.join(lost[:6])}{more}",
            "see which release it was made for; --strip N takes N folders off the names",
        )
    return best


def missing(sections: Sequence[Section], level: int, files: Container[str]) -> Iterable[str]:
    """Return the files that the diff changes at this level and that are not there."""
    made: set[str] = set()
    for section in sections:
        if section.adds:
            made.add(stripped(section.new, level))
        elif not any(name in files or name in made for name in _names(section, level)):
            yield stripped(section.old or section.new, level) or section.old
        made.add(stripped(section.new, level))


def _names(section: Section, level: int) -> list[str]:
    return [stripped(name, level) for name in (section.old, section.new) if name]


def _score(
    sections: Sequence[Section], level: int, files: Container[str], folders: Container[str]
) -> tuple[int, int]:
    there = near = 0
    for section in sections:
        names = _names(section, level)
        if section.adds:
            near += stripped(section.new, level).rpartition("/")[0] in folders
        else:
            there += any(name in files for name in names)
    return there, near


def check_names(path: Path, sections: Sequence[Section], level: int) -> None:
    """Refuse names that must not be written.

    Raises:
        PatchError: one leads out of the tree or into git's own folder.
    """
    for section in sections:
        for raw in (section.old, section.new):
            name = stripped(raw, level)
            reason = unsafe_reason(name) if raw else None
            if reason is not None:
                refuse(path, f"{reason}: {raw!r}", "a patch may only name files inside the tree")
