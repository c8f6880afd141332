"""``ascendtorch bundle``."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge import lock
from ascendtorch.edge.process import RUN_VARIABLE
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import make_reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.release import PLUGIN, ReleaseSpec
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.upkeep import bundlemaking, bundleusing
from ascendtorch.upkeep.bundlefile import Bundle
from ascendtorch.upkeep.bundlemaking import Contents
from ascendtorch.upkeep.bundlemanifest import TOOL, Manifest
from ascendtorch.upkeep.bundlepacks import check_packs

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def bundle() -> None:
    """Put all that a build of a version needs into one file, for machines without a network."""


@bundle.command()
@options.version_option
@click.option(
    "--python",
    "pythons",
    multiple=True,
    metavar="X.Y",
    help="Python to build for, once for each (default: all that the version is built for).",
)
@click.option(
    "--profile", default="full", show_default=True, help="Set of flags from version.yaml."
)
@click.option(
    "--submodules",
    type=click.Choice(["all", "needed"]),
    default="all",
    show_default=True,
    help="Take in every submodule, or only those that the profile compiles.",
)
@click.option("--without-tool", is_flag=True, help="Leave out what this tool itself needs.")
@click.option("--with-tests", is_flag=True, help="Also what the shipped tests need.")
@click.option(
    "-o", "--output", type=_FILE, help="Default: dist/bundle-VERSION-PROFILE-MACHINE.tar."
)
@click.option(
    "--mirrors", type=_FILE, help="YAML map from pinned URLs to where they are fetched from."
)
@click.option("--offline", is_flag=True, help="Never touch a network; list what is missing.")
@click.option("--dry-run", is_flag=True, help="Print what would be in it and do nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")
@options.json_option
def create(
    version: str | None,
    pythons: tuple[str, ...],
    profile: str,
    submodules: str,
    without_tool: bool,
    with_tests: bool,
    output: Path | None,
    mirrors: Path | None,
    offline: bool,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make a bundle of a version, downloading what is not in the cache.

    It holds the pinned commits of the release and of its submodules (or the official wheel, for a
    plugin), the wheels of the build requirements, and those of the tool. The same contents give
    the same bytes.
    """
    workspace, catalog = options.open_workspace()
    spec = options.open_any(workspace, catalog, version or catalog.default)
    _refuse_pythons(spec, pythons)
    plan: bundlemaking.AnyPlan
    if isinstance(spec, PluginSpec):
        given = {"--submodules": submodules != "all", "--mirrors": mirrors is not None}
        options.refuse_options(spec, given)
        plan, submodules = options.plugin_plan_from(spec, profile, ()), "none"
    else:
        plan = options.plan_from(spec, profile, (), submodules)
    contents = bundlemaking.describe_contents(
        plan, submodules, pythons, with_tool=not without_tool, with_tests=with_tests
    )
    name = f"bundle-{spec.version}-{profile}-{contents.plan.arch}.tar"
    target = (output or workspace.dist / name).absolute()
    if dry_run:
        _print_contents(contents, target, as_json)
        return
    reporter = make_reporter(quiet=quiet)
    made = bundlemaking.create(
        contents,
        target,
        run_id=_mark_run(),
        cache=usable_cache(workspace, reporter),
        options=FetchOptions(
            mirrors=options.mirrors_from(mirrors if isinstance(contents.plan, Plan) else None),
            offline=offline,
        ),
        environ=os.environ,
        reporter=reporter,
    )
    if as_json:
        shown = {**_describe(made), "warnings": reporter.warnings}
        click.echo(json.dumps(shown, indent=1))
    elif not quiet:
        file = shlex.quote(target.name)
        click.echo(f"{target}")
        _print_bundle(made)
        click.echo(
            f"next, on the other machine: ascendtorch bundle use {file} --sha256 {made.sha256}"
        )
        if any(wheel.name.startswith(f"{TOOL}/") for wheel in made.manifest.wheels):
            click.echo(
                "  where the tool itself is not installed yet, first: mkdir -p build && "
                f"tar -xf {file} -C build {TOOL} && "
                f"PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/build/{TOOL} bash gen.sh --help"
            )


@bundle.command()
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--sha256", metavar="HEX", help="What the file must have.")
@click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")
@options.json_option
def verify(path: Path, sha256: str | None, quiet: bool, as_json: bool) -> None:
    """Check a bundle to its last byte, and every object of its packs.

    Exit code 0 means that nothing is missing, damaged or added, and 5 that something is.
    """
    workspace, _ = options.open_workspace()
    reporter = make_reporter(quiet=quiet)
    found = bundleusing.open_bundle(path, reporter, sha256=sha256)
    check_packs(found, usable_cache(workspace, reporter), reporter)
    if as_json:
        click.echo(json.dumps(_describe(found), indent=1))
    elif not quiet:
        click.echo(f"{path}: whole")
        _print_bundle(found)


@bundle.command()
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--sha256", metavar="HEX", help="What the file must have.")
@click.option("--dry-run", is_flag=True, help="Check the file and take nothing in.")
@click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")
@options.json_option
def use(path: Path, sha256: str | None, dry_run: bool, quiet: bool, as_json: bool) -> None:
    """Take a bundle into the cache, so that `gen --offline` and `build --offline` find all in it.

    All digests are checked before anything is taken in, and git checks each pack; nothing enters
    that version.yaml does not pin. What the wheels of build requirements hold is not pinned there:
    --sha256 vouches for them.
    """
    workspace, catalog = options.open_workspace()
    reporter = make_reporter(quiet=quiet)
    found = bundleusing.open_bundle(path, reporter, sha256=sha256)
    spec = options.open_any(workspace, catalog, found.manifest.version)
    bundleusing.check_pins(found, spec, os.uname().machine)
    cache = usable_cache(workspace, reporter)
    if dry_run:
        check_packs(found, cache, reporter)
        shown, taken = "would be taken in", bundleusing.Taken()
    else:
        shown, taken = "taken in", bundleusing.use(found, spec, cache, reporter)
    following = _next(found.manifest)
    if as_json:
        counts = {} if dry_run else {"taken": vars(taken)}
        result = {**_describe(found), **counts, "next": following, "warnings": reporter.warnings}
        click.echo(json.dumps(result, indent=1))
    elif not quiet:
        click.echo(f"{path}: {shown}")
        _print_bundle(found)
        if not dry_run:
            click.echo(
                f"  new     {taken.commits} commits and {taken.wheels} wheels; "
                f"{taken.known_commits} and {taken.known_wheels} were there already"
            )
        click.echo(f"next: {' && '.join(following)}")


def _refuse_pythons(spec: ReleaseSpec, pythons: tuple[str, ...]) -> None:
    for python in pythons:
        if python not in spec.pythons:
            raise click.UsageError(
                f"--python {python}: PyTorch {spec.version} is built for Python "
                f"{', '.join(spec.pythons)}"
            )


def _mark_run() -> str:
    """Mark what this run starts, by which the next one finds what a kill leaves running."""
    run_id = lock.new_run_id()
    os.environ[RUN_VARIABLE] = run_id
    return run_id


def _next(manifest: Manifest) -> list[str]:
    profile = [] if manifest.profile == "full" else [f"--profile {manifest.profile}"]
    needed = ["--submodules needed"] if manifest.submodules == "needed" else []
    python = manifest.pythons[-1] if manifest.pythons else None
    return [
        " ".join(["bash gen.sh -v", manifest.version, *profile, *needed, "--offline"]),
        options.build_command(manifest.profile, python=python, offline=True),
    ]


def _describe(found: Bundle) -> dict[str, object]:
    return {
        "bundle": str(found.path),
        "size": found.size,
        "sha256": found.sha256,
        "manifest": found.manifest.as_json(),
    }


def _print_bundle(found: Bundle) -> None:
    manifest = found.manifest
    click.echo(
        f"  for     PyTorch {manifest.version} ({manifest.layout}), profile {manifest.profile}, "
        f"Python {', '.join(manifest.pythons)}, {manifest.architecture}"
    )
    if manifest.layout != PLUGIN:
        click.echo(
            f"  commits {manifest.commit_count} of {len(manifest.packs)} repositories "
            f"({manifest.submodules} submodules)"
        )
    click.echo(f"  wheels  {len(manifest.wheels)}")
    click.echo(f"  size    {found.size / 1e6:.1f} MB")
    click.echo(f"  sha256  {found.sha256}")


def _print_contents(contents: Contents, target: Path, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"bundle": str(target), **contents.as_json()}, indent=1))
        return
    plan = contents.plan
    click.echo(f"{target}")
    click.echo(f"  for     PyTorch {plan.spec.version}, profile {plan.profile}, {plan.arch}")
    if isinstance(plan, Plan):
        click.echo(f"  commits {1 + len(plan.submodules)}, left out: {len(plan.skipped)}")
    else:
        click.echo("  the official wheel")
    for purpose, sets in (("the build", contents.requirements), ("the tests", contents.tests)):
        for python, texts in sets.items():
            click.echo(f"  wheels of {purpose}, Python {python}: {', '.join(texts) or 'none'}")
    if contents.with_tool:
        click.echo("  wheels of the tool itself")
