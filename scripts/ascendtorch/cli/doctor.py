"""``ascendtorch doctor``."""

from __future__ import annotations

import json
import os
import textwrap
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.doctor import can_build, evaluate
from ascendtorch.errors import ToolError
from ascendtorch.survey import gather_facts
from ascendtorch.toolchain.checks import Check
from ascendtorch.toolchain.facts import Facts

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
_MARKS = {"ok": "ok", "warn": "warn", "fail": "FAIL"}


@click.command()
@options.version_option
@click.option("--python", metavar="X.Y|PATH", help="Python to build for, for example 3.8.")
@click.option(
    "--profile", default="full", show_default=True, help="Set of flags from version.yaml."
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="Compile jobs (default: what fits).")
@options.json_option
def doctor(
    version: str | None, python: str | None, profile: str, jobs: int | None, as_json: bool
) -> None:
    """Check everything that a build needs.

    Without -v it is the version that was generated last, else the default one. The exit code is 0
    only when a build can start.
    """
    workspace, catalog = options.open_workspace()
    facts = gather_facts(
        workspace,
        catalog,
        version or options.generated_version(workspace) or catalog.default,
        python=python,
        profile=profile,
        jobs=jobs or options.jobs_from_environment(),
        environ=os.environ,
        root=Path(os.environ.get("ASCENDTORCH_SYSROOT") or "/"),
    )
    checks = evaluate(facts)
    ready = can_build(checks)
    if as_json:
        found = {"version": facts.version, "profile": profile, "ready": ready}
        click.echo(json.dumps({**found, "checks": [c.as_json() for c in checks]}, indent=1))
    else:
        _print(facts, profile, checks)
    if not ready:
        raise SystemExit(ToolError.exit_code)


def _print(facts: Facts, profile: str, checks: tuple[Check, ...]) -> None:
    click.echo(f"PyTorch {facts.version}, profile {profile}, {facts.architecture}")
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = click.style(f"{_MARKS[check.status]:<4}", fg=_COLOURS[check.status])
        hang = " " * (width + 10)
        found = textwrap.indent(check.found, hang).strip()
        click.echo(f"  {mark}  {check.name:<{width}}  {found}".rstrip())
        if check.status != "ok":
            click.echo(f"{hang}needed: {check.needed}")
            if check.remedy:
                click.echo(f"{hang}remedy: {check.remedy}")
    failed = sum(check.status == "fail" for check in checks)
    warned = sum(check.status == "warn" for check in checks)
    verdict = "a build can start" if not failed else "a build cannot start"
    click.echo(f"{verdict}: {len(checks)} checks, {failed} failed, {warned} with a warning")
