"""From a pin to the adapted source tree: fetch, patch, overlay, codegen.

The caller holds the workspace's lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from ascendtorch.errors import StateError
from ascendtorch.pipeline.kernels import kernels_of
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import codegen, fetch, overlay, patch
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.object_cache import ObjectCache
from ascendtorch.stages.results import FetchedTree, GeneratedTree
from ascendtorch.workspace import Workspace

#: The stages of `generate`, in order.
GEN_STAGES = ("fetch", "patch", "overlay", "codegen")

_Result = TypeVar("_Result")


def usable_cache(workspace: Workspace, reporter: Reporter) -> ObjectCache:
    """Return the user's object cache, or one in the build folder where that cannot be written."""
    try:
        workspace.cache.mkdir(parents=True, exist_ok=True)
        probe = workspace.cache / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reporter.warn(
            "fetch",
            f"{workspace.cache} cannot be written ({error.strerror}); this run goes on with "
            f"{workspace.build / 'cache'}",
        )
        return ObjectCache(workspace.build / "cache")
    return ObjectCache(workspace.cache)


def generate(
    plan: Plan,
    workspace: Workspace,
    options: FetchOptions,
    *,
    only: str | None = None,
    force: bool,
    reporter: Reporter,
) -> GeneratedTree | None:
    """Make the adapted source tree; a re-run does what is stale and nothing else.

    Args:
        only: run this stage alone, from what the receipts say of those before it; the result is
            None then, unless it is the last one.

    Raises:
        StateError: with `only`, a stage before it has not run.
    """
    fetched = (
        _fetch(plan, workspace, options, reporter)
        if only in (None, "fetch")
        else require(fetch.load(plan.spec, workspace.tree), "fetch", workspace)
    )
    if only == "fetch":
        return None
    patched = (
        patch.patch(fetched, force=force, reporter=reporter)
        if only in (None, "patch")
        else require(patch.load(fetched), "patch", workspace)
    )
    if only == "patch":
        return None
    sources = workspace.root / "pytorch_src"
    overlaid = (
        overlay.overlay(patched, sources=sources, force=force, reporter=reporter)
        if only in (None, "overlay")
        else require(overlay.load(patched), "overlay", workspace)
    )
    if only == "overlay":
        return None
    templates = workspace.root / "templates"
    return codegen.codegen(
        overlaid,
        kernels_of(
            plan.spec, fetched.tree, templates, usable_cache(workspace, reporter).root / "schemas"
        ),
        templates=templates,
        folder=workspace.version_build(plan.spec.version),
        current=workspace.current_file,
        force=force,
        reporter=reporter,
    )


def _fetch(
    plan: Plan, workspace: Workspace, options: FetchOptions, reporter: Reporter
) -> FetchedTree:
    return fetch.fetch(
        plan,
        tree=workspace.tree,
        parked=workspace.parked_trees,
        cache=usable_cache(workspace, reporter),
        options=options,
        reporter=reporter,
    )


def require(result: _Result | None, stage: str, workspace: Workspace) -> _Result:
    """Return the result of a stage, or refuse when it has not run.

    Raises:
        StateError: there is none.
    """
    if result is None:
        raise StateError(
            f"the stage {stage} has not run for this version",
            stage=stage,
            path=workspace.tree,
            remedy="run `ascendtorch gen` without --only first",
        )
    return result


def load_generated(plan: Plan, workspace: Workspace) -> GeneratedTree | None:
    """Return the generated tree that the receipts describe, or None where a stage is missing."""
    fetched = fetch.load(plan.spec, workspace.tree)
    patched = patch.load(fetched) if fetched else None
    overlaid = overlay.load(patched) if patched else None
    folder: Path = workspace.version_build(plan.spec.version)
    return codegen.load(overlaid, folder) if overlaid else None
