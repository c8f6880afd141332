"""From commits to patch files: what stays byte for byte, and what is written anew."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.edge.files import sha256_bytes
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff, PatchFile
from ascendtorch.upkeep import mail
from ascendtorch.upkeep.commits import Commit
from ascendtorch.upkeep.matching import Group
from ascendtorch.upkeep.scratch import ScratchRepository


@dataclass(frozen=True)
class Draft:
    """One patch of the series to come; `raw` is None where the file stays as it is.

    Attributes:
        name: its file's; None for a new patch.
        state: ``kept``, ``updated`` or ``new``.
    """

    name: str | None
    state: str
    subject: str
    raw: bytes | None


def draft(
    group: Group,
    original: PatchFile | None,
    repositories: Mapping[str, git.Repository],
    known: tuple[str, ...],
    path: Path,
) -> Draft:
    """Write the patch that a group of commits makes.

    The file that is there stays as it is, whoever wrote it, when it still gives the same commits.

    Args:
        original: the patch that the group stands for; None for a new one.
        known: every submodule of the release.
        path: where the patch will lie, for messages.
    """
    if original is not None and group.exact and _covers(group, original, repositories, known):
        return Draft(original.name, "kept", original.header.subject, None)
    lead = _lead(group, original)
    parts = _absent_parts(original, repositories, known)
    for name, commit in group.commits.items():
        parts.update(
            mail.sections(repositories[name], commit.parents[0], commit.oid, commit.paths, name)
        )
    raw = mail.patch_bytes(repositories[lead.repository], lead, parts, path)
    if original is None:
        return Draft(None, "new", lead.subject, raw)
    if sha256_bytes(raw) == original.digest or (
        (original.header.subject, original.header.reason) == lead.message
        and original.header.author == lead.author
        and _same_effect(group, original, repositories, parts)
    ):
        return Draft(original.name, "kept", lead.subject, None)
    return Draft(original.name, "updated", lead.subject, raw)


def _lead(group: Group, original: PatchFile | None) -> Commit:
    """Return the commit whose message counts: a reworded one before one that is as it was."""
    candidates = [group.commits[name] for name in sorted(group.commits)]
    if original is None:
        return candidates[0]
    old = (original.header.subject, original.header.reason)
    return next((commit for commit in candidates if commit.message != old), candidates[0])


def _owners(original: PatchFile, known: tuple[str, ...]) -> dict[str, list[FileDiff]]:
    found: dict[str, list[FileDiff]] = {}
    for item in original.files:
        found.setdefault(owner_of(item.path, known), []).append(item)
    return found


def _covers(
    group: Group, original: PatchFile, repositories: Container[str], known: tuple[str, ...]
) -> bool:
    """Whether the group has a commit in each repository of the tree that the patch changes."""
    present = {name for name in _owners(original, known) if name in repositories}
    return present == set(group.commits)


def _absent_parts(
    original: PatchFile | None, repositories: Container[str], known: tuple[str, ...]
) -> dict[str, bytes]:
    """Return the sections about submodules that the tree lacks; it cannot say anything of them."""
    if original is None:
        return {}
    absent = {n: files for n, files in _owners(original, known).items() if n not in repositories}
    return {item.path: item.body for files in absent.values() for item in files}


def _same_effect(
    group: Group,
    original: PatchFile,
    repositories: Mapping[str, git.Repository],
    parts: Mapping[str, bytes],
) -> bool:
    """Whether the patch as it is makes the very same commits, and names the right objects."""
    if {item.path for item in original.files} != set(parts):
        return False
    if not all(mail.same_change(item, parts[item.path]) for item in original.files):
        return False
    for name, commit in group.commits.items():
        inside = [f for f in original.files if f.path.startswith(f"{name}/" if name else "")]
        mine = [f for f in inside if f.path[len(name) + 1 if name else 0 :] in commit.paths]
        if not applies_to(repositories[name], commit, mine, name):
            return False
    return True


def applies_to(
    repository: git.Repository, commit: Commit, files: Sequence[FileDiff], prefix: str
) -> bool:
    """Whether some sections turn the commit's parent into the commit, no hunk moved."""
    depth = len(Path(prefix).parts) + 1
    with scratch_folder() as folder:
        index = folder / "index"
        scratch = ScratchRepository(repository, folder / "objects")
        scratch.run("read-tree", commit.parents[0], index=index)
        done = scratch.run(
            *("apply", "--cached", "--verbose", "--whitespace=nowarn", f"-p{depth}", "-"),
            index=index,
            stdin=b"".join(item.body for item in files),
            check=False,
        )
        if done.returncode != 0 or "(offset " in done.error_text:
            return False
        tree = scratch.run("write-tree", index=index).text.strip()
        return not [c for c in scratch.diff_trees(tree, commit.oid) if c.new_mode != "160000"]
