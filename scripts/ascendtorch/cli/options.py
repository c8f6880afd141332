"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable, TypeVar

import click

from ascendtorch.edge import lock
from ascendtorch.edge.files import sweep
from ascendtorch.edge.process import RUN_VARIABLE
from ascendtorch.errors import SpecError
from ascendtorch.plan import Plan, PluginPlan, make_plan, make_plugin_plan, parse_defines
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.catalog import Catalog, load_catalog
from ascendtorch.spec.mirrors import VARIABLE, Mirrors, load_mirrors
from ascendtorch.spec.plugin import PluginSpec, load_plugin
from ascendtorch.spec.release import PLUGIN, ReleaseSpec, read_layout
from ascendtorch.spec.version import VersionSpec, load_version
from ascendtorch.workspace import Workspace, locate

_Function = TypeVar("_Function", bound=Callable[..., Any])


def version_option(function: _Function) -> _Function:
    """Add ``-v``/``--version``."""
    return click.option(
        "-v", "--version", "version", metavar="X.Y.Z", help="PyTorch version, for example 1.8.1."
    )(function)


def json_option(function: _Function) -> _Function:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        function
    )


def tree_option(function: _Function) -> _Function:
    """Add ``--tree``."""
    return click.option(
        "--tree",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the adapted source tree (default: pytorch/ in the checkout).",
    )(function)


def flag_options(function: _Function) -> _Function:
    """Add ``--profile`` and ``-D``."""
    function = click.option(
        "-D", "defines", multiple=True, metavar="NAME=VALUE", help="Set a build flag."
    )(function)
    return click.option(
        "--profile", default="full", show_default=True, help="Set of flags from version.yaml."
    )(function)


def build_command(
    profile: str,
    defines: Sequence[str] = (),
    *,
    python: str | None = None,
    tree: Path | None = None,
    offline: bool = False,
) -> str:
    """Return what builds with these choices; without `python`, with the first that is found."""
    words = ["bash", "build.sh"]
    if python:
        words.append(f"--python={python}")
    if profile != "full":
        words += ["--profile", profile]
    for define in defines:
        words += ["-D", define]
    if tree is not None:
        words += ["--tree", str(tree)]
    if offline:
        words.append("--offline")
    return shlex.join(words)


def run_options(function: _Function) -> _Function:
    """Add ``--dry-run``, ``--quiet`` and ``--wait``."""
    function = click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="Wait for another run in this workspace instead of failing at once.",
    )(function)
    function = click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")(function)
    return click.option("--dry-run", is_flag=True, help="Print the plan and do nothing.")(function)


def open_workspace(tree: Path | None = None) -> tuple[Workspace, Catalog]:
    """Find the workspace and read its catalogue."""
    workspace = locate(os.environ, tree=tree)
    return workspace, load_catalog(workspace.patches)


def generated_version(workspace: Workspace) -> str | None:
    """Return the version that was generated last, if any."""
    try:
        return workspace.current_file.read_text().strip() or None
    except OSError:
        return None


def open_version(workspace: Workspace, catalog: Catalog, version: str) -> VersionSpec:
    """Read the spec of a version that has a tree, refusing one without a patch set."""
    catalog.require(version)
    return load_version(workspace.patches / version)


def open_any(workspace: Workspace, catalog: Catalog, version: str) -> VersionSpec | PluginSpec:
    """Read a version's spec, of whichever layout."""
    catalog.require(version)
    folder = workspace.patches / version
    return load_plugin(folder) if read_layout(folder) == PLUGIN else load_version(folder)


def chosen_version(version: str | None, tree: Path | None = None) -> tuple[Workspace, VersionSpec]:
    """Find the workspace and the version that is asked for, else generated last, else default."""
    workspace, catalog = open_workspace(tree)
    chosen = version or generated_version(workspace) or catalog.default
    return workspace, open_version(workspace, catalog, chosen)


def plan_from(
    spec: VersionSpec, profile: str, defines: tuple[str, ...], submodules: str = "all"
) -> Plan:
    """Make the plan of a command from its options and the environment."""
    return make_plan(
        spec,
        profile=profile,
        arch=os.uname().machine,
        defines=parse_defines(defines),
        environ=os.environ,
        submodules=submodules,
    )


def plugin_plan_from(spec: PluginSpec, profile: str, defines: tuple[str, ...]) -> PluginPlan:
    """Make the plan of a command for the plugin layout."""
    return make_plugin_plan(
        spec,
        profile=profile,
        arch=os.uname().machine,
        defines=parse_defines(defines),
        environ=os.environ,
    )


def refuse_options(spec: ReleaseSpec, given: dict[str, bool]) -> None:
    """Refuse options that mean nothing for a version's layout, rather than ignore them.

    Args:
        given: by option, whether the caller used it.
    """
    for option, used in given.items():
        if used:
            raise click.UsageError(
                f"{option} is about the sources of PyTorch, and {spec.version} ({spec.layout} "
                "layout) has none: it is built beside the official wheel"
            )


def jobs_from_environment() -> int | None:
    """Return the jobs that upstream's own variable asks for, if it does."""
    text = os.environ.get("MAX_JOBS", "")
    return int(text) if text.isdigit() and int(text) > 0 else None


def mirrors_from(path: Path | None) -> Mirrors:
    """Read the mirror map named on the command line or by ``ASCENDTORCH_MIRRORS``."""
    named = path or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        return Mirrors()
    if not named.is_file():
        raise SpecError(
            "the mirror map does not exist",
            stage="fetch",
            path=named,
            remedy=f"correct --mirrors or {VARIABLE}, or unset it",
        )
    return load_mirrors(named)


@contextmanager
def workspace_lock(
    workspace: Workspace, reporter: Reporter, *, wait_seconds: float
) -> Iterator[None]:
    """Hold the workspace for the length of a ``with`` block.

    Everything started in it carries the run's id in its environment, by which the next run finds
    what this one leaves behind when it is killed.
    """
    run_id = lock.new_run_id()
    os.environ[RUN_VARIABLE] = run_id
    with lock.held(
        workspace.lock,
        what=f"the workspace {workspace.root}",
        run_id=run_id,
        wait_seconds=wait_seconds,
        on_wait=lambda text: reporter.say("lock", text),
        on_leftovers=lambda pids: reporter.warn(
            "lock", f"ended what a killed run left running: {', '.join(map(str, pids))}"
        ),
    ):
        with suppress(OSError):  # such as those of a read-only tree, which do no harm
            sweep(workspace.state_folders())
        yield
