"""Dividing a large change into topics: by folder, and by new names that files share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{4,}")
#: Folders of a path that tell topics apart.
_DEPTH = 3
#: A name that more files share says nothing of any two.
_SHARED = 4
#: What two topics must share to be one; a name counts the more, the fewer files have it.
_ENOUGH = 1.0
#: Files of a topic beyond which it takes in no other.
_LARGE = 25
_BUILD = ("CMakeLists.txt", "setup.py", "Makefile", "requirements.txt")


@dataclass(frozen=True)
class Unit:
    """What cannot be divided: one file, or the two of a rename.

    Attributes:
        paths: in the tree.
        repository: the submodule; empty for the release.
        added: the lines it puts there.
        removed: the lines it takes away.
    """

    paths: tuple[str, ...]
    repository: str
    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]


@dataclass(frozen=True)
class Topic:
    """Files that belong together, and the names that brought folders together."""

    area: str
    units: tuple[Unit, ...]
    names: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All its files."""
        return tuple(sorted(path for unit in self.units for path in unit.paths))


def divide(units: Sequence[Unit]) -> list[Topic]:
    """Return topics that hold each unit once, submodules first, the largest area naming each."""
    areas: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        areas[area_of(unit)].append(unit)
    groups = {area: {area} for area in areas}
    names: dict[str, set[str]] = defaultdict(set)
    for (first, second), shared in sorted(
        _shared(areas).items(), key=lambda item: (-_weight(item[1]), item[0])
    ):
        one, other = groups[first], groups[second]
        size = sum(len(areas[area]) for area in one | other)
        # A submodule is a repository of its own, and the build takes in what others bring.
        alone = areas[first][0].repository != areas[second][0].repository
        build = "build" in one | other
        if one is other or alone or build or size > _LARGE or _weight(shared) < _ENOUGH:
            continue
        joined = one | other
        label = min(joined)
        for area in joined:
            groups[area] = joined
        names[label] |= {name for name, _ in shared} | names.pop(min(one), set())
        names[label] |= names.pop(min(other), set()) if min(other) != label else set()
    topics = []
    for joined in {id(group): group for group in groups.values()}.values():
        found = [unit for area in sorted(joined) for unit in areas[area]]
        label = max(sorted(joined), key=lambda area: len(areas[area]))
        topics.append(Topic(label, tuple(found), tuple(sorted(names.get(min(joined), ())))))
    return sorted(topics, key=lambda topic: (not topic.units[0].repository, topic.area))


def area_of(unit: Unit) -> str:
    """Return the submodule, ``build`` for upstream's build files, or the first folders."""
    if unit.repository:
        return unit.repository
    folders = unit.paths[-1].split("/")[:-1]
    name = unit.paths[-1].rpartition("/")[2]
    if folders[:1] == ["cmake"] or (not folders and name in _BUILD):
        return "build"
    return "/".join(folders[:_DEPTH]) or "top"


def _shared(
    areas: dict[str, list[Unit]],
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Return, for pairs of areas, the new names that files of both have, and in how many files."""
    users: dict[bytes, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    old: set[bytes] = set()
    for area, units in areas.items():
        for unit in units:
            for name in {n for line in unit.added for n in _NAME.findall(line)}:
                users[name].append((area, unit.paths))
            old.update(name for line in unit.removed for name in _NAME.findall(line))
    found: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for name, places in users.items():
        if name in old or not 2 <= len(places) <= _SHARED:
            continue
        for pair in combinations(sorted({area for area, _ in places}), 2):
            found[pair].append((name.decode("ascii"), len(places)))
    return found


def _weight(shared: Sequence[tuple[str, int]]) -> float:
    return sum(1 / (count - 1) / 2 for _, count in shared)
