"""The object cache: one bare repository per remote, filled only with whole, checked packs.

A fetch goes to a repository of its own; when git has verified it, its packs are moved here and a
pin note is written last. So a kill leaves nothing half-done but a folder under ``tmp``, and a
commit is present exactly when its note is and the packs it names have the noted sizes.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from filelock import FileLock, Timeout

from ascendtorch.edge import files, git, lock
from ascendtorch.edge.files import read_json, write_atomic, write_json
from ascendtorch.errors import FetchError, StateError
from ascendtorch.spec.mirrors import Source, plain_url

_SCHEMA = 2


@dataclass(frozen=True)
class CachedCommit:
    """The packs that hold a commit whole, and the submodules it records."""

    packs: tuple[Path, ...]
    links: tuple[git.Gitlink, ...]


class ObjectCache:
    """Objects of pinned commits, by remote URL."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def repository(self, url: str) -> git.Repository:
        """Return the bare repository for a remote."""
        plain = plain_url(url)
        slug = re.sub(r"[^A-Za-z0-9]+", "-", plain.partition("://")[2]).strip("-")[-60:]
        digest = hashlib.sha256(plain.encode()).hexdigest()[:10]
        return git.Repository(self.root / "git" / f"{slug}-{digest}.git")

    def find(self, url: str, commit: str) -> CachedCommit | None:
        """Return what is cached of a commit; None when it is not there whole."""
        folder = self.repository(url).git_dir
        try:
            note = read_json(folder / "pins" / f"{commit}.json", schema=_SCHEMA, stage="fetch")
        except StateError:
            return None
        if note is None or note["schema"] != _SCHEMA:
            return None
        packs = []
        for name, size in note["packs"].items():
            pack = folder / "objects" / "pack" / name
            if not pack.with_suffix(".idx").is_file() or not pack.is_file():
                return None
            if pack.stat().st_size != size:
                return None
            packs.append(pack)
        return CachedCommit(tuple(packs), tuple(git.Gitlink(*link) for link in note["links"]))

    def add(
        self,
        url: str,
        commits: Sequence[str],
        source: Source,
        *,
        stall_seconds: float,
        on_line: Callable[[str], None] = lambda _: None,
        on_wait: Callable[[str], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Fetch exactly these commits, verify them and make them part of the cache.

        Args:
            on_wait: told when another run is filling the same part of the cache.
            cancelled: asked while waiting for that run.

        Raises:
            FetchError: git could not fetch them, or they are not commits.
            HostError: git was killed.
        """

        def fill(repository: git.Repository, missing: list[str]) -> None:
            said: list[str] = []

            def listen(line: str) -> None:
                said.append(line)
                on_line(line)

            code = git.fetch_commits(
                repository,
                source.url,
                missing,
                protocols=source.protocols,
                on_line=listen,
                stall_seconds=stall_seconds,
            )
            if code < 0:
                raise git.killed_error(code, path=source.url, stage="fetch")
            if code != 0:
                raise FetchError(
                    "\n".join(said[-12:]) or f"git ended with {code}",
                    stage="fetch",
                    path=source.url,
                )

        self.take(url, commits, fill, on_wait=on_wait, cancelled=cancelled)

    def take(
        self,
        url: str,
        commits: Sequence[str],
        fill: Callable[[git.Repository, list[str]], None],
        *,
        on_wait: Callable[[str], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Make commits part of the cache that `fill` puts, checked, into an empty repository.

        Args:
            fill: called with that repository and those of the commits that are missing.

        Returns:
            Whether any was missing.
        """
        target = self.repository(url)
        with lock.held(
            target.git_dir.with_suffix(".lock"),
            what=f"the cache of {url}",
            wait_seconds=3600.0,
            on_wait=on_wait,
            cancelled=cancelled,
        ):
            missing = [commit for commit in commits if self.find(url, commit) is None]
            if not missing:
                return False
            # Of a run that was killed here; whoever completes its work removes them.
            files.sweep(target.git_dir / name for name in ("", "pins", "refs/pins"))
            scratch = self.root / "tmp" / f"{target.git_dir.name}.{lock.new_run_id()}"
            try:
                repository = init_bare(scratch)
                fill(repository, missing)
                self._promote(repository, target, missing)
            finally:
                files.remove_tree(scratch)
            return True

    def _promote(self, source: git.Repository, target: git.Repository, commits: list[str]) -> None:
        for commit in commits:
            kind = source.run("cat-file", "-t", commit, check=False).text.strip()
            if kind != "commit":
                raise FetchError(f"{commit} is {kind or 'not there'}, not a commit", stage="fetch")
        # Again for one that is there: a kill may have left it half-made.
        init_bare(target.git_dir)
        sizes = {}
        for pack in sorted((source.git_dir / "objects" / "pack").glob("*.pack")):
            sizes[pack.name] = pack.stat().st_size
            for part in (pack.with_suffix(".idx"), pack):
                part.replace(target.git_dir / "objects" / "pack" / part.name)
        shallow = target.git_dir / "shallow"
        known = set(shallow.read_text().split()) if shallow.exists() else set()
        write_atomic(shallow, "".join(f"{c}\n" for c in sorted(known | set(commits))).encode())
        for commit in commits:
            write_atomic(target.git_dir / "refs" / "pins" / commit, f"{commit}\n".encode())
            links = [[link.path, link.oid, link.name] for link in target.gitlinks(commit)]
            write_json(
                target.git_dir / "pins" / f"{commit}.json",
                {"schema": _SCHEMA, "packs": sizes, "links": links},
            )

    def quarantine(self, url: str) -> Path:
        """Move a damaged remote's objects aside, for the next fetch to start anew."""
        damaged = self.repository(url).git_dir
        aside = self.root / "quarantine" / f"{damaged.name}-{lock.new_run_id()[:8]}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        damaged.rename(aside)
        return aside

    def sweep(self) -> None:
        """Remove what killed fetches left: that of repositories which nobody fills now."""
        for folder in (self.root / "tmp").glob("*"):
            with contextlib.suppress(OSError, Timeout):
                repository = self.root / "git" / folder.stem
                with FileLock(str(repository.with_suffix(".lock")), timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)


def init_bare(git_dir: Path) -> git.Repository:
    """Make an empty bare repository, without templates or hooks and without a process."""
    write_layout(
        git_dir, "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
    )
    return git.Repository(git_dir)


def write_layout(git_dir: Path, config: str) -> None:
    """Write what makes a folder a git repository."""
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/pins"):
        (git_dir / name).mkdir(parents=True, exist_ok=True)
    write_atomic(git_dir / "config", config.encode())
    write_atomic(git_dir / "HEAD", b"ref: refs/heads/ascendtorch\n")
