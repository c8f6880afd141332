"""Which patch of the series each commit over the pin stands for, whatever a person did to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable

from ascendtorch.edge.git import Signature
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.stages.chain import Link
from ascendtorch.upkeep.commits import Commit

#: Tells commits of one repository apart by what they change; see `matching.match`.
PatchIds = Callable[[str, Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Known:
    """One applied patch and the commit it became in each repository (`commits`)."""

    name: str
    subject: str
    body: str
    author: Signature
    commits: dict[str, str]


@dataclass
class Group:
    """Commits that make one patch, by repository; `name` is the patch's, None for a new one."""

    name: str | None
    commits: dict[str, Commit] = field(default_factory=dict)
    exact: bool = True


def known_patches(
    patches: Mapping[str, PatchFile], links: Sequence[Link], bases: Mapping[str, str]
) -> list[Known]:
    """Return what the patch stage recorded of each patch: the commits that it made for it.

    Args:
        patches: the series by name; what is applied and no longer in it is left out.
        links: what was applied, in order.
    """
    before = dict(bases)
    found = []
    for link in links:
        made = {name: oid for name, oid in link.heads.items() if before.get(name) != oid}
        before = link.heads
        item = patches.get(link.name)
        if item is not None:
            header = item.header
            found.append(Known(item.name, header.subject, header.reason, header.author, made))
    return found


def match(
    known: Sequence[Known], commits: Mapping[str, Sequence[Commit]], patch_ids: PatchIds
) -> dict[str, str]:
    """Return the patch that each commit stands for, by commit; a new commit is not in it.

    Tried in turn: the very commit, author, date and message, the subject, the same change.

    Args:
        patch_ids: of a repository's commits, an id of what each changes.
    """
    found: dict[str, str] = {}
    for repository, listed in commits.items():
        there = [item for item in known if repository in item.commits]
        by_oid = {item.commits[repository]: item.name for item in there}
        found.update({c.oid: by_oid[c.oid] for c in listed if c.oid in by_oid})
        taken = {found[c.oid] for c in listed if c.oid in found}
        rest = [item for item in there if item.name not in taken]
        left = [commit for commit in listed if commit.oid not in found]
        _pair(
            found,
            [(item.name, (item.subject, item.body, item.author)) for item in rest],
            [(commit.oid, (commit.subject, commit.body, commit.author)) for commit in left],
        )
        _pair(
            found,
            [(item.name, item.subject) for item in rest],
            [(commit.oid, commit.subject) for commit in left],
        )
        rest = [item for item in rest if item.name not in found.values()]
        left = [commit for commit in left if commit.oid not in found and commit.paths]
        if rest and left:
            oids = [*(item.commits[repository] for item in rest), *(commit.oid for commit in left)]
            ids = patch_ids(repository, oids)
            _pair(
                found,
                [
                    (n.name, ids[n.commits[repository]])
                    for n in rest
                    if n.commits[repository] in ids
                ],
                [(commit.oid, ids[commit.oid]) for commit in left if commit.oid in ids],
            )
    return found


def _pair(
    found: dict[str, str], known: list[tuple[str, object]], commits: list[tuple[str, object]]
) -> None:
    """Pair patches and commits that look the same, the first with the first."""
    used = {found[oid] for oid, _ in commits if oid in found}
    for oid, look in commits:
        if oid in found:
            continue
        name = next((name for name, other in known if name not in used and other == look), None)
        if name is not None:
            used.add(name)
            found[oid] = name


def make_groups(
    known: Sequence[Known], commits: Mapping[str, Sequence[Commit]], found: Mapping[str, str]
) -> list[Group]:
    """Put together the commits with content that make one patch.

    New commits of two repositories are one patch when their messages are the same.
    """
    originals = {item.name: item for item in known}
    groups: dict[object, Group] = {}
    for repository, listed in commits.items():
        for commit in listed:
            if not commit.paths:
                continue
            name = found.get(commit.oid)
            key: object = name or ("new", commit.message)
            if name is None and repository in groups.get(key, Group(None)).commits:
                key = ("new", commit.message, commit.oid)
            group = groups.setdefault(key, Group(name))
            group.commits[repository] = commit
            if name is None or originals[name].commits.get(repository) != commit.oid:
                group.exact = False
    return list(groups.values())
