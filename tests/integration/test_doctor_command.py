"""Probing real programs, and the command `doctor` in a made-up checkout."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from ascendtorch.cli.doctor import doctor
from ascendtorch.edge.host import cann_home
from ascendtorch.stages.render import Renderer
from ascendtorch.toolchain.tools import ToolInfo, probe_tool

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# -- tools


def test_gcc_comes_before_the_cc_behind_it(tmp_path: Path) -> None:
    own = program(tmp_path / "own" / "gcc", "echo 'gcc (GCC) 7.3.0'")
    program(tmp_path / "sys" / "cc", "echo 'cc (GCC) 4.8.5 20150623 (Red Hat 4.8.5-44)'")
    found = probe_tool("gcc", {"PATH": f"{own.parent}:{tmp_path / 'sys'}"})
    assert found == ToolInfo("gcc", own, "7.3.0")
    own.unlink()
    found = probe_tool("gcc", {"PATH": f"{own.parent}:{tmp_path / 'sys'}"})
    assert found == ToolInfo("gcc", tmp_path / "sys" / "cc", "4.8.5")


def test_the_compiler_behind_a_launcher_is_named(tmp_path: Path) -> None:
    program(tmp_path / "ccache", 'exec "$@"')
    compiler = program(tmp_path / "my g++", 'echo "g++ (GCC) 10.3.1 $1"')
    env = {"PATH": str(tmp_path), "CXX": "ccache 'my g++' -m64"}
    assert probe_tool("g++", env) == ToolInfo("g++", compiler, "10.3.1")


def test_a_compiler_with_a_space_in_its_path_needs_no_quotes(tmp_path: Path) -> None:
    compiler = program(tmp_path / "a b" / "cc", "echo 'Debian clang version 14.0.6'")
    env = {"PATH": str(tmp_path), "CC": str(compiler)}
    assert probe_tool("gcc", env) == ToolInfo("clang", compiler, "14.0.6")


@pytest.mark.parametrize("chosen", ["/nonexistent/gcc-99", "ccache gcc-99", "gcc '"])
def test_a_chosen_compiler_that_is_missing_is_not_replaced(chosen: str, tmp_path: Path) -> None:
    program(tmp_path / "gcc", "echo 'gcc (GCC) 7.3.0'")
    found = probe_tool("gcc", {"PATH": str(tmp_path), "CC": chosen})
    assert found is not None
    assert found.problem is not None
    assert f"CC={chosen}" in found.problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo 'libc.so.6: not found' >&2; exit 127", "(exit code 127): libc.so.6: not found"),
        ("exit 0", "does not say its version"),
    ],
)
def test_a_tool_that_is_broken(text: str, said: str, tmp_path: Path) -> None:
    program(tmp_path / "cmake", text)
    found = probe_tool("cmake", {"PATH": str(tmp_path)})
    assert found is not None
    assert (found.version, said in str(found.problem)) == ("", True)


def test_a_tool_under_its_other_name(tmp_path: Path) -> None:
    assert probe_tool("ninja", {"PATH": str(tmp_path)}) is None
    path = program(tmp_path / "ninja-build", "echo 1.10.2")
    assert probe_tool("ninja", {"PATH": str(tmp_path)}) == ToolInfo("ninja", path, "1.10.2")


# -- the command

_PYTHON = (
    '{"executable": "/opt/p/bin/python3.8", "version": "3.8.18", "abiflags": "", "bits": 64, '
    '"implementation": "CPython", "include": "/opt/p/include", "has_headers": true, '
    '"has_venv": true, "lacks": []}'
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with 1.8.1, on a machine that has all a build needs and nothing else."""
    root = tmp_path / "checkout"
    version = {
        "schema": 1,
        "version": "1.8.1",
        "layout": "in-tree",
        "upstream": {
            "url": "https://example.org/pytorch.git",
            "tag": "v1.8.1",
            "commit": "5" * 40,
        },
        "pythons": ["3.8"],
        "tools": {"gcc": {"min": "7.3"}},
        "flags": {},
        "profiles": {"full": {}, "lean": {}},
        "wheel": {"name": "torch", "version": "1.8.1+ascend", "build_number": "1"},
        "requirements": {"3.8": ["cmake==3.31.10", "ninja==1.11.1"]},
        "submodules": {},
    }
    known = {
        "layout": "in-tree",
        "pythons": ["3.8"],
        "gcc": ">=7.3",
        "cmake": ">=3.12",
        "wheel": "w",
    }
    catalog = {
        "schema": 1,
        "default": "1.5.0",
        "releases": [],
        "branches": [],
        "phases": [],
        "versions": {name: dict(known, pythons=["3.8"]) for name in ("1.5.0", "1.8.1")},
    }
    (root / "patch" / "1.8.1").mkdir(parents=True)
    (root / "patch" / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    (root / "patch" / "1.8.1" / "version.yaml").write_text(yaml.safe_dump(version))
    tools = tmp_path / "bin"
    program(tools / "git", "echo git version 2.39.5")
    program(tools / "gcc", "echo 'gcc (GCC) 7.3.0'")
    program(tools / "g++", "echo 'g++ (GCC) 7.3.0'")
    program(tools / "python3.8", f"echo '{_PYTHON}'")
    for name in ("CC", "CXX", "ASCEND_HOME_PATH", "MAX_JOBS", "BLAS", "PYENV_ROOT", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASCENDTORCH_ROOT", str(root))
    monkeypatch.setenv("ASCENDTORCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ASCENDTORCH_SYSROOT", str(tmp_path / "sys"))
    # Disk and memory are the test machine's; whatever it has shall be enough.
    monkeypatch.setattr("ascendtorch.edge.host.free_disk", lambda _: 1 << 40)
    monkeypatch.setattr("ascendtorch.edge.host.available_memory", lambda: 1 << 40)
    return root


def run(*arguments: str) -> Result:
    return CliRunner().invoke(doctor, list(arguments))


def statuses(result: Result) -> dict[str, str]:
    return {check["name"]: check["status"] for check in json.loads(result.stdout)["checks"]}


def test_a_build_can_start(checkout: Path) -> None:
    result = run("-v", "1.8.1", "--python=3.8", "--json")
    assert result.exit_code == 0, result.stdout
    found = json.loads(result.stdout)
    assert (found["version"], found["ready"]) == ("1.8.1", True)
    assert {n for n, s in statuses(result).items() if s != "ok"} == {"OpenBLAS", "CANN"}
    assert set(found["checks"][0]) == {"name", "status", "found", "needed", "remedy"}


def test_the_table_says_found_needed_and_remedy(checkout: Path) -> None:
    program(checkout.parent / "bin" / "gcc", "echo 'gcc (GCC) 4.8.5 20150623'")
    result = run("-v", "1.8.1")
    assert result.exit_code == 10
    lines = result.stdout.splitlines()
    row = next(number for number, line in enumerate(lines) if "C compiler" in line)
    assert lines[row].split()[0] == "FAIL"
    assert "gcc 4.8.5 is older than 7.3" in lines[row]
    assert "needed: gcc >= 7.3" in lines[row + 1]
    assert "remedy: " in lines[row + 2]
    # One column: what was found, and below it what is needed.
    assert lines[row].index("gcc 4.8.5") == lines[row + 1].index("needed:")
    assert "a build cannot start" in lines[-1]


def test_a_missing_python_stops_a_build(checkout: Path) -> None:
    (checkout.parent / "bin" / "python3.8").unlink()
    program(checkout.parent / "bin" / "python3.8", "echo 'pyenv: not found' >&2; exit 127")
    result = run("-v", "1.8.1", "--python", "3.8")
    assert result.exit_code == 10
    assert "pyenv: not found" in result.stdout
    assert "python3.8-dev python3.8-venv" in result.stdout


def test_the_version_is_the_last_generated_else_the_default(checkout: Path) -> None:
    result = run("--json")
    assert result.exit_code == 10
    assert json.loads(result.stdout)["version"] == "1.5.0"
    assert statuses(result)["patch set"] == "fail"
    (checkout / "build").mkdir()
    (checkout / "build" / "current").write_text("1.8.1\n")
    assert json.loads(run("--json").stdout)["version"] == "1.8.1"


def test_an_unknown_version_is_a_failed_check(checkout: Path) -> None:
    result = run("-v", "1.8.2")
    assert result.exit_code == 10
    assert "did you mean `1.8.1`" in result.stdout


def test_doctor_changes_nothing(checkout: Path) -> None:
    before = sorted(checkout.parent.rglob("*"))
    run("-v", "1.8.1")
    assert sorted(checkout.parent.rglob("*")) == before


# -- CANN is found as env.sh finds it


@pytest.mark.parametrize(
    ("places", "home_path"),
    [
        ([], ""),
        (["sys/usr/local/Ascend/ascend-toolkit/latest", "sys/usr/local/Ascend/nnae/latest"], ""),
        (["sys/usr/local/Ascend/nnae", "home/Ascend/ascend-toolkit"], ""),
        (["home/Ascend/nnae/latest"], ""),
        (["own/cann", "sys/usr/local/Ascend/nnae"], "own/cann/latest/"),
        (["sys/usr/local/Ascend/cann", "sys/usr/local/Ascend/nnae"], "gone"),
        (["data/one/ascend-toolkit", "data/tk", "sys/usr/local/Ascend/ascend-toolkit"], ""),
        (["data/two/nnae/latest", "home/Ascend/ascend-toolkit"], ""),
    ],
)
def test_cann_is_the_one_that_env_sh_takes(
    places: list[str], home_path: str, tmp_path: Path
) -> None:
    for place in places:
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "set_env.sh").write_text(f"FOUND='{tmp_path / place}'\n")
    record = tmp_path / "sys/etc/Ascend/ascend_cann_install.info"
    record.parent.mkdir(parents=True)
    record.write_text(
        f"Install_Path={tmp_path}/data/two\r\nToolkit_InstallPath={tmp_path}/data/tk\n"
        if any(place.startswith("data/") for place in places)
        else "Version=6.0.1\n"
    )
    env = {"HOME": str(tmp_path / "home"), "ASCENDTORCH_SYSROOT": str(tmp_path / "sys")}
    if home_path:
        env["ASCEND_HOME_PATH"] = str(tmp_path / home_path) + "/" * home_path.endswith("/")
    values = {"version": "1.8.1", "layout": "in-tree", "dynamic_compile": False}
    script = tmp_path / "env.sh"
    script.write_bytes(Renderer(TEMPLATES).render("env.sh.j2", values))
    sourced = subprocess.run(
        ["bash", "-c", f". '{script}'; printf %s \"${{FOUND-}}\""],
        env={"PATH": "/usr/bin:/bin", **env},
        capture_output=True,
        text=True,
        check=True,
    )
    found = cann_home(env, tmp_path / "sys")
    assert str(found or "") == sourced.stdout
    assert (found is None) == (places == [])
