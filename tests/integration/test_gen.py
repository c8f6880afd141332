"""`gen` from a pinned tag to the adapted tree, and what a second run does and leaves alone."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support import gitbench
from support.upstream import EDITS, FMT, GLOO, SMOKE, TBB, VERSION, Upstream
from support.workspace import Workspace, WorkspaceFactory, changed
from support.zygote import Zygote

NAMES = [edit.name for edit in EDITS]
SUBJECTS = [edit.subject for edit in EDITS]


def test_makes_the_adapted_tree(workspace: Workspace) -> None:
    done = workspace.gen()
    base = workspace.git("rev-parse", "refs/ascendtorch/base")
    assert base == workspace.upstream.pins[""]
    assert workspace.subjects() == SUBJECTS
    assert workspace.status() == ""
    assert "torch/csrc/npu" in (workspace.tree / "CMakeLists.txt").read_text()
    device = workspace.tree / GLOO / "gloo" / "transport" / "tcp" / "device.cc"
    assert "#include <array>" in device.read_text()
    assert "#include <cstdint>" in (workspace.tree / FMT / "include/fmt/core.h").read_text()
    assert (workspace.tree / "tools" / "npu_smoke.py").read_text() == SMOKE
    ours = workspace.sources / "npu" / "python" / "__init__.py"
    assert (workspace.tree / "torch" / "npu" / "__init__.py").read_bytes() == ours.read_bytes()
    assert "export ASCENDTORCH_VERSION=1.8.1\n" in (workspace.rendered / "env.sh").read_text()
    assert (workspace.root / "build" / "current").read_text() == "1.8.1\n"
    assert f"{workspace.tree} is ready; next: bash build.sh\n" in done.stdout


def test_says_how_to_build_just_this(ready: Workspace) -> None:
    """Without the profile, the build would miss the submodules that it leaves out."""
    done = ready.gen("--profile", "lean", "-D", "USE_TBB=0")
    assert "is ready; next: bash build.sh --profile lean -D USE_TBB=0\n" in done.stdout


def test_checks_out_what_upstream_committed(ready: Workspace) -> None:
    """Modes, links, odd names, line ends and encodings are upstream's, to the byte."""
    for module, repository in (("", "pytorch"), (GLOO, "gloo"), (FMT, "fmt"), (TBB, "tbb")):
        listed = gitbench.git(
            ready.upstream.mirror / f"{repository}.git",
            *("ls-tree", "-r", "-z", ready.upstream.pins[module]),
        )
        for entry in filter(None, listed.split("\0")):
            meta, _, name = entry.partition("\t")
            mode, kind, oid = meta.split()
            path = ready.tree / module / name
            if any(name in (*edit.replace, *edit.add) for edit in EDITS):
                continue
            if kind == "commit":
                assert path.is_dir()
            elif mode == "120000":
                assert path.readlink() == Path(".gitignore")
            else:
                assert bool(path.stat().st_mode & 0o100) == (mode == "100755")
                assert gitbench.git(ready.base, "hash-object", "--no-filters", str(path)) == oid


def test_submodules_are_ordinary_ones(ready: Workspace) -> None:
    lines = ready.git("submodule", "status", "--recursive").splitlines()
    shown = {line.split()[1]: (line[0], line.split()[0].lstrip("+-U")) for line in lines}
    assert set(shown) == {GLOO, FMT, TBB}
    assert {mark for mark, _ in shown.values()} == {" "}
    assert shown[TBB][1] == ready.upstream.pins[TBB]
    assert shown[GLOO][1] == ready.head(GLOO) != ready.upstream.pins[GLOO]
    assert ready.git("log", "-1", "--format=%s", module=FMT) == SUBJECTS[1]
    assert ready.git("rev-parse", "HEAD^", module=FMT) == ready.upstream.pins[FMT]


def test_manifest_names_everything(ready: Workspace) -> None:
    manifest = json.loads((ready.rendered / "manifest.json").read_text())
    pins = ready.upstream.pins
    assert manifest["upstream"]["commit"] == pins[""]
    assert manifest["submodules"] == {path: pins[path] for path in sorted(pins) if path}
    assert [entry["name"] for entry in manifest["patches"]] == NAMES
    assert manifest["patched_commit"] == ready.head()
    assert set(manifest["overlay"]) == {
        "torch/csrc/npu/CMakeLists.txt",
        "torch/csrc/npu/Npu.cpp",
        "torch/npu/__init__.py",
    }
    assert set(manifest["generated"]) == {"env.sh", "docs/notes.txt"}
    assert str(ready.base) not in (ready.rendered / "manifest.json").read_text()


def test_second_run_touches_nothing(ready: Workspace) -> None:
    before = ready.snapshot()
    done = ready.gen()
    for stage in ("fetch", "patch", "overlay", "codegen"):
        assert f"[{stage}] up to date" in done.stderr
    assert ready.snapshot() == before


def test_touching_a_patch_changes_nothing(ready: Workspace) -> None:
    for name in NAMES:
        os.utime(ready.patches / name, (1, 1))
    before = ready.snapshot()
    assert "[patch] up to date: 4 patches" in ready.gen().stderr
    assert ready.snapshot() == before


def test_edited_patch_is_applied_from_there_on(ready: Workspace) -> None:
    """The k-th patch and those behind it are made anew; only files whose content differs move."""
    heads = ready.git("rev-list", "--reverse", "refs/ascendtorch/base..HEAD").split()
    path = ready.patches / NAMES[2]
    path.write_bytes(path.read_bytes().replace(b"+endif()", b"+endif() # npu"))
    before = ready.snapshot(ready.tree)
    done = ready.gen()
    assert "[patch] 4 patches: 2 kept, 2 applied, 1 files written" in done.stderr
    touched = {p for p in changed(before, ready.snapshot(ready.tree)) if not p.startswith(".git/")}
    assert touched == {"CMakeLists.txt"}
    assert "endif() # npu" in (ready.tree / "CMakeLists.txt").read_text()
    after = ready.git("rev-list", "--reverse", "refs/ascendtorch/base..HEAD").split()
    assert [a == b for a, b in zip(heads, after)] == [True, True, False, False]
    assert ready.subjects() == SUBJECTS
    assert ready.status() == ""


def test_edited_patch_of_a_submodule(ready: Workspace) -> None:
    path = ready.patches / NAMES[0]
    path.write_bytes(path.read_bytes().replace(b"+#include <array>", b"+#include <array> // yes"))
    before = ready.snapshot(ready.tree)
    assert "0 kept, 4 applied, 1 files written" in ready.gen().stderr
    touched = {p for p in changed(before, ready.snapshot(ready.tree)) if not p.startswith(".git/")}
    assert touched == {f"{GLOO}/gloo/transport/tcp/device.cc"}
    assert ready.status() == ""


def test_edited_reason_moves_no_file(ready: Workspace) -> None:
    path = ready.patches / NAMES[2]
    path.write_bytes(path.read_bytes().replace(b"They lie in", b"These lie in"))
    before = ready.snapshot(ready.tree)
    assert "2 kept, 2 applied, 0 files written" in ready.gen().stderr
    after = changed(before, ready.snapshot(ready.tree))
    assert {p for p in after if not p.startswith(".git/")} == set()
    assert "These lie in" in ready.git("log", "-1", "--skip=1", "--format=%b")


def test_removed_and_added_patches(ready: Workspace) -> None:
    head = ready.head()
    ready.series = NAMES[:3]
    (ready.patches / NAMES[3]).unlink()
    assert "3 patches: 3 kept, 0 applied, 1 files written" in ready.gen().stderr
    assert not (ready.tree / "tools" / "npu_smoke.py").exists()
    assert ready.subjects() == SUBJECTS[:3]
    ready.add_patch(NAMES[3], ready.upstream.patches[NAMES[3]])
    assert "4 patches: 3 kept, 1 applied, 1 files written" in ready.gen().stderr
    assert ready.head() == head
    assert ready.status() == ""


def test_folder_made_by_a_patch_goes_with_it(ready: Workspace) -> None:
    ready.add_patch("0005-new.patch", ready.upstream.make_patch({"new/deep/file.txt": "text\n"}))
    ready.gen()
    assert (ready.tree / "new" / "deep" / "file.txt").read_text() == "text\n"
    (ready.patches / "0005-new.patch").unlink()
    ready.series = NAMES
    ready.gen()
    assert not (ready.tree / "new").exists()


def test_submodule_goes_back_to_its_pin(ready: Workspace) -> None:
    """When no patch touches it any more."""
    ready.series = NAMES[2:]
    done = ready.gen()
    assert "2 patches" in done.stderr
    assert ready.head(GLOO) == ready.upstream.pins[GLOO]
    assert ready.head(FMT) == ready.upstream.pins[FMT]
    assert ready.status() == ""


def test_empty_series(workspace: Workspace) -> None:
    (workspace.patches / "series").unlink()
    for name in NAMES:
        (workspace.patches / name).unlink()
    workspace.gen()
    assert workspace.head() == workspace.upstream.pins[""]
    assert workspace.status() == ""
    assert "up to date: 0 patches" in workspace.gen().stderr


def test_hashes_depend_on_nothing_but_the_pin_and_the_patches(
    ready: Workspace, workspace_factory: WorkspaceFactory
) -> None:
    """Another folder, time zone, language, umask, identity and a hostile git configuration."""
    other = workspace_factory("elsewhere")
    home = other.base / "home"
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Me\n[core]\n\tautocrlf = true\n\thooksPath = /nonexistent\n"
        "[apply]\n\twhitespace = fix\n[commit]\n\tgpgSign = true\n[diff]\n\tnoprefix = true\n"
    )
    other.gen(
        module=True,
        env={
            "TZ": "Asia/Shanghai",
            "LC_ALL": "C",
            "GIT_DIR": "/nonexistent",
            "GIT_INDEX_FILE": "/nonexistent",
            "GIT_AUTHOR_NAME": "Me",
            "GIT_COMMITTER_DATE": "1 +0000",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "core.autocrlf",
            "GIT_CONFIG_VALUE_0": "true",
        },
    )
    assert other.head() == ready.head()
    assert other.head(GLOO) == ready.head(GLOO)
    assert other.files() == ready.files()


def test_needed_submodules_and_the_rest_later(workspace: Workspace) -> None:
    workspace.gen("--submodules", "needed")
    assert not any((workspace.tree / TBB).iterdir())
    assert workspace.status() == ""
    before = workspace.snapshot(workspace.tree)
    done = workspace.gen("--submodules", "all")
    assert "fetching 1 pinned commits from 1 repositories" in done.stderr
    assert workspace.head(TBB) == workspace.upstream.pins[TBB]
    assert workspace.status() == ""
    moved = {p for p in changed(before, workspace.snapshot(workspace.tree)) if p in before}
    assert {p for p in moved if not p.startswith(".git/")} == set()
    assert (
        "[fetch] up to date: v1.8.1, 3 submodules" in workspace.gen("--submodules", "needed").stderr
    )


def test_patched_submodule_that_comes_later(workspace: Workspace) -> None:
    """Patches of submodules that are left out wait until the submodule is there."""
    workspace.gen("--profile", "lean", "--submodules", "needed")
    assert workspace.subjects() == SUBJECTS[2:]
    assert not any((workspace.tree / GLOO).iterdir())
    workspace.gen()
    assert workspace.subjects() == SUBJECTS
    assert workspace.status() == ""


def test_dry_run_writes_nothing(workspace: Workspace) -> None:
    before = workspace.snapshot(workspace.base)
    done = workspace.gen("--dry-run", "--submodules", "needed", "-D", "USE_TBB=0")
    assert workspace.snapshot(workspace.base) == before
    assert f"at {workspace.upstream.pins['']}" in done.stdout
    assert f"without {TBB}" in done.stdout
    assert "USE_TBB=0  (-D)" in done.stdout


def test_plan_takes_defines_and_environment(workspace: Workspace) -> None:
    """-D wins over the environment, the environment over version.yaml; other variables are not
    flags."""
    done = workspace.gen(
        *("--dry-run", "--json", "--submodules", "needed", "--profile", "lean"),
        *("-D", "USE_TBB=1", "-D", "BUILD_TEST=a=b"),
        env={"USE_DISTRIBUTED": "ON", "BUILD_TEST": "1", "CXXFLAGS": "-O1 -g", "USER": "me"},
    )
    plan = json.loads(done.stdout)
    flags = {flag["name"]: (flag["value"], flag["origin"]) for flag in plan["flags"]}
    assert flags["USE_TBB"] == ("1", "-D")
    assert flags["BUILD_TEST"] == ("a=b", "-D")
    assert flags["USE_DISTRIBUTED"] == ("ON", "environment")
    assert flags["CXXFLAGS"] == ("-O1 -g", "environment")
    assert flags["DEBUG"] == ("0", "version")
    assert "USER" not in flags
    assert [module["path"] for module in plan["submodules"]] == [GLOO, FMT, TBB]
    assert plan["skipped"] == []


def test_json_result(ready: Workspace) -> None:
    result = json.loads(ready.gen("--json").stdout)
    assert result["version"] == VERSION
    assert result["tree"] == str(ready.tree)
    assert result["base"] == ready.upstream.pins[""]
    assert result["head"] == ready.head()
    assert result["patches"] == NAMES
    assert (result["submodules"], result["overlay"]) == (3, 3)
    assert result["generated"] == ["docs/notes.txt", "env.sh", "manifest.json"]
    assert result["warnings"] == []


def test_json_error(workspace: Workspace) -> None:
    done = workspace.gen("--json", "--profile", "leen", check=False)
    error = json.loads(done.stdout)
    assert (done.code, error["exit_code"], error["stage"]) == (3, 3, "plan")
    assert "did you mean `lean`?" in error["cause"]
    assert error["remedy"]
    assert not workspace.tree.exists()


def test_stages_one_by_one(workspace: Workspace, upstream: Upstream) -> None:
    message = workspace.fails("--only", "patch", code=14)
    assert "[fetch]" in message
    assert str(workspace.tree) in message
    assert "remedy: run `ascendtorch gen` without --only" in message
    workspace.gen("--only", "fetch")
    assert workspace.head() == upstream.pins[""]
    workspace.gen("--only", "patch")
    assert workspace.subjects() == SUBJECTS
    assert not (workspace.tree / "torch" / "npu").exists()
    workspace.gen("--only", "overlay")
    assert (workspace.tree / "torch" / "npu").exists()
    assert not workspace.rendered.exists()
    workspace.gen("--only", "codegen")
    assert (workspace.rendered / "env.sh").exists()
    done = workspace.gen()
    assert done.stderr.count("up to date") == 4


def test_version_switch_keeps_both_trees(ready: Workspace) -> None:
    """The other version's tree waits, whole, with a person's work and its mtimes."""
    (ready.tree / "README.md").write_text("mine\n")
    before = ready.snapshot(ready.tree)
    done = ready.run("gen")
    parked = ready.root / "build" / "trees" / VERSION
    assert f"the tree of 1.8.1 is set aside, whole, in {parked}" in done.stderr
    assert ready.subjects() == ["readme: name the adaptation"]
    assert (ready.root / "build" / "current").read_text() == "1.5.0\n"
    assert ready.snapshot(parked) == before
    done = ready.gen()
    assert f"the tree of 1.8.1 is back from {parked}" in done.stderr
    assert (ready.root / "build" / "current").read_text() == "1.8.1\n"
    assert ready.snapshot(ready.tree) == before
    assert ready.head() == ready.git("rev-parse", "refs/heads/ascendtorch")


def test_new_pin_of_the_same_version(ready: Workspace, upstream: Upstream) -> None:
    """The old tree is set aside, the new one is made; going back brings the old one back."""
    (ready.tree / "README.md").write_text("mine\n")
    tip = gitbench.git(upstream.mirror / "pytorch.git", "rev-parse", "master")
    ready.edit_version(lambda data: data["upstream"].update(commit=tip))
    ready.gen()
    assert ready.git("rev-parse", "refs/ascendtorch/base") == tip
    assert (ready.tree / "README.md").read_text() == "# torch, next\n"
    ready.edit_version(lambda data: data["upstream"].update(commit=upstream.pins[""]))
    ready.gen()
    assert ready.git("rev-parse", "refs/ascendtorch/base") == upstream.pins[""]
    assert (ready.tree / "README.md").read_text() == "mine\n"


def test_moved_workspace(ready: Workspace) -> None:
    """faults.md 58"""
    before = ready.snapshot()
    moved = replace(ready, name="moved")
    ready.root.rename(moved.root)
    assert moved.gen().stderr.count("up to date") == 4
    assert moved.snapshot() == before
    assert moved.status() == ""
    assert moved.git("submodule", "status", "--recursive").count("+") == 0
    path = moved.patches / NAMES[1]
    path.write_bytes(path.read_bytes().replace(b"+#include", b"+# include"))
    assert "1 kept, 3 applied, 1 files written" in moved.gen().stderr
    assert moved.status() == ""


@pytest.mark.parametrize("name", ["two words 昇腾", 'it\'s "quoted"\nand broken'])
def test_odd_folders(tmp_path: Path, upstream: Upstream, zygote: Zygote, name: str) -> None:
    """faults.md 46: the workspace, the cache, the tree and the mirrors."""
    base = tmp_path / name
    base.mkdir()
    place = Workspace(base, upstream, name=f"check out {name}", zygote=zygote).create()
    mirror = tmp_path / "mirror 镜像"
    mirror.symlink_to(upstream.mirror)
    place.map_to(f"file://{mirror}")
    place.gen()
    assert place.subjects() == SUBJECTS
    assert place.status() == ""
    assert place.gen().stderr.count("up to date") == 4
    odd = place.root / name / "tree"
    place.gen("--tree", str(odd))
    assert gitbench.git(odd, "status", "--porcelain", "--ignore-submodules=none") == ""


def test_upstream_files_with_odd_names_can_be_patched(ready: Workspace) -> None:
    """faults.md 46"""
    odd = {
        "docs/说明 1.txt": "第一行\n第二行\n第三行\n第四行\n",
        'docs/it\'s "quoted".txt': "one\ntwo\nthree\nfour\n",
        "docs/新 file.txt": "new\n",
    }
    ready.add_patch("0005-odd.patch", ready.upstream.make_patch(odd))
    ready.gen()
    for name, text in odd.items():
        assert (ready.tree / name).read_text("utf-8") == text
    assert ready.status() == ""
    assert ready.gen().stderr.count("up to date") == 4


def test_without_home(workspace: Workspace) -> None:
    """faults.md 56"""
    workspace.gen(env={"HOME": None})
    assert workspace.status() == ""
    cache = workspace.base / "xdg"
    shutil.rmtree(workspace.tree)
    workspace.gen(env={"HOME": None, "ASCENDTORCH_CACHE": None, "XDG_CACHE_HOME": str(cache)})
    assert list((cache / "ascendtorch" / "git").glob("*.git"))


def test_runs_from_any_folder(ready: Workspace, tmp_path: Path) -> None:
    inside = ready.tree / "torch" / "csrc"
    assert ready.gen(cwd=inside).stderr.count("up to date") == 4
    done = ready.gen(cwd=tmp_path, env={"ASCENDTORCH_ROOT": str(ready.root)})
    assert done.stderr.count("up to date") == 4


def test_build_folder_is_made_again(ready: Workspace) -> None:
    files = {p.name: p.read_bytes() for p in ready.rendered.iterdir() if p.is_file()}
    shutil.rmtree(ready.root / "build")
    ready.gen()
    assert {p.name: p.read_bytes() for p in ready.rendered.iterdir() if p.is_file()} == files


def test_tree_is_made_again(ready: Workspace) -> None:
    """With another series than the rendered files are from: they are ours, not a person's."""
    shutil.rmtree(ready.tree)
    path = ready.patches / NAMES[2]
    path.write_bytes(path.read_bytes().replace(b"+endif()", b"+endif() # npu"))
    ready.gen()
    manifest = json.loads((ready.rendered / "manifest.json").read_text())
    assert manifest["patched_commit"] == ready.head()


def test_two_spellings_of_a_repository_are_fetched_once(workspace: Workspace) -> None:
    """Upstream writes some remotes with ``.git`` and some without."""

    def spell_alike(data: dict[str, Any]) -> None:
        modules = data["submodules"]
        tbb = modules["third_party/tbb"]
        tbb["url"] = modules["third_party/gloo"]["url"].removesuffix(".git")
        tbb["commit"] = modules["third_party/gloo"]["commit"]

    workspace.edit_version(spell_alike)
    done = workspace.gen("--only", "fetch", check=False)
    # The pins contradict the release, which is found after the fetch.
    assert "from 3 repositories" in done.stderr
    assert "waiting for" not in done.stderr
