"""The order of a series, from lines of commits in several repositories."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path

from ascendtorch.errors import PatchError
from ascendtorch.series.parts import owner_of
from ascendtorch.stages.chain import STAGE
from ascendtorch.upkeep.commits import Commit
from ascendtorch.upkeep.matching import Group


def arrange(
    groups: Sequence[Group],
    commits: Mapping[str, Sequence[Commit]],
    found: Mapping[str, str],
    tree: Path,
) -> list[Group]:
    """Return the groups in an order that keeps every repository's own.

    Where that leaves a choice, a patch stands where the release's commits record it.

    Raises:
        PatchError: two repositories hold the same patches in opposite order.
    """
    owner = {c.oid: at for at, group in enumerate(groups) for c in group.commits.values()}
    after: list[set[int]] = [set() for _ in groups]
    waiting = [0] * len(groups)
    for listed in commits.values():
        line = [owner[commit.oid] for commit in listed if commit.oid in owner]
        for first, second in zip(line, line[1:]):
            if second not in after[first]:
                after[first].add(second)
                waiting[second] += 1
    places = [_place(group, commits, found) for group in groups]
    ready = [(places[at], at) for at in range(len(groups)) if not waiting[at]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, at = heapq.heappop(ready)
        order.append(at)
        for other in after[at]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (places[other], other))
    if len(order) != len(groups):
        stuck = sorted(
            {
                c.label
                for at in range(len(groups))
                if waiting[at]
                for c in groups[at].commits.values()
            }
        )
        raise PatchError(
            f"two repositories hold the same patches in opposite order: {', '.join(stuck[:6])}",
            stage=STAGE,
            path=tree,
            remedy="bring the commits into the same order in each of them with `git rebase -i`",
        )
    return [groups[at] for at in order]


def _place(
    group: Group, commits: Mapping[str, Sequence[Commit]], found: Mapping[str, str]
) -> tuple[int, int]:
    """Return where among the release's commits a group stands; those not recorded come last.

    What a commit of the release records comes before its own change.
    """
    release = commits.get("", ())
    end = len(release)
    places = [
        at
        for at, commit in enumerate(release)
        if commit is group.commits.get("")
        or (group.name is not None and found.get(commit.oid) == group.name)
    ]
    if places:
        return places[0], 1
    slots = [_recorded(name, commit, commits) for name, commit in group.commits.items()]
    return min(slots, default=end), 0


def _recorded(name: str, commit: Commit, commits: Mapping[str, Sequence[Commit]]) -> int:
    """Return the first commit of the release that records this one of a submodule, or a later."""
    known = tuple(path for path in commits if path)
    while name:
        parent = owner_of(name, known)
        inner = name[len(parent) + 1 :] if parent else name
        later = {c.oid for c in commits[name][commits[name].index(commit) :]}
        line = commits[parent]
        at = next((i for i, c in enumerate(line) if c.links.get(inner) in later), None)
        if at is None:
            return len(commits.get("", ()))
        name, commit = parent, line[at]
    return commits[""].index(commit)
