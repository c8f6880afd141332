"""The compilers a build takes: checked, and named where CMake would take others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from shutil import which

from ascendtorch.errors import ToolError
from ascendtorch.plan import Plan, PluginPlan
from ascendtorch.toolchain.tools import ToolInfo, check_range, probe_tool, range_for

STAGE = "build"


def checked_compilers(
    plan: Plan | PluginPlan, environ: Mapping[str, str]
) -> tuple[ToolInfo, ToolInfo]:
    """Return the C and the C++ compiler, checked against the version's limits."""
    found = []
    for name in ("gcc", "g++"):
        info = probe_tool(name, environ)
        if info is None:
            raise ToolError(
                f"{name} is not there",
                stage=STAGE,
                remedy="install a C and C++ compiler; `ascendtorch doctor` says how",
            )
        problem = info.problem or check_range(info, range_for(info.name, plan.spec.tools))
        if problem is not None:
            raise ToolError(
                problem,
                stage=STAGE,
                path=info.path,
                remedy="install a fitting version and name it with CC and CXX",
            )
        found.append(info)
    return found[0], found[1]


def named_compilers(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    """Return CC and CXX where upstream would otherwise take others than those we checked.

    CMake tries `cc` before `gcc`, and a gcc of one's own in front of PATH often brings no `cc`.
    """
    named = {}
    for variable, generic, info in zip(
        ("CC", "CXX"), ("cc", "c++"), checked_compilers(plan, environ)
    ):
        default = which(generic, path=environ.get("PATH"))
        same = default is not None and Path(default).resolve() == info.path.resolve()
        if variable not in environ and not same:
            named[variable] = str(info.path)
    return named
