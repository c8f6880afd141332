"""The stages in order. The caller holds the workspace's lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ascendtorch.errors import StateError, ToolError
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import build, codegen, fetch, overlay, patch, receipts, wheel
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.object_cache import ObjectCache
from ascendtorch.stages.results import FetchedTree, FinishedWheel, GeneratedTree
from ascendtorch.toolchain.launcher import choose_launcher
from ascendtorch.toolchain.python import PythonInfo, find_python
from ascendtorch.workspace import Workspace

#: The stages of `make_wheel`, in order.
BUILD_STAGES = ("build", "wheel")

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
        else _done(fetch.load(plan.spec, workspace.tree), "fetch", workspace)
    )
    if only == "fetch":
        return None
    patched = (
        patch.patch(fetched, force=force, reporter=reporter)
        if only in (None, "patch")
        else _done(patch.load(fetched), "patch", workspace)
    )
    if only == "patch":
        return None
    sources = workspace.root / "pytorch_src"
    overlaid = (
        overlay.overlay(patched, sources=sources, force=force, reporter=reporter)
        if only in (None, "overlay")
        else _done(overlay.load(patched), "overlay", workspace)
    )
    if only == "overlay":
        return None
    return codegen.codegen(
        overlaid,
        templates=workspace.root / "templates",
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


def _done(result: _Result | None, stage: str, workspace: Workspace) -> _Result:
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


@dataclass(frozen=True)
class BuildChoices:
    """What a build was asked for; `python` None means the first supported one that is here."""

    python: str | None
    jobs: int
    launcher: str
    clean: bool
    offline: bool
    only: str | None
    run_id: str


def make_wheel(
    plan: Plan,
    workspace: Workspace,
    choices: BuildChoices,
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
) -> FinishedWheel | None:
    """Build the generated tree to a checked wheel; the same inputs again give the same wheel.

    Raises:
        StateError: the tree has not been generated, or with `only` the build has not run.
        ToolError: the asked Python does not belong to this version, or is not here.
    """
    generated = load_generated(plan, workspace)
    if generated is None:
        raise StateError(
            f"the tree of {plan.spec.version} has not been generated",
            stage="build",
            path=workspace.tree,
            remedy=f"run bash gen.sh -v {plan.spec.version} first",
        )
    python = _choose_python(plan, choices.python, environ)
    folder = workspace.version_build(plan.spec.version) / python.tag.partition("-")[0]
    options = build.BuildOptions(
        python=python,
        folder=folder,
        jobs=choices.jobs,
        launcher=choose_launcher(choices.launcher, environ, workspace.root, reporter),
        clean=choices.clean,
        offline=choices.offline,
        run_id=choices.run_id,
    )
    parts = build.measure(generated, plan, options, environ)
    done = wheel.unchanged(receipts.load(folder, "wheel"), parts, workspace.dist)
    if done is not None and not choices.clean and choices.only is None:
        reporter.say("build", "up to date: nothing that shapes the wheel has changed")
        return done
    if choices.only == "wheel":
        built = _done(build.load(generated, folder), "build", workspace)
    else:
        built = build.build(generated, plan, options, parts, environ, reporter=reporter)
    if choices.only == "build":
        return None
    finished = wheel.finish(
        built,
        expected=plan.spec.wheel,
        python_tag=python.tag,
        dist=workspace.dist,
        reporter=reporter,
    )
    receipts.save(
        folder,
        "wheel",
        parts=built.fingerprint,
        wheel=finished.path.name,
        sha256=finished.sha256,
        size=finished.size,
    )
    return finished


def _choose_python(plan: Plan, asked: str | None, environ: Mapping[str, str]) -> PythonInfo:
    if asked is not None:
        found = find_python(asked, environ)
        if found.short not in plan.spec.pythons:
            raise ToolError(
                f"PyTorch {plan.spec.version} is built for Python "
                f"{', '.join(plan.spec.pythons)}, not {found.short}",
                stage="build",
                path=found.executable,
                remedy=f"choose one of them, for example --python={plan.spec.pythons[-1]}",
            )
        return found
    failures = []
    for short in plan.spec.pythons:
        try:
            return find_python(short, environ)
        except ToolError as error:
            failures.append(error)
    raise failures[0]
