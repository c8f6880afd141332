"""What every command about other releases starts from: a version, its series, and the sources."""

from __future__ import annotations

from dataclasses import dataclass

from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.report.reporter import Reporter
from ascendtorch.series.series import Series, load_series
from ascendtorch.spec.catalog import Catalog
from ascendtorch.spec.release import IN_TREE, read_layout
from ascendtorch.spec.version import VersionSpec, load_version
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.upkeep.sources import Sources
from ascendtorch.workspace import Workspace


@dataclass(frozen=True)
class Opened:
    """A version with its series, and where releases are read from."""

    spec: VersionSpec
    series: Series
    sources: Sources


def open_series(
    workspace: Workspace,
    catalog: Catalog,
    spec: VersionSpec,
    options: FetchOptions,
    reporter: Reporter,
) -> Opened:
    """Read the series of a version; commits that our version.yaml files pin are trusted first."""
    pins = known_pins(workspace, catalog)
    sources = Sources(usable_cache(workspace, reporter), options, reporter, pins)
    return Opened(spec, load_series(spec.series_file), sources)


def known_pins(workspace: Workspace, catalog: Catalog) -> dict[tuple[str, str], str]:
    """Return the commits that our version.yaml files pin, by URL and tag; wheels have none."""
    pins = {}
    for name in catalog.supported:
        folder = workspace.patches / name
        if read_layout(folder) != IN_TREE:
            continue
        upstream = load_version(folder).upstream
        pins[upstream.url, upstream.tag] = upstream.commit
    return pins
