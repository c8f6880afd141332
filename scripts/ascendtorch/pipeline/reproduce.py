"""Making the source tree of a wheel again, and proving by digests that it is the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch import __version__
from ascendtorch.edge import git
from ascendtorch.pipeline.generate import usable_cache
from ascendtorch.pipeline.kernels import kernels_of
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Reporter
from ascendtorch.series.series import load_series
from ascendtorch.stages import codegen, fetch, overlay, patch
from ascendtorch.stages.codegen import template_digests
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.inspect import edits
from ascendtorch.stages.recorded import digest_of, digests
from ascendtorch.stages.results import GeneratedTree
from ascendtorch.toolchain.sources import source_digest
from ascendtorch.workspace import Workspace

STAGE = "reproduce"


@dataclass(frozen=True)
class Check:
    """One thing that is compared: what the wheel says, and what is found.

    Attributes:
        what: names it, such as ``patch 0001-x.patch``.
        wanted: None for what the wheel was made without.
        found: None for what is not there.
    """

    what: str
    wanted: str | None
    found: str | None

    @property
    def ok(self) -> bool:
        """Whether both are the same."""
        return self.wanted == self.found

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.what} is missing here"
        if self.wanted is None:
            return f"{self.what} is here, and the wheel was made without it"
        return f"{self.what}: the wheel has {_short(self.wanted)}, here it is {_short(self.found)}"


def _short(text: str) -> str:
    return text[:16] if len(text) >= 40 and " " not in text else text


@dataclass(frozen=True)
class Proof:
    """How a reproduction ended.

    Attributes:
        inputs: the wheel's inputs against those of the checkout.
        results: what was made of them against the wheel; empty where an input differs.
        notes: what else is to be said.
    """

    inputs: tuple[Check, ...]
    results: tuple[Check, ...]
    notes: tuple[str, ...]

    @property
    def differences(self) -> tuple[Check, ...]:
        """Everything that is not the same."""
        return tuple(check for check in (*self.inputs, *self.results) if not check.ok)

    @property
    def ok(self) -> bool:
        """Whether the sources are those of the wheel, digest by digest."""
        return bool(self.results) and not self.differences

    def as_json(self) -> dict[str, object]:
        """The proof as data."""
        return {
            "reproduced": self.ok,
            "inputs": len(self.inputs),
            "results": len(self.results),
            "differences": [dataclasses.asdict(check) for check in self.differences],
            "notes": list(self.notes),
        }


def compare_maps(
    what: str, wanted: Mapping[str, str], found: Mapping[str, str | None]
) -> Iterable[Check]:
    """Compare digests by name."""
    for name in sorted({*wanted, *found}):
        yield Check(f"{what} {name}", wanted.get(name), found.get(name))


def notes_of(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is no difference by itself and may explain one."""
    mine = f"ascendtorch {__version__}"
    if manifest["made_by"] == mine:
        return ()
    return (f"the wheel was made by {manifest['made_by']}, this is {mine}",)


def compare_inputs(
    manifest: Mapping[str, Any], plan: Plan, workspace: Workspace
) -> tuple[Check, ...]:
    """Compare what the wheel was made from with what this checkout would take."""
    spec, upstream = plan.spec, manifest["upstream"]
    pins = {module.path: module.commit for module in spec.submodules}
    known = {path: pins.get(path) for path in manifest["submodules"]}
    series = {item.name: item.digest for item in load_series(spec.series_file).patches}
    applied = {item["name"]: item["sha256"] for item in manifest["patches"]}
    laid = overlay.collect(spec, workspace.root / "pytorch_src")
    templates = template_digests(spec, spec.kernels, workspace.root / "templates")
    order = []
    if sorted(applied) == sorted(series):
        order = [Check("the order of patches", " ".join(applied), " ".join(series))]
    return (
        # A tree that was edited is made by nobody else.
        *(
            Check(f"an edit in the wheel's tree ({line})", "edited", None)
            for line in manifest["edited"]
        ),
        Check("the commit of upstream", upstream["commit"], spec.upstream.commit),
        *compare_maps("submodule", manifest["submodules"], known),
        *compare_maps("patch", applied, series),
        *order,
        *compare_maps("overlay file", manifest["overlay"], digests(laid)),
        *compare_maps("template", manifest["templates"], templates),
    )


def reproduce(
    manifest: Mapping[str, Any],
    plan: Plan,
    workspace: Workspace,
    folder: Path,
    options: FetchOptions,
    *,
    reporter: Reporter,
) -> Proof:
    """Make the tree of a wheel in `folder`, and compare it with the wheel's manifest.

    Args:
        folder: gets the tree as ``pytorch``, and what is rendered beside it as ``rendered``.
    """
    inputs = compare_inputs(manifest, plan, workspace)
    if not all(check.ok for check in inputs):
        return Proof(inputs, (), notes_of(manifest))
    modules = tuple(m for m in plan.spec.submodules if m.path in manifest["submodules"])
    skipped = tuple(m for m in plan.spec.submodules if m not in modules)
    plan = dataclasses.replace(plan, submodules=modules, skipped=skipped)
    cache = usable_cache(workspace, reporter)
    fetched = fetch.fetch(
        plan,
        tree=folder / "pytorch",
        parked=folder / "trees",
        cache=cache,
        options=options,
        reporter=reporter,
    )
    patched = patch.patch(fetched, force=False, reporter=reporter)
    sources, templates = workspace.root / "pytorch_src", workspace.root / "templates"
    overlaid = overlay.overlay(patched, sources=sources, force=False, reporter=reporter)
    made = codegen.codegen(
        overlaid,
        kernels_of(plan.spec, fetched.tree, templates, cache.root / "schemas"),
        templates=templates,
        folder=folder / "rendered",
        current=folder / "current",
        force=False,
        reporter=reporter,
    )
    return Proof(inputs, _results(manifest, made, folder / "rendered"), notes_of(manifest))


def _results(manifest: Mapping[str, Any], made: GeneratedTree, rendered: Path) -> tuple[Check, ...]:
    """Compare what lies there, not what receipts say of it."""
    patched = made.overlaid.patched
    tree = patched.fetched.tree
    release = git.Repository.at(tree)
    heads = {path: git.Repository.at(tree / path).head() for path in patched.fetched.modules}
    wanted_heads = {**manifest["submodules"], **manifest["patched_submodules"]}
    base = release.resolve("refs/ascendtorch/base")
    head = release.head()
    tree_hash = release.tree_of(head) if head else None
    laid = {path: digest_of(tree / path) for path in made.overlaid.files}
    kernels = {path: digest_of(tree / path) for path in made.kernels}
    outputs = {p: digest_of(rendered / p) for p in made.outputs if p != codegen.MANIFEST}
    return (
        Check("the base commit", manifest["upstream"]["commit"], base),
        *compare_maps("the commit of", wanted_heads, heads),
        Check("the commit after the patches", manifest["patched_commit"], head),
        Check(
            "the tree after the patches",
            # The commit says it too, in wheels that do not name it.
            manifest["patched_tree"] or tree_hash,
            tree_hash,
        ),
        *compare_maps("overlay file", manifest["overlay"], laid),
        *compare_maps("kernel", manifest["kernels"], kernels),
        *compare_maps("rendered file", manifest["generated"], outputs),
        Check("the digest of all sources", manifest["build"].get("sources"), source_digest(tree)),
        *(Check(line, None, "edited") for line in edits(patched, made.files)),
    )
