"""``ascendtorch test``, and search paths of libraries, with real processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from ascendtorch.emulator.build import Built
from ascendtorch.emulator.carrying import movable_copies, torch_from
from ascendtorch.emulator.rpath import make_relative, search_path
from ascendtorch.errors import WheelError
from support.plugin import VERSION, PluginWorkspace

HEAD = "import os, sys, time, unittest\nclass T(unittest.TestCase):\n"
TAIL = "\nunittest.main()\n"
TESTS = {
    "good": "    def test(self): self.assertEqual(os.environ['ASCEND_EMU_GUARD'], '1')",
    "bad": "    def test(self): self.assertEqual('left', 'right')",
    "dead": "    def test(self): os.kill(os.getpid(), 11)",
    "empty": "    pass",
}
TORCH = "$ORIGIN/../../torch/lib"


@pytest.fixture
def plugin(tmp_path: Path) -> PluginWorkspace:
    """A checkout with tests, and packages that stand for torch and torch_npu."""
    made = PluginWorkspace(tmp_path).create()
    for name, body in TESTS.items():
        path = made.root / "pytorch_src" / "test" / f"test_{name}.py"
        path.write_text(HEAD + body + TAIL, "utf-8")
    for package in ("torch", "torch_npu"):
        (tmp_path / "packages" / package).mkdir(parents=True)
        (tmp_path / "packages" / package / "__init__.py").touch()
    return made


def run(plugin: PluginWorkspace, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
    packages = f"{plugin.environment({})['PYTHONPATH']}:{plugin.base / 'packages'}"
    command = ["test", "-v", VERSION, "--python", sys.executable, *arguments]
    return plugin.run(*command, code=code, env={"PYTHONPATH": packages})


def test_each_file_prints_ok(plugin: PluginWorkspace) -> None:
    done = run(plugin, "good", code=0)
    assert done.stdout.startswith("OK    test_good.py (1 tests, ")
    assert done.stdout.endswith("1 files, 1 tests: OK\n")


def test_a_failure_is_shown_and_counted(plugin: PluginWorkspace) -> None:
    done = run(plugin, code=1)
    assert "OK    test_good.py" in done.stdout
    assert "FAIL  test_bad.py" in done.stdout
    assert "AssertionError: 'left' != 'right'" in done.stdout
    assert "signal SIGSEGV" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("4 files, ")
    assert last.endswith("3 failed: test_bad.py, test_dead.py, test_empty.py")


def test_as_data(plugin: PluginWorkspace) -> None:
    said = json.loads(run(plugin, "--json", code=1).stdout)
    assert said["failed"] == 3
    found = {item["file"]: item["ok"] for item in said["files"]}
    assert found == {f"test_{name}.py": name == "good" for name in TESTS}


def test_what_is_not_there(plugin: PluginWorkspace) -> None:
    assert "did you mean `good`" in run(plugin, "god", code=10).stderr
    bare = plugin.run("test", "-v", VERSION, "--python", sys.executable, "good", code=None)
    assert bare.returncode in (0, 10)
    if bare.returncode:
        assert "this Python has no" in bare.stderr
    assert "no wheel" in plugin.run("test", "-v", VERSION, code=14).stderr


def test_a_version_in_the_tree_without_a_wheel(plugin: PluginWorkspace) -> None:
    source = Path(__file__).resolve().parents[2] / "patch" / "1.8.1" / "version.yaml"
    folder = plugin.root / "patch" / "1.8.1"
    folder.mkdir()
    data = yaml.safe_load(source.read_text("utf-8"))
    (folder / "version.yaml").write_text(yaml.safe_dump(data), "utf-8")
    said = plugin.run("test", "-v", "1.8.1", code=14).stderr
    assert "no wheel of 1.8.1 to test for Python 3.8" in said
    assert "bash build.sh --python=3.8" in said
    bare = plugin.run("test", "-v", "1.8.1", "--python", sys.executable, "good", code=10)
    assert "this Python has no torch.npu" in bare.stderr
    del data["test_requirements"]
    (folder / "version.yaml").write_text(yaml.safe_dump(data), "utf-8")
    assert "nothing to test" in plugin.run("test", "-v", "1.8.1", code=2).stderr


def test_an_interrupt_ends_the_tests(plugin: PluginWorkspace) -> None:
    mark = plugin.base / "running"
    body = f"    def test(self):\n        open({str(mark)!r}, 'w').close()\n        time.sleep(60)"
    path = plugin.root / "pytorch_src" / "test" / "test_slow.py"
    path.write_text(HEAD + body + TAIL, "utf-8")
    packages = f"{plugin.environment({})['PYTHONPATH']}:{plugin.base / 'packages'}"
    command = [sys.executable, "-m", "ascendtorch", "test", "-v", VERSION]
    started = subprocess.Popen(
        [*command, "--python", sys.executable, "slow"],
        cwd=plugin.root,
        env=plugin.environment({"PYTHONPATH": packages}),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 120
    while not mark.exists() and time.monotonic() < until:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    assert started.wait(timeout=120) == 130
    running = subprocess.run(["pgrep", "-f", str(path)], capture_output=True, check=False)
    assert running.returncode == 1


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library that looks for others in a long place of this machine and beside itself."""
    source, made = tmp_path / "x.c", tmp_path / "libx.so"
    source.write_text("int x;\n")
    place = f"/{'long/' * 12}lib"
    flags = ["-shared", "-fPIC", f"-Wl,-rpath,$ORIGIN:{place}"]
    subprocess.run(["gcc", *flags, "-o", str(made), str(source)], check=True)
    assert search_path(made) == ("$ORIGIN", place)
    return made


def test_places_of_this_machine_leave_a_library(library: Path) -> None:
    size = library.stat().st_size
    make_relative(library, TORCH)
    assert search_path(library) == ("$ORIGIN", TORCH)
    assert library.stat().st_size == size
    assert b"long/long" not in library.read_bytes()
    make_relative(library, TORCH)
    assert search_path(library) == ("$ORIGIN", TORCH)


def test_no_room_for_the_search_path(library: Path) -> None:
    before = library.read_bytes()
    with pytest.raises(WheelError, match="no room"):
        make_relative(library, "$ORIGIN/" + "../" * 40)
    assert library.read_bytes() == before


def test_a_library_that_looks_nowhere(tmp_path: Path) -> None:
    source, made = tmp_path / "x.c", tmp_path / "libx.so"
    source.write_text("int x;\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(made), str(source)], check=True)
    make_relative(made, TORCH)
    assert search_path(made) == ()


def test_copies_for_a_wheel_find_torch_beside_them(library: Path, tmp_path: Path) -> None:
    built = Built(library.parent, tmp_path, operators=True)
    for place, torch in (
        ("torch_npu/emulator/lib", "$ORIGIN/../../../torch/lib"),
        ("torch/npu/emulator/lib", "$ORIGIN/../../../lib"),
    ):
        assert torch_from(place) == torch
        (copy,) = movable_copies(built, tmp_path / place, torch)
        assert search_path(copy) == ("$ORIGIN", torch)
        assert copy == tmp_path / place / "libx.so"
