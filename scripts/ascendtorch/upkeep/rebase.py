"""Rebase: the series of one release made to fit another, patch by patch.

Nothing of the workspace is touched until all of it fits: what is decided lies in a folder of its
own, and the tree is not looked at at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ascendtorch.edge import git
from ascendtorch.errors import FetchError
from ascendtorch.report.reporter import Reporter
from ascendtorch.series.parts import owner_of
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.upkeep.carrying import Carried, Side
from ascendtorch.upkeep.merging import merger
from ascendtorch.upkeep.moved import Tracker
from ascendtorch.upkeep.opening import Opened
from ascendtorch.upkeep.porting import Blob
from ascendtorch.upkeep.rebasestate import (
    STAGE,
    DoneStep,
    RebaseFolder,
    RebaseState,
    Results,
    check_series,
)
from ascendtorch.upkeep.release import Release, read_release
from ascendtorch.upkeep.scratch import scratch_repositories
from ascendtorch.upkeep.tracing import Step, paths_of, touched_modules, trace


@dataclass(frozen=True)
class Ground:
    """What a rebase works on: both releases, and repositories for what is made.

    Attributes:
        repositories: by module, those of the new release that are here.
    """

    opened: Opened
    pin: Release
    other: Release
    traced: Mapping[str, tuple[Step, ...]]
    repositories: Mapping[str, git.Repository]

    def module(self, path: str) -> str:
        """Return the module that a path lies in."""
        return owner_of(path, self.other.known)

    def store(self, results: Mapping[str, Blob | None]) -> Results:
        """Write files as objects."""
        stored: dict[str, tuple[str, str] | None] = {}
        for path, blob in results.items():
            if blob is None:
                stored[path] = None
                continue
            made = self.repositories[self.module(path)].run(
                "hash-object", "-w", "--stdin", stdin=blob.data
            )
            stored[path] = (blob.mode, made.text.strip())
        return stored

    def read(self, results: Results) -> dict[str, Blob | None]:
        """Read files that were stored."""
        found: dict[str, Blob | None] = {}
        for path, entry in results.items():
            if entry is None:
                found[path] = None
            else:
                data = self.repositories[self.module(path)].blobs([entry[1]])
                found[path] = Blob(entry[0], data[entry[1]])
        return found


@dataclass(frozen=True)
class Stopped:
    """A patch that needs a person."""

    patch: PatchFile
    number: int
    carried: Carried


def prepare(opened: Opened, state: RebaseState, folder: RebaseFolder) -> Ground:
    """Read both releases.

    Raises:
        StateError: the series changed since the rebase began.
        FetchError: a release, or a submodule that the series touches, cannot be had.
        PatchError: a patch does not apply to its own pin.
    """
    spec, series = opened.spec, opened.series
    check_series(state, series)
    modules = touched_modules(series.patches, tuple(m.path for m in spec.submodules))
    upstream = spec.upstream
    pin = read_release(spec, upstream.tag, upstream.commit, modules, opened.sources)
    other = read_release(spec, state.tag, state.commit, modules, opened.sources)
    for release in (pin, other):
        for module in release.modules.values():
            if module.problem:
                raise FetchError(
                    module.problem,
                    stage=STAGE,
                    path=module.url,
                    remedy="run it without --offline, or map the URL to a local repository "
                    "(--mirrors)",
                )
    here = {name: m.repository for name, m in other.modules.items() if m.repository is not None}
    objects = scratch_repositories(here, folder.path / "objects")
    return Ground(opened, pin, other, trace(series.patches, pin), objects)


def replay(ground: Ground, state: RebaseState) -> Side:
    """Return the new release with everything that is decided."""
    patches = ground.opened.series.patches
    merge = merger(ground.repositories[""], state.tag, "the patch")
    paths = (path for patch in patches for path in paths_of(patch))
    side = Side(ground.other, patches, Tracker(ground.pin, ground.other, paths), merge)
    for patch, step in zip(patches, state.done):
        side.put(ground.read(step.results))
        if step.outcome == "skipped":
            side.skip(patch)
    return side


def carry_on(
    ground: Ground, state: RebaseState, folder: RebaseFolder, reporter: Reporter
) -> tuple[RebaseState, Stopped | None]:
    """Go on to the end or to the next patch that needs a person; each step is kept at once.

    Raises:
        FetchError: objects are missing.
    """
    side = replay(ground, state)
    patches = ground.opened.series.patches
    for number, patch in enumerate(patches[len(state.done) :], len(state.done) + 1):
        carried = side.carry(patch, ground.traced[patch.name])
        if carried.verdict.kind == "unknown":
            lost = next(file for file in carried.verdict.files if file.kind == "unknown")
            raise FetchError(
                lost.note,
                stage=STAGE,
                path=patch.path,
                remedy="get a mirror that has them, then `ascendtorch patch rebase --continue`",
            )
        if carried.verdict.stops:
            return state, Stopped(patch, number, carried)
        state = decide(ground, state, side, patch.name, carried.verdict.kind, carried.results)
        folder.save(state)
        reporter.say(STAGE, f"{patch.name}: {carried.verdict.label}")
    return state, None


def decide(
    ground: Ground,
    state: RebaseState,
    side: Side,
    name: str,
    outcome: str,
    results: Mapping[str, Blob | None],
) -> RebaseState:
    """Return the state in which a patch is decided; what changes nothing is no result."""
    changed = side.changed(results)
    side.put(changed)
    return state.decided(DoneStep(name, outcome, ground.store(changed)))


def abort(folder: RebaseFolder) -> bool:
    """Forget a rebase; return whether there was one."""
    there = folder.path.exists()
    folder.remove()
    return there
