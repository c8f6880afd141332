"""One patch as bytes, in the form of the series, from the commits that make it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import PatchError
from ascendtorch.series.patchfile import FileDiff, parse_patch, parse_sections
from ascendtorch.stages.chain import STAGE
from ascendtorch.upkeep.commits import Commit, divide_message

_ZERO = b"From " + b"0" * 40 + b" "
#: As many bytes as git looks at when it decides whether a file is text.
_LOOKED_AT = 8000


def header_bytes(repository: git.Repository, commit: Commit) -> bytes:
    """Return mail header and message as `git format-patch --zero-commit` writes them.

    Raises:
        PatchError: a patch cannot carry the message.
    """
    raw = repository.run(
        # What the repository's configuration could change is said explicitly.
        *("-c", "format.subjectPrefix=PATCH", "-c", "i18n.logOutputEncoding=UTF-8"),
        *("-c", "log.showSignature=false", "-c", "log.mailmap=false", "-c", "color.ui=false"),
        *("-c", "format.encodeEmailHeaders=true"),
        *("log", "-1", "--no-patch", "--format=email", commit.oid),
    ).stdout
    head = re.sub(rb"\AFrom [0-9a-f]+ ", _ZERO, raw).rstrip(b"\n") + b"\n"
    if not commit.body:
        head += b"\n"
    return head + b"---\n\n"


def sections(
    repository: git.Repository,
    old: str,
    new: str,
    paths: tuple[str, ...],
    prefix: str = "",
    *,
    renames: bool = True,
) -> dict[str, bytes]:
    """Return the ``diff --git`` sections between two commits or trees, by the path they change.

    Args:
        paths: the files that differ.
        prefix: the submodule's path.
        renames: whether a file of another name may be shown as such.

    Raises:
        PatchError: a change of a binary file.
    """
    inside = f"{prefix}/" if prefix else ""
    _refuse_binary(repository, old, new, inside)
    raw = repository.run(
        *("diff-tree", "-r", "-p", "--full-index", "--text", "-U3"),
        "-M50%" if renames else "--no-renames",
        *("--diff-algorithm=myers", "--no-color", "--no-ext-diff", "--no-textconv"),
        *("--inter-hunk-context=0", "--indent-heuristic", "--ignore-submodules=all"),
        *(f"--src-prefix=a/{inside}", f"--dst-prefix=b/{inside}", old, new),
    ).stdout
    items = parse_sections(Path(prefix or "patch"), raw)
    named = {name for item in items for name in (item.path, item.source)}
    missing = {inside + path for path in paths} - named
    if missing:
        raise PatchError(
            f"git shows no change of {', '.join(sorted(missing))}",
            stage=STAGE,
            path=repository.work_tree,
            remedy="change regular files only",
        )
    return {item.path: item.body for item in items}


def _refuse_binary(repository: git.Repository, old: str, new: str, inside: str) -> None:
    changes = repository.diff_trees(old, new)
    files = [c for c in changes if "160000" not in (c.old_mode, c.new_mode)]
    oids = {oid for c in files for oid in (c.old_oid, c.new_oid) if oid.strip("0")}
    contents = repository.blobs(sorted(oids))
    for change in files:
        modes = {change.old_mode, change.new_mode} - {"000000"}
        if not modes <= {"100644", "100755"}:
            raise PatchError(
                f"{inside}{change.path} is a symbolic link, or becomes one",
                stage=STAGE,
                path=repository.work_tree,
                remedy="patches change regular files only; take it out of the commit",
            )
        both = (contents.get(oid, b"") for oid in (change.old_oid, change.new_oid))
        if any(b"\0" in data[:_LOOKED_AT] for data in both):
            raise PatchError(
                f"{inside}{change.path} is binary",
                stage=STAGE,
                path=repository.work_tree,
                remedy="take it out of the commit and put it into the overlay (pytorch_src)",
            )


def patch_bytes(
    repository: git.Repository, commit: Commit, parts: Mapping[str, bytes], path: Path
) -> bytes:
    """Put a patch together and make sure that it says what the commit says.

    Args:
        commit: whose message and author the patch has.
        parts: sections by path in the tree.
        path: the patch file, for messages.

    Raises:
        PatchError: the message does not survive, for example because a line of it is ``---``.
    """
    ordered = sorted(parts, key=lambda name: name.encode("utf-8", "surrogateescape"))
    raw = header_bytes(repository, commit) + b"".join(parts[name] for name in ordered)
    try:
        parsed = parse_patch(path, raw)
        same = (
            divide_message(parsed.header.message) == commit.message
            and parsed.header.author == commit.author
            and {item.path for item in parsed.files} == set(parts)
        )
    except PatchError:
        same = False
        if not commit.subject:
            raise
    if not same:
        raise PatchError(
            f"a patch file cannot carry the message or the author of {commit.label}",
            stage=STAGE,
            path=path,
            remedy="reword it with `git commit --amend`: no line `---` or `diff --git` in the "
            "message, name and address as in a mail",
        )
    return raw


def same_change(item: FileDiff, body: bytes) -> bool:
    """Whether the objects that a section names are those that `body`, made by git, names."""
    named = re.search(rb"^index ([0-9a-f]{40})\.\.([0-9a-f]{40})", item.body, re.MULTILINE)
    made = re.search(rb"^index ([0-9a-f]{40})\.\.([0-9a-f]{40})", body, re.MULTILINE)
    return named is None or made is None or named.groups() == made.groups()
