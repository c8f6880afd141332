"""From rendered kernels to a checked wheel: build, wheel. The caller holds the lock."""

from __future__ import annotations

from collections.abc import Mapping

from ascendtorch.errors import StateError
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.pipeline.wheelmaking import BuildChoices, choose_python
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin import build, fetch
from ascendtorch.plugin.generate import load_generated
from ascendtorch.plugin.results import PluginSources
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts, wheel
from ascendtorch.stages.build import BuildOptions
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.results import BuiltWheel, FinishedWheel
from ascendtorch.toolchain.launcher import choose_launcher
from ascendtorch.toolchain.wheelhouse import wheelhouses
from ascendtorch.workspace import Workspace


def make_wheel(
    plan: PluginPlan,
    workspace: Workspace,
    choices: BuildChoices,
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
) -> FinishedWheel | None:
    """Build the plugin to a checked wheel; the same inputs again give the same wheel.

    Raises:
        StateError: nothing has been generated, or with `only` the build has not run.
        ToolError: the asked Python does not belong to this version, or is not here.
    """
    spec = plan.spec
    cache = usable_cache(workspace, reporter).root
    sources = load_generated(plan, workspace, cache)
    if sources is None:
        raise StateError(
            f"the kernels of {spec.version} have not been generated",
            stage="build",
            path=workspace.version_build(spec.version),
            remedy=f"run bash gen.sh -v {spec.version} first",
        )
    python = choose_python(spec, choices.python, environ)
    fetching = FetchOptions(offline=choices.offline)
    official = (
        sources.official
        if python.short == spec.pythons[0]
        else fetch.fetch(
            plan, python.short, cache=cache, options=fetching, environ=environ, reporter=reporter
        )
    )
    folder = workspace.version_build(spec.version) / python.tag.partition("-")[0]
    options = BuildOptions(
        python=python,
        folder=folder,
        jobs=choices.jobs,
        launcher=choose_launcher(choices.launcher, environ, workspace.root, reporter),
        clean=choices.clean,
        offline=choices.offline,
        wheels=wheelhouses(workspace, spec.version) if choices.offline else (),
    )
    parts = build.measure(sources, official, plan, options, workspace.root, environ)
    done = wheel.unchanged(receipts.load(folder, "wheel"), parts, workspace.dist)
    if done is not None and not choices.clean and choices.only is None:
        reporter.say("build", "up to date: nothing that shapes the wheel has changed")
        return done
    if choices.only == "wheel":
        built = _require_built(sources, workspace, python.tag.partition("-")[0])
    else:
        built = build.build(
            sources, official, plan, workspace, options, parts, environ, reporter=reporter
        )
    if choices.only == "build":
        return None
    finished = wheel.finish(
        built, expected=spec.wheel, python_tag=python.tag, dist=workspace.dist, reporter=reporter
    )
    receipts.save(
        folder,
        "wheel",
        parts=built.fingerprint,
        wheel=finished.path.name,
        sha256=finished.sha256,
        size=finished.size,
    )
    return finished


def _require_built(sources: PluginSources, workspace: Workspace, tag: str) -> BuiltWheel:
    folder = sources.folder / tag
    built = build.load(sources, folder)
    if built is None:
        raise StateError(
            "the stage build has not run for this version",
            stage="build",
            path=folder,
            remedy="run `ascendtorch build` without --only first",
        )
    return built
