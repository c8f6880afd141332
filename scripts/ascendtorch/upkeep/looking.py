"""What is looked up in the tree's repositories: records, edits, ids and differences of commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.stages import patch, receipts
from ascendtorch.stages.chain import STAGE, Link, build_chain
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep.scratch import scratch_repositories


def recorded(fetched: FetchedTree) -> tuple[tuple[Link, ...], dict[str, str]]:
    """Return what the patch stage recorded: the links, and the pin of every repository."""
    receipt = receipts.load(fetched.state, STAGE)
    pins = {"": fetched.spec.upstream.commit, **fetched.modules}
    return (patch.links_of(receipt) if receipt else ()), pins


def uncommitted_paths(repositories: Mapping[str, git.Repository]) -> tuple[str, ...]:
    """Return what a person changed and did not commit, new files included."""
    found = []
    for name, repository in repositories.items():
        inside = f"{name}/" if name else ""
        modules = {other for other in repositories if other}
        paths = (inside + path for path in repository.changed_paths())
        found += [path for path in paths if path not in modules]
    return tuple(sorted(found))


def patch_ids(repository: git.Repository, oids: Sequence[str]) -> dict[str, str]:
    """Return git's id of what each commit changes, by commit; those that are gone have none."""
    there = "".join(f"{oid}\n" for oid in oids if repository.has(oid))
    shown = repository.run("diff-tree", "--stdin", "-p", "-r", stdin=there.encode()).stdout
    listed = repository.run("patch-id", "--stable", stdin=shown).text
    return {oid: number for number, oid in (line.split() for line in listed.splitlines())}


def differences(
    fetched: FetchedTree,
    patches: tuple[PatchFile, ...],
    kept: tuple[Link, ...],
    repositories: Mapping[str, git.Repository],
    heads: Mapping[str, str],
    bases: Mapping[str, str],
    scratch: Path,
) -> list[str]:
    """Return the files in which a series, applied in scratch, differs from commits that are there.

    Args:
        kept: links of the first patches, as they were applied.
        heads: the commits to compare with, by repository.
        scratch: a folder for what is made.
    """
    known = tuple(module.path for module in fetched.spec.submodules)
    trial = scratch_repositories(repositories, scratch)
    kept = tuple(Link(link.name, link.digest, {**bases, **link.heads}) for link in kept)
    made = build_chain(patches, kept, trial, bases, known)
    final = {**bases, **(made[-1].heads if made else {})}
    odd = []
    for name, head in heads.items():
        changes = trial[name].diff_trees(final[name], head)
        files = [c for c in changes if (c.old_mode, c.new_mode) != ("160000", "160000")]
        odd += [f"{name}/{c.path}" if name else c.path for c in files]
    return odd
