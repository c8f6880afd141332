"""Overlay: our own sources laid over the tree, never in the place of an upstream file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from ascendtorch.edge import git
from ascendtorch.edge.files import host_errors, unsafe_reason
from ascendtorch.errors import OverlayError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.version import OverlayRule, VersionSpec
from ascendtorch.stages import receipts
from ascendtorch.stages.publish import Output
from ascendtorch.stages.recorded import digests, publish_into_tree
from ascendtorch.stages.results import OverlaidTree, PatchedTree

STAGE = "overlay"
_SKIPPED = ("__pycache__", ".DS_Store")


def load(patched: PatchedTree) -> OverlaidTree | None:
    """Return what the receipt describes, or None."""
    receipt = receipts.load(patched.fetched.state, STAGE)
    if receipt is None or receipt.get("pending"):
        return None
    return OverlaidTree(patched, dict(receipt["files"]))


def overlay(
    patched: PatchedTree, *, sources: Path, force: bool, reporter: Reporter
) -> OverlaidTree:
    """Copy the version's overlay folders into the tree.

    Args:
        sources: the ``pytorch_src`` folder.
        force: copy files that a person changed in the tree to a backup folder and go on.

    Raises:
        OverlayError: a file shadows an upstream file, collides with another, or is not regular.
        EditedError: a file of the overlay was changed in the tree.
    """
    fetched = patched.fetched
    with host_errors(STAGE, fetched.tree):
        wanted = collect(fetched.spec, sources)
        receipt = receipts.load(fetched.state, STAGE)
        laid = digests(wanted)
        if receipt is None or receipt["files"] != laid or receipt["head"] != patched.head:
            upstream = git.Repository.at(fetched.tree).ls_tree(patched.head)
            check_collisions(
                list(wanted),
                [entry.path for entry in upstream if entry.kind == "blob"],
                [*fetched.modules, *(e.path for e in upstream if e.kind == "commit")],
                sources,
            )
        done = publish_into_tree(
            fetched.tree,
            wanted,
            receipt,
            stage=STAGE,
            state=fetched.state,
            name=STAGE,
            force=force,
            unfinished={"head": ""},
            head=patched.head,
        )
    if done.written or done.removed:
        reporter.say(STAGE, f"{len(wanted)} files: {done.written} written, {done.removed} removed")
    else:
        reporter.say(STAGE, f"up to date: {len(wanted)} files")
    return OverlaidTree(patched, laid)


def collect(spec: VersionSpec, sources: Path) -> dict[str, Output]:
    """Read the overlay of a version: content by path in the tree.

    Raises:
        OverlayError: a folder or what `except` names is missing, a file is a symbolic link or has a
            name that must not be written, or two files go to the same place.
    """
    wanted: dict[str, Output] = {}
    origin: dict[str, Path] = {}
    for rule in spec.overlay:
        folder = sources / rule.source
        if not folder.is_dir():
            _refuse(
                "the overlay folder does not exist",
                folder,
                f"restore it, or correct `overlay` in {spec.folder / 'version.yaml'}",
            )
        _require_exceptions(rule, folder, spec)
        for path in _regular_files(folder):
            inner = path.relative_to(folder).as_posix()
            if any(f"{inner}/".startswith(f"{name}/") for name in rule.excepted):
                continue
            target = inner if rule.target == "." else f"{rule.target}/{inner}"
            reason = unsafe_reason(target)
            if reason is not None:
                _refuse(f"refused: {reason}", path, "rename the file")
            if target in origin:
                _refuse(
                    f"goes to {target}, and so does {origin[target]}",
                    path,
                    "keep one of the two, or name one in `except` of its rule in version.yaml",
                )
            origin[target] = path
            wanted[target] = Output(path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return wanted


def _require_exceptions(rule: OverlayRule, folder: Path, spec: VersionSpec) -> None:
    for name in rule.excepted:
        if not (folder / name).exists():
            _refuse(
                f"`except` of the overlay names {name}, which is not there",
                folder,
                f"correct `except` in {spec.folder / 'version.yaml'}",
            )


def _regular_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.name in _SKIPPED or path.suffix == ".pyc":
            continue
        if path.is_symlink():
            _refuse("a symbolic link in the overlay", path, "put the file itself there")
        if path.is_file():
            yield path


def check_collisions(
    targets: list[str], upstream: list[str], modules: list[str], sources: Path
) -> None:
    """Refuse overlay paths that meet upstream's, or each other but for upper and lower case.

    Args:
        targets: the overlay's files, by path in the tree.
        upstream: the release's files.
        modules: the release's submodules, of which no file is in `upstream`.
        sources: the ``pytorch_src`` folder, for the message.

    Raises:
        OverlayError: names both paths.
    """
    taken = {path.casefold(): path for path in upstream}
    folders = {folder.casefold(): path for path in upstream for folder in _folders(path)}
    for target in targets:
        _check_modules(target, modules, sources)
        other = taken.get(target.casefold())
        if other == target:
            _refuse(
                f"{target} is an upstream file",
                sources,
                "rename ours, or change upstream's by a patch",
            )
        if other is not None:
            _refuse(
                f"{target} and {other} differ only in case",
                sources,
                "rename ours: some file systems hold only one of them",
            )
        inner = folders.get(target.casefold())
        if inner is not None:
            _refuse(f"{target} is a folder, for {inner} lies in it", sources, "rename ours")
        for folder in _folders(target):
            other = taken.get(folder.casefold())
            if other is not None:
                _refuse(
                    f"{target} cannot lie in {other}, which is a file",
                    sources,
                    "move ours elsewhere",
                )
            folders.setdefault(folder.casefold(), target)
        taken[target.casefold()] = target


def _check_modules(target: str, modules: list[str], sources: Path) -> None:
    for module in modules:
        if f"{target}/".casefold().startswith(f"{module}/".casefold()):
            _refuse(
                f"{target} lies in the submodule {module}", sources, "change submodules by patches"
            )
        if f"{module}/".casefold().startswith(f"{target}/".casefold()):
            _refuse(f"{target} is a folder, for {module} lies in it", sources, "rename ours")


def _folders(path: str) -> list[str]:
    """Return the folders a path lies in, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _refuse(cause: str, path: Path, remedy: str) -> NoReturn:
    raise OverlayError(cause, stage=STAGE, path=path, remedy=remedy)
