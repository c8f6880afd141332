"""``ascendtorch build``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge import host
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import StateError
from ascendtorch.pipeline.wheelmaking import BUILD_STAGES, BuildChoices, make_wheel
from ascendtorch.plan import PluginPlan, job_count
from ascendtorch.plugin import wheelmaking as plugin
from ascendtorch.report.reporter import make_reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.stages.results import FinishedWheel
from ascendtorch.workspace import Workspace


@click.command()
@options.version_option
@click.option("--python", metavar="X.Y|PATH", help="Python to build for, for example 3.8.")
@options.flag_options
@click.option("-j", "--jobs", type=click.IntRange(1), help="Compile jobs (default: what fits).")
@click.option(
    "--launcher",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="auto, none, ccache, sccache, distcc, icecc, or the path of one.",
)
@click.option("--clean", is_flag=True, help="Compile everything anew.")
@click.option("--offline", is_flag=True, help="Take build requirements from PIP_FIND_LINKS only.")
@click.option("--only", type=click.Choice(BUILD_STAGES), help="Run one stage alone.")
@options.tree_option
@options.run_options
@options.json_option
def build(
    version: str | None,
    python: str | None,
    profile: str,
    defines: tuple[str, ...],
    jobs: int | None,
    launcher: str,
    clean: bool,
    offline: bool,
    only: str | None,
    tree: Path | None,
    dry_run: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Build the tree, or the plugin, to a wheel in dist/.

    Without -v it is the version that was generated last; without --python the first that the
    version supports and that is found here.
    """
    workspace, catalog = options.open_workspace(tree)
    spec = options.open_any(workspace, catalog, version or _last(workspace))
    if isinstance(spec, PluginSpec):
        options.refuse_options(spec, {"--tree": tree is not None})
    plan = (
        options.plugin_plan_from(spec, profile, defines)
        if isinstance(spec, PluginSpec)
        else options.plan_from(spec, profile, defines)
    )
    asked = jobs or options.jobs_from_environment()
    choices = BuildChoices(
        python=python,
        jobs=job_count(cores=host.cores(), memory_bytes=host.available_memory(), asked=asked),
        launcher=launcher,
        clean=clean,
        offline=offline,
        only=only,
    )
    if dry_run:
        shown = {**plan.as_json(), "jobs": choices.jobs, "launcher": launcher, "python": python}
        click.echo(json.dumps(shown, indent=1))
        return
    reporter = make_reporter(quiet=quiet)
    with (
        host_errors("lock", workspace.build),
        options.workspace_lock(workspace, reporter, wait_seconds=wait),
    ):
        result = (
            plugin.make_wheel(plan, workspace, choices, os.environ, reporter=reporter)
            if isinstance(plan, PluginPlan)
            else make_wheel(plan, workspace, choices, os.environ, reporter=reporter)
        )
    if as_json:
        shown = {"stage": only} if result is None else _describe(result)
        click.echo(json.dumps({**shown, "warnings": reporter.warnings}, indent=1))
    elif result is None:
        return
    elif not quiet:
        _summarise(result)


def _last(workspace: Workspace) -> str:
    version = options.generated_version(workspace)
    if version is None:
        raise StateError(
            "no version has been generated yet",
            stage="build",
            path=workspace.current_file,
            remedy="run bash gen.sh -v VERSION first, for example bash gen.sh -v 1.8.1",
        )
    return version


def _describe(result: FinishedWheel) -> dict[str, object]:
    return {
        "wheel": str(result.path),
        "sha256": result.sha256,
        "size": result.size,
        "up_to_date": result.up_to_date,
    }


def _summarise(result: FinishedWheel) -> None:
    state = "up to date" if result.up_to_date else "built"
    click.echo(f"{state}: {result.path}")
    click.echo(f"  size    {result.size / 1e6:.1f} MB")
    click.echo(f"  sha256  {result.sha256}")
    click.echo(f"next: pip install {result.path} && source env.sh")
