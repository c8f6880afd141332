"""Deciding what an export writes, and proving it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import EditedError, PatchError
from ascendtorch.series.patchfile import PatchFile, parse_patch
from ascendtorch.series.series import Series, load_series
from ascendtorch.stages import patch, receipts
from ascendtorch.stages.chain import STAGE, Link
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import commits as reading
from ascendtorch.upkeep import drafts, matching, order
from ascendtorch.upkeep.drafts import Draft
from ascendtorch.upkeep.exportplan import ExportPlan, assemble, silent_commits, with_absent
from ascendtorch.upkeep.looking import differences, patch_ids, recorded, uncommitted_paths


def plan_export(fetched: FetchedTree, scratch: Path) -> ExportPlan:
    """Decide what the series becomes, and prove that it gives the tree that is there.

    Args:
        scratch: an empty folder for what is tried.

    Raises:
        EditedError: commits that no series can hold, or a series that changed meanwhile.
        PatchError: a commit that no patch can hold.
    """
    series = load_series(fetched.spec.series_file)
    repositories = reading.open_repositories(fetched)
    links, bases = recorded(fetched)
    commits = reading.read_all(fetched, repositories)
    _refuse_hidden(fetched, repositories, links, bases)
    heads = {name: repo.head() or "" for name, repo in repositories.items()}
    uncommitted = uncommitted_paths(repositories)
    if [(link.name, link.digest) for link in links] != _names(series.patches):
        return _settled(fetched, series, repositories, heads, links, bases, uncommitted, scratch)
    originals = {item.name: item for item in series.patches}
    known = matching.known_patches(originals, links, bases)
    found = matching.match(known, commits, lambda name, oids: patch_ids(repositories[name], oids))
    groups = order.arrange(
        matching.make_groups(known, commits, found), commits, found, fetched.tree
    )
    modules = tuple(module.path for module in fetched.spec.submodules)
    folder = series.path.parent
    made: list[Draft] = []
    for group in groups:
        original = originals[group.name] if group.name else None
        path = folder / group.name if group.name else folder
        made.append(drafts.draft(group, original, repositories, modules, path))
    made = with_absent(made, series.patches, fetched, modules)
    plan = assemble(series, made, heads, silent_commits(commits, found, known), uncommitted)
    _prove(fetched, plan, series, repositories, heads, links, bases, scratch)
    return plan


def _names(patches: tuple[PatchFile, ...]) -> list[tuple[str, str]]:
    return [(item.name, item.digest) for item in patches]


def _refuse_hidden(
    fetched: FetchedTree,
    repositories: Mapping[str, git.Repository],
    links: tuple[Link, ...],
    bases: Mapping[str, str],
) -> None:
    ours = {oid for link in links for oid in link.heads.values()} | set(bases.values())
    for name, repository in repositories.items():
        tip = reading.hidden_branch(repository, ours)
        if tip is not None:
            raise EditedError(
                f"the branch `ascendtorch` holds commits that HEAD does not show ({tip[:12]})",
                stage=STAGE,
                path=fetched.tree / name,
                remedy="check that branch out, or delete it if its commits are not wanted",
            )


def _prove(
    fetched: FetchedTree,
    plan: ExportPlan,
    series: Series,
    repositories: Mapping[str, git.Repository],
    heads: Mapping[str, str],
    links: tuple[Link, ...],
    bases: Mapping[str, str],
    scratch: Path,
) -> None:
    """Apply the series to come, in scratch, and compare every file with the commits that are there.

    Raises:
        PatchError: something differs.
    """
    originals = {item.name: item for item in series.patches}
    folder = series.path.parent
    patches = tuple(
        originals[name] if draft.raw is None else parse_patch(folder / name, draft.raw)
        for name, draft in plan.drafts
    )
    kept = 0
    for link, entry in zip(links, plan.patches):
        if (link.name, link.digest) != entry:
            break
        kept += 1
    if kept and not all(repositories[n].has(oid) for n, oid in links[kept - 1].heads.items()):
        kept = 0
    odd = differences(fetched, patches, links[:kept], repositories, heads, bases, scratch)
    if odd:
        raise PatchError(
            f"the exported series would not give the tree that is there: {', '.join(odd[:8])}",
            stage=STAGE,
            path=fetched.tree,
            remedy="nothing was written; report this with the commits that are in the tree",
        )


def _settled(
    fetched: FetchedTree,
    series: Series,
    repositories: Mapping[str, git.Repository],
    heads: dict[str, str],
    links: tuple[Link, ...],
    bases: Mapping[str, str],
    uncommitted: tuple[str, ...],
    scratch: Path,
) -> ExportPlan:
    """Judge a series that is not the one that was applied.

    It is fine when an export wrote it and was cut off before the tree followed, or when there is
    nothing in the tree to export.
    """
    names = _names(series.patches)
    same = tuple(
        (item.name, Draft(item.name, "kept", item.header.subject, None)) for item in series.patches
    )
    expected = {**bases, **(links[-1].heads if links else {})}
    receipt = receipts.load(fetched.state, patch.EXPORTED)
    exported = receipt is not None and [tuple(entry) for entry in receipt["patches"]] == names
    notes: tuple[str, ...] = ()
    if heads == expected:
        notes = (
            "the series changed since it was applied, and there is nothing to export; run gen",
        )
    elif not exported and differences(
        fetched, series.patches, (), repositories, heads, bases, scratch
    ):
        raise EditedError(
            "the series changed since it was applied, and there are commits of yours in the tree",
            stage=STAGE,
            path=series.path,
            remedy="run `ascendtorch gen --force`, which applies the series and keeps your commits "
            "under refs/ascendtorch/backup/; pick them from there with `git cherry-pick`, then "
            "export",
        )
    return ExportPlan(same, (), {}, tuple(names), heads, notes, uncommitted)
