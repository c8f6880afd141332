"""The plan: flags and submodules decided from data alone."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.plan import Plan, job_count, make_plan, missing_submodules, parse_defines
from ascendtorch.spec.version import VersionSpec

Spec = Callable[..., VersionSpec]

UV = "third_party/pipe/third_party/uv"


def _plan(spec: VersionSpec, **changes: Any) -> Plan:
    options: dict[str, Any] = {"arch": "x86_64", "defines": {}, "environ": {}}
    return make_plan(spec, **{**options, **changes})


def _origin(plan: Plan, name: str) -> tuple[str, str]:
    return next((flag.value, flag.origin) for flag in plan.flags if flag.name == name)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("a", "version")),
        ({"arch": "aarch64"}, ("b", "architecture aarch64")),
        ({"arch": "aarch64", "profile": "lean"}, ("c", "profile lean")),
        ({"profile": "lean", "environ": {"USE_X": "d"}}, ("d", "environment")),
        ({"environ": {"USE_X": "d"}, "defines": {"USE_X": "e"}}, ("e", "-D")),
    ],
)
def test_the_later_origin_wins(
    make_spec: Spec, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["flags"]["USE_X"] = "a"
        data["arch_flags"]["aarch64"]["USE_X"] = "b"
        data["profiles"]["lean"]["USE_X"] = "c"

    assert _origin(_plan(make_spec(change), **changes), "USE_X") == expected


def test_only_flags_are_taken_from_the_environment(make_spec: Spec) -> None:
    environ = {
        "USE_NINJA": "0",
        "BUILD_TEST": "1",
        "BUILD_NUMBER": "77",
        "CMAKE_PREFIX_PATH": "/opt/openblas",
        "DEBUG": "1",
        "CC": "clang",
        "PATH": "/bin",
        "USE_": "1",
        "use_x": "1",
        "MY_USE_X": "1",
    }
    plan = _plan(make_spec(), environ=environ)
    taken = {flag.name for flag in plan.flags if flag.origin == "environment"}
    assert taken == {"USE_NINJA", "BUILD_TEST", "CMAKE_PREFIX_PATH", "DEBUG", "CC"}


def test_upstream_defaults_are_not_passed_on(make_spec: Spec) -> None:
    assert "USE_TBB" not in _plan(make_spec()).flag_values


def test_an_unknown_profile(make_spec: Spec) -> None:
    with pytest.raises(SpecError, match="unknown profile 'leen'; did you mean `lean`") as caught:
        _plan(make_spec(), profile="leen")
    assert (caught.value.path or "").endswith("1.8.1/version.yaml")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["third_party/fmt", "third_party/pipe", UV]),
        ({"profile": "lean"}, ["third_party/fmt"]),
        (
            {"defines": {"USE_TBB": "ON", "USE_DISTRIBUTED": "OFF"}},
            ["third_party/fmt", "third_party/pipe", UV, "third_party/tbb"],
        ),
    ],
)
def test_needed_submodules_come_with_those_they_lie_in(
    make_spec: Spec, changes: dict[str, Any], expected: list[str]
) -> None:
    plan = _plan(make_spec(), submodules="needed", **changes)
    assert [module.path for module in plan.submodules] == expected
    together = [*plan.submodules, *plan.skipped]
    assert sorted(together, key=lambda module: module.path) == list(plan.spec.submodules)


def test_all_submodules(make_spec: Spec) -> None:
    plan = _plan(make_spec(), profile="lean")
    assert plan.submodules == plan.spec.submodules
    assert plan.skipped == ()


def test_missing_submodules(make_spec: Spec) -> None:
    plan = _plan(make_spec())
    assert [m.path for m in missing_submodules(plan, {"third_party/fmt"})] == [
        "third_party/pipe",
        UV,
    ]
    assert missing_submodules(plan, {module.path for module in plan.submodules}) == []


def test_the_plan_as_data(make_spec: Spec) -> None:
    plan = _plan(make_spec(), submodules="needed", profile="lean", environ={"USE_CUDA": "1"})
    data: Any = json.loads(json.dumps(plan.as_json()))
    assert data["profile"] == "lean"
    assert {"name": "USE_CUDA", "value": "1", "origin": "environment"} in data["flags"]
    assert data["flags"] == sorted(data["flags"], key=lambda flag: flag["name"])
    assert data["skipped"] == [module.path for module in plan.skipped]
    assert data["submodules"][0]["commit"] == plan.submodules[0].commit


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("USE_X=0", "USE_X", "0"),
        ("CXXFLAGS=-O2 -DA=b", "CXXFLAGS", "-O2 -DA=b"),
        ("EMPTY=", "EMPTY", ""),
        ("P=/a b/'c'\"d\"$e", "P", "/a b/'c'\"d\"$e"),
    ],
)
def test_defines(text: str, name: str, value: str) -> None:
    """faults.md 46: values are passed on as they are, never through a shell."""
    assert parse_defines((text,)) == {name: value}


def test_the_last_define_of_a_name_wins() -> None:
    assert parse_defines(("A=1", "B=2", "A=3")) == {"A": "3", "B": "2"}


@pytest.mark.parametrize("text", ["USE_X", "=1", "1A=2", "A B=1", "A-B=1", "A=1\n2", "A=\0", ""])
def test_malformed_defines(text: str) -> None:
    with pytest.raises(SpecError, match="is not NAME=VALUE") as caught:
        parse_defines((text,))
    assert repr(text) in caught.value.cause


@pytest.mark.parametrize(
    ("cores", "memory", "asked", "expected"),
    [
        (8, None, None, 8),
        (8, 32 << 30, None, 8),
        (8, 7 << 30, None, 3),
        (8, 1 << 30, None, 1),
        (0, None, None, 1),
        (2, 1 << 30, 6, 6),
        (2, None, 0, 1),
    ],
)
def test_job_count(cores: int, memory: int | None, asked: int | None, expected: int) -> None:
    """faults.md 49: a compile job takes up to 2 GiB."""
    assert job_count(cores=cores, memory_bytes=memory, asked=asked) == expected
