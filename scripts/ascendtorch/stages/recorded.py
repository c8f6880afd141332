"""Publishing a set of files together with the receipt that says which of them are ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable

import ascendtorch
from ascendtorch import __version__
from ascendtorch.edge.files import SCRATCH, sha256_file, write_if_changed
from ascendtorch.stages import receipts
from ascendtorch.stages.publish import Output, Pending, Published, publish


def publish_recorded(
    folder: Path,
    wanted: Mapping[str, Output],
    receipt: Mapping[str, Any] | None,
    *,
    stage: str,
    state: Path,
    name: str,
    backup: Path,
    force: bool,
    tell: Callable[[Iterable[str]], None] = lambda _: None,
    unfinished: Mapping[str, Any] | None = None,
    **finished: Any,
) -> Published:
    """Make `folder` hold the wanted files, and the receipt `name` in `state` say so.

    Args:
        receipt: what the last run left, from `receipts.load`.
        backup: where edited files are copied with `force`.
        tell: hears of all paths that may be ours, before any is written and in the end.
        unfinished: what the receipt holds besides files as long as not all of them are written.
        finished: what it holds besides files in the end.

    Raises:
        EditedError: a file that would be written or removed holds what we did not write.
    """
    known = dict(receipt["files"]) if receipt else {}

    def begin(pending: Pending) -> None:
        tell({*known, *pending})
        receipts.save(state, name, **{**(unfinished or {}), "files": known, "pending": pending})

    done = publish(
        folder,
        wanted,
        known,
        stage=stage,
        backup=backup,
        force=force,
        pending=dict(receipt.get("pending", {})) if receipt else None,
        begin=begin,
    )
    receipts.save(state, name, files=digests(wanted), **finished)
    tell(wanted)
    return done


def publish_into_tree(
    tree: Path,
    wanted: Mapping[str, Output],
    receipt: Mapping[str, Any] | None,
    *,
    stage: str,
    state: Path,
    name: str,
    force: bool,
    unfinished: Mapping[str, Any] | None = None,
    **finished: Any,
) -> Published:
    """As `publish_recorded` into a release's tree, whose git is told which files are ours.

    Raises:
        EditedError: a file that would be written or removed holds what we did not write.
    """
    # Before they are there: they are not a person's, should this run be killed among them.
    exclude(tree, name, may_be_there(wanted, receipt))
    return publish_recorded(
        tree,
        wanted,
        receipt,
        stage=stage,
        state=state,
        name=name,
        backup=state / "backup",
        force=force,
        tell=lambda paths: exclude(tree, name, paths),
        unfinished=unfinished,
        **finished,
    )


def digests(outputs: Mapping[str, Output]) -> dict[str, str]:
    """Return the digest of each file by its path."""
    return {path: output.digest for path, output in outputs.items()}


def is_settled(folder: Path, receipt: Mapping[str, Any] | None, **inputs: str) -> bool:
    """Whether the files of a receipt are all there, as they were made from the same inputs."""
    if receipt is None or receipt.get("pending"):
        return False
    if any(receipt.get(name) != value for name, value in inputs.items()):
        return False
    return all(digest_of(folder / path) == digest for path, digest in receipt["files"].items())


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a regular file; None where there is none."""
    return sha256_file(path) if path.is_file() and not path.is_symlink() else None


def digest_inputs(first: str, data: Iterable[Path], code: Iterable[str]) -> str:
    """Return a digest of all that rendered files depend on.

    Args:
        first: what does not lie in a file.
        data: files, of which one may be missing.
        code: modules and packages of ours, as paths in our package.
    """
    package = Path(ascendtorch.__file__).parent
    paths = [*data]
    for name in code:
        paths += sorted((package / name).rglob("*.py")) or [package / name]
    digest = hashlib.sha256(f"{first}\0{__version__}\0".encode())
    for path in paths:
        digest.update(f"{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
    return digest.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Return every file below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def may_be_there(wanted: Iterable[str], receipt: Mapping[str, Any] | None) -> set[str]:
    """Return the files of ours that are in the tree while they are being written and removed."""
    before = receipt or {}
    return {*wanted, *before.get("files", ()), *before.get("pending", ())}


def exclude(tree: Path, what: str, targets: Iterable[str]) -> None:
    """Tell git that these files are known, so that `git status` shows a person's changes only.

    Args:
        what: names the block of the exclude file that is theirs.
    """
    path = tree / ".git" / "info" / "exclude"
    mark = f"# ascendtorch {what}"
    text = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else ""
    kept = re.sub(rf"^{mark} begin\n.*?^{mark} end\n", "", text, flags=re.M | re.S)
    lines = "".join("/" + re.sub(r"([\\*?\[\] !#])", r"\\\1", t) + "\n" for t in sorted(targets))
    # Half-written files too, which a killed run leaves beside them until the next.
    block = f"{mark} begin\n{lines}{SCRATCH}*\n{mark} end\n" if lines else ""
    # In its place, so that two blocks do not change it in turn.
    at = text.find(f"{mark} begin\n")
    new = kept + block if at < 0 else kept[:at] + block + kept[at:]
    if text != new:
        write_if_changed(path, new.encode("utf-8", "surrogateescape"))
