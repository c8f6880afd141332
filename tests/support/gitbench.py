"""Commits and patches made by git itself, with fixed dates and without anybody's configuration."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

DATE = "Fri, 20 Nov 2026 00:00:00 +0000"


@dataclass(frozen=True)
class Blob:
    """A file's content with a mode other than that of plain text."""

    data: bytes
    mode: str = "100755"


#: What a path becomes in a commit; None removes it.
Content = Optional[Union[str, bytes, Blob]]


def environment(**extra: str) -> dict[str, str]:
    """The environment git runs in when it stands for people other than the tool."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Upstream",
        "GIT_AUTHOR_EMAIL": "upstream@invalid",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_NAME": "Upstream",
        "GIT_COMMITTER_EMAIL": "upstream@invalid",
        "GIT_COMMITTER_DATE": DATE,
        **extra,
    }


def git(folder: Path, *arguments: str, stdin: bytes | None = None, **extra: str) -> str:
    """Run git in a folder; return what it printed, without the last line break."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=folder,
        env=environment(**extra),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"git {arguments} in {folder}: {done.stderr.decode()}")
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


def init(folder: Path) -> Path:
    """Make an empty bare repository."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=master")
    return folder


def commit(
    repository: Path,
    files: Mapping[str, Content],
    message: str,
    *,
    parent: str | None = None,
    links: Mapping[str, str] | None = None,
    author: str = "Upstream",
    address: str = "upstream@invalid",
) -> str:
    """Commit changes to the parent's tree in a bare repository; return the hash.

    Args:
        links: submodules: the commit by path.
    """
    with tempfile.TemporaryDirectory() as scratch:
        index = str(Path(scratch) / "index")
        if parent:
            git(repository, "read-tree", parent, GIT_INDEX_FILE=index)
        lines = [f"160000 {oid}\t{path}" for path, oid in (links or {}).items()]
        for path, content in files.items():
            if content is None:
                lines.append(f"0 {'0' * 40}\t{path}")
                continue
            blob = content if isinstance(content, Blob) else Blob(_bytes(content), "100644")
            oid = git(repository, "hash-object", "-w", "--stdin", stdin=blob.data)
            lines.append(f"{blob.mode} {oid}\t{path}")
        git(
            repository,
            "update-index",
            "-z",
            "--index-info",
            stdin="".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape"),
            GIT_INDEX_FILE=index,
        )
        tree = git(repository, "write-tree", GIT_INDEX_FILE=index)
    parents = ("-p", parent) if parent else ()
    return git(
        repository,
        "commit-tree",
        tree,
        *parents,
        stdin=message.encode(),
        GIT_AUTHOR_NAME=author,
        GIT_AUTHOR_EMAIL=address,
    )


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def format_patch(repository: Path, revision: str, prefix: str = "") -> bytes:
    """Export one commit in the form of the series; `prefix` is the submodule's path."""
    inside = f"{prefix}/" if prefix else ""
    text = git(
        repository,
        "format-patch",
        "-1",
        "--stdout",
        "--zero-commit",
        "--full-index",
        "--no-signature",
        "--no-stat",
        f"--src-prefix=a/{inside}",
        f"--dst-prefix=b/{inside}",
        revision,
    )
    # Without the statistics git leaves out the line that ends the message.
    return (
        (text + "\n")
        .encode("utf-8", "surrogateescape")
        .replace(b"\n\ndiff --git ", b"\n---\n\ndiff --git ", 1)
    )


def content(repository: Path, revision: str, path: str) -> bytes:
    """Return a file's content in a commit."""
    shown = git(repository, "cat-file", "blob", f"{revision}:{path}")
    size = int(git(repository, "cat-file", "-s", f"{revision}:{path}"))
    raw = shown.encode("utf-8", "surrogateescape")
    return raw + b"\n" * (size - len(raw))
