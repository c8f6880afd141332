"""What ``doctor`` judges: the machine and the workspace as they were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.errors import AscendTorchError, ToolError
from ascendtorch.plan import Plan, PluginPlan
from ascendtorch.spec.release import IN_TREE
from ascendtorch.toolchain.python import PythonInfo
from ascendtorch.toolchain.tools import ToolInfo


@dataclass(frozen=True)
class Facts:
    """What was found; memory and disk in bytes.

    Attributes:
        plan: None when the version has no usable patch set; `patch_problem` says why.
        pythons: the versions the release is built for.
        jobs: how many were asked for; None when it is left to us.
        official: the official wheel in the cache, of the plugin layout.
        has_sources: the tree is there already; `has_objects`: a build has begun in it.
    """

    version: str
    plan: Plan | PluginPlan | None
    patches: int
    patch_problem: AscendTorchError | None
    pythons: tuple[str, ...]
    tools: Mapping[str, ToolInfo | None]
    python: PythonInfo | None
    python_problem: ToolError | None
    cores: int
    memory: int | None
    jobs: int | None
    architecture: str
    folder: Path
    folder_writable: bool
    disk_free: int
    has_sources: bool
    has_objects: bool
    cache: Path
    cache_writable: bool
    lapack: Path | None
    cann: Path | None
    layout: str = IN_TREE
    official: Path | None = None
