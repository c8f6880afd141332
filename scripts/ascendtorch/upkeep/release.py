"""A release at a commit, with the submodules that matter: what is where, without a checkout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ascendtorch.edge import git
from ascendtorch.series.parts import owner_of
from ascendtorch.spec.version import VersionSpec
from ascendtorch.upkeep.porting import Blob
from ascendtorch.upkeep.sources import Sources, module_urls


@dataclass(frozen=True)
class Module:
    """One repository of a release: the release itself (``""``) or a submodule.

    Attributes:
        url: where it comes from.
        commit: its commit; empty where the release has no such submodule.
        repository: what holds its objects; None where nothing does.
        entries: mode and object by path inside it.
    """

    path: str
    url: str
    commit: str
    repository: git.Repository | None
    entries: dict[str, tuple[str, str]] = field(repr=False, default_factory=dict)

    @property
    def problem(self) -> str:
        """Why nothing can be said about its files; empty where it is here."""
        if self.repository is None and self.commit:
            return f"the objects of {self.path} {self.commit[:12]} are not here ({self.url})"
        return ""


@dataclass(frozen=True)
class Release:
    """A release: its tag, its commit, and the modules that were asked for."""

    tag: str
    commit: str
    modules: dict[str, Module]
    known: tuple[str, ...]

    def module_of(self, path: str) -> Module:
        """Return the module that a path of the tree lies in."""
        return self.modules[owner_of(path, self.known)]

    def inside(self, path: str) -> tuple[Module, str]:
        """Return the module of a path, and the path inside it."""
        module = self.module_of(path)
        return module, path[len(module.path) + 1 :] if module.path else path

    def problem(self, path: str) -> str:
        """Why nothing can be said about a path; empty where it can."""
        return self.module_of(path).problem

    def in_the_way(self, path: str) -> str | None:
        """Return what keeps a new file from being put at `path`: a file above, or a folder."""
        module, inner = self.inside(path)
        parts = inner.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        for name in above:
            if name in module.entries:
                return name
        below = f"{inner}/"
        return inner if any(name.startswith(below) for name in module.entries) else None

    def blobs(self, paths: Iterable[str]) -> tuple[dict[str, Blob], set[str]]:
        """Read files, and name those whose objects are missing; an absent one is in neither."""
        wanted: dict[str, list[tuple[str, str, str]]] = {}
        for path in sorted(set(paths)):
            module, inner = self.inside(path)
            if inner in module.entries:
                wanted.setdefault(module.path, []).append((path, *module.entries[inner]))
        found: dict[str, Blob] = {}
        missing: set[str] = set()
        for name, listed in wanted.items():
            repository = self.modules[name].repository
            if repository is None:
                continue
            links = {path for path, mode, _ in listed if mode == "160000"}
            found.update({path: Blob("160000", b"") for path in links})
            files = [entry for entry in listed if entry[0] not in links]
            data = _read(repository, [oid for _, _, oid in files])
            for path, mode, oid in files:
                if oid in data:
                    found[path] = Blob(mode, data[oid])
                else:
                    missing.add(path)
        return found, missing


def _read(repository: git.Repository, oids: list[str]) -> dict[str, bytes]:
    try:
        return repository.blobs(oids)
    except KeyError:
        # A mirror that lacks some objects: the others can still be judged.
        return repository.blobs([oid for oid in oids if repository.has(oid)])


def read_release(
    spec: VersionSpec, tag: str, commit: str, wanted: Iterable[str], sources: Sources
) -> Release:
    """Read what a release is made of.

    Args:
        spec: the version whose series is looked at; its URLs are used where a release has none.
        wanted: modules to read, of those that `spec` knows; their parents are read too.

    Raises:
        FetchError: the release itself cannot be had.
    """
    known = tuple(module.path for module in spec.submodules)
    pinned = {module.path: module.url for module in spec.submodules}
    url = spec.upstream.url
    top = sources.require(url, commit, tag)
    modules = {"": Module("", url, commit, top, _entries(top, commit))}
    names = set(wanted) - {""}
    for name in tuple(names):
        inner = owner_of(name, known)
        while inner:
            names.add(inner)
            inner = owner_of(inner, known)
    for name in sorted(names):
        parent = modules[owner_of(name, known)]
        modules[name] = _module(name, parent, pinned[name], sources)
    return Release(tag, commit, modules, known)


def _module(name: str, parent: Module, pinned: str, sources: Sources) -> Module:
    inner = name[len(parent.path) + 1 :] if parent.path else name
    mode, oid = parent.entries.get(inner, ("", ""))
    if parent.repository is None:
        # Without its parent nobody knows the commit; the parent's problem stands for both.
        return Module(name, pinned, parent.commit, None)
    if mode != "160000":
        return Module(name, pinned, "", None)
    named = module_urls(parent.repository, parent.commit, parent.url).get(inner, pinned)
    for url in dict.fromkeys((named, pinned)):
        repository = sources.find(url, oid)
        if repository is not None:
            return Module(name, url, oid, repository, _entries(repository, oid))
    return Module(name, named, oid, None)


def _entries(repository: git.Repository, commit: str) -> dict[str, tuple[str, str]]:
    return {entry.path: (entry.mode, entry.oid) for entry in repository.ls_tree(commit)}
