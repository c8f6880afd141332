"""From the adapted source tree to a checked wheel: build, wheel.

The caller holds the workspace's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ascendtorch.edge import git
from ascendtorch.emulator.carrying import Carried, carry
from ascendtorch.emulator.recipe import digest_sources
from ascendtorch.emulator.target import read_torch
from ascendtorch.errors import StateError, ToolError
from ascendtorch.pipeline.generate import load_generated, require
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.release import ReleaseSpec
from ascendtorch.stages import build, receipts, wheel
from ascendtorch.stages.inspect import edits
from ascendtorch.stages.results import FinishedWheel, GeneratedTree
from ascendtorch.toolchain.launcher import choose_launcher
from ascendtorch.toolchain.python import PythonInfo, find_first, find_python
from ascendtorch.toolchain.wheelhouse import wheelhouses
from ascendtorch.workspace import Workspace

#: The stages of `make_wheel`, in order.
BUILD_STAGES = ("build", "wheel")
#: Where a wheel carries the emulator, as `acl/loader.cpp` looks for it.
EMULATOR = "torch/npu/emulator/lib"


@dataclass(frozen=True)
class BuildChoices:
    """What a build was asked for; `python` None means the first supported one that is here."""

    python: str | None
    jobs: int
    launcher: str
    clean: bool
    offline: bool
    only: str | None


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
    python = choose_python(plan.spec, choices.python, environ)
    folder = workspace.version_build(plan.spec.version) / python.tag.partition("-")[0]
    options = build.BuildOptions(
        python=python,
        folder=folder,
        jobs=choices.jobs,
        launcher=choose_launcher(choices.launcher, environ, workspace.root, reporter),
        clean=choices.clean,
        offline=choices.offline,
        wheels=wheelhouses(workspace, plan.spec.version) if choices.offline else (),
    )
    has_npu = plan.spec.kernels is not None
    parts = build.measure(generated, plan, options, environ)
    if has_npu:
        parts["emulator"] = digest_sources(workspace.root)
    done = wheel.unchanged(receipts.load(folder, "wheel"), parts, workspace.dist)
    if done is not None and not choices.clean and choices.only is None:
        reporter.say("build", "up to date: nothing that shapes the wheel has changed")
        return done
    if choices.only == "wheel":
        built = require(build.load(generated, folder), "build", workspace)
    else:
        built = build.build(generated, plan, options, parts, environ, reporter=reporter)
    emulator = _emulator(generated, workspace, options, environ, reporter) if has_npu else None
    if choices.only == "build":
        return None
    patched = generated.overlaid.patched
    facts: dict[str, Any] = {
        "edited": edits(patched, generated.files),
        "patched_tree": git.Repository.at(patched.fetched.tree).tree_of(patched.head),
    }
    if emulator is not None:
        facts["emulator"] = emulator.sources
    finished = wheel.finish(
        built,
        expected=plan.spec.wheel,
        python_tag=python.tag,
        dist=workspace.dist,
        reporter=reporter,
        contents=emulator.contents if emulator is not None else None,
        facts=facts,
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


def _emulator(
    generated: GeneratedTree,
    workspace: Workspace,
    options: build.BuildOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> Carried:
    """Build the emulator for the torch that the tree holds once it is built."""
    return carry(
        workspace,
        read_torch(generated.overlaid.patched.fetched.tree / "torch"),
        options.folder / "env" / "bin",
        environ,
        place=EMULATOR,
        folder=options.folder / "emulator" / "lib",
        jobs=options.jobs,
        reporter=reporter,
    )


def choose_python(spec: ReleaseSpec, asked: str | None, environ: Mapping[str, str]) -> PythonInfo:
    """Return the Python to build for.

    Raises:
        ToolError: it does not belong to this version, is not here, or lacks something.
    """
    found = find_python(asked, environ) if asked else find_first(spec.pythons, environ)
    if found.short not in spec.pythons:
        raise ToolError(
            f"PyTorch {spec.version} is built for Python "
            f"{', '.join(spec.pythons)}, not {found.short}",
            stage="build",
            path=found.executable,
            remedy=f"choose one of them, for example --python={spec.pythons[-1]}",
        )
    lacking = [
        name
        for name, there in (("its headers", found.has_headers), ("the venv module", found.has_venv))
        if not there
    ]
    if lacking:
        raise ToolError(
            f"Python {found.version} lacks {' and '.join(lacking)}",
            stage="build",
            path=found.executable,
            remedy=f"install them (`ascendtorch doctor --python {found.short}` says how)",
        )
    return found
