"""What state the plugin's rendered files are in, found out without changing anything."""

from __future__ import annotations

from ascendtorch.plugin import codegen, fetch
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.stages import receipts
from ascendtorch.stages.inspect import TreeReport
from ascendtorch.stages.recorded import digest_of
from ascendtorch.stages.render import STAGE
from ascendtorch.workspace import Workspace


def inspect_plugin(spec: PluginSpec, workspace: Workspace, arch: str) -> TreeReport:
    """Compare what was rendered with its receipt, and the receipt with the spec's files."""
    folder = workspace.version_build(spec.version)
    receipt = receipts.load(folder, STAGE)
    if receipt is None:
        return TreeReport(spec.version, str(folder), "missing", ("run gen",))
    if receipt.get("pending"):
        notes = ("a run was cut off while it changed files; run gen to complete it",)
        return TreeReport(spec.version, str(folder), "interrupted", notes)
    edited = [
        f"edited: {path}"
        for path, digest in receipt["files"].items()
        if digest_of(folder / path) != digest
    ]
    stale = []
    official = fetch.load(spec, spec.pythons[0], arch, workspace.cache)
    if official is None:
        stale.append("the official wheel is not in the cache")
    elif receipt.get("inputs") != codegen.inputs_digest(official, workspace.root / "templates"):
        stale.append("the op spec or a template changed since it was rendered")
    state = "edited" if edited else "stale" if stale else "clean"
    return TreeReport(spec.version, str(folder), state, (*edited, *stale))
