"""What the commands that work on the tree need."""

from __future__ import annotations

from ascendtorch.errors import StateError
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import fetch
from ascendtorch.stages.results import FetchedTree
from ascendtorch.workspace import Workspace


def fetched_tree(spec: VersionSpec, workspace: Workspace) -> FetchedTree:
    """Return the tree of a version.

    Raises:
        StateError: there is none.
    """
    fetched = fetch.load(spec, workspace.tree)
    if fetched is None:
        raise StateError(
            f"there is no tree of PyTorch {spec.version} here",
            stage="patch",
            path=workspace.tree,
            remedy=f"run `ascendtorch gen -v {spec.version}` first, or name its folder with --tree",
        )
    return fetched
