"""Parts of the plugin layout that need neither a wheel nor a compiler."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from installer.sources import WheelFile

from ascendtorch.errors import ToolError
from ascendtorch.pipeline.testing import environment_of_tests, find_tests, judge
from ascendtorch.plugin.fetch import announced_size
from ascendtorch.plugin.packing import pack
from ascendtorch.spec.plugin import PluginSpec, load_plugin

PATCH = Path(__file__).resolve().parents[2] / "patch"
TAG = "cp311-cp311-linux_x86_64"


@pytest.fixture
def spec() -> PluginSpec:
    return load_plugin(PATCH / "2.13.0")


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        ([], None),
        (["Collecting torch===2.13.0"], None),
        (["  Downloading https://x/torch-2.13.0.whl (526.5 MB)"], 526_500_000),
        (["Downloading a.whl (12 kB)", "Downloading b.whl (1.5 GB)"], 1_500_000_000),
    ],
)
def test_what_pip_announces(lines: list[str], size: int | None) -> None:
    assert announced_size(lines) == size


def test_a_wheel_is_the_same_for_the_same_files(
    spec: PluginSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "libx.so"
    library.write_bytes(b"\x7fELF")
    contents = {"torch_npu/lib/libx.so": library, "torch_npu/__init__.py": b"x = 1\n"}
    first = pack(spec, contents, TAG, tmp_path / "a")
    library.touch()
    # Hours later.
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10_000)
    second = pack(spec, dict(reversed(contents.items())), TAG, tmp_path / "b")
    assert first.name == f"torch_npu-2.13.0+ascend-{TAG}.whl"
    assert first.read_bytes() == second.read_bytes()
    with WheelFile.open(first) as source:
        source.validate_record()
        assert "Requires-Dist: torch==2.13.0" in source.read_dist_info("METADATA")
        entry_points = source.read_dist_info("entry_points.txt")
        assert entry_points == "[torch.backends]\ntorch_npu = torch_npu:_autoload\n"
    with zipfile.ZipFile(first) as archive:
        assert archive.getinfo("torch_npu/lib/libx.so").external_attr >> 16 == 0o100755
        assert archive.getinfo("torch_npu/__init__.py").external_attr >> 16 == 0o100644


OK = ["..s", "-----", "Ran 3 tests in 0.1s", "", "OK (skipped=1)"]


@pytest.mark.parametrize(
    ("lines", "code", "problem"),
    [
        (OK, 0, None),
        (["Ran 3 tests in 0.1s", "FAILED (errors=1)"], 1, "FAILED (errors=1)"),
        (OK, 1, "exit code 1"),
        (OK, -11, "signal SIGSEGV"),
        (["Ran 0 tests in 0.0s", "OK"], 0, "no test ran"),
        (["NO TESTS RAN"], 0, "it did not print OK"),
        ([], 0, "it did not print OK"),
        (["OKAY then", "Ran 1 test in 0.0s", "FAILED (failures=1)"], 0, "it did not print OK"),
    ],
)
def test_when_a_file_has_passed(lines: list[str], code: int, problem: str | None) -> None:
    ended = "signal SIGSEGV" if code < 0 else f"exit code {code}"
    assert judge("test_x.py", lines, code, ended, 1.0).problem == problem


def test_counts() -> None:
    outcome = judge("test_x.py", OK, 0, "exit code 0", 1.0)
    assert (outcome.tests, outcome.skipped) == (3, 1)
    assert outcome.as_json()["output"] == []


def test_tests_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "pytorch_src" / "test"
    folder.mkdir(parents=True)
    with pytest.raises(ToolError, match="there are no tests"):
        find_tests(tmp_path, [])
    for name in ("test_div.py", "test_add.py", "npu_testing.py"):
        (folder / name).touch()
    assert [path.name for path in find_tests(tmp_path, [])] == ["test_add.py", "test_div.py"]
    for name in ("div", "test_div", "test_div.py", "pytorch_src/test/test_div.py"):
        assert find_tests(tmp_path, [name, name]) == [folder / "test_div.py"]
    with pytest.raises(ToolError, match="no test 'dib'; did you mean `div`"):
        find_tests(tmp_path, ["dib"])


def test_the_environment_of_a_test(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": "/mine", "VIRTUAL_ENV": "/v", "LD_LIBRARY_PATH": "/cann"}
    found = environment_of_tests({**environ, "ASCEND_EMU_GUARD": "0"}, tmp_path)
    assert found["ASCEND_EMU_GUARD"] == "1"
    assert found["PYTHONPATH"] == str(tmp_path / "pytorch_src" / "test")
    assert found["LD_LIBRARY_PATH"] == "/cann"
    assert "VIRTUAL_ENV" not in found
