"""``ascendtorch patch matrix``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ascendtorch.cli import options
from ascendtorch.cli.patch.releases import fetching, fetching_options, release_errors
from ascendtorch.edge.files import write_atomic
from ascendtorch.report.reporter import make_reporter
from ascendtorch.upkeep.matrix import STAGE, make_matrix
from ascendtorch.upkeep.opening import open_series
from ascendtorch.upkeep.report_html import render_matrix
from ascendtorch.upkeep.report_text import print_matrix


@click.command()
@options.version_option
@click.option(
    "--against", "tags", multiple=True, required=True, metavar="TAG...", help="Releases to look at."
)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the matrix as one page that needs nothing else.",
)
@fetching_options
@options.json_option
def matrix(
    version: str | None,
    tags: tuple[str, ...],
    more: tuple[str, ...],
    html: Path | None,
    mirrors: Path | None,
    offline: bool,
    as_json: bool,
) -> None:
    """Say what becomes of each patch at other releases, without a checkout.

    The exit code is 0 when every patch goes through by itself, 1 when one needs a person.
    """
    workspace, catalog = options.open_workspace()
    chosen = version or options.generated_version(workspace) or catalog.default
    reporter = make_reporter(quiet=as_json)
    spec = options.open_version(workspace, catalog, chosen)
    with release_errors(STAGE, workspace.cache):
        opened = open_series(workspace, catalog, spec, fetching(mirrors, offline), reporter)
        for name in opened.series.unlisted:
            reporter.warn(STAGE, f"{name} is not listed in {opened.series.path}")
        made = make_matrix(spec, opened.series, (*tags, *more), opened.sources, reporter)
        if html is not None:
            write_atomic(html.absolute(), render_matrix(made).encode())
    if as_json:
        click.echo(json.dumps(made.as_json(), indent=1))
    else:
        print_matrix(made)
        if html is not None:
            click.echo(f"the same as a page: {html}")
    if made.stops:
        raise SystemExit(1)
