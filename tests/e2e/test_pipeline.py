"""From nothing to an installed wheel, on a miniature PyTorch; pip needs its index."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.workspace import PYTHON, Workspace

pytestmark = pytest.mark.network

SUM = Path("aten/src/ATen/Sum.cpp")


@contextmanager
def edited(path: Path, old: str, new: str) -> Iterator[None]:
    """Replace text in a file for the length of a ``with`` block."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    try:
        yield
    finally:
        path.write_text(text, "utf-8")


def the_wheel(workspace: Workspace) -> Path:
    (wheel,) = (workspace.root / "dist").glob("*.whl")
    return wheel


def objects(workspace: Workspace) -> dict[str, int]:
    """The mtime of every object and library of the build."""
    folder = workspace.tree / "build"
    found = (*folder.rglob("*.o"), *folder.rglob("*.so"))
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in found
        if not path.relative_to(folder).parts[0].startswith(("lib.", "temp.", "bdist."))
    }


def log_of(workspace: Workspace, tag: str) -> str:
    return (workspace.rendered / tag / "logs" / "latest.log").read_text()


def test_wheel_installs_and_computes(built: Workspace, python_tag: str, tmp_path: Path) -> None:
    wheel = the_wheel(built)
    assert wheel.name.startswith(f"torch-1.8.1+ascend-{python_tag}-{python_tag}-linux_")
    venv.create(tmp_path / "fresh", with_pip=True)
    python = str(tmp_path / "fresh" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", str(wheel)], check=True)
    code = (
        "import torch; print(torch.__version__, (torch.ones(2)/2).sum(),"
        " torch.distributed.is_available(), torch.npu.device_count())"
    )
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[:3] == ["1.8.1+ascend", "tensor(1.)", "True"]


def test_manifest_says_what_the_wheel_is_made_of(built: Workspace) -> None:
    with zipfile.ZipFile(the_wheel(built)) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/ascendtorch.json"))
        manifest = json.loads(archive.read(name))
    assert manifest["upstream"]["commit"] == built.upstream.pins[""]
    assert [item["name"] for item in manifest["patches"]] == built.series
    assert manifest["build"]["flag USE_DISTRIBUTED"] == "1"
    assert str(built.root) not in json.dumps(manifest)
    assert "/" not in manifest["build"]["python"]
    shown = built.run("wheel", "explain", str(the_wheel(built))).stdout
    assert built.upstream.pins[""] in shown


def test_second_build_does_nothing(built: Workspace) -> None:
    before = objects(built)
    wheel = the_wheel(built).stat().st_mtime_ns
    result = json.loads(built.build("--json").stdout)
    assert result["up_to_date"] is True
    assert objects(built) == before
    assert the_wheel(built).stat().st_mtime_ns == wheel


def test_changed_source_rebuilds_what_it_reaches(built: Workspace) -> None:
    before = objects(built)
    with edited(built.tree / SUM, "{", "{ "):
        done = built.build()
        assert "rebuilding what these changes reach" in done.stderr
        after = objects(built)
    moved = {name for name in after if after[name] != before.get(name)}
    assert any(name.endswith("Sum.cpp.o") for name in moved)
    assert not any("Device.cpp.o" in name or "gloo" in name for name in moved)


def test_edited_file_of_ours_is_built_and_told(built: Workspace) -> None:
    """git is told to ignore it, and it counts all the same."""
    built.build()
    ours = built.tree / "torch" / "npu" / "__init__.py"
    with edited(ours, "def ", "# mine\ndef "):
        result = json.loads(built.build("--json").stdout)
        assert result["up_to_date"] is False
        shown = built.run("wheel", "explain", str(the_wheel(built))).stdout
        assert "edited: torch/npu/__init__.py" in shown
        assert built.run("wheel", "reproduce", str(the_wheel(built)), check=False).code == 1
    built.build()
    assert "the same sources" in built.run("wheel", "reproduce", str(the_wheel(built))).stdout


def test_changed_patch_rebuilds_only_what_its_files_reach(built: Workspace) -> None:
    name = next(n for n in built.series if "gloo" in n)
    path = built.patches / name
    built.build()
    before, original = objects(built), path.read_bytes()
    path.write_bytes(original.replace(b"+#include <array>\n", b"+#include <array> // ours\n"))
    try:
        built.gen()
        built.build()
        moved = {n for n, when in objects(built).items() if when != before.get(n)}
    finally:
        path.write_bytes(original)
        built.gen()
    assert any("device.cc.o" in name for name in moved)
    assert not any("Device.cpp.o" in name or "Div.cpp.o" in name for name in moved)


def test_first_error_names_file_owner_and_log(built: Workspace, python_tag: str) -> None:
    with edited(built.tree / SUM, "{", "{ this is no C++;"):
        done = built.build(check=False)
    assert done.code == 11
    assert "[build]" in done.stderr
    assert str(SUM) in done.stderr
    assert "upstream" in done.stderr
    assert "latest.log" in done.stderr or "build-" in done.stderr
    assert "error:" in log_of(built, python_tag)


def test_error_in_the_overlay_is_ours(built: Workspace) -> None:
    source = built.sources / "npu" / "runtime" / "Npu.cpp"
    with edited(source, "{", "{ nonsense;"):
        built.gen()
        done = built.build(check=False)
    built.gen()
    assert done.code == 11
    assert "overlay" in done.stderr


def test_changed_flag_is_named_and_configures_anew(built: Workspace) -> None:
    done = built.build("-D", "USE_DISTRIBUTED=0")
    assert "USE_DISTRIBUTED" in done.stderr
    assert "configuring anew" in done.stderr
    back = built.build()
    assert "configuring anew" in back.stderr


def test_missing_submodule_is_named_before_any_work(built: Workspace) -> None:
    def want_a_module_that_is_not_there(data: dict[str, object]) -> None:
        modules = data["submodules"]
        assert isinstance(modules, dict)
        modules["third_party/absent"] = {
            "url": "https://example.invalid/absent.git",
            "commit": "1" * 40,
            "needed": "USE_DISTRIBUTED",
        }

    path = built.patches / "version.yaml"
    text = path.read_text()
    try:
        built.edit_version(want_a_module_that_is_not_there)
        with edited(built.tree / SUM, "{", "{      "):
            done = built.build(check=False)
    finally:
        path.write_text(text)
    assert done.code == 10
    assert "third_party/absent" in done.stderr
    assert "--submodules" in done.stderr


def test_killed_build_leaves_nothing_running_and_is_resumed(
    built: Workspace, tmp_path: Path
) -> None:
    """faults.md 50, 55"""
    slow = tmp_path / "slow"
    # Long enough to be still there after the kill, however busy the machine is.
    slow.write_text('#!/bin/sh\nsleep 60\nexec "$@"\n')
    slow.chmod(0o755)
    wheel = the_wheel(built).read_bytes()
    with edited(built.tree / SUM, "{", "{  "):
        run = built.start("build", f"--python={PYTHON}", "--launcher", str(slow))
        deadline = time.monotonic() + 60
        while not run_leftovers(built) and time.monotonic() < deadline:
            time.sleep(0.1)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert run_leftovers(built), "the compilers should outlive their killed parent"
        assert the_wheel(built).read_bytes() == wheel
        done = built.build()
        assert "ended what a killed run left running" in done.stderr
    assert not run_leftovers(built)
    built.build()


def run_leftovers(workspace: Workspace) -> list[str]:
    """Compilers of this workspace that wait in the slow launcher."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
            here = (entry / "cwd").readlink()
        except OSError:
            continue
        if any(word.endswith("/slow") for word in words) and workspace.tree in here.parents:
            found.append(" ".join(words))
    return found


def test_second_run_names_the_first(built: Workspace) -> None:
    """faults.md 47"""
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from ascendtorch.edge import lock\n"
            "with lock.held(Path(sys.argv[1]), what='the workspace'):\n"
            "    print('held', flush=True); time.sleep(60)\n",
            str(built.root / "build" / "workspace.lock"),
        ],
        env=built.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = built.build(check=False)
    finally:
        holder.kill()
        holder.wait()
    assert done.code == 13
    assert str(holder.pid) in done.stderr
    assert "--wait" in done.stderr
    # The lock died with its holder (faults.md 48).
    assert built.build().code == 0


def test_damaged_fingerprint_starts_anew(built: Workspace) -> None:
    """faults.md 52"""
    (built.tree / "build" / "ascendtorch-fingerprint.json").write_text("{")
    with edited(built.tree / SUM, "{", "{   "):
        done = built.build()
    assert "damaged" in done.stderr
    built.build()


def test_state_of_a_newer_tool_is_refused(built: Workspace) -> None:
    """faults.md 57"""
    path = built.tree / "build" / "ascendtorch-fingerprint.json"
    text = path.read_text()
    path.write_text(json.dumps({"schema": 99, "parts": {}}))
    try:
        with edited(built.tree / SUM, "{", "{    "):
            done = built.build(check=False)
    finally:
        path.write_text(text)
    assert done.code == 14
    assert "newer" in done.stderr


def test_unwritable_compiler_cache_is_done_without(built: Workspace, tmp_path: Path) -> None:
    """faults.md 54"""
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "ccache").write_text("#!/bin/sh\necho ccache version 4.8\n")
    (fake / "ccache").chmod(0o755)
    (tmp_path / "file").write_text("")
    path = f"{fake}:{os.environ['PATH']}"
    with edited(built.tree / SUM, "{", "{     "):
        done = built.build(env={"PATH": path, "CCACHE_DIR": str(tmp_path / "file" / "below")})
    assert "going on without ccache" in done.stderr
    built.build()


def test_moved_workspace_builds_anew(built: Workspace) -> None:
    """faults.md 58"""
    moved = Workspace(built.base, built.upstream, name="moved", env=built.env)
    built.root.rename(moved.root)
    try:
        done = moved.build()
        assert "starting from nothing" in done.stderr
        assert "place" in done.stderr
    finally:
        moved.root.rename(built.root)


def test_compiler_out_of_memory_says_so(built: Workspace, tmp_path: Path) -> None:
    """faults.md 49"""
    starved = tmp_path / "starved"
    starved.write_text(
        "#!/bin/sh\n"
        'case "$*" in *Sum.cpp*) ;; *) exec "$@" ;; esac\n'
        "echo 'c++: fatal error: Killed signal terminated program cc1plus' >&2\n"
        "echo 'compilation terminated.' >&2\n"
        "exit 1\n"
    )
    starved.chmod(0o755)
    with edited(built.tree / SUM, "{", "{       "):
        done = built.build("--launcher", str(starved), check=False)
    assert done.code == 11
    assert "memory" in done.stderr
    assert "--jobs" in done.stderr
    built.build()


def test_compiler_too_old_is_refused_before_any_work(built: Workspace) -> None:
    """faults.md 51"""
    before = objects(built)
    path = built.patches / "version.yaml"
    text = path.read_text()
    try:
        built.edit_version(lambda data: data["tools"].update(gcc={"min": "99.1"}))
        done = built.build(check=False)
    finally:
        path.write_text(text)
    assert done.code == 10
    assert "99.1" in done.stderr
    assert objects(built) == before


def test_python_that_is_not_there_is_refused(built: Workspace) -> None:
    """faults.md 51"""
    done = built.run("build", "--python=3.99", check=False)
    assert done.code == 10
    assert "3.99" in done.stderr
    assert "remedy:" in done.stderr


def test_files_from_the_future_are_named(built: Workspace) -> None:
    """faults.md 53"""
    source = built.tree / SUM
    with edited(source, "{", "{        "):
        later = time.time() + 7200
        os.utime(source, (later, later))
        done = built.build(check=False)
    assert done.code == 15
    assert str(SUM) in done.stderr
    assert "clock" in done.stderr
