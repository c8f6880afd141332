"""What state the tree of a workspace is in, found out without changing anything."""

from __future__ import annotations

from ascendtorch.pipeline.kernels import kernels_of
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.inspect import TreeReport, inspect_tree
from ascendtorch.workspace import Workspace


def inspect_workspace(spec: VersionSpec, workspace: Workspace) -> TreeReport:
    """Compare the tree with its receipts and with everything that it was made from."""
    templates = workspace.root / "templates"
    return inspect_tree(
        spec,
        workspace.tree,
        workspace.root / "pytorch_src",
        lambda: kernels_of(spec, workspace.tree, templates, workspace.cache / "schemas"),
    )
