"""`patch rebase`: a series made to fit another release, with and without a person's help."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.mounts import mounted, needs_mounts
from support.moving import Moving, lines, ours
from support.upstream import GLOO, VERSION
from support.workspace import Workspace

KILL = """
import os, shutil, signal
from pathlib import Path
count, real = [{at}], (Path.replace, Path.rename, shutil.rmtree)
def counted(which):
    def moved(first, *others, **options):
        if which < 2 or Path(first).name in ("rebase", "work"):
            if count[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            count[0] -= 1
        return real[which](first, *others, **options)
    return moved
Path.replace, Path.rename, shutil.rmtree = counted(0), counted(1), counted(2)
"""


def rebase(workspace: Workspace, *arguments: str, code: int = 0, **options: Any) -> dict[str, Any]:
    done = workspace.run("patch", "rebase", "--json", *arguments, check=False, **options)
    assert done.code == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def begin(workspace: Workspace, tag: str, *more: str, **options: Any) -> dict[str, Any]:
    return rebase(workspace, "-v", VERSION, "--onto", tag, *more, **options)


def folder(workspace: Workspace, version: str) -> Path:
    return workspace.root / "patch" / version


def everything(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in path.iterdir()}


def resolve_all(workspace: Workspace) -> dict[str, Any]:
    """Lead a rebase onto v1.9.0 to its end, from wherever it is."""
    work = workspace.root / "build" / "rebase" / "work"
    for _ in range(6):
        state = workspace.root / "build" / "rebase" / "state.json"
        if not state.is_file():
            if folder(workspace, "1.9.0").exists():
                return {"state": "done"}
            report = begin(workspace, "v1.9.0", code=1)
        else:
            stopped = json.loads(state.read_text())["stopped"]
            if stopped is None:
                done = workspace.run("patch", "rebase", "--json", "--continue", check=False)
            elif stopped.startswith("0005"):
                text = ours("conflict", 5, 20, 35).replace("conflict 38\n", "touched\n")
                (work / "src/conflict.c").write_text(text)
                done = workspace.run("patch", "rebase", "--json", "--continue", check=False)
            else:
                done = workspace.run("patch", "rebase", "--json", "--skip", check=False)
            assert done.code in (0, 1), done.stderr
            report = json.loads(done.stdout)
        if report["state"] == "done":
            return dict(report)
    raise AssertionError("it does not end")


def test_onto_a_release_that_needs_nobody(moved: Workspace, moving: Moving) -> None:
    before = everything(moved.patches)
    report = begin(moved, "v1.8.2")
    assert report["state"] == "done"
    assert {step["patch"]: step["outcome"] for step in report["done"]} == {
        name: "offset" if "offset" in name else "clean" for name in moved.series
    }
    made = folder(moved, "1.8.2")
    assert everything(moved.patches) == before
    # What fits as it is stays as it is, byte for byte.
    assert {n for n, raw in everything(made).items() if raw != before.get(n)} == {
        "0002-offset.patch",
        "version.yaml",
    }
    data = yaml.safe_load((made / "version.yaml").read_text())
    assert (data["version"], data["wheel"]["version"]) == ("1.8.2", "1.8.2+ascend")
    assert data["upstream"]["commit"] == moving.commits["v1.8.2"]
    assert not (moved.root / "build" / "rebase").exists()
    assert not moved.tree.exists()
    moved.run("gen", "-v", "1.8.2")
    assert (moved.tree / "src/offset.c").read_text() == "top\n" + ours("offset")
    assert moved.status() == ""


def test_what_others_wrote_stays_as_they_wrote_it(moved: Workspace) -> None:
    signed = moved.patches / "0001-clean.patch"
    signed.write_bytes(signed.read_bytes() + b"-- \n2.20.1\n\n")
    report = begin(moved, "v1.8.2")
    assert signed.name in report["unchanged"]
    assert (folder(moved, "1.8.2") / signed.name).read_bytes() == signed.read_bytes()


def test_a_file_that_is_taken_out_of_the_work_folder_is_removed(moved: Workspace) -> None:
    begin(moved, "v1.9.0", code=1)
    (moved.root / "build/rebase/work/src/conflict.c").unlink()
    rebase(moved, "--continue", code=1)
    state = json.loads((moved.root / "build/rebase/state.json").read_text())
    assert state["done"][4]["results"] == {"src/conflict.c": None}


def test_a_release_that_needs_a_person(moved: Workspace, moving: Moving) -> None:
    report = begin(moved, "v1.9.0", code=1)
    work = moved.root / "build" / "rebase" / "work"
    assert (report["patch"], report["number"]) == ("0005-conflict.patch", 5)
    (file,) = report["files"]
    assert [hunk["state"] for hunk in file["hunks"]] == ["fits", "conflict", "merge"]
    assert file["hunks"][1]["there"][3] == "conflict 20, upstream's"
    assert file["changed_by"][0]["subject"] == "Release 1.9.0"
    assert file["hunks"][1]["by"]["subject"] == "Release 1.9.0"
    assert file["work"] == str(work / "src/conflict.c")
    text = (work / "src/conflict.c").read_text()
    # The hunks that fit are in it already.
    assert "conflict 5 for npu\n" in text
    assert "conflict 35 for npu\n" in text
    assert "<<<<<<< v1.9.0\nconflict 20, upstream's\n=======\nconflict 20 for npu\n" in text

    refused = moved.run("patch", "rebase", "--continue", check=False)
    assert refused.code == 6
    assert "conflict.c:20: a conflict marker is still there" in refused.stderr
    assert (work / "src/conflict.c").read_text() == text

    (work / "src/conflict.c").write_text(lines("conflict", {20: "both", 38: "touched"}))
    (work / "npu").mkdir()
    (work / "npu/more.txt").write_text("added by hand\n")
    report = rebase(moved, "--continue", code=1)
    assert report["patch"] == "0007-deleted.patch"
    assert [step["outcome"] for step in report["done"]] == [
        *("clean", "offset", "upstream", "merge", "resolved", "renamed"),
    ]
    (file,) = report["files"]
    assert file["commit"]["subject"] == "Drop deleted.c"
    assert "deleted 20 for npu" in (work / "src/deleted.c").read_text()
    (work / "src/deleted.c").unlink()
    refused = moved.run("patch", "rebase", "--continue", check=False)
    assert "nothing of 0007-deleted.patch is left" in refused.stderr
    report = rebase(moved, "--skip", code=1)
    assert report["patch"] == "0012-deleted-again.patch"
    assert "0007-deleted.patch before it does not fit" in report["files"][0]["note"]
    report = rebase(moved, "--skip")
    assert report["dropped"] == [
        *("0003-upstream.patch", "0007-deleted.patch", "0012-deleted-again.patch"),
    ]

    made = folder(moved, "1.9.0")
    names = (made / "series").read_text().split()
    assert names == [n for n in moved.series if n not in report["dropped"]]
    data = yaml.safe_load((made / "version.yaml").read_text())
    assert data["submodules"][GLOO]["commit"] == moving.gloo["v1.9.0"]
    renamed = (made / "0006-renamed.patch").read_text()
    assert "a/lib/renamed.c b/lib/renamed.c" in renamed
    assert "Subject: [PATCH] renamed" in renamed
    moved.run("gen", "-v", "1.9.0")
    assert moved.status() == ""
    wanted = {
        "src/clean.c": ours("clean", 20, 21),
        "src/offset.c": "top\nof\nit\n" + ours("offset"),
        "src/upstream.c": ours("upstream"),
        "src/merge.c": lines("merge", {18: "merge 18, changed", 20: "merge 20 for npu"}),
        "src/conflict.c": lines("conflict", {20: "both", 38: "touched"}),
        "lib/renamed.c": ours("renamed", 10, 20).replace("renamed 38\n", "touched\n"),
        "npu/more.txt": "added by hand\n",
        "npu/new.txt": "new\n",
        f"{GLOO}/device.cc": "one more\n" + ours("device"),
    }
    assert {path: (moved.tree / path).read_text() for path in wanted} == wanted


def test_the_report_for_people(moved: Workspace) -> None:
    done = moved.run("patch", "rebase", "-v", VERSION, "--onto", "v1.9.0", check=False)
    assert done.code == 1
    for line in (
        "0005-conflict.patch (5 of 12) does not fit v1.9.0",
        "src/conflict.c: conflict, upstream changed the same lines",
        "hunk 2 @@ -17,7 +17,7 @@: conflict at line 17",
        "+conflict 20 for npu",
        "conflict 20, upstream's",
        "--continue",
    ):
        assert line in done.stdout
    assert (moved.root / "build/rebase/report.txt").read_text() == done.stdout


def test_abort_leaves_nothing(moved: Workspace) -> None:
    before = moved.snapshot(moved.root / "patch")
    begin(moved, "v1.9.0", code=1)
    assert rebase(moved, "--abort") == {"state": "aborted"}
    assert moved.snapshot(moved.root / "patch") == before
    assert not (moved.root / "build" / "rebase").exists()
    assert moved.run("patch", "rebase", "--abort", check=False).code == 14


def test_refusals(moved: Workspace) -> None:
    def fails(code: int, said: str, *arguments: str) -> None:
        done = moved.run("patch", "rebase", *arguments, check=False)
        assert (done.code, said in done.stderr) == (code, True), done.stderr

    fails(2, "say one of", "--skip", "--continue")
    fails(14, "no rebase is under way", "--continue")
    fails(5, "there is no tag", "-v", VERSION, "--onto", "v7.7.7")
    fails(2, "names no version; add --as", "-v", VERSION, "--onto", "v1.9.0-rc1")
    fails(14, "has a patch set already", "-v", VERSION, "--onto", "v1.5.0")
    begin(moved, "v1.9.0", code=1)
    fails(14, "a rebase onto v1.9.0 is under way", "-v", VERSION, "--onto", "v1.8.2")
    moved.series = moved.series[:-1]
    fails(14, "the series changed", "--continue")


def test_with_missing_objects_nothing_begins(moved: Workspace) -> None:
    moved.map_to(f"file://{moved.upstream.mirror}", gloo="https://example.invalid/gone.git")
    arguments = ("patch", "rebase", "-v", VERSION, "--onto", "v1.9.0", "--offline")
    done = moved.run(*arguments, check=False)
    assert done.code == 5
    assert f"the objects of {GLOO}" in done.stderr
    assert not (moved.root / "build/rebase/state.json").exists()


@pytest.mark.parametrize("at", [0, 3, 5, 6])
def test_killed_anywhere_it_goes_on(moved: Workspace, moving: Moving, at: int) -> None:
    reference = everything(_undisturbed(moved, moving))
    before = moved.snapshot(moved.root / "patch" / VERSION)
    killed = moved.run(
        *("patch", "rebase", "--json", "-v", VERSION, "--onto", "v1.9.0"),
        prelude=KILL.format(at=at),
        check=False,
    )
    assert killed.code == -9, killed.stderr
    for _ in range(2):
        state = moved.root / "build" / "rebase" / "state.json"
        if state.is_file() and json.loads(state.read_text())["stopped"]:
            break
        arguments = ("--continue",) if state.is_file() else ("-v", VERSION, "--onto", "v1.9.0")
        moved.run("patch", "rebase", *arguments, check=False)
    resolve_all(moved)
    assert everything(folder(moved, "1.9.0")) == reference
    assert moved.snapshot(moved.root / "patch" / VERSION) == before


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_killed_on_going_on_what_was_resolved_is_kept(
    moved: Workspace, moving: Moving, at: int
) -> None:
    begin(moved, "v1.9.0", code=1)
    rebase_folder = moved.root / "build" / "rebase"
    file = rebase_folder / "work/src/conflict.c"
    mine = ours("conflict", 5, 20, 35).replace("conflict 38\n", "touched\n")
    file.write_text(mine)
    killed = moved.run("patch", "rebase", "--continue", prelude=KILL.format(at=at), check=False)
    assert killed.code == -9, killed.stderr
    done = json.loads((rebase_folder / "state.json").read_text())["done"]
    assert len(done) >= 5 or file.read_text() == mine
    if len(done) >= 5:
        moved.run("patch", "rebase", "--continue", check=False)
    resolve_all(moved)
    assert everything(folder(moved, "1.9.0")) == everything(_undisturbed(moved, moving))


@needs_mounts
@pytest.mark.parametrize("size", ["16k", "120k", "200k"])
def test_a_full_disk_is_named(moved: Workspace, size: str) -> None:
    arguments = ("patch", "rebase", "--json", "-v", VERSION, "--onto", "v1.8.2")
    before = moved.snapshot(moved.root / "patch")
    wrapper = mounted(moved.root / "build", f"size={size}")
    done = moved.run(*arguments, wrapper=wrapper, check=False)
    assert done.code == 15, done.stderr
    assert "No space left" in done.stderr
    assert moved.snapshot(moved.root / "patch") == before
    assert begin(moved, "v1.8.2")["state"] == "done"


def test_two_at_once(moved: Workspace) -> None:
    gate = moved.base / "gate"
    gate.touch()
    first = moved.start(
        *("patch", "rebase", "-v", VERSION, "--onto", "v1.8.2"),
        prelude="import pathlib, time\nfrom ascendtorch.upkeep import sources\n"
        "real = sources.Sources.resolve\n"
        f"gate = pathlib.Path({str(gate)!r})\n"
        "def held(*a):\n    while gate.exists():\n        time.sleep(0.02)\n"
        "    return real(*a)\n"
        "sources.Sources.resolve = held",
    )
    lock = moved.root / "build" / "workspace.lock.owner"
    while not lock.exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = moved.run("patch", "rebase", "--abort", check=False)
    assert (second.code, str(first.pid) in second.stderr) == (13, True)
    gate.unlink()
    first.communicate(timeout=120)
    assert first.returncode == 0


@pytest.mark.parametrize("at", [0, 12, 21, 27, 28, 29, 30])
def test_killed_at_the_end_it_is_there_or_not(moved: Workspace, at: int) -> None:
    arguments = ("patch", "rebase", "--json", "-v", VERSION, "--onto", "v1.8.2")
    killed = moved.run(*arguments, prelude=KILL.format(at=at), check=False)
    assert killed.code == -9, killed.stderr
    made = folder(moved, "1.8.2")
    if made.exists():
        assert (made / "series").read_text().split() == moved.series
        (made / "note.txt").write_text("edited since")
    if (moved.root / "build/rebase/state.json").exists():
        kept = made.exists()
        assert rebase(moved, "--continue")["state"] == "done"
        assert (made / "note.txt").exists() == kept
    elif not made.exists():
        assert begin(moved, "v1.8.2")["state"] == "done"
    assert not (moved.root / "build" / "rebase" / "state.json").exists()
    assert not list((moved.root / "patch").glob(".*"))
    moved.run("gen", "-v", "1.8.2", "--dry-run")


_reference: dict[str, Path] = {}


def _undisturbed(workspace: Workspace, moving: Moving) -> Path:
    """The folder that a rebase onto v1.9.0 makes which nobody kills; made once."""
    if "made" not in _reference:
        base = workspace.base.parent / f"{workspace.base.name}-reference"
        base.mkdir()
        other = Workspace(base, moving.upstream, zygote=workspace.zygote).create()
        resolve_all(other)
        _reference["made"] = folder(other, "1.9.0")
    return _reference["made"]
