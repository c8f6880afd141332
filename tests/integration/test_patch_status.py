"""`patch status`: what became of every patch and every file of it."""

from __future__ import annotations

import json
from typing import Any

from support.upstream import EDITS, FMT, GLOO, TBB, Upstream
from support.workspace import Workspace, changed

NAMES = [edit.name for edit in EDITS]
DEVICE = f"{GLOO}/gloo/transport/tcp/device.cc"
CORE = f"{FMT}/include/fmt/core.h"


def status(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    """The state as data; the exit code says whether it is clean, and nothing was changed."""
    before = workspace.snapshot()
    done = workspace.run("patch", "status", "-v", "1.8.1", "--json", *arguments, check=False)
    assert {p for p in changed(before, workspace.snapshot()) if "/objects/" not in p} == set()
    result: dict[str, Any] = json.loads(done.stdout)
    assert done.code == (0 if result["clean"] else 1), done.stderr
    return result


def states(result: dict[str, Any]) -> list[str]:
    return [item["state"] for item in result["patches"]]


def files(result: dict[str, Any], number: int) -> dict[str, str]:
    return {item["path"]: item["state"] for item in result["patches"][number]["files"]}


def test_clean(ready: Workspace) -> None:
    result = status(ready)
    assert result["clean"] is True
    assert states(result) == ["clean"] * 4
    assert result["unexported"] == result["uncommitted"] == result["notes"] == []
    shown = ready.run("patch", "status").stdout
    assert shown == "".join(f"clean    {name}\n" for name in NAMES)


def test_no_tree(workspace: Workspace) -> None:
    result = status(workspace)
    assert (result["clean"], result["tree"]) == (False, "missing")
    assert states(result) == ["missing"] * 4
    assert result["patches"][0]["reasons"] == ["there is no tree of this version; run gen"]


def test_a_tree_that_is_not_ours(workspace: Workspace) -> None:
    workspace.tree.mkdir()
    (workspace.tree / "mine.txt").write_text("mine\n")
    assert status(workspace)["tree"] == "foreign"


def test_not_applied_applied_by_hand_and_partly(workspace: Workspace) -> None:
    """faults.md 22: a tool that stopped on the way is seen, file by file."""
    workspace.gen("--only", "fetch")
    assert states(status(workspace)) == ["missing"] * 4
    workspace.git("apply", str(workspace.patches / NAMES[2]))
    result = status(workspace)
    assert states(result) == ["missing", "missing", "applied", "missing"]
    assert result["patches"][2]["reasons"] == ["it is not applied yet; run gen"]
    workspace.git("checkout", "--quiet", "torch/__init__.py")
    result = status(workspace)
    assert states(result)[2] == "partial"
    assert files(result, 2) == {"CMakeLists.txt": "applied", "torch/__init__.py": "missing"}
    assert "its change is missing in torch/__init__.py" in result["patches"][2]["reasons"]
    assert result["uncommitted"] == ["CMakeLists.txt"]


def test_edited(ready: Workspace) -> None:
    (ready.tree / CORE).write_text("mine\n")
    (ready.tree / "new.txt").write_text("mine\n")
    (ready.tree / "setup.py").write_text("mine\n")
    result = status(ready)
    assert states(result) == ["clean", "edited", "clean", "clean"]
    assert files(result, 1) == {CORE: "edited"}
    assert result["patches"][1]["reasons"] == [f"not committed: {CORE}"]
    assert result["uncommitted"] == ["new.txt", "setup.py", CORE]
    shown = ready.run("patch", "status", check=False).stdout
    assert f"edited   {NAMES[1]}\n         not committed: {CORE}\n" in shown
    assert "not committed: setup.py\n" in shown


def test_amended_and_made_anew(ready: Workspace) -> None:
    (ready.tree / CORE).write_text((ready.tree / CORE).read_text() + "// more\n")
    ready.git("commit", "--quiet", "--all", "--amend", "--no-edit", module=FMT)
    # Another committer date is another commit of the same change.
    ready.git(
        "commit", "--quiet", "--amend", "--no-edit", GIT_COMMITTER_DATE="2020-02-02T02:02:02Z"
    )
    result = status(ready)
    assert states(result) == ["clean", "drifted", "clean", "applied"]
    assert result["patches"][1]["reasons"] == [
        "its commit was changed; run `ascendtorch patch export`"
    ]
    assert result["patches"][3]["reasons"] == [
        "its commit was made anew; run `ascendtorch patch export`"
    ]
    assert [(c["repository"], c["patch"]) for c in result["unexported"]] == [
        ("", NAMES[3]),
        (FMT, NAMES[1]),
    ]
    ready.run("patch", "export")
    assert status(ready)["clean"] is True


def test_removed_commit_and_new_commits(ready: Workspace) -> None:
    ready.git("reset", "--quiet", "--hard", "HEAD~1")
    for module in ("", TBB):
        (ready.tree / module / "mine.txt").write_text("mine\n")
        ready.git("add", "mine.txt", module=module)
        ready.git("commit", "--quiet", "-m", f"mine{module}", module=module)
    result = status(ready)
    assert states(result) == ["clean", "clean", "clean", "missing"]
    assert result["patches"][3]["reasons"] == ["its commit is not in the tree any more"]
    assert [(c["repository"], c["subject"], c["patch"]) for c in result["unexported"]] == [
        ("", "mine", None),
        (TBB, f"mine{TBB}", None),
    ]


def test_patches_that_changed_since(ready: Workspace, upstream: Upstream) -> None:
    data = upstream.patches[NAMES[2]]
    (ready.patches / NAMES[2]).write_bytes(data.replace(b"+endif()", b"+endif() # npu"))
    ready.add_patch("0005-new.patch", upstream.make_patch({"new.txt": "new\n"}))
    (ready.patches / NAMES[3]).unlink()
    ready.series = [name for name in ready.series if name != NAMES[3]]
    result = status(ready)
    assert states(result) == ["clean", "clean", "partial", "missing"]
    assert result["patches"][2]["reasons"][0] == (
        "the patch file changed since it was applied; run gen"
    )
    assert result["patches"][3]["reasons"] == ["it is not applied yet; run gen"]
    assert result["notes"] == [f"{NAMES[3]} is applied and not in the series any more; run gen"]
    ready.gen()
    assert status(ready)["clean"] is True


def test_a_new_header_alone_is_drift(ready: Workspace, upstream: Upstream) -> None:
    data = upstream.patches[NAMES[3]].replace(b"One command", b"A command")
    (ready.patches / NAMES[3]).write_bytes(data)
    assert states(status(ready))[3] == "drifted"


def test_another_order_is_noted(ready: Workspace) -> None:
    ready.series = [NAMES[0], NAMES[1], NAMES[3], NAMES[2]]
    result = status(ready)
    assert result["clean"] is False
    assert result["notes"] == [
        "the series has another order than the one that was applied; run gen"
    ]


def test_submodules_that_are_not_there(workspace: Workspace) -> None:
    workspace.gen("--profile", "lean", "--submodules", "needed")
    result = status(workspace)
    assert states(result) == ["absent", "absent", "clean", "clean"]
    assert result["clean"] is True


def test_an_interrupted_run(ready: Workspace) -> None:
    prelude = """
import os, signal
from ascendtorch.stages import promote
promote.finish = lambda state: os.kill(os.getpid(), signal.SIGKILL)
"""
    ready.series = NAMES[:3]
    ready.gen(prelude=prelude, check=False)
    assert status(ready)["tree"] == "interrupted"
    ready.gen()
    assert status(ready)["clean"] is True
