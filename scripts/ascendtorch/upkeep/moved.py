"""Where a target of a patch went between two releases, and which upstream commit took it there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from ascendtorch.edge import git
from ascendtorch.upkeep.release import Release


@dataclass(frozen=True)
class Fate:
    """What became of a path: another name, or none.

    Attributes:
        moved_to: its new path in the tree; None where it is gone.
        note: what happened, for people.
        commit: hash and subject of the upstream commit that did it, where history is there.
    """

    moved_to: str | None
    note: str
    commit: tuple[str, str] | None


#: Asked about a path that the other release does not have.
Lookup = Callable[[str], Fate]


class Tracker:
    """Follows paths from one release to another.

    Args:
        paths: what may be asked about, so that history is read once for all of them.
    """

    def __init__(self, pin: Release, other: Release, paths: Iterable[str]) -> None:
        self._pin = pin
        self._other = other
        self._lost: dict[str, list[str]] = {}
        for path in sorted(set(paths)):
            module, inner = pin.inside(path)
            there = other.modules[module.path]
            if inner in module.entries and inner not in there.entries:
                self._lost.setdefault(module.path, []).append(inner)
        self._renames: dict[str, dict[str, str]] = {}
        self._commits: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}

    def __call__(self, path: str) -> Fate:
        """Say where a path of the pin is at the other release, which lacks it."""
        module, inner = self._pin.inside(path)
        there = self._other.modules[module.path]
        if not there.commit:
            return Fate(None, f"{self._other.tag} has no submodule {module.path}", None)
        repository = there.repository
        # Both commits are in one repository of a mirror; in the cache they are, once fetched.
        if repository is None or not repository.has(f"{module.commit}^{{tree}}"):
            return Fate(None, f"{path} is not in {self._other.tag}", None)
        target = self._renamed(repository, module.path, module.commit, there.commit).get(inner)
        prefix = f"{module.path}/" if module.path else ""
        gone = self._log(repository, module.path, "D", f"{module.commit}..{there.commit}")
        if target is not None:
            return Fate(prefix + target, f"renamed to {prefix}{target}", gone.get(inner))
        if inner in gone:
            return Fate(None, f"removed before {self._other.tag}", gone[inner])
        came = self._log(repository, module.path, "A", f"{there.commit}..{module.commit}")
        if inner in came:
            return Fate(None, f"added after {self._other.tag}", came[inner])
        return Fate(None, f"{path} is not in {self._other.tag}", None)

    def _renamed(
        self, repository: git.Repository, module: str, old: str, new: str
    ) -> dict[str, str]:
        if module not in self._renames:
            raw = repository.run(
                *("diff-tree", "-r", "-z", "-M", "-l0", "--diff-filter=R", "--raw"),
                *("--ignore-submodules=none", old, new),
                check=False,
            )
            fields = list(filter(None, raw.text.split("\0"))) if raw.returncode == 0 else []
            self._renames[module] = dict(zip(fields[1::3], fields[2::3]))
        return self._renames[module]

    def _log(
        self, repository: git.Repository, module: str, change: str, commits: str
    ) -> dict[str, tuple[str, str]]:
        """Return the last commit that added (A) or removed (D) each lost path, as history says."""
        if (module, change) not in self._commits:
            paths = (f":(literal){path}" for path in self._lost.get(module, ()))
            done = repository.run(
                *("log", "-z", "--format=%x01%H%x02%s", "--name-only", "--no-renames"),
                *(f"--diff-filter={change}", commits, "--", *paths),
                check=False,
            )
            text = done.text if done.returncode == 0 else ""
            self._commits[module, change] = _last_commits(text)
        return self._commits[module, change]


def _last_commits(text: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for record in text.split("\1")[1:]:
        head, *names = record.split("\0")
        oid, _, subject = head.partition("\2")
        for name in filter(None, (name.strip("\n") for name in names)):
            found.setdefault(name, (oid, subject.strip("\n")))
    return found
