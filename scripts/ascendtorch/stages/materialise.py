"""Checking out cached commits: every repository of the tree stands on its own.

Packs are hard-linked from the cache, so a tree costs no second copy and outlives the cache. The
tree is made beside its place and renamed into it whole; so is each submodule added later.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files, git, interrupts, process
from ascendtorch.edge.files import write_atomic
from ascendtorch.edge.host import free_disk
from ascendtorch.errors import FetchError
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Advance
from ascendtorch.series.parts import owner_of
from ascendtorch.spec.mirrors import plain_url
from ascendtorch.spec.version import Submodule, VersionSpec
from ascendtorch.stages import receipts
from ascendtorch.stages.object_cache import ObjectCache, write_layout
from ascendtorch.stages.results import FetchedTree

BASE_REF = "refs/ascendtorch/base"
BRANCH = "refs/heads/ascendtorch"
#: Bytes; less than any disk has on which work can go on.
_FULL = 1 << 20
_WORKERS = max(2, min(8, os.cpu_count() or 2))


class DamagedError(Exception):
    """Cached objects of a remote cannot be read."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"cached objects of {url} are damaged: {detail}")
        self.url = url


@dataclass(frozen=True)
class _Checkout:
    """One repository to make: `prefix` ends in a slash, and is empty for the release itself."""

    prefix: str
    url: str
    commit: str
    git_dir: Path
    work_tree: Path
    home: Path
    """Where the work tree will lie, for the relative links between the two folders."""
    git_home: Path


class NewTree:
    """A whole tree in the making, beside its place; `finish` puts it there in one rename.

    Use it in a ``with`` block: leaving that by an exception removes what was made.
    """

    def __init__(self, plan: Plan, tree: Path, cache: ObjectCache) -> None:
        self._plan = plan
        self._tree = tree
        self._cache = cache
        self._partial = tree.with_name(f".{tree.name}.partial")
        self._pool = ThreadPoolExecutor(_WORKERS)
        self._futures: dict[Future[None], _Checkout] = {}
        self._waiting: dict[str, list[_Checkout]] = {}
        top = self._partial / ".git"
        upstream = plan.spec.upstream
        jobs = [
            _Checkout("", upstream.url, upstream.commit, top, self._partial, self._partial, top)
        ]
        for module in plan.submodules:
            git_dir = module_git_dir(top, module.path, plan.spec)
            folder = self._partial / module.path
            jobs.append(
                _Checkout(
                    f"{module.path}/", module.url, module.commit, git_dir, folder, folder, git_dir
                )
            )
        for job in jobs:
            self._waiting.setdefault(plain_url(job.url), []).append(job)

    def __enter__(self) -> NewTree:
        files.remove_tree(self._partial)
        # Before any git starts: one that checks out a release fails when a folder of a submodule
        # appears between its look and its mkdir.
        for jobs in self._waiting.values():
            for job in jobs:
                job.work_tree.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for future in self._futures:
            future.cancel()
        self._pool.shutdown()
        if kind is not None:
            files.remove_tree(self._partial)

    def start(self, url: str) -> None:
        """Begin to check out what comes from a remote, all of which is cached by now."""
        for job in self._waiting.pop(plain_url(url), ()):
            with interrupts.deferred():
                future = self._pool.submit(_check_out, job, self._plan.spec, self._cache)
                self._futures[future] = job

    def finish(self, advance: Advance) -> None:
        """Wait for all checkouts and put the tree into its place.

        Raises:
            DamagedError: cached objects cannot be read.
            FetchError: the release does not record the pinned submodules.
        """
        for number, future in enumerate(interrupts.finished(self._futures), 1):
            future.result()
            name = self._futures[future].prefix or self._plan.spec.upstream.tag
            advance(number, len(self._futures), name)
        modules = {module.path: module.commit for module in self._plan.submodules}
        _save(self._plan.spec, self._partial / ".git" / "ascendtorch", modules)
        if self._tree.exists():
            self._tree.rmdir()
        self._tree.parent.mkdir(parents=True, exist_ok=True)
        self._partial.rename(self._tree)


def recognise(spec: VersionSpec, tree: Path) -> bool:
    """Write the receipt of a tree of ours that lost it; False where the tree is not of this pin."""
    top = tree / ".git"
    if not top.is_dir() or git.Repository(top).resolve(BASE_REF) != spec.upstream.commit:
        return False
    modules = {}
    for module in spec.submodules:
        git_dir = module_git_dir(top, module.path, spec)
        there = git_dir.is_dir() and (tree / module.path / ".git").is_file()
        if there and git.Repository(git_dir).resolve(BASE_REF) == module.commit:
            modules[module.path] = module.commit
    _save(spec, top / "ascendtorch", modules)
    return True


def add_modules(plan: Plan, present: FetchedTree, cache: ObjectCache, advance: Advance) -> None:
    """Add the submodules that the plan wants and the tree lacks, parents first."""
    modules = dict(present.modules)
    lacking = [m for m in plan.submodules if modules.get(m.path) != m.commit]
    for number, module in enumerate(lacking, 1):
        _add_module(plan.spec, present, module, cache)
        modules[module.path] = module.commit
        _save(plan.spec, present.state, modules)
        advance(number, len(lacking), module.path)


def _add_module(
    spec: VersionSpec, present: FetchedTree, module: Submodule, cache: ObjectCache
) -> None:
    scratch = present.state / "tmp"
    files.remove_tree(scratch)
    home = present.tree / module.path
    git_home = module_git_dir(present.tree / ".git", module.path, spec)
    if _is_whole(home, git_home, module):
        return
    if home.exists() and any(home.iterdir()):
        raise FetchError(
            "the submodule's folder is not empty",
            stage="fetch",
            path=home,
            remedy="move its content away and run the same command again",
        )
    job = _Checkout(
        f"{module.path}/",
        module.url,
        module.commit,
        scratch / "git",
        scratch / "tree",
        home,
        git_home,
    )
    _check_out(job, spec, cache)
    files.remove_tree(git_home)
    git_home.parent.mkdir(parents=True, exist_ok=True)
    (scratch / "git").rename(git_home)
    home.mkdir(parents=True, exist_ok=True)
    (scratch / "tree").rename(home)
    files.remove_tree(scratch)


def _is_whole(home: Path, git_home: Path, module: Submodule) -> bool:
    """Whether a run that was killed just before it could note it has put the submodule there.

    Its work tree comes last, whole, in one rename.
    """
    base = git_home / BASE_REF
    return (
        (home / ".git").is_file() and base.is_file() and base.read_text().strip() == module.commit
    )


def module_git_dir(top: Path, path: str, spec: VersionSpec) -> Path:
    """Return where git keeps a submodule's repository: ``modules/<path>``, nested ones deeper."""
    parent = parent_module(path, spec)
    if parent is None:
        return top / "modules" / path
    return module_git_dir(top, parent, spec) / "modules" / path[len(parent) + 1 :]


def parent_module(path: str, spec: VersionSpec) -> str | None:
    """Return the submodule that a submodule lies in, or None."""
    return owner_of(path, tuple(module.path for module in spec.submodules)) or None


def _check_out(job: _Checkout, spec: VersionSpec, cache: ObjectCache) -> None:
    cached = cache.find(job.url, job.commit)
    if cached is None:
        raise DamagedError(job.url, f"{job.commit} is gone")
    check_links(cached.links, job.prefix, spec)
    write_layout(job.git_dir, _config(job) + _links(cached.links, job.prefix, spec))
    for pack in cached.packs:
        for part in (pack, pack.with_suffix(".idx")):
            files.hardlink_or_copy(part, job.git_dir / "objects" / "pack" / part.name)
    for name, text in (("shallow", job.commit), (BRANCH, job.commit), (BASE_REF, job.commit)):
        write_atomic(job.git_dir / name, f"{text}\n".encode())
    job.work_tree.mkdir(parents=True, exist_ok=True)
    if job.prefix:
        link = os.path.relpath(job.git_home, job.home)
        write_atomic(job.work_tree / ".git", f"gitdir: {link}\n".encode())
    repository = git.Repository(job.git_dir, job.work_tree)
    try:
        repository.run("read-tree", "--reset", "-u", job.commit)
    except process.ProcessFailedError as error:
        text = error.result.error_text
        # git does not say why it could not write a file.
        full = " (No space left on device)" if free_disk(job.work_tree) < _FULL else ""
        refused = git.host_error(text, stage="fetch", path=job.work_tree, note=full)
        if refused is not None:
            raise refused from error
        raise DamagedError(job.url, text.splitlines()[0] if text else "unreadable") from error


def check_links(links: tuple[git.Gitlink, ...], prefix: str, spec: VersionSpec) -> None:
    """Check that the submodules a commit records are those that the version pins.

    Raises:
        FetchError: one has another commit, or is not pinned at all.
    """
    pins = {module.path: module.commit for module in spec.submodules}
    for link in links:
        path = prefix + link.path
        if pins.get(path) != link.oid:
            raise FetchError(
                f"{path} is {link.oid} in the release, and "
                + (f"pinned to {pins[path]}" if path in pins else "not pinned"),
                stage="fetch",
                path=spec.folder / "version.yaml",
                remedy=f"correct the pin of {path}",
            )


def _config(job: _Checkout) -> str:
    text = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
    if job.prefix:
        text += f"\tworktree = {_quoted(os.path.relpath(job.home, job.git_home))}\n"
    return text + f'[remote "origin"]\n\turl = {_quoted(job.url)}\n'


def _links(links: tuple[git.Gitlink, ...], prefix: str, spec: VersionSpec) -> str:
    """Return the configuration by which `git submodule` knows the submodules of a repository."""
    urls = {module.path: module.url for module in spec.submodules}
    return "".join(
        f"[submodule {_quoted(link.name)}]\n\tactive = true\n"
        f"\turl = {_quoted(urls[prefix + link.path])}\n"
        for link in links
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _save(spec: VersionSpec, state: Path, modules: dict[str, str]) -> None:
    receipts.save(state, "fetch", version=spec.version, base=spec.upstream.commit, modules=modules)
