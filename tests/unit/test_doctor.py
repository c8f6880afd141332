"""Facts about made-up machines, and what doctor says of each."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ascendtorch.doctor import BUILD_BYTES, SOURCES_BYTES, can_build, evaluate
from ascendtorch.errors import SpecError, ToolError, VersionError
from ascendtorch.plan import Plan, make_plan
from ascendtorch.spec.release import ToolRange, WheelSpec
from ascendtorch.spec.version import Upstream, VersionSpec
from ascendtorch.survey import find_lapack
from ascendtorch.toolchain.checks import Check
from ascendtorch.toolchain.facts import Facts
from ascendtorch.toolchain.python import PythonInfo, parse_probe
from ascendtorch.toolchain.tools import ToolInfo

GIB = 1 << 30
PYTHON = PythonInfo(
    Path("/opt/py/bin/python3.8"), "3.8.18", "3.8", "cp38-cp38", Path("/opt/py/include"), True, True
)
TOOLS = {
    name: ToolInfo(name, Path("/usr/bin", name), version)
    for name, version in (
        ("git", "2.39.5"),
        ("gcc", "12.2.0"),
        ("g++", "12.2.0"),
        ("cmake", "3.25.1"),
        ("ninja", "1.11.1"),
        ("make", "4.3"),
        ("ccache", "4.7.5"),
    )
}


def spec(**changes: Any) -> VersionSpec:
    made = VersionSpec(
        version="1.8.1",
        layout="in-tree",
        upstream=Upstream("https://example.org/pytorch.git", "v1.8.1", "5" * 40),
        pythons=("3.7", "3.8"),
        tools={
            "gcc": ToolRange("7.3", "14", None),
            "cmake": ToolRange("3.12", "4", "CMake 4 refuses old projects"),
        },
        flags={},
        upstream_flags={},
        arch_flags={},
        profiles={"full": {}, "lean": {}},
        wheel=WheelSpec("torch", "1.8.1+ascend", "1"),
        requirements={"3.7": (), "3.8": ()},
        submodules=(),
        overlay=(),
        kernels=None,
        test_requirements={},
        templates=(),
        folder=Path("/ws/patch/1.8.1"),
    )
    return dataclasses.replace(made, **changes)


def plan(profile: str = "full", environ: dict[str, str] | None = None, **changes: Any) -> Plan:
    return make_plan(
        spec(**changes), profile=profile, arch="x86_64", defines={}, environ=environ or {}
    )


def facts(**changes: Any) -> Facts:
    made = Facts(
        version="1.8.1",
        plan=plan(),
        patches=2,
        patch_problem=None,
        pythons=("3.7", "3.8"),
        tools=TOOLS,
        python=PYTHON,
        python_problem=None,
        cores=8,
        memory=64 * GIB,
        jobs=None,
        architecture="x86_64",
        folder=Path("/ws"),
        folder_writable=True,
        disk_free=100 * GIB,
        has_sources=False,
        has_objects=False,
        cache=Path("/home/x/.cache/ascendtorch"),
        cache_writable=True,
        lapack=Path("/usr/lib64/libopenblas.so"),
        cann=Path("/usr/local/Ascend/ascend-toolkit"),
    )
    return dataclasses.replace(made, **changes)


def check(name: str, **changes: Any) -> Check:
    """The check of that name; every other one must be ok, so that one fact has one effect."""
    found = {check.name: check for check in evaluate(facts(**changes))}
    assert [c.name for c in found.values() if c.status != "ok" and c.name != name] == []
    return found[name]


def with_tool(name: str, version: str | None, **more: Any) -> dict[str, ToolInfo | None]:
    info = None if version is None else ToolInfo(name, Path("/usr/bin", name), version, **more)
    return {**TOOLS, name: info}


def test_a_good_machine_is_ok_throughout() -> None:
    checks = evaluate(facts())
    assert {c.status for c in checks} == {"ok"}
    assert can_build(checks)
    assert all(c.found and c.needed for c in checks)


def test_every_fault_says_how_to_get_what_is_needed() -> None:
    nothing = facts(
        tools={},
        python=None,
        python_problem=ToolError("no Python 3.8", remedy="install it"),
        disk_free=0,
        folder_writable=False,
        cache_writable=False,
        lapack=None,
        cann=None,
        memory=GIB,
    )
    checks = evaluate(nothing)
    assert not can_build(checks)
    bad = {c.name: c for c in checks if c.status != "ok"}
    assert all(c.remedy for c in bad.values())
    assert {n for n, c in bad.items() if c.status == "warn"} == {
        "memory",
        "cache folder",
        "OpenBLAS",
        "CANN",
    }


@pytest.mark.parametrize(
    ("name", "label", "version", "said"),
    [
        ("gcc", "C compiler", None, "none"),
        ("gcc", "C compiler", "4.8.5", "older than 7.3"),
        ("g++", "C++ compiler", "14.1.0", "below 14"),
        ("git", "git", "1.8.3.1", "older than 2.18"),
        ("cmake", "cmake", "4.0.1", "CMake 4 refuses old projects"),
        ("cmake", "cmake", None, "none"),
    ],
)
def test_tools_that_stop_a_build(name: str, label: str, version: str | None, said: str) -> None:
    found = check(label, tools=with_tool(name, version))
    assert found.status == "fail"
    assert said in found.found
    assert found.remedy


def test_a_compiler_that_does_not_start() -> None:
    tools = with_tool("gcc", "", problem="CC=gcc-99: gcc-99 cannot be found")
    found = check("C compiler", tools=tools)
    assert found.status == "fail"
    assert found.found == "CC=gcc-99: gcc-99 cannot be found"


def test_another_compiler_is_a_warning() -> None:
    tools = {**TOOLS, "gcc": ToolInfo("clang", Path("/usr/bin/clang"), "14.0.6")}
    found = check("C compiler", tools=tools)
    assert found.status == "warn"
    assert "untried" in found.found
    assert "gcc >= 7.3" in found.needed


@pytest.mark.parametrize("system", [None, "2.8.12", "4.0.1"])
def test_the_pinned_cmake_counts_whatever_the_system_has(system: str | None) -> None:
    pins = {"3.7": ("cmake==3.10.0",), "3.8": ("wheel==0.37.1", "cmake==3.31.10")}
    found = check("cmake", plan=plan(requirements=pins), tools=with_tool("cmake", system))
    assert found.status == "ok"
    assert "3.31.10 from the build environment" in found.found


def test_a_pin_for_another_machine_does_not_count() -> None:
    pins = {"3.8": ('cmake==3.31.10; platform_machine == "aarch64"',)}
    found = check("cmake", plan=plan(requirements=pins), tools=with_tool("cmake", None))
    assert found.status == "fail"


def test_a_pin_outside_the_range_is_a_fault_of_the_version() -> None:
    found = check("cmake", plan=plan(requirements={"3.8": ("cmake==4.0.0",)}))
    assert found.status == "fail"
    assert found.remedy is not None
    assert "version.yaml" in found.remedy


def test_make_stands_in_for_ninja() -> None:
    assert check("ninja", tools=with_tool("ninja", None)).status == "warn"
    without = {**TOOLS, "ninja": None, "make": None}
    assert check("ninja", tools=without).status == "fail"
    pinned = plan(requirements={"3.8": ("ninja==1.11.1",)})
    assert check("ninja", plan=pinned, tools=without).status == "ok"


def test_no_compiler_cache_is_no_fault() -> None:
    assert "none" in check("compiler cache", tools=with_tool("ccache", None)).found


def test_a_version_without_patch_set() -> None:
    problem = VersionError("PyTorch 1.5.0 is known but has no patch set yet", remedy="choose -v")
    found = check("patch set", plan=None, patch_problem=problem, version="1.5.0")
    assert found.status == "fail"
    assert (found.remedy, "known" in found.found) == ("choose -v", True)


def test_a_broken_version_file_is_shown_with_its_place() -> None:
    problem = SpecError("`tools` must be a mapping", path="/ws/version.yaml:9", remedy="mend it")
    assert "/ws/version.yaml:9" in check("patch set", plan=None, patch_problem=problem).found


def test_python_that_is_not_built_for() -> None:
    other = dataclasses.replace(PYTHON, version="3.12.1", short="3.12")
    found = check("Python", python=other)
    assert found.status == "fail"
    assert "3.7 or 3.8" in found.needed


@pytest.mark.parametrize(
    ("change", "name", "status"),
    [
        ({"has_headers": False}, "Python headers", "fail"),
        ({"has_venv": False}, "Python venv", "fail"),
        ({"lacks": ("zlib", "_ssl")}, "Python modules", "fail"),
        ({"lacks": ("_ssl",)}, "Python modules", "warn"),
    ],
)
def test_what_a_python_lacks(change: dict[str, Any], name: str, status: str) -> None:
    found = check(name, python=dataclasses.replace(PYTHON, **change))
    assert found.status == status
    assert found.remedy


def test_disk_follows_profile_and_what_is_there() -> None:
    lean = SOURCES_BYTES + BUILD_BYTES["lean"]
    assert check("disk", plan=plan("lean"), disk_free=lean).status == "ok"
    assert check("disk", plan=plan("lean"), disk_free=lean - 1).status == "fail"
    assert check("disk", disk_free=lean).status == "fail"
    assert check("disk", disk_free=BUILD_BYTES["full"], has_sources=True).status == "ok"
    # What a begun build has written need not be free once more.
    assert check("disk", disk_free=GIB, has_objects=True).status == "warn"
    assert check("disk", layout="plugin", disk_free=lean).status == "ok"


def test_memory_against_jobs() -> None:
    assert "of 8 jobs" in check("memory").needed
    assert "of 3 jobs" in check("memory", memory=7 * GIB).needed
    found = check("memory", memory=7 * GIB, jobs=8)
    assert (found.status, found.remedy) == ("warn", "ask for fewer: --jobs 3")
    assert check("memory", memory=GIB).status == "warn"
    assert check("memory", memory=None).status == "ok"


def test_openblas_is_needed_only_when_asked_for() -> None:
    asked = plan(environ={"BLAS": "OpenBLAS"})
    assert check("OpenBLAS", lapack=None).status == "warn"
    assert check("OpenBLAS", lapack=None, plan=asked).status == "fail"
    reference = Path("/usr/lib64/liblapack.so")
    assert check("OpenBLAS", lapack=reference).status == "ok"
    assert check("OpenBLAS", lapack=reference, plan=asked).status == "fail"


def test_without_cann_the_emulator_is_named() -> None:
    found = check("CANN", cann=None)
    assert found.status == "warn"
    assert "emulator" in found.found


def test_lapack_search_prefers_openblas_and_needs_the_linker_name(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib64"
    folder.mkdir(parents=True)
    (folder / "libopenblas.so.0").touch()
    assert find_lapack({}, tmp_path) is None
    (folder / "liblapack.so").touch()
    assert find_lapack({}, tmp_path) == folder / "liblapack.so"
    (tmp_path / "own").mkdir()
    own = tmp_path / "own/libopenblas.so"
    own.touch()
    assert find_lapack({"LIBRARY_PATH": f":{own.parent}"}, tmp_path) == own


def test_probe_answers() -> None:
    answer = (
        '{"executable": "/x/python", "version": "3.7.16", "implementation": "CPython", '
        '"abiflags": "m", "bits": 64, "include": "/x/include/python3.7m", '
        '"has_headers": true, "has_venv": true, "lacks": []}'
    )
    info = parse_probe(f"noise of a start-up file\n{answer}\n")
    assert (info.short, info.tag, info.is_complete) == ("3.7", "cp37-cp37m", True)
    for wrong, said in (
        (answer.replace("CPython", "PyPy"), "PyPy"),
        (answer.replace("64", "32"), "32 bits"),
        ("[]", "does not answer"),
        ("", "does not answer"),
        ('{"version": "3.7.16"}', "does not answer"),
    ):
        with pytest.raises(ValueError, match=said):
            parse_probe(wrong)
