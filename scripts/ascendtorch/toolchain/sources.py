"""A digest of the sources as they are: commits, and whatever a person changed since."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ascendtorch.edge import git


def source_digest(tree: Path) -> str:
    """Return a digest of the checked-out commits and of every edited or untracked file.

    Files that upstream's ignore rules cover (what its build makes) do not count.
    """
    digest = hashlib.sha256()
    _add(digest, tree, "")
    return digest.hexdigest()


def future_files(tree: Path, now: float, skipped: tuple[Path, ...] = ()) -> list[Path]:
    """Return the files whose mtime lies more than a minute after `now` (seconds since 1970).

    ninja and CMake compare mtimes: such a file is newer than whatever is made from it.
    """
    found = []
    for folder, names, files in os.walk(tree):
        here = Path(folder)
        names[:] = [name for name in names if name != ".git" and here / name not in skipped]
        for name in files:
            path = here / name
            if path.lstat().st_mtime > now + 60:
                found.append(path)
    return found


def _add(digest: hashlib._Hash, tree: Path, prefix: str) -> None:
    repository = git.Repository.at(tree)
    digest.update(f"{prefix}\0{repository.head()}\0".encode())
    for path in repository.changed_paths():
        full = tree / path
        if (full / ".git").exists():
            _add(digest, full, f"{prefix}{path}/")
            continue
        digest.update(f"{prefix}{path}\0".encode("utf-8", "surrogateescape"))
        for file in sorted(full.rglob("*")) if full.is_dir() else [full]:
            _add_file(digest, file)


def _add_file(digest: hashlib._Hash, path: Path) -> None:
    if path.is_symlink():
        digest.update(b"link\0" + os.fsencode(path.readlink()))
    elif path.is_file():
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    else:
        digest.update(b"absent\0")
