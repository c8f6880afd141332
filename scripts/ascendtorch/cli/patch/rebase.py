"""``ascendtorch patch rebase``."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ascendtorch.cli import options
from ascendtorch.cli.patch.releases import fetching, fetching_options, release_errors
from ascendtorch.edge.files import remove_tree
from ascendtorch.errors import PatchError, StateError
from ascendtorch.report.reporter import Reporter, make_reporter
from ascendtorch.spec.catalog import Catalog
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.upkeep import rebasereport
from ascendtorch.upkeep.finishing import finish, partial_of
from ascendtorch.upkeep.opening import Opened, open_series
from ascendtorch.upkeep.rebase import Ground, Stopped, abort, carry_on, decide, prepare, replay
from ascendtorch.upkeep.rebasestate import STAGE, DoneStep, RebaseFolder, RebaseState
from ascendtorch.upkeep.resolving import lay_out, take_back
from ascendtorch.workspace import Workspace

_RELEASE = re.compile(r"v?(\d+\.\d+\.\d+)")


@click.command()
@options.version_option
@click.option("--onto", metavar="TAG", help="Begin: make the series fit this release.")
@click.option("--as", "target", metavar="X.Y.Z", help="Version to make, where TAG does not say it.")
@click.option("--continue", "go_on", is_flag=True, help="Go on with what you resolved.")
@click.option("--skip", is_flag=True, help="Leave out the patch that stopped it, and go on.")
@click.option("--abort", "forget", is_flag=True, help="Forget the rebase; nothing has changed.")
@fetching_options
@options.json_option
def rebase(
    version: str | None,
    onto: str | None,
    target: str | None,
    go_on: bool,
    skip: bool,
    forget: bool,
    mirrors: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Make the series fit another release, as patch/<version>/ of that release.

    It stops at each patch that needs a person, with a report. The exit code is 0 when the new
    version is there, 1 when a patch waits for you. Neither the tree nor the old series changes.
    """
    if sum((onto is not None, go_on, skip, forget)) != 1:
        raise click.UsageError("say one of --onto TAG, --continue, --skip and --abort")
    workspace, catalog = options.open_workspace()
    reporter = make_reporter(quiet=as_json)
    folder = RebaseFolder(workspace.build / "rebase")
    with (
        release_errors(STAGE, folder.path),
        options.workspace_lock(workspace, reporter, wait_seconds=0.0),
    ):
        if forget:
            _forget(workspace, folder, as_json)
            return
        folder.tidy()
        run = _Run(workspace, catalog, folder, fetching(mirrors, offline), reporter)
        if onto is None:
            report = run.resume(skip=skip)
        else:
            report = run.begin(version or options.generated_version(workspace), onto, target)
    if as_json:
        click.echo(json.dumps(report, indent=1))
    else:
        _print(_lines(report))
    if report["state"] == "stopped":
        raise SystemExit(1)


class _Run:
    """One call of the command."""

    def __init__(
        self,
        workspace: Workspace,
        catalog: Catalog,
        folder: RebaseFolder,
        fetching: FetchOptions,
        reporter: Reporter,
    ) -> None:
        self._workspace = workspace
        self._catalog = catalog
        self._folder = folder
        self._fetching = fetching
        self._reporter = reporter

    def begin(self, version: str | None, onto: str, target: str | None) -> dict[str, Any]:
        """Begin a rebase and go as far as possible; return the report."""
        under_way = self._folder.load()
        if under_way is not None:
            raise StateError(
                f"a rebase onto {under_way.tag} is under way",
                stage=STAGE,
                path=self._folder.path,
                remedy="finish it with --continue, or forget it with --abort",
            )
        opened = self._open(version or self._catalog.default)
        made = _target(onto, target)
        if (self._workspace.patches / made).exists():
            raise StateError(
                f"{made} has a patch set already",
                stage=STAGE,
                path=self._workspace.patches / made,
                remedy="move it away, or name another version with --as",
            )
        commit = opened.sources.resolve(opened.spec.upstream.url, onto)
        series = tuple((item.name, item.digest) for item in opened.series.patches)
        state = RebaseState(opened.spec.version, onto, commit, made, series)
        ground = prepare(opened, state, self._folder)
        self._folder.save(state)
        return self._go(ground, state)

    def resume(self, *, skip: bool) -> dict[str, Any]:
        """Take what a person decided, and go as far as possible; return the report."""
        state = self._folder.require()
        ground = prepare(self._open(state.version), state, self._folder)
        if state.stopped is not None:
            state = self._decide(ground, state, skip=skip)
            self._folder.save(state)
        elif skip:
            raise StateError(
                "no patch waits for you",
                stage=STAGE,
                path=self._folder.path,
                remedy="go on with --continue",
            )
        return self._go(ground, state)

    def _go(self, ground: Ground, state: RebaseState) -> dict[str, Any]:
        state, stopped = carry_on(ground, state, self._folder, self._reporter)
        if stopped is not None:
            return self._stop(ground, state, stopped)
        finished = finish(ground, state, self._folder, self._workspace.patches)
        return rebasereport.finished_json(state, finished)

    def _open(self, version: str) -> Opened:
        spec = options.open_version(self._workspace, self._catalog, version)
        return open_series(self._workspace, self._catalog, spec, self._fetching, self._reporter)

    def _decide(self, ground: Ground, state: RebaseState, *, skip: bool) -> RebaseState:
        """Take what a person decided about the patch that waits."""
        if skip:
            return state.decided(DoneStep(state.stopped or "", "skipped", {}))
        side = replay(ground, state)
        patch = ground.opened.series.patches[len(state.done)]
        carried = side.carry(patch, ground.traced[patch.name])
        results = take_back(ground, self._folder, carried)
        if not side.changed(results):
            raise PatchError(
                f"nothing of {patch.name} is left: the release is the same without it",
                stage=STAGE,
                path=self._folder.work,
                remedy="leave it out with --skip, or put its change into the files there",
            )
        return decide(ground, state, side, patch.name, "resolved", results)

    def _stop(self, ground: Ground, state: RebaseState, stopped: Stopped) -> dict[str, Any]:
        lay_out(self._folder, stopped.carried)
        report = rebasereport.stopped_json(ground, state, stopped, self._folder)
        rebasereport.write_report(self._folder.path, rebasereport.stopped_lines(report))
        # Last: until then, the next run lays the files out again.
        self._folder.save(dataclasses.replace(state, stopped=stopped.patch.name))
        return report


def _target(onto: str, target: str | None) -> str:
    match = _RELEASE.fullmatch(target or onto)
    if match is None:
        raise click.UsageError(f"{target or onto!r} names no version; add --as X.Y.Z")
    return match[1]


def _forget(workspace: Workspace, folder: RebaseFolder, as_json: bool) -> None:
    try:
        state = folder.load()
    except StateError:
        state = None
    if state is not None and state.finishing:
        remove_tree(partial_of(workspace.patches / state.target))
    if not abort(folder):
        folder.require()
    click.echo(json.dumps({"state": "aborted"}) if as_json else "the rebase is forgotten")


def _lines(report: dict[str, Any]) -> Iterable[str]:
    if report["state"] == "stopped":
        return rebasereport.stopped_lines(report)
    return rebasereport.finished_lines(report)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
