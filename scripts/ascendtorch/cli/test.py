"""``ascendtorch test``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import StateError
from ascendtorch.pipeline import testenv
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.pipeline.testing import Outcome, environment_of_tests, find_tests, run_tests
from ascendtorch.plugin import fetch
from ascendtorch.plugin.results import OfficialWheel
from ascendtorch.report.reporter import Reporter, make_reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.version import VersionSpec
from ascendtorch.toolchain.wheelhouse import wheelhouses
from ascendtorch.workspace import Workspace

_SHOWN_LINES = 40


@click.command()
@options.version_option
@click.option("--python", metavar="ENV", help="Test what is installed in this environment.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=2, show_default=True, help="At once.")
@click.option("--offline", is_flag=True, help="Take packages from PIP_FIND_LINKS only.")
@click.option("-q", "--quiet", is_flag=True, help="Print failures and the closing line only.")
@click.option(
    "--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="For another run."
)
@options.json_option
@click.argument("names", nargs=-1)
def test(
    version: str | None,
    python: str | None,
    jobs: int,
    offline: bool,
    quiet: bool,
    wait: float,
    as_json: bool,
    names: tuple[str, ...],
) -> None:
    """Run the tests shipped with the sources (pytorch_src/test), all or those of NAMES.

    Without --python the wheel that was built last is tested, in an environment of its own. The
    exit code is 0 only when every file printed OK.
    """
    workspace, catalog = options.open_workspace()
    chosen = version or options.generated_version(workspace) or catalog.default
    spec = options.open_any(workspace, catalog, chosen)
    if not spec.test_requirements:
        raise click.UsageError(
            f"torch.npu is not in PyTorch {spec.version} yet, and so there is nothing to test"
        )
    tests = find_tests(workspace.root, names)
    reporter = make_reporter(quiet=quiet or as_json)
    if python is not None:
        executable = testenv.named_python(spec, python, os.environ)
    else:
        with (
            host_errors("lock", workspace.build),
            options.workspace_lock(workspace, reporter, wait_seconds=wait),
        ):
            executable = _own_environment(spec, workspace, offline, reporter)

    def show(outcome: Outcome) -> None:
        if not as_json and (outcome.problem or not quiet):
            _show(outcome)

    outcomes = run_tests(
        tests,
        executable,
        environment_of_tests(os.environ, workspace.root),
        jobs=jobs,
        on_outcome=show,
    )
    failed = [outcome for outcome in outcomes if outcome.problem is not None]
    if as_json:
        shown = {"python": str(executable), "failed": len(failed)}
        click.echo(json.dumps({**shown, "files": [o.as_json() for o in outcomes]}, indent=1))
    else:
        count = sum(outcome.tests for outcome in outcomes)
        verdict = f"{len(failed)} failed: {', '.join(o.name for o in failed)}"
        click.echo(f"{len(outcomes)} files, {count} tests: {verdict if failed else 'OK'}")
    raise SystemExit(1 if failed else 0)


def _own_environment(
    spec: VersionSpec | PluginSpec, workspace: Workspace, offline: bool, reporter: Reporter
) -> Path:
    wheel = testenv.built_wheel(spec, workspace, os.environ)
    requirements = spec.test_requirements[wheel.python.short]
    dependencies = False
    if isinstance(spec, PluginSpec):
        official = _official(spec, wheel.python.short, workspace, reporter)
        requirements = (*requirements, official.requirement)
        # Wheels for GPUs need libraries that only pip can choose.
        dependencies = not official.is_for_cpus
    return testenv.ensure_test_environment(
        wheel,
        requirements,
        os.environ,
        offline=offline,
        wheels=wheelhouses(workspace, spec.version) if offline else (),
        dependencies=dependencies,
        reporter=reporter,
    )


def _official(
    spec: PluginSpec, python: str, workspace: Workspace, reporter: Reporter
) -> OfficialWheel:
    cache = usable_cache(workspace, reporter).root
    official = fetch.load(spec, python, os.uname().machine, cache)
    if official is None:
        raise StateError(
            "the official wheel that it was built beside is no longer in the cache",
            stage="test",
            path=cache,
            remedy=f"run bash gen.sh -v {spec.version} again",
        )
    return official


def _show(outcome: Outcome) -> None:
    skipped = f", {outcome.skipped} skipped" if outcome.skipped else ""
    head = f"{outcome.name} ({outcome.tests} tests{skipped}, {outcome.seconds:.1f} s)"
    if outcome.problem is None:
        click.echo(f"OK    {head}")
        return
    click.echo(f"FAIL  {head}: {outcome.problem}")
    for line in outcome.output[-_SHOWN_LINES:]:
        click.echo(f"    {line}")
