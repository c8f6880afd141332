"""Rendering the kernels of a plugin's wheel again, and proving that its sources are the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ascendtorch.emulator.recipe import digest_sources
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.pipeline.reproduce import Check, Proof, compare_maps, notes_of
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin import codegen, fetch
from ascendtorch.plugin.build import source_digests
from ascendtorch.plugin.results import OfficialWheel
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages.codegen import MANIFEST, template_digests
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.recorded import digest_of
from ascendtorch.workspace import Workspace


def compare_inputs(
    manifest: Mapping[str, Any], plan: PluginPlan, workspace: Workspace
) -> tuple[Check, ...]:
    """Compare what the wheel was made from with what this checkout would take."""
    spec, upstream = plan.spec, manifest["upstream"]
    pinned = {wheel.file: wheel.sha256 for each in spec.upstream.wheels.values() for wheel in each}
    file = upstream["file"]
    templates = template_digests(spec, spec.kernels, workspace.root / "templates")
    return (
        Check(f"the official wheel {file}", upstream["sha256"], pinned.get(file)),
        *compare_maps("source", manifest["sources"], source_digests(workspace.root)),
        Check("the emulator", manifest["emulator"], digest_sources(workspace.root)),
        *compare_maps("template", manifest["templates"], templates),
    )


def reproduce(
    manifest: Mapping[str, Any],
    plan: PluginPlan,
    workspace: Workspace,
    folder: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
) -> Proof:
    """Render into `folder` what the wheel's kernels were, and compare with its manifest."""
    inputs = compare_inputs(manifest, plan, workspace)
    if not all(check.ok for check in inputs):
        return Proof(inputs, (), notes_of(manifest))
    cache = usable_cache(workspace, reporter).root
    official = _official(manifest, plan, cache, options, environ, reporter)
    made = codegen.codegen(
        official,
        templates=workspace.root / "templates",
        folder=folder / "rendered",
        cache=cache / "schemas",
        current=folder / "current",
        force=False,
        reporter=reporter,
    )
    outputs = {p: digest_of(made.folder / p) for p in made.outputs if p != MANIFEST}
    results = (
        Check("the official wheel", manifest["upstream"]["sha256"], official.sha256),
        *compare_maps("rendered file", manifest["generated"], outputs),
    )
    return Proof(inputs, results, notes_of(manifest))


def _official(
    manifest: Mapping[str, Any],
    plan: PluginPlan,
    cache: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> OfficialWheel:
    """Return the official wheel that the manifest names, for the Python that it is for."""
    file = manifest["upstream"]["file"]
    wheels = plan.spec.upstream.wheels
    python = next(short for short, each in wheels.items() if file in {w.file for w in each})
    return fetch.fetch(
        plan, python, cache=cache, options=options, environ=environ, reporter=reporter
    )
