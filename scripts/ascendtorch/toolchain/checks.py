"""What ``doctor`` says of compilers, build tools and the Python to build for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from ascendtorch.spec.release import ToolRange
from ascendtorch.toolchain.facts import Facts
from ascendtorch.toolchain.python import how_to_get
from ascendtorch.toolchain.tools import (
    VARIABLES,
    ToolInfo,
    check_range,
    describe_range,
    range_for,
)

Status = Literal["ok", "warn", "fail"]

#: `git status --no-renames`, by which edits are found, came with this version.
GIT = ToolRange("2.18", None, None)

#: How to get a tool.
PACKAGES = {
    "git": "apt-get install git, or dnf install git",
    "gcc": "apt-get install gcc, or dnf install gcc",
    "g++": "apt-get install g++, or dnf install gcc-c++",
    "cmake": "apt-get install cmake, or dnf install cmake, or pip install cmake",
    "ninja": "apt-get install ninja-build, or dnf install ninja-build, or pip install ninja",
}


@dataclass(frozen=True)
class Check:
    """One prerequisite: what is there, what is needed, and how to get it where it is not ok.

    ``fail`` means that a build cannot start or is bound to fail, ``warn`` that it can do less.
    """

    name: str
    status: Status
    found: str
    needed: str
    remedy: str | None = None

    def as_json(self) -> dict[str, object]:
        """The check as data."""
        return asdict(self)


def _ranges(facts: Facts) -> dict[str, ToolRange]:
    return {"git": GIT, **(facts.plan.spec.tools if facts.plan else {})}


def _shown(info: ToolInfo) -> str:
    return f"{info.name} {info.version} ({info.path})"


def _with_path(problem: str, info: ToolInfo) -> str:
    # What is wrong with a broken tool names it already.
    return problem if problem == info.problem else f"{problem} ({info.path})"


def compiler(facts: Facts, name: str, label: str) -> Check:
    """Judge the C or C++ compiler: `name` is gcc or g++, whatever `CC` and `CXX` choose."""
    info, ranges, variable = facts.tools.get(name), _ranges(facts), VARIABLES[name]
    wanted = range_for(info.name if info else name, ranges)
    needed = f"{info.name if info else name} {describe_range(wanted)}"
    remedy = f"{PACKAGES[name]}; or set {variable} to one that is installed elsewhere"
    if info is None:
        return Check(label, "fail", "none", needed, remedy)
    problem = check_range(info, wanted)
    if problem is not None:
        return Check(label, "fail", _with_path(problem, info), needed, remedy)
    if info.name != name and wanted is None and facts.plan is not None:
        needed = f"{name} {describe_range(range_for(name, ranges))}"
        return Check(label, "warn", f"{_shown(info)}, untried with this version", needed, remedy)
    return Check(label, "ok", _shown(info), needed)


def tool(facts: Facts, name: str) -> Check:
    """Judge a tool that a build cannot do without."""
    wanted = _ranges(facts).get(name)
    needed = f"{name} {describe_range(wanted)}"
    pinned = _pinned(facts, name)
    if pinned is not None:
        # The build environment's own one comes first on its PATH, whatever the system has.
        problem = check_range(ToolInfo(name, Path(name), pinned), wanted)
        found = f"{name} {pinned} from the build environment"
        if problem is None:
            return Check(name, "ok", found, needed)
        remedy = f"correct the pin of {name} in patch/{facts.version}/version.yaml"
        return Check(name, "fail", f"{found}: {problem}", needed, remedy)
    info = facts.tools.get(name)
    if info is None:
        return Check(name, "fail", "none", needed, PACKAGES[name])
    problem = check_range(info, wanted)
    if problem is not None:
        return Check(name, "fail", _with_path(problem, info), needed, PACKAGES[name])
    return Check(name, "ok", _shown(info), needed)


def ninja(facts: Facts) -> Check:
    """Judge ninja; a build can do with make."""
    check, make = tool(facts, "ninja"), facts.tools.get("make")
    usable = make is not None and make.problem is None
    if check.status == "ok" or facts.tools.get("ninja") is not None or not usable:
        return check
    found = "none; make is used, which is slower to start and shows no progress"
    return Check(check.name, "warn", found, check.needed, check.remedy)


def _pinned(facts: Facts, name: str) -> str | None:
    """Return the version of a tool that the build environment brings along."""
    requirements = facts.plan.spec.requirements if facts.plan else {}
    short = facts.python.short if facts.python else ""
    if short not in requirements:
        short = next(iter(requirements), "")
    for text in requirements.get(short, ()):
        requirement = Requirement(text)
        # The marker is about the Python and machine of the build, not about ours.
        target = {"python_version": short, "platform_machine": facts.architecture}
        if requirement.name.lower() == name and (
            requirement.marker is None or requirement.marker.evaluate(target)
        ):
            return next(iter(requirement.specifier)).version
    return None


def compiler_cache(facts: Facts) -> Check:
    """Name the compiler cache. None is no fault."""
    found = [info for info in map(facts.tools.get, ("ccache", "sccache")) if info is not None]
    usable = [info for info in found if info.problem is None]
    none = "none; with ccache a later build takes a fraction of the time"
    return Check(
        "compiler cache", "ok", _shown(usable[0]) if usable else none, "ccache or sccache, optional"
    )


def python(facts: Facts) -> tuple[Check, ...]:
    """Judge the Python to build for and what belongs to it."""
    needed = f"Python {' or '.join(facts.pythons) or '3'}, and that it starts"
    if facts.python is None:
        problem = facts.python_problem
        cause, remedy = (problem.cause, problem.remedy) if problem else ("none", None)
        return (Check("Python", "fail", cause, needed, remedy),)
    info = facts.python
    shown = f"{info.version} ({info.executable})"
    if facts.pythons and info.short not in facts.pythons:
        remedy = f"choose one with --python, for example --python={facts.pythons[-1]}"
        return (Check("Python", "fail", shown, needed, remedy),)
    return (Check("Python", "ok", shown, needed), *_python_parts(facts))


def _python_parts(facts: Facts) -> tuple[Check, ...]:
    info = facts.python
    if info is None:
        return ()
    remedy = how_to_get(info.short)
    headers = f"{info.include}/Python.h"
    checks = [
        Check("Python headers", "ok", str(info.include), "Python.h")
        if info.has_headers
        else Check("Python headers", "fail", f"{headers} is missing", "Python.h", remedy),
        Check("Python venv", "ok", "venv and ensurepip", "venv and ensurepip")
        if info.has_venv
        else Check("Python venv", "fail", "venv or ensurepip is missing", "both", remedy),
    ]
    if info.lacks:
        # Without zlib pip cannot even be unpacked; without ssl a folder of wheels still works.
        status: Status = "fail" if "zlib" in info.lacks else "warn"
        found = f"compiled without {', '.join(info.lacks)}"
        needed = "zlib for pip, _ssl for pip to download, _ctypes for torch"
        cure = (
            "install their headers (apt-get install zlib1g-dev libssl-dev libffi-dev; "
            "dnf install zlib-devel openssl-devel libffi-devel) and compile that Python again"
        )
        checks.append(Check("Python modules", status, found, needed, cure))
    return tuple(checks)
