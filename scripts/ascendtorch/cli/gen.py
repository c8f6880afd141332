"""``ascendtorch gen``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge.files import host_errors
from ascendtorch.pipeline.generate import GEN_STAGES, generate
from ascendtorch.plan import Plan, PluginPlan
from ascendtorch.plugin import generate as plugin
from ascendtorch.plugin.results import PluginSources
from ascendtorch.report.reporter import make_reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.results import GeneratedTree
from ascendtorch.workspace import Workspace


@click.command()
@options.version_option
@options.flag_options
@click.option(
    "--submodules",
    type=click.Choice(["all", "needed"]),
    default="all",
    show_default=True,
    help="Fetch every submodule, or only those that the flags compile.",
)
@click.option(
    "--mirrors",
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML map from pinned URLs to where they are fetched from.",
)
@click.option("--offline", is_flag=True, help="Never touch a network; list what is missing.")
@click.option(
    "--tries", type=click.IntRange(1, 20), default=3, show_default=True, help="Per repository."
)
@click.option(
    "--stall",
    type=click.FloatRange(min=0.1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up on a server that is silent for so long.",
)
@click.option("--force", is_flag=True, help="Set your edits aside (kept in a backup) and go on.")
@click.option("--only", type=click.Choice(GEN_STAGES), help="Run one stage alone.")
@options.tree_option
@options.run_options
@options.json_option
def gen(
    version: str | None,
    profile: str,
    defines: tuple[str, ...],
    submodules: str,
    mirrors: Path | None,
    offline: bool,
    tries: int,
    stall: float,
    force: bool,
    only: str | None,
    tree: Path | None,
    dry_run: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Make the adapted source tree: fetch, patch, overlay, codegen.

    A version of the plugin layout has no tree: fetch gets the official wheel, codegen renders the
    kernels. Without -v the version is 1.5.0. A second run does only what is stale.
    """
    workspace, catalog = options.open_workspace(tree)
    spec = options.open_any(workspace, catalog, version or catalog.default)
    following = options.build_command(profile, defines, tree=tree, offline=offline)
    if isinstance(spec, PluginSpec):
        given = {
            "--tree": tree is not None,
            "--mirrors": mirrors is not None,
            "--submodules": submodules != "all",
            f"--only {only}": only in GEN_STAGES and only not in plugin.GEN_STAGES,
        }
        options.refuse_options(spec, given)
        plugin_plan = options.plugin_plan_from(spec, profile, defines)
        fetching = FetchOptions(offline=offline, tries=tries, stall_seconds=stall)
        if dry_run:
            _print_plugin_plan(plugin_plan, as_json)
            return
        _run_plugin(plugin_plan, workspace, fetching, only, force, quiet, wait, as_json, following)
        return
    plan = options.plan_from(spec, profile, defines, submodules)
    fetching = FetchOptions(options.mirrors_from(mirrors), offline, tries, stall)
    if dry_run:
        _print_plan(plan, as_json)
        return
    reporter = make_reporter(quiet=quiet)
    with (
        host_errors("lock", workspace.build),
        options.workspace_lock(workspace, reporter, wait_seconds=wait),
    ):
        result = generate(plan, workspace, fetching, only=only, force=force, reporter=reporter)
    if as_json:
        shown = {"stage": only} if result is None else _describe(result)
        click.echo(json.dumps({**shown, "warnings": reporter.warnings}, indent=1))
    elif result is None:
        return
    elif not quiet:
        click.echo(f"{workspace.tree} is ready; next: {following}")


def _run_plugin(
    plan: PluginPlan,
    workspace: Workspace,
    fetching: FetchOptions,
    only: str | None,
    force: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
    following: str,
) -> None:
    reporter = make_reporter(quiet=quiet)
    with (
        host_errors("lock", workspace.build),
        options.workspace_lock(workspace, reporter, wait_seconds=wait),
    ):
        result = plugin.generate(
            plan, workspace, fetching, os.environ, only=only, force=force, reporter=reporter
        )
    if as_json:
        shown = {"stage": only} if result is None else _describe_plugin(result)
        click.echo(json.dumps({**shown, "warnings": reporter.warnings}, indent=1))
    elif result is not None and not quiet:
        click.echo(f"{result.folder} is ready; next: {following}")


def _describe_plugin(result: PluginSources) -> dict[str, object]:
    return {
        "version": result.official.spec.version,
        "official": result.official.path.name,
        "sha256": result.official.sha256,
        "folder": str(result.folder),
        "generated": sorted(result.outputs),
        "manifest": str(result.manifest),
    }


def _print_plugin_plan(plan: PluginPlan, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plan.as_json(), indent=1))
        return
    upstream = plan.spec.upstream
    click.echo(f"PyTorch {plan.spec.version} ({plan.spec.layout})")
    for python, wheels in upstream.wheels.items():
        click.echo(f"  beside the official wheel of {upstream.name} for Python {python}, one of:")
        for wheel in wheels:
            click.echo(f"    {wheel.file}  sha256 {wheel.sha256}")
    click.echo(f"  flags  of profile {plan.profile} on {plan.arch}:")
    for flag in plan.flags:
        click.echo(f"    {flag.name}={flag.value}  ({flag.origin})")


def _describe(result: GeneratedTree) -> dict[str, object]:
    patched = result.overlaid.patched
    return {
        "version": patched.fetched.spec.version,
        "tree": str(patched.fetched.tree),
        "base": patched.fetched.spec.upstream.commit,
        "head": patched.head,
        "submodules": len(patched.fetched.modules),
        "patches": list(patched.patches),
        "overlay": len(result.overlaid.files),
        "kernels": len(result.kernels),
        "generated": sorted(result.outputs),
        "manifest": str(result.manifest),
    }


def _print_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plan.as_json(), indent=1))
        return
    click.echo(f"PyTorch {plan.spec.version} ({plan.spec.upstream.tag}, {plan.spec.layout})")
    click.echo(f"  from   {plan.spec.upstream.url} at {plan.spec.upstream.commit}")
    click.echo(f"  flags  of profile {plan.profile} on {plan.arch}:")
    for flag in plan.flags:
        click.echo(f"    {flag.name}={flag.value}  ({flag.origin})")
    click.echo(f"  submodules: {len(plan.submodules)}, left out: {len(plan.skipped)}")
    for module in plan.skipped:
        click.echo(f"    without {module.path}")
