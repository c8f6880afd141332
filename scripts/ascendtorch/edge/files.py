"""The one module that writes files: whole or not at all, and only when something changes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ascendtorch.errors import HostError, StateError

#: What the names of half-written files begin with.
SCRATCH = ".ascendtorch-"
_REMEDIES = {
    errno.ENOSPC: "free some space (`df -h` shows where) and run the same command again",
    errno.EDQUOT: "free some of your quota and run the same command again",
    errno.EROFS: "use a folder on a writable file system",
    errno.EACCES: "give yourself write permission to it, or use another folder",
    errno.EPERM: "give yourself write permission to it, or use another folder",
}


@contextlib.contextmanager
def host_errors(stage: str, path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into errors that name stage, path and remedy."""
    try:
        yield
    except HostError as error:
        error.stage = error.stage or stage
        raise
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else str(path)
        raise HostError(
            error.strerror or str(error),
            stage=stage,
            path=where,
            remedy=_REMEDIES.get(error.errno or 0, "clear the cause, then run it again"),
        ) from error


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` as hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's content as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_atomic(path: Path, data: bytes, *, executable: bool | None = None) -> None:
    """Write a file so that a kill at any moment leaves the old content or the new.

    The temporary name starts with ``.ascendtorch-``; it lies in the same folder, so that the
    rename never crosses file systems. An existing file keeps its mode unless `executable` is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{SCRATCH}{uuid.uuid4().hex}")
    # Not mkstemp: a file made with the wanted mode gets the umask from the kernel. Asking for the
    # umask means setting it, which other threads that write at the same moment would feel.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    handle = os.open(scratch, flags, 0o777 if executable else 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        if executable is None:
            with contextlib.suppress(FileNotFoundError):
                scratch.chmod(stat.S_IMODE(path.stat().st_mode))
        scratch.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise


def sweep(folders: Iterable[Path]) -> None:
    """Remove what a killed `write_atomic` left in some folders; nobody may be writing there."""
    for folder in set(folders):
        for scratch in folder.glob(f"{SCRATCH}*"):
            scratch.unlink()


def write_if_changed(path: Path, data: bytes, *, executable: bool = False) -> bool:
    """Write only when content or the executable bit differ; return whether it wrote."""
    try:
        info = path.lstat()
        same_mode = bool(info.st_mode & stat.S_IXUSR) == executable
        if stat.S_ISREG(info.st_mode) and same_mode and path.read_bytes() == data:
            return False
    except FileNotFoundError:
        pass
    write_atomic(path, data, executable=executable)
    return True


def write_json(path: Path, value: Any) -> None:
    """Write a state file: sorted keys, one trailing newline, atomically, only when changed."""
    data = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True).encode() + b"\n"
    write_if_changed(path, data)


def read_json(path: Path, *, schema: int, stage: str) -> dict[str, Any] | None:
    """Read a state file; None when there is none.

    Raises:
        StateError: it is damaged, or written by a newer tool (its ``schema`` is above `schema`).
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        value = json.loads(raw)
        if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
            raise ValueError("not a state file")
    except ValueError as error:
        raise StateError(
            f"the state file is damaged ({error})",
            stage=stage,
            path=path,
            remedy="delete this file; the step it records is then checked and done again",
        ) from error
    if value["schema"] > schema:
        refusal = StateError(
            f"written by a newer ascendtorch (schema {value['schema']}, this one knows {schema})",
            stage=stage,
            path=path,
            remedy="update ascendtorch, or use another folder (--tree)",
        )
        refusal.newer = True
        raise refusal
    return value


def remove_tree(path: Path) -> None:
    """Remove a folder or file, also where something in it is read-only. A missing one is fine."""
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    if not path.exists():
        return
    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path)


def hardlink_or_copy(source: Path, target: Path) -> None:
    """Give `source` a second name; copy where the file system cannot link (another device)."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def move_into_place(source: Path, target: Path) -> None:
    """Rename a file over `target`; from another file system by a copy beside it, then a rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        handle, name = tempfile.mkstemp(prefix=".ascendtorch-", dir=target.parent)
        os.close(handle)
        try:
            shutil.copy2(source, name)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
        source.unlink()


def unsafe_reason(relative: str) -> str | None:
    """Say why a relative path must not be written inside a tree; None when it may be.

    Refused: empty, absolute, NUL or line breaks, ``..``, a second spelling of the same path (``.``
    or an empty component), and any ``.git`` component in whatever case, with trailing dots or
    spaces or as the short name ``git~1``, which some file systems fold.
    """
    parts = relative.replace("\\", "/").split("/")
    refusals = (
        (not relative, "an empty path"),
        (any(mark in relative for mark in "\0\n\r"), "a NUL or line break in the path"),
        (relative.startswith("/") or relative[1:3] in (":\\", ":/"), "an absolute path"),
        (".." in parts, "`..` in the path"),
        ("" in parts or "." in parts, "an empty or `.` component in the path"),
        (
            any(part.rstrip(". ").lower() in (".git", "git~1") for part in parts),
            "a `.git` component in the path",
        ),
    )
    return next((reason for applies, reason in refusals if applies), None)


def drop_empty_parents(top: Path, path: Path) -> None:
    """Remove the folders between `top` and `path` that are empty; `path` itself is gone already.

    So may some of them be, where a run was killed here.
    """
    for folder in path.parents:
        if folder == top or (folder.is_dir() and any(folder.iterdir())):
            return
        if folder.is_dir():
            folder.rmdir()


def symlinked_parent(root: Path, relative: str) -> str | None:
    """Return the first parent of `relative` below `root` that is a symbolic link, if any."""
    current = root
    for part in PurePosixPath(relative).parts[:-1]:
        current = current / part
        if current.is_symlink():
            return current.relative_to(root).as_posix()
    return None
