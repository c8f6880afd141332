"""The one module that talks to git, always with a scrubbed environment and explicit folders.

Why not GitPython here: it passes the caller's environment on to git (``GIT_DIR``,
``GIT_INDEX_FILE`` and their kin included), and buffers a long fetch instead of showing it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import process
from ascendtorch.edge.files import sweep, write_atomic
from ascendtorch.edge.gitenv import command, environment, is_commit
from ascendtorch.errors import HostError, PathLike

_UNFINISHED = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase or `git am`",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}
_REFUSED = re.compile(
    r"No space left|Out of diskspace|Disk quota|Read-only file system|Permission denied"
    r"|unable to (write|create)"
)


@dataclass(frozen=True)
class TreeEntry:
    """One path in a tree object."""

    mode: str
    kind: str
    oid: str
    path: str


@dataclass(frozen=True)
class Change:
    """One path that differs between two trees; the mode is ``000000`` where it is absent."""

    old_mode: str
    new_mode: str
    old_oid: str
    new_oid: str
    path: str


@dataclass(frozen=True)
class Gitlink:
    """A submodule as a commit records it; `name` is what ``.gitmodules`` calls it."""

    path: str
    oid: str
    name: str


@dataclass(frozen=True)
class Signature:
    """Who and when, with git's raw date (``<seconds> <zone>``)."""

    name: str
    email: str
    date: str


class Repository:
    """A repository by explicit git folder and, where it has one, work tree.

    Methods raise `process.ProcessFailedError`; stages turn that into an error of their own. A git
    that was killed is a `HostError`: it has said nothing, about neither objects nor patches.
    """

    def __init__(self, git_dir: Path, work_tree: Path | None = None) -> None:
        self.git_dir = git_dir
        self.work_tree = work_tree

    @classmethod
    def at(cls, work_tree: Path) -> Repository:
        """Open the repository whose work tree is exactly `work_tree` (never one around it)."""
        dot_git = work_tree / ".git"
        if dot_git.is_file():
            target = dot_git.read_text().partition("gitdir:")[2].strip()
            return cls((work_tree / target).resolve(), work_tree)
        return cls(dot_git, work_tree)

    def run(
        self,
        *arguments: str,
        index: Path | None = None,
        stdin: bytes | None = None,
        check: bool = True,
        extra: Mapping[str, str] | None = None,
    ) -> process.Result:
        """Run one git command on this repository; `check` is about its own exit codes."""
        env = environment(os.environ)
        env["GIT_DIR"] = str(self.git_dir)
        if self.work_tree is not None:
            env["GIT_WORK_TREE"] = str(self.work_tree)
        if index is not None:
            env["GIT_INDEX_FILE"] = str(index)
        env.update(extra or {})
        done = process.run(
            command(*arguments),
            cwd=self.work_tree or self.git_dir,
            env=env,
            stdin=stdin,
            check=False,
        )
        if done.returncode < 0:
            raise killed_error(done.returncode, path=self.work_tree or self.git_dir)
        if check and done.returncode != 0:
            raise process.ProcessFailedError(done)
        return done

    def has(self, oid: str) -> bool:
        """Whether the object is here."""
        return self.run("cat-file", "-e", oid, check=False).returncode == 0

    def resolve(self, name: str) -> str | None:
        """Return the hash a revision of ours names, or None."""
        done = self.run("rev-parse", "--verify", "--quiet", name, check=False)
        return done.text.strip() if done.returncode == 0 else None

    def head(self) -> str | None:
        """Return the commit that is checked out, without starting a process where possible."""
        return read_head(self.git_dir) or self.resolve("HEAD^{commit}")

    def tree_of(self, commit: str) -> str:
        """Return a commit's tree."""
        return self.run("rev-parse", "--verify", f"{commit}^{{tree}}").text.strip()

    def ls_tree(self, treeish: str, paths: Iterable[str] = ()) -> list[TreeEntry]:
        """List a tree recursively, or just the given paths of it."""
        listed = self.run("ls-tree", "-r", "-z", "--full-tree", treeish, "--", *paths).text
        entries = []
        for line in filter(None, listed.split("\0")):
            meta, _, path = line.partition("\t")
            mode, kind, oid = meta.split()
            entries.append(TreeEntry(mode, kind, oid, path))
        return entries

    def gitlinks(self, commit: str) -> list[Gitlink]:
        """List the submodules that a commit records; ``.gitmodules`` gives nothing but names."""
        entries = [entry for entry in self.ls_tree(commit) if entry.kind == "commit"]
        if not entries:
            return []
        pattern = r"^submodule\..*\.path$"
        blob = f"{commit}:.gitmodules"
        listed = self.run("config", "--blob", blob, "-z", "--get-regexp", pattern, check=False)
        names = {}
        for line in filter(None, listed.text.split("\0")):
            key, _, path = line.partition("\n")
            names[path] = key[len("submodule.") : -len(".path")]
        return [Gitlink(e.path, e.oid, names.get(e.path, e.path)) for e in entries]

    def diff_trees(self, old: str, new: str) -> list[Change]:
        """List what differs between two trees, renames as a removal and an addition."""
        raw = self.run(
            *("diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev"),
            "--ignore-submodules=none",  # so that git does not look into .gitmodules
            *(old, new),
        )
        fields = list(filter(None, raw.text.split("\0")))
        changes = []
        for meta, path in zip(fields[::2], fields[1::2]):
            old_mode, new_mode, old_oid, new_oid, _ = meta.lstrip(":").split()
            changes.append(Change(old_mode, new_mode, old_oid, new_oid, path))
        return changes

    def blobs(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Read many blobs with one process."""
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        raw = self.run("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n").stdout
        found: dict[str, bytes] = {}
        position = 0
        while position < len(raw):
            end = raw.index(b"\n", position)
            header = raw[position:end].split()
            if len(header) != 3:
                raise KeyError(raw[position:end].decode("utf-8", "replace"))
            size = int(header[2])
            found[header[0].decode()] = raw[end + 1 : end + 1 + size]
            position = end + 1 + size + 1
        return found

    def commit_tree(
        self, tree: str, parent: str, message: str, author: Signature, committer: Signature
    ) -> str:
        """Make a commit whose hash depends on the arguments alone; return it."""
        extra = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": author.date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committer.date,
        }
        made = self.run("commit-tree", tree, "-p", parent, stdin=message.encode(), extra=extra)
        return made.text.strip()

    def commit_date(self, commit: str) -> str:
        """Return a commit's committer date in git's raw form."""
        shown = self.run("log", "-1", "--format=%cd", "--date=raw", commit)
        return shown.text.strip()

    def set_ref(self, name: str, oid: str) -> None:
        """Point a reference at an object of this repository.

        Not by git, which leaves a lock where it is killed, and refuses to go on for it.
        """
        self._write_reference(name, oid)

    def point_head(self, name: str) -> None:
        """Make HEAD another branch, whatever the work tree holds; see `set_ref`."""
        self._write_reference("HEAD", f"ref: {name}")

    def _write_reference(self, name: str, text: str) -> None:
        path = self.git_dir / name
        sweep([path.parent])
        write_atomic(path, f"{text}\n".encode())

    def edited(self) -> list[str]:
        """List tracked paths whose content differs from HEAD (submodules by commit only)."""
        return self._status("--untracked-files=no", "--ignore-submodules=dirty")

    def changed_paths(self) -> list[str]:
        """List edited and untracked paths, and submodules in which there is any."""
        return self._status("--untracked-files=normal", "--ignore-submodules=none")

    def _status(self, *options: str) -> list[str]:
        raw = self.run("status", "--porcelain=v1", "-z", "--no-renames", *options)
        return [entry[3:].rstrip("/") for entry in raw.text.split("\0") if entry]

    def staged(self) -> dict[str, str]:
        """List the blobs in the index by path; a path with conflicts has none of them."""
        entries = filter(None, self.run("ls-files", "--stage", "-z").text.split("\0"))
        found: dict[str, str] = {}
        for entry in entries:
            meta, _, path = entry.partition("\t")
            _, oid, stage = meta.split()
            found[path] = oid if stage == "0" else "conflict"
        return found

    def unfinished(self) -> str | None:
        """Name what a person has begun in the work tree and not finished, if anything."""
        for name, what in _UNFINISHED.items():
            if (self.git_dir / name).exists():
                return what
        return None


def _host_refusal(text: str) -> str | None:
    """Return the line of git's output in which the machine refuses to write, if there is one."""
    return next((line for line in text.splitlines() if _REFUSED.search(line)), None)


def host_error(said: str, *, stage: str, path: Path, note: str = "") -> HostError | None:
    """Return the error for a machine that refused git; None where git failed by itself.

    Args:
        said: git's standard error.
        note: added to what git says, which is not always why.
    """
    refusal = _host_refusal(said)
    if refusal is None:
        return None
    return HostError(
        refusal + note,
        stage=stage,
        path=path,
        remedy="free some space or give write permission, then run the same command again",
    )


def killed_error(code: int, *, path: PathLike, stage: str | None = None) -> HostError:
    """Return the error for a git that a signal ended."""
    return HostError(
        f"git was ended from outside, by {process.describe_exit(code)}",
        stage=stage,
        path=path,
        remedy="see whether memory ran out (`dmesg`), then run the same command again",
    )


def read_head(git_dir: Path) -> str | None:
    """Read the checked-out commit from loose files; None where that is not enough."""
    try:
        head = (git_dir / "HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = (git_dir / head[5:]).read_text().strip()
    except OSError:
        return None
    return head if is_commit(head) else None


def fetch_commits(
    repository: Repository,
    url: str,
    commits: Sequence[str],
    *,
    protocols: Sequence[str],
    on_line: Callable[[str], None],
    stall_seconds: float,
) -> int:
    """Fetch exactly the given commits, depth 1, into ``refs/pins/``; return git's exit code.

    The URL and hashes come from pins that were checked by `is_safe_url` and `is_commit`.
    """
    env = environment(os.environ, protocols=protocols, user_config=True)
    env["GIT_DIR"] = str(repository.git_dir)
    return process.stream(
        command(
            "-c",
            "protocol.version=2",
            "-c",
            "fetch.unpackLimit=1",
            "-c",
            "http.lowSpeedLimit=1000",
            "-c",
            f"http.lowSpeedTime={int(max(stall_seconds, 1))}",
            "fetch",
            "--depth=1",
            "--no-tags",
            "--progress",
            "--no-recurse-submodules",
            "--",
            url,
            *(f"{commit}:refs/pins/{commit}" for commit in commits),
            protocols=protocols,
        ),
        cwd=repository.git_dir,
        env=env,
        on_line=on_line,
        stall_seconds=stall_seconds,
    )


def list_tag(url: str, tag: str, *, protocols: Sequence[str]) -> process.Result:
    """Ask a server what a tag names: lines of hash and reference, ``^{}`` for what it points to.

    The URL and the tag's name come checked, as for `fetch_commits`.
    """
    env = environment(os.environ, protocols=protocols, user_config=True)
    asked = (f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    done = process.run(
        command("ls-remote", "--", url, *asked, protocols=protocols), env=env, check=False
    )
    if done.returncode < 0:
        raise killed_error(done.returncode, path=url)
    return done
