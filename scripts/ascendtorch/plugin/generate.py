"""From the pin to rendered kernels: fetch, codegen. There is no tree to patch or to overlay.

The caller holds the workspace's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascendtorch.errors import StateError
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin import codegen, fetch
from ascendtorch.plugin.results import OfficialWheel, PluginSources
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.workspace import Workspace

#: The stages of `generate`, in order.
GEN_STAGES = ("fetch", "codegen")


def generate(
    plan: PluginPlan,
    workspace: Workspace,
    options: FetchOptions,
    environ: Mapping[str, str],
    *,
    only: str | None = None,
    force: bool,
    reporter: Reporter,
) -> PluginSources | None:
    """Get the official wheel and render the kernels; a re-run does what is stale.

    Any of the release's wheels knows its operators, so the first Python's is taken.

    Args:
        only: run this stage alone; the result is None then, unless it is the last one.

    Raises:
        StateError: with `only`, a stage before it has not run.
    """
    cache = usable_cache(workspace, reporter).root
    python = plan.spec.pythons[0]
    if only in (None, "fetch"):
        official = fetch.fetch(
            plan, python, cache=cache, options=options, environ=environ, reporter=reporter
        )
    else:
        official = _require_official(plan, python, workspace, cache)
    if only == "fetch":
        return None
    return codegen.codegen(
        official,
        templates=workspace.root / "templates",
        folder=workspace.version_build(plan.spec.version),
        cache=cache / "schemas",
        current=workspace.current_file,
        force=force,
        reporter=reporter,
    )


def _require_official(
    plan: PluginPlan, python: str, workspace: Workspace, cache: Path
) -> OfficialWheel:
    official = fetch.load(plan.spec, python, plan.arch, cache)
    if official is None:
        raise StateError(
            "the stage fetch has not run for this version",
            stage="fetch",
            path=workspace.build,
            remedy="run `ascendtorch gen` without --only first",
        )
    return official


def load_generated(plan: PluginPlan, workspace: Workspace, cache: Path) -> PluginSources | None:
    """Return the sources that the receipts describe, or None where a stage is missing."""
    official = fetch.load(plan.spec, plan.spec.pythons[0], plan.arch, cache)
    folder = workspace.version_build(plan.spec.version)
    return codegen.load(official, folder) if official is not None else None
