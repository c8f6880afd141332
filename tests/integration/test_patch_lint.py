"""`patch lint` as a command: exit codes, JSON, and what it knows from a tree."""

from __future__ import annotations

import json

from support.upstream import EDITS, Upstream
from support.workspace import Workspace, changed

NAMES = [edit.name for edit in EDITS]


def test_warnings_do_not_fail_unless_asked(ready: Workspace) -> None:
    before = ready.snapshot()
    done = ready.run("patch", "lint")
    assert f"warning: {ready.patches / NAMES[3]}: adds tools/npu_smoke.py" in done.stdout
    assert "[own-file]\n  remedy: put it below pytorch_src" in done.stdout
    assert done.stdout.endswith("0 errors, 1 warnings\n")
    assert changed(before, ready.snapshot()) == set()
    assert ready.run("patch", "lint", "--strict", check=False).code == 6


def test_errors_fail_and_all_are_listed(ready: Workspace, upstream: Upstream) -> None:
    ready.add_patch("0005-empty.patch", b"")
    ready.series = [*ready.series, "0009-none.patch", NAMES[0]]
    done = ready.run("patch", "lint", "--json", check=False)
    assert done.code == 6
    found = json.loads(done.stdout)["findings"]
    assert [item["rule"] for item in found] == ["own-file", "empty", "missing", "duplicate"]
    assert {item["level"] for item in found[1:]} == {"error"}


def test_the_release_is_looked_at_where_it_is(workspace: Workspace) -> None:
    """An overlay file over one of upstream's needs the tree to be seen; a patched one does not."""
    ours = workspace.sources / "npu" / "python" / "__init__.py"
    ours.with_name("setup.py").write_text("ours\n")
    ours.with_name("CMakeLists.txt").write_text("ours\n")
    workspace.edit_version(lambda data: data["overlay"].append({"from": "top", "to": "."}))
    top = workspace.sources / "top"
    top.mkdir()
    (top / "setup.py").write_text("ours\n")
    (top / "CMakeLists.txt").write_text("ours\n")
    workspace.series = NAMES[:3]
    shown = workspace.run("patch", "lint", "-v", "1.8.1", check=False).stdout
    assert "CMakeLists.txt is covered by the overlay's CMakeLists.txt [shadowed]" in shown
    assert "covers the release's" not in shown
    workspace.gen("--only", "fetch")
    shown = workspace.run("patch", "lint", "-v", "1.8.1", check=False).stdout
    assert "the overlay's setup.py covers the release's setup.py [shadowed]" in shown
