"""`patch bisect`: the patch that breaks a command, in a tree that ends as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.upstream import EDITS, GLOO
from support.workspace import Workspace

COUNT = 8
BROKEN = "0006-break-it.patch"


@pytest.fixture
def long(ready: Workspace) -> Workspace:
    """A tree with a series of eight patches, the sixth of which breaks things in two modules."""
    upstream, heads = ready.upstream, dict(ready.upstream.finals)
    for number in range(len(EDITS) + 1, COUNT + 1):
        broken = number == 6
        name = BROKEN if broken else f"{number:04}-more.patch"
        module = GLOO if number == 7 else ""
        text = "BROKEN\n" if broken else f"{number}\n"
        path = "gloo/seven.txt" if module else f"tools/{number}.txt"
        data, heads[module] = upstream.make_commit(
            {path: text}, module=module, subject=f"patch {number}", on=heads[module]
        )
        ready.add_patch(name, data)
    ready.gen()
    return ready


def bisect(
    workspace: Workspace, command: str, *arguments: str, code: int = 0, **options: Any
) -> dict[str, Any]:
    done = workspace.run(
        *("patch", "bisect", "--json", "--run", command, *arguments), check=False, **options
    )
    assert done.code == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def status(workspace: Workspace) -> str:
    return str(json.loads(workspace.run("status", "--json", check=False).stdout)["state"])


def test_the_patch_is_found_and_the_tree_is_as_it_was(long: Workspace) -> None:
    before, head = long.files(), long.head()
    trace = long.base / "trace"
    report = bisect(long, f'echo "$ASCENDTORCH_BISECT" >> {trace}; ! grep -rq BROKEN tools')
    assert report["state"] == "found"
    assert [item["name"] for item in report["patches"]] == [BROKEN]
    assert report["patches"][0]["files"] == ["tools/6.txt"]
    tried = [item["applied"] for item in report["tries"]]
    assert tried[0] == COUNT
    assert {5, 6} <= set(tried)
    assert 0 not in tried
    assert len(tried) <= 5
    lasts = [item["last"] for item in report["tries"]]
    assert trace.read_text().split() == lasts
    assert all(Path(item["log"]).is_file() for item in report["tries"])
    assert (long.files(), long.head(), long.status()) == (before, head, "")
    assert status(long) == "clean"


def test_each_try_sees_just_its_patches(long: Workspace) -> None:
    seen = long.base / "seen"
    show = f"ls tools {GLOO}/gloo | grep '[0-9s][.e].*txt' | tr '\\n' ' '"
    bisect(long, f"{show} >> {seen}; echo >> {seen}; exit 1", code=1)
    lines = seen.read_text().splitlines()
    assert sorted(lines[0].split()) == ["5.txt", "6.txt", "8.txt", "seven.txt"]
    assert lines[-1] == ""
    assert status(long) == "clean"


@pytest.mark.parametrize(
    ("command", "state", "tries"), [("true", "works", 1), ("false", "broken", None)]
)
def test_no_patch_is_to_blame(long: Workspace, command: str, state: str, tries: int | None) -> None:
    report = bisect(long, command, code=1)
    assert (report["state"], report["patches"]) == (state, [])
    assert tries is None or len(report["tries"]) == tries


def test_what_cannot_be_tried_is_skipped(long: Workspace) -> None:
    command = 'case "$ASCENDTORCH_BISECT" in 0005*|0006*) exit 125;; esac; ! test -e tools/6.txt'
    report = bisect(long, command, code=1)
    assert report["state"] == "unclear"
    assert [item["name"][:4] for item in report["patches"]] == ["0005", "0006", "0007"]


def test_known_to_be_good(long: Workspace) -> None:
    report = bisect(long, "! grep -rq BROKEN tools", "--good", "0005-more")
    assert report["state"] == "found"
    assert min(item["applied"] for item in report["tries"]) > 5
    done = long.run("patch", "bisect", "--run", "true", "--good", "0099", check=False)
    assert (done.code, "is not in the series" in done.stderr) == (6, True)


def test_nothing_that_stays_the_same_is_touched(long: Workspace) -> None:
    """A compiler cache, and ninja, see only what a prefix changes."""
    before = long.snapshot(long.tree)
    bisect(long, "! grep -rq BROKEN tools", "--good", "0004-tools-add-a-smoke-test")
    after = long.snapshot(long.tree)
    moved = {p for p in before if before[p] != after.get(p) and before[p][0] != "folder"}
    moved = {p for p in moved if ".git" not in Path(p).parts}
    assert moved <= {"tools/5.txt", "tools/6.txt", "tools/8.txt", f"{GLOO}/gloo/seven.txt"}


def test_a_command_that_cannot_be_run_ends_it(long: Workspace) -> None:
    done = long.run("patch", "bisect", "--run", "no-such-program-here", check=False)
    assert done.code == 6
    assert "cannot be run" in done.stderr
    assert status(long) == "clean"


def test_an_edited_tree_is_left_alone(long: Workspace) -> None:
    (long.tree / "README.md").write_text("mine\n")
    done = long.run("patch", "bisect", "--run", "false", check=False)
    assert done.code == 9
    assert "README.md" in done.stderr
    assert (long.tree / "README.md").read_text() == "mine\n"


def test_a_file_that_the_command_changes_is_not_lost(long: Workspace) -> None:
    done = long.run("patch", "bisect", "--run", "echo mine > tools/8.txt; false", check=False)
    assert done.code == 9
    assert "tools/8.txt" in done.stderr
    assert (long.tree / "tools/8.txt").read_text() == "mine\n"


def test_killed_in_the_middle_status_is_true_and_gen_brings_it_back(long: Workspace) -> None:
    before, head = long.files(), long.head()
    command = "test -e tools/8.txt && exit 1; kill -9 $PPID; sleep 0.2"
    done = long.run("patch", "bisect", "--run", command, check=False, module=True)
    assert done.code == -9
    assert not (long.tree / "tools/8.txt").exists()
    assert status(long) == "stale"
    long.gen()
    assert (long.files(), long.head()) == (before, head)
    assert status(long) == "clean"


def test_the_report_for_people(long: Workspace) -> None:
    done = long.run("patch", "bisect", "--run", "echo hello; ! grep -rq BROKEN tools")
    assert "the first patch with which the command fails:\n  0006-break-it.patch: patch 6" in (
        done.stdout
    )
    assert "hello" in done.stderr
    assert "is not listed" not in done.stderr
