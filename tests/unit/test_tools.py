"""What tools print of themselves, and which versions will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.spec.release import ToolRange
from ascendtorch.toolchain.tools import (
    ToolInfo,
    check_range,
    describe_range,
    parse_compiler,
    parse_version,
    range_for,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright (C) 2022", ("gcc", "12.2.0")),
        ("g++ (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0\n", ("gcc", "7.5.0")),
        ("g++-9 (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0\n", ("gcc", "9.4.0")),
        ("gcc (GCC) 7.3.0\n", ("gcc", "7.3.0")),
        ("gcc (GCC) 10.3.1\n", ("gcc", "10.3.1")),
        ("gcc_old (GCC) 12.3.1 (openEuler 12.3.1-30.oe2403)\n", ("gcc", "12.3.1")),
        ("gcc (GCC) 4.8.5 20150623 (Red Hat 4.8.5-44)\n", ("gcc", "4.8.5")),
        ("g++ (GCC) 8.5.0 20210514 (Red Hat 8.5.0-4)\n", ("gcc", "8.5.0")),
        ("gcc (SUSE Linux) 7.5.0\n", ("gcc", "7.5.0")),
        ("x86_64-conda-linux-gnu-cc (conda-forge gcc 12.3.0-3) 12.3.0\n", ("gcc", "12.3.0")),
        ("cc (Vendor (build 3) 1.2) 11.4.0\n", ("gcc", "11.4.0")),
        ("gcc (GCC) 14.0.1 20240127 (experimental)\n", ("gcc", "14.0.1")),
        ("Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n", ("clang", "14.0.6")),
        ("Ubuntu clang version 14.0.0-1ubuntu1.1\n", ("clang", "14.0.0")),
        ("clang version 12.0.1 (openEuler 12.0.1-4.oe2203)\n", ("clang", "12.0.1")),
        (
            "BiSheng Enterprise 3.2.0.B001 clang version 15.0.4 (958fd14d28f0)\n",
            ("clang", "15.0.4"),
        ),
        ("tcc version 0.9.27 (x86_64 Linux)\n", None),
        ("", None),
    ],
)
def test_compilers(text: str, expected: tuple[str, str] | None) -> None:
    assert parse_compiler(text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("git", "git version 2.39.5\n", "2.39.5"),
        ("git", "git version 1.8.3.1\n", "1.8.3.1"),
        ("git", "git version 2.43.0.rc1\n", "2.43.0"),
        ("cmake", "cmake version 3.25.1\n\nCMake suite maintained by Kitware\n", "3.25.1"),
        ("cmake", "cmake version 4.0.0-rc2\n", "4.0.0"),
        ("cmake", "cmake3 version 3.17.5\n", "3.17.5"),
        ("ninja", "1.11.1\n", "1.11.1"),
        ("ninja", "1.11.1.git.kitware.jobserver-1\n", "1.11.1"),
        ("ccache", "ccache version 4.7.5\nFeatures: file-storage\n", "4.7.5"),
        ("ccache", "ccache version 3.7.7\n", "3.7.7"),
        ("ccache", "ccache version unknown\n", None),
        ("sccache", "sccache 0.7.4\n", "0.7.4"),
        ("distcc", "distcc 3.4 x86_64-pc-linux-gnu\n  (protocols 1, 2 and 3)\n", "3.4"),
        ("icecc", "ICECC 1.4\n", "1.4"),
        ("make", "GNU Make 4.3\nBuilt for x86_64-pc-linux-gnu\n", "4.3"),
        ("git", "usage: git [-v]\n", None),
    ],
)
def test_other_tools(name: str, text: str, expected: str | None) -> None:
    assert parse_version(name, text) == expected


RANGE = ToolRange("7.3", "14", "newer ones refuse a header")


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("7.3.0", None),
        ("13.99", None),
        ("10.3.1", None),
        ("4.8.5", "older than 7.3 (newer ones"),
        ("14.0.0", "must be below 14 (newer ones"),
    ],
)
def test_ranges(version: str, said: str | None) -> None:
    """faults.md 51."""
    problem = check_range(ToolInfo("gcc", Path("/usr/bin/gcc"), version), RANGE)
    assert (problem is None) if said is None else (problem is not None and said in problem)


def test_a_broken_tool_fits_no_range() -> None:
    """faults.md 51."""
    broken = ToolInfo("gcc", Path("/usr/bin/gcc"), "", "does not start")
    assert check_range(broken, None) == "does not start"
    assert check_range(broken, RANGE) == "does not start"


def test_no_range_takes_any_version() -> None:
    assert check_range(ToolInfo("git", Path("/usr/bin/git"), "0.1"), None) is None


def test_a_cxx_compiler_has_the_range_of_its_c_compiler() -> None:
    other = ToolRange("9", None, None)
    assert range_for("g++", {"gcc": RANGE}) is RANGE
    assert range_for("g++", {"gcc": RANGE, "g++": other}) is other
    assert range_for("clang++", {"gcc": RANGE}) is None


def test_ranges_as_text() -> None:
    assert describe_range(RANGE) == ">= 7.3, < 14"
    assert describe_range(ToolRange("3.12", None, None)) == ">= 3.12"
    assert describe_range(None) == "of any version"
