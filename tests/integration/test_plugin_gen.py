"""``gen`` of the plugin layout, on a miniature of the official wheel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wheel.wheelfile import WheelFile

from ascendtorch.emulator.recipe import digest_sources
from ascendtorch.plugin.build import source_digests
from support.plugin import FILE, OPERATORS, VERSION, PluginWorkspace, make_official


@pytest.fixture
def plugin(tmp_path: Path) -> PluginWorkspace:
    """A checkout in which nothing has run."""
    return PluginWorkspace(tmp_path).create()


def test_everything_is_rendered(plugin: PluginWorkspace) -> None:
    done = plugin.gen("--json")
    said = json.loads(done.stdout)
    assert said["official"] == FILE
    assert said["generated"] == [
        "env.sh",
        "kernels/register_thrice.cpp",
        "kernels/register_twice.cpp",
        "manifest.json",
    ]
    assert (plugin.build / "env.sh").read_text() == "export LAYOUT=plugin\n"
    assert 'm.impl("twice"' in (plugin.rendered / "register_twice.cpp").read_text()
    assert (plugin.root / "build" / "current").read_text() == f"{VERSION}\n"
    manifest = json.loads((plugin.build / "manifest.json").read_text())
    assert manifest["upstream"]["file"] == FILE
    assert set(manifest["generated"]) == set(said["generated"]) - {"manifest.json"}
    assert not (plugin.root / "pytorch").exists()


def test_a_second_run_touches_nothing_and_needs_no_wheel(plugin: PluginWorkspace) -> None:
    plugin.gen()
    before = plugin.snapshot()
    shutil.rmtree(plugin.wheels)
    done = plugin.gen("--offline")
    assert "[codegen] up to date" in done.stderr
    assert plugin.snapshot() == before


def test_one_entry_changes_one_file(plugin: PluginWorkspace) -> None:
    plugin.gen()
    before = plugin.snapshot()
    plugin.write_ops("twice", ["twice"], overloads=["twice", "twice.out"])
    plugin.gen()
    after = plugin.snapshot()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"kernels/register_twice.cpp", "manifest.json", "codegen.json"}


def test_what_is_no_longer_rendered_is_removed(plugin: PluginWorkspace) -> None:
    plugin.gen()
    (plugin.root / "templates" / "ops" / "thrice.yaml").unlink()
    plugin.gen()
    assert [path.name for path in plugin.rendered.iterdir()] == ["register_twice.cpp"]


def test_a_file_somebody_else_put_there_stays(plugin: PluginWorkspace) -> None:
    plugin.gen()
    (plugin.rendered / "mine.txt").write_text("mine")
    (plugin.root / "templates" / "ops" / "thrice.yaml").unlink()
    plugin.gen()
    assert (plugin.rendered / "mine.txt").read_text() == "mine"


def test_an_edited_file_is_not_overwritten(plugin: PluginWorkspace) -> None:
    plugin.gen()
    edited = plugin.rendered / "register_twice.cpp"
    edited.write_text("// mine\n")
    done = plugin.gen(code=9)
    assert "register_twice.cpp" in done.stderr
    assert edited.read_text() == "// mine\n"
    assert json.loads(plugin.run("status", "--json", code=1).stdout)["state"] == "edited"
    plugin.gen("--force")
    assert "m.impl" in edited.read_text()
    assert (plugin.build / "backup").exists()
    plugin.run("status")


def test_a_faulty_spec_renders_nothing(plugin: PluginWorkspace) -> None:
    plugin.gen()
    before = plugin.snapshot()
    plugin.write_ops("twice", ["twise"])
    done = plugin.gen(code=3)
    assert "twice.yaml:" in done.stderr
    assert "remedy:" in done.stderr
    assert plugin.snapshot() == before


def test_status_says_what_is_stale(plugin: PluginWorkspace) -> None:
    assert "missing" in plugin.run("status", "-v", VERSION, code=1).stdout
    plugin.gen()
    plugin.run("status")
    plugin.write_ops("twice", ["twice", "thrice"])
    assert "stale" in plugin.run("status", code=1).stdout


def test_another_wheel_of_that_name_is_refused(plugin: PluginWorkspace) -> None:
    make_official(plugin.wheels, (*OPERATORS, "more"))
    done = plugin.gen(code=5)
    assert "another hash" in done.stderr
    assert not (plugin.cache / "wheels" / ".download").exists()
    assert not plugin.build.exists()


@pytest.mark.parametrize(("option", "said"), [("--offline", "offline"), ("-q", "finds none")])
def test_a_missing_wheel_is_named(plugin: PluginWorkspace, option: str, said: str) -> None:
    (plugin.wheels / FILE).unlink()
    done = plugin.gen(option, code=5)
    assert said in done.stderr
    assert FILE in done.stderr
    assert "PIP_FIND_LINKS" in done.stderr


def test_a_damaged_cache_is_seen(plugin: PluginWorkspace) -> None:
    plugin.gen()
    (cached,) = plugin.cache.glob("wheels/*/*.whl")
    cached.write_bytes(b"short")
    shutil.rmtree(plugin.build)
    plugin.gen()
    assert cached.stat().st_size > 100


def test_options_of_the_other_layout_are_refused(plugin: PluginWorkspace) -> None:
    for options in (
        ("--tree", str(plugin.base)),
        ("--submodules", "needed"),
        ("--only", "patch"),
        ("-D", "USE_CUDA=1"),
    ):
        done = plugin.gen(*options, code=3 if options[0] == "-D" else 2)
        assert options[0] in done.stderr
    assert "plugin" in plugin.run("patch", "list", "-v", VERSION, code=3).stderr


def test_a_dry_run_does_nothing(plugin: PluginWorkspace) -> None:
    plan = json.loads(plugin.gen("--dry-run", "--json").stdout)
    assert plan["layout"] == "plugin"
    assert FILE in json.dumps(plan["upstream"])
    assert FILE in plugin.gen("--dry-run").stdout
    assert not plugin.cache.exists()
    assert not (plugin.root / "build").exists()


def test_stages_alone(plugin: PluginWorkspace) -> None:
    assert "has not run" in plugin.gen("--only", "codegen", code=14).stderr
    plugin.gen("--only", "fetch")
    assert not plugin.rendered.exists()
    plugin.gen("--only", "codegen")
    assert plugin.rendered.exists()


@pytest.mark.parametrize("after", [0.15, 0.3, 0.5, 0.8])
def test_a_killed_run_is_completed_by_the_next(plugin: PluginWorkspace, after: float) -> None:
    command = [sys.executable, "-m", "ascendtorch", "gen", "-v", VERSION]
    started = subprocess.Popen(
        command,
        cwd=plugin.root,
        env=plugin.environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    plugin.gen()
    killed = {name: data for name, (_, data) in plugin.snapshot().items()}
    shutil.rmtree(plugin.build)
    plugin.gen()
    assert killed == {name: data for name, (_, data) in plugin.snapshot().items()}


def test_doctor(plugin: PluginWorkspace) -> None:
    checks = json.loads(plugin.run("doctor", "-v", VERSION, "--json", code=None).stdout)["checks"]
    named = {check["name"]: check for check in checks}
    assert "gen downloads it" in named["official wheel"]["found"]
    assert "git" not in named
    plugin.gen()
    checks = json.loads(plugin.run("doctor", "--json", code=None).stdout)["checks"]
    named = {check["name"]: check for check in checks}
    assert FILE in named["official wheel"]["found"]


@pytest.fixture
def wheel(plugin: PluginWorkspace) -> Path:
    """What is left of a plugin's wheel without its libraries: the manifest."""
    (plugin.root / "pytorch_src" / "npu").mkdir()
    (plugin.root / "pytorch_src" / "npu" / "CMakeLists.txt").write_text("project(x)\n")
    plugin.gen()
    manifest = json.loads((plugin.build / "manifest.json").read_text())
    more = {
        "sources": source_digests(plugin.root),
        "emulator": digest_sources(plugin.root),
        "build": {"python": "3.11"},
    }
    path = plugin.base / f"torch_npu-{VERSION}+ascend-cp311-cp311-linux_x86_64.whl"
    with WheelFile(str(path), "w") as archive:
        name = f"torch_npu-{VERSION}+ascend.dist-info/ascendtorch.json"
        archive.writestr(name, json.dumps({**manifest, **more}))
    return path


def test_a_wheel_is_explained_and_rendered_again(plugin: PluginWorkspace, wheel: Path) -> None:
    assert FILE in plugin.run("wheel", "explain", str(wheel)).stdout
    before = plugin.snapshot()
    shutil.rmtree(plugin.wheels)
    into = plugin.base / "again"
    done = plugin.run("wheel", "reproduce", str(wheel), "--offline", "--into", str(into))
    assert "the same sources (" in done.stdout
    again = into / "rendered" / "kernels" / "register_twice.cpp"
    assert again.read_bytes() == (plugin.rendered / "register_twice.cpp").read_bytes()
    assert plugin.snapshot() == before


def test_what_a_wheel_was_not_made_from_is_named(plugin: PluginWorkspace, wheel: Path) -> None:
    (plugin.root / "pytorch_src" / "npu" / "CMakeLists.txt").write_text("project(y)\n")
    plugin.write_ops("twice", ["thrice"])
    said = plugin.run("wheel", "reproduce", str(wheel), code=1).stdout
    assert "differs: source pytorch_src/npu/CMakeLists.txt: the wheel has " in said
    assert "differs: template ops/twice.yaml: the wheel has " in said
    plugin.pin("0" * 64)
    said = plugin.run("wheel", "reproduce", str(wheel), code=1).stdout
    assert f"differs: the official wheel {FILE}: the wheel has " in said
