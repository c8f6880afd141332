"""The matrix: what becomes of each patch of a series at each of many releases.

Read from git objects; no work tree, no index and no repository is written. Files of a patch that
fit are taken over before the next patch is looked at, the others are left out.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ascendtorch.report.reporter import Reporter
from ascendtorch.series.series import Series
from ascendtorch.spec.version import VersionSpec
from ascendtorch.upkeep.carrying import Side
from ascendtorch.upkeep.merging import merger
from ascendtorch.upkeep.moved import Tracker
from ascendtorch.upkeep.release import Release, read_release
from ascendtorch.upkeep.sources import Sources
from ascendtorch.upkeep.tracing import Step, paths_of, touched_modules, trace
from ascendtorch.upkeep.verdict import KINDS, PatchVerdict

STAGE = "matrix"


@dataclass(frozen=True)
class Matrix:
    """Verdicts by patch and tag.

    Attributes:
        version: whose series it is.
        pin: tag and commit the series is made for.
        tags: the commit of each release, by tag, in the order they were asked for.
        patches: subject of each patch, by name, in order.
        verdicts: by patch and tag.
        seconds: how long it took.
    """

    version: str
    pin: tuple[str, str]
    tags: dict[str, str]
    patches: dict[str, str]
    verdicts: dict[tuple[str, str], PatchVerdict]
    seconds: float

    @property
    def stops(self) -> int:
        """How many verdicts need a person."""
        return sum(verdict.stops for verdict in self.verdicts.values())

    def counts(self, tag: str | None = None) -> dict[str, int]:
        """How many verdicts there are of each kind, at one tag or at all."""
        kinds = Counter(v.kind for (_, t), v in self.verdicts.items() if tag in (None, t))
        return {kind: kinds[kind] for kind in KINDS if kinds[kind]}

    def as_json(self) -> dict[str, Any]:
        """The matrix as data."""
        return {
            "version": self.version,
            "pin": {"tag": self.pin[0], "commit": self.pin[1]},
            "tags": [{"tag": tag, "commit": commit} for tag, commit in self.tags.items()],
            "patches": [{"name": name, "subject": text} for name, text in self.patches.items()],
            "verdicts": [verdict.as_json() for verdict in self.verdicts.values()],
            "counts": self.counts(),
            "stops": self.stops,
            "seconds": round(self.seconds, 2),
        }


def make_matrix(
    spec: VersionSpec, series: Series, tags: tuple[str, ...], sources: Sources, reporter: Reporter
) -> Matrix:
    """Judge every patch at every release.

    Raises:
        FetchError: a release cannot be had.
        PatchError: a patch does not apply to its own pin.
    """
    started = time.monotonic()
    upstream = spec.upstream
    commits = {tag: sources.resolve(upstream.url, tag) for tag in dict.fromkeys(tags)}
    known = tuple(module.path for module in spec.submodules)
    modules = touched_modules(series.patches, known)
    pin = read_release(spec, upstream.tag, upstream.commit, modules, sources)
    traced = trace(series.patches, pin)
    verdicts: dict[tuple[str, str], PatchVerdict] = {}
    with reporter.progress(STAGE, "releases") as advance:
        for number, (tag, commit) in enumerate(commits.items(), 1):
            other = read_release(spec, tag, commit, modules, sources)
            verdicts.update(_column(series, traced, pin, other))
            advance(number, len(commits), tag)
    names = {patch.name: patch.header.subject for patch in series.patches}
    ordered = {(name, tag): verdicts[name, tag] for name in names for tag in commits}
    return Matrix(
        spec.version,
        (upstream.tag, upstream.commit),
        commits,
        names,
        ordered,
        time.monotonic() - started,
    )


def _column(
    series: Series, traced: dict[str, tuple[Step, ...]], pin: Release, other: Release
) -> dict[tuple[str, str], PatchVerdict]:
    repository = other.modules[""].repository
    if repository is None:
        raise ValueError("a release without a repository")
    merge = merger(repository, other.tag, "the patch")
    paths = (path for patch in series.patches for path in paths_of(patch))
    side = Side(other, series.patches, Tracker(pin, other, paths), merge)
    found = {}
    for patch in series.patches:
        carried = side.carry(patch, traced[patch.name])
        side.take(carried)
        found[patch.name, other.tag] = carried.verdict
    return found
