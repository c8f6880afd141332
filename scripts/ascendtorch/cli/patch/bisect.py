"""``ascendtorch patch bisect``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ascendtorch.cli import options
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import StateError
from ascendtorch.pipeline.inspect import inspect_workspace
from ascendtorch.report.reporter import make_reporter
from ascendtorch.stages import fetch
from ascendtorch.upkeep.bisect import STAGE, Bisected, require_clean
from ascendtorch.upkeep.bisect import bisect as run_bisect

_SAID = {
    "works": "the command succeeds with the whole series; there is nothing to find",
    "broken": "the command fails without any patch too; no patch is to blame",
    "unclear": "skipped prefixes hide it; it is one of these",
    "found": "the first patch with which the command fails",
}


@click.command()
@options.version_option
@click.option(
    "--run",
    "command",
    required=True,
    metavar="CMD",
    help="Shell command, run in the tree: 0 is good, 125 skips, 1 to 124 are bad.",
)
@click.option("--good", metavar="PATCH", help="Up to this patch it is known to work.")
@options.tree_option
@click.option("-q", "--quiet", is_flag=True, help="Do not show what the command prints.")
@options.json_option
def bisect(
    version: str | None,
    command: str,
    good: str | None,
    tree: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Find the patch that breaks a command: a build, an import, a test.

    The tree must be as gen left it, and is so again at the end. The exit code is 0 when the patch
    is found, 1 when none is to blame or the answer is hidden.
    """
    workspace, catalog = options.open_workspace(tree)
    chosen = version or options.generated_version(workspace) or catalog.default
    spec = options.open_version(workspace, catalog, chosen)
    reporter = make_reporter(quiet=quiet or as_json)
    with (
        host_errors(STAGE, workspace.build),
        options.workspace_lock(workspace, reporter, wait_seconds=0.0),
    ):
        require_clean(inspect_workspace(spec, workspace))
        fetched = fetch.load(spec, workspace.tree)
        if fetched is None:
            raise StateError("the tree vanished", stage=STAGE, path=workspace.tree)
        done = run_bisect(
            fetched,
            command,
            workspace.version_build(spec.version) / "bisect",
            reporter,
            good=good,
            on_line=_drop if quiet or as_json else _show,
        )
    report = _report(spec.version, command, done)
    click.echo(json.dumps(report, indent=1) if as_json else "\n".join(_lines(report)))
    if done.state != "found":
        raise SystemExit(1)


def _show(line: str) -> None:
    click.echo(line, err=True)


def _drop(line: str) -> None:
    """Keep it for the log."""


def _report(version: str, command: str, done: Bisected) -> dict[str, Any]:
    return {
        "version": version,
        "command": command,
        "state": done.state,
        "patches": [
            {
                "name": item.name,
                "subject": item.header.subject,
                "reason": item.header.reason,
                "files": [file.path for file in item.files],
            }
            for item in done.suspects
        ],
        "tries": [item.as_json() for item in done.tries],
    }


def _lines(report: dict[str, Any]) -> list[str]:
    lines = [
        f"{item['result']:<5} {item['applied']:>3} patches  {item['seconds']:>7.1f} s  "
        f"{item['last'] or '(the pin alone)'}"
        for item in report["tries"]
    ]
    lines.append(_SAID[report["state"]] + (":" if report["patches"] else ""))
    for item in report["patches"]:
        lines.append(f"  {item['name']}: {item['subject']}")
        lines += [f"    {path}" for path in item["files"]]
    failed = [item["log"] for item in report["tries"] if item["result"] == "bad"]
    if report["state"] == "found" and failed:
        lines.append(f"what it printed: {failed[-1]}")
    return lines
