"""Finding out what became of each patch in the tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import EditedError
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import FileDiff, PatchFile
from ascendtorch.series.series import Series, load_series
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import fetch, patch, promote
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import commits as reading
from ascendtorch.upkeep import matching
from ascendtorch.upkeep.commits import Commit
from ascendtorch.upkeep.drafts import applies_to
from ascendtorch.upkeep.looking import patch_ids, recorded, uncommitted_paths
from ascendtorch.upkeep.scratch import ScratchRepository
from ascendtorch.upkeep.state import FileState, PatchState, SeriesState, Unexported, summary


def series_state(spec: VersionSpec, tree: Path, scratch: Path) -> SeriesState:
    """Compare the series, the commits over the pin and the files of the tree.

    Args:
        scratch: an empty folder for what is tried.
    """
    series = load_series(spec.series_file)
    try:
        fetched = fetch.load(spec, tree)
    except EditedError as error:
        return _nothing("foreign", series, error.cause)
    if fetched is None:
        return _nothing("missing", series, "there is no tree of this version; run gen")
    if promote.pending(fetched.state) is not None:
        text = "a run was cut off while it changed files; run gen to complete it"
        return _nothing("interrupted", series, text)
    with patch.git_errors(tree):
        return _Inspection(fetched, series, scratch).result()


def _nothing(tree: str, series: Series, note: str) -> SeriesState:
    patches = tuple(
        PatchState(
            item.name,
            "missing",
            (note,),
            tuple(FileState(file.path, "missing") for file in item.files),
        )
        for item in series.patches
    )
    return SeriesState(tree, patches, notes=(note,))


@dataclass(frozen=True)
class _Trace:
    """What the history says of one patch: its commits by repository, and whether they are ours."""

    commits: Mapping[str, Commit]
    exact: bool


class _Inspection:
    """One look at a tree, repository by repository."""

    def __init__(self, fetched: FetchedTree, series: Series, scratch: Path) -> None:
        self._fetched = fetched
        self._series = series
        self._known = tuple(module.path for module in fetched.spec.submodules)
        self._repositories = reading.open_repositories(fetched)
        self._links, self._bases = recorded(fetched)
        self._uncommitted = uncommitted_paths(self._repositories)
        self._scratch = scratch
        self._indexes: dict[str, tuple[git.Repository, Path]] = {}

    def result(self) -> SeriesState:
        """Look at everything."""
        notes = []
        commits: dict[str, tuple[Commit, ...]] = {}
        try:
            commits = reading.read_all(self._fetched, self._repositories)
        except EditedError as error:
            notes.append(error.cause)
        digests = {link.name: link.digest for link in self._links}
        originals = {item.name: item for item in self._series.patches}
        known = matching.known_patches(originals, self._links, self._bases)
        found = matching.match(
            known, commits, lambda name, oids: patch_ids(self._repositories[name], oids)
        )
        groups = {g.name: g for g in matching.make_groups(known, commits, found) if g.name}
        traces = {name: _Trace(group.commits, group.exact) for name, group in groups.items()}
        patches = tuple(
            self._patch(item, digests.get(item.name), traces.get(item.name))
            for item in self._series.patches
        )
        gone = [name for name in digests if name not in originals]
        notes += [f"{name} is applied and not in the series any more; run gen" for name in gone]
        order = [link.name for link in self._links if link.name in originals]
        if order != [item.name for item in self._series.patches if item.name in digests]:
            notes.append("the series has another order than the one that was applied; run gen")
        return SeriesState(
            "present", patches, self._unexported(commits, found), self._uncommitted, tuple(notes)
        )

    def _unexported(
        self, commits: Mapping[str, tuple[Commit, ...]], found: Mapping[str, str]
    ) -> tuple[Unexported, ...]:
        ours = {oid for link in self._links for oid in link.heads.values()}
        return tuple(
            Unexported(c.repository, c.oid, c.subject, found.get(c.oid))
            for listed in commits.values()
            for c in listed
            if c.oid not in ours
        )

    def _patch(self, item: PatchFile, digest: str | None, trace: _Trace | None) -> PatchState:
        files = tuple(self._file(item, file, digest, trace) for file in item.files)
        state = summary(files)
        reasons = []
        if digest is None:
            reasons.append("it is not applied yet; run gen")
        elif digest != item.digest:
            reasons.append("the patch file changed since it was applied; run gen")
        elif trace is None and state != "absent":
            reasons.append("its commit is not in the tree any more")
        elif trace is not None and not trace.exact:
            what = "changed" if "drifted" in {file.state for file in files} else "made anew"
            reasons.append(f"its commit was {what}; run `ascendtorch patch export`")
        if digest is not None and digest != item.digest and state == "applied":
            state = "drifted"
        reasons += [f"not committed: {file.path}" for file in files if file.state == "edited"]
        if state == "absent":
            reasons.append("it concerns submodules that the tree lacks")
        if state == "partial":
            lacking = ", ".join(file.path for file in files if file.state == "missing")
            reasons.append(f"its change is missing in {lacking}")
        return PatchState(item.name, state, tuple(reasons), files)

    def _file(
        self, item: PatchFile, file: FileDiff, digest: str | None, trace: _Trace | None
    ) -> FileState:
        owner = owner_of(file.path, self._known)
        if owner not in self._repositories:
            return FileState(file.path, "absent")
        edited = file.path in self._uncommitted or file.source in self._uncommitted
        commit = trace.commits.get(owner) if trace is not None else None
        if digest == item.digest and commit is not None:
            inner = file.path[len(owner) + 1 if owner else 0 :]
            ours = {link.heads.get(owner) for link in self._links}
            if commit.oid in ours:
                state = "clean"
            elif self._made_by(item, owner, commit):
                state = "applied"
            else:
                state = "drifted" if inner in commit.paths else "missing"
            return FileState(file.path, "edited" if edited and state != "missing" else state)
        if self._is_there(owner, file):
            return FileState(file.path, "applied")
        return FileState(file.path, "missing")

    def _made_by(self, item: PatchFile, owner: str, commit: Commit) -> bool:
        """Whether a commit is exactly what the patch says for its repository."""
        mine = [file for file in item.files if owner_of(file.path, self._known) == owner]
        return applies_to(self._repositories[owner], commit, mine, owner)

    def _is_there(self, owner: str, file: FileDiff) -> bool:
        """Whether the work tree holds a file's change: it can be taken back, exactly."""
        repository, index = self._work(owner)
        depth = len(Path(owner).parts) + 1
        done = repository.run(
            *("apply", "--cached", "--check", "--reverse", "--verbose", f"-p{depth}", "-"),
            index=index,
            stdin=file.body,
            check=False,
        )
        return done.returncode == 0 and "(offset " not in done.error_text

    def _work(self, owner: str) -> tuple[git.Repository, Path]:
        """Return an index of the files as they lie in the work tree."""
        if owner not in self._indexes:
            number = len(self._indexes)
            repository = ScratchRepository(
                self._repositories[owner], self._scratch / f"objects-{number}"
            )
            index = self._scratch / f"index-{number}"
            repository.run("read-tree", "HEAD", index=index)
            inside = f"{owner}/" if owner else ""
            names = {
                name
                for item in self._series.patches
                for f in item.files
                for name in (f.path, f.source)
                if name and owner_of(name, self._known) == owner
            }
            paths = "".join(f"{name[len(inside) :]}\0" for name in sorted(names))
            repository.run(
                *("update-index", "--add", "--remove", "-z", "--stdin"),
                index=index,
                stdin=paths.encode("utf-8", "surrogateescape"),
                check=False,
            )
            self._indexes[owner] = (repository, index)
        return self._indexes[owner]
