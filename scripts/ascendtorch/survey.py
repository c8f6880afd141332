"""The facts that ``doctor`` judges, gathered from the machine and the workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import host
from ascendtorch.errors import (
    AscendTorchError,
    FetchError,
    PatchError,
    SpecError,
    ToolError,
    VersionError,
)
from ascendtorch.plan import Plan, PluginPlan, make_plan, make_plugin_plan
from ascendtorch.plugin import fetch
from ascendtorch.series.series import load_series
from ascendtorch.spec.catalog import Catalog
from ascendtorch.spec.plugin import PluginSpec, load_plugin
from ascendtorch.spec.release import IN_TREE, PLUGIN, read_layout
from ascendtorch.spec.version import VersionSpec, load_version
from ascendtorch.toolchain.facts import Facts
from ascendtorch.toolchain.python import PythonInfo, find_first, find_python
from ascendtorch.toolchain.tools import probe_tool
from ascendtorch.workspace import Workspace

#: The tools that are asked for.
TOOLS = ("git", "gcc", "g++", "cmake", "ninja", "make", "ccache", "sccache")

_ROOT = Path("/")

#: What upstream's search for linear algebra takes, the fastest first. Without `-dev` or `-devel`
#: packages there are only names with a number behind, which a linker does not look for.
_LAPACKS = ("libopenblas.so", "libopenblas.a", "liblapack.so", "liblapack.a")
_LIBRARY_FOLDERS = (
    "usr/lib/{arch}-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/local/lib64",
    "usr/local/lib",
    "opt/OpenBLAS/lib",
)


def gather_facts(
    workspace: Workspace,
    catalog: Catalog,
    version: str,
    *,
    python: str | None,
    profile: str,
    jobs: int | None,
    environ: Mapping[str, str],
    root: Path = _ROOT,
) -> Facts:
    """Look at everything that a build of `version` needs. Changes nothing.

    Args:
        python: as for ``--python``; None for the first of the supported ones that is here.
        jobs: as for ``--jobs``.
        root: prefix of the folders in which Pythons, libraries and CANN are looked for.

    Raises:
        SpecError: the version has no such profile.
    """
    spec, patches, patch_problem = _patch_set(workspace, catalog, version)
    plan: Plan | PluginPlan | None = None
    official = None
    arch = host.architecture()
    if isinstance(spec, PluginSpec):
        plan = make_plugin_plan(spec, profile=profile, arch=arch, defines={}, environ=environ)
        official = _official(spec, arch, workspace.cache)
    elif spec is not None:
        plan = make_plan(spec, profile=profile, arch=arch, defines={}, environ=environ)
    known = catalog.versions.get(version)
    pythons = spec.pythons if spec else known.pythons if known else ()
    found, python_problem = _python(python, pythons, environ, root)
    return Facts(
        version=version,
        plan=plan,
        patches=patches,
        patch_problem=patch_problem,
        pythons=pythons,
        tools={name: probe_tool(name, environ) for name in TOOLS},
        python=found,
        python_problem=python_problem,
        cores=host.cores(),
        memory=host.available_memory(),
        jobs=jobs,
        architecture=host.architecture(),
        folder=workspace.root,
        folder_writable=all(
            host.is_writable(folder) for folder in (workspace.tree, workspace.build, workspace.dist)
        ),
        disk_free=min(host.free_disk(workspace.tree), host.free_disk(workspace.build)),
        has_sources=(workspace.tree / "setup.py").exists(),
        has_objects=(workspace.tree / "build" / "CMakeCache.txt").exists(),
        cache=workspace.cache,
        cache_writable=host.is_writable(workspace.cache),
        lapack=find_lapack(environ, root),
        cann=host.cann_home(environ, root),
        layout=spec.layout if spec else known.layout if known else IN_TREE,
        official=official,
    )


def _official(spec: PluginSpec, arch: str, cache: Path) -> Path | None:
    try:
        found = fetch.load(spec, spec.pythons[0], arch, cache)
    except FetchError:
        return None
    return None if found is None else found.path


def _patch_set(
    workspace: Workspace, catalog: Catalog, version: str
) -> tuple[VersionSpec | PluginSpec | None, int, AscendTorchError | None]:
    folder = workspace.patches / version
    try:
        catalog.require(version)
        if read_layout(folder) == PLUGIN:
            return load_plugin(folder), 0, None
        spec = load_version(folder)
    except (VersionError, SpecError) as error:
        return None, 0, error
    try:
        return spec, len(load_series(spec.series_file).patches), None
    except PatchError as error:
        return spec, 0, error


def _python(
    asked: str | None, supported: tuple[str, ...], environ: Mapping[str, str], root: Path
) -> tuple[PythonInfo | None, ToolError | None]:
    try:
        if asked is not None:
            return find_python(asked, environ, root), None
        return find_first(supported, environ, root), None
    except ToolError as error:
        return None, error


def find_lapack(environ: Mapping[str, str], root: Path = _ROOT) -> Path | None:
    """Return the library that upstream's build would take for linear algebra, or None."""
    folders = []
    for variable in ("OpenBLAS_HOME", "OpenBLAS"):
        if environ.get(variable):
            folders += [Path(environ[variable], "lib"), Path(environ[variable])]
    for variable in ("CMAKE_LIBRARY_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH"):
        folders += [Path(text) for text in environ.get(variable, "").split(":") if text]
    arch = host.architecture()
    folders += [root / folder.format(arch=arch) for folder in _LIBRARY_FOLDERS]
    paths = (folder / name for name in _LAPACKS for folder in folders)
    return next((path for path in paths if os.access(path, os.R_OK)), None)
