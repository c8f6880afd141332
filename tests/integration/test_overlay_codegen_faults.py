"""Faults of overlay and codegen: collisions, odd names, bad templates, people's edits, kills."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.upstream import GLOO, TBB, Upstream
from support.workspace import VERSION, Reference, Workspace

OURS = "torch/npu/__init__.py"


@contextmanager
def untouched(workspace: Workspace) -> Iterator[None]:
    """Nothing in the tree and among the rendered files may change."""
    before = workspace.files(), workspace.snapshot(workspace.rendered)
    yield
    assert (workspace.files(), workspace.snapshot(workspace.rendered)) == before


def refused(workspace: Workspace, *arguments: str, code: int = 7) -> str:
    """The message of a refusal, after which everything is as it was."""
    with untouched(workspace):
        message = workspace.fails(*arguments, code=code)
    assert "\n  remedy: " in message
    return message


def source(workspace: Workspace, name: str, text: str = "ours\n") -> Path:
    """Add a file to the overlay of the Python module, or above it with `..`."""
    path = workspace.sources / "npu" / "python" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def all_over(workspace: Workspace, folder: str) -> Path:
    """Lay another folder of sources over the whole tree."""
    workspace.edit_version(lambda data: data["overlay"].append({"from": folder, "to": "."}))
    path = workspace.sources / folder
    path.mkdir(parents=True)
    return path


# -- collisions


def test_overlay_shadows_an_upstream_file(ready: Workspace, reference: Reference) -> None:
    """faults.md 37"""
    ours = all_over(ready, "top")
    (ours / "setup.py").write_text("ours\n")
    message = refused(ready)
    assert f"[overlay] {ready.sources}: setup.py is an upstream file" in message
    assert "remedy: rename ours, or change upstream's by a patch" in message
    (ours / "setup.py").unlink()
    ready.gen()
    reference.check(ready)


def test_overlay_shadows_a_file_that_a_patch_adds(ready: Workspace) -> None:
    """faults.md 37"""
    (all_over(ready, "top") / "tools").mkdir()
    (ready.sources / "top" / "tools" / "npu_smoke.py").write_text("ours\n")
    assert "tools/npu_smoke.py is an upstream file" in refused(ready)


@pytest.mark.parametrize("module", [GLOO, TBB])
def test_overlay_in_a_submodule(ready: Workspace, module: str) -> None:
    """faults.md 37"""
    path = all_over(ready, "top") / module / "ours.h"
    path.parent.mkdir(parents=True)
    path.write_text("ours\n")
    message = refused(ready)
    assert f"{module}/ours.h lies in the submodule {module}" in message
    assert "change submodules by patches" in message


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("Setup.py", "Setup.py and setup.py differ only in case"),
        ("torch/npu/__INIT__.py", "differ only in case"),
        ("torch", "torch is a folder"),
        ("version.txt/x", "version.txt/x cannot lie in version.txt, which is a file"),
    ],
)
def test_names_that_some_file_systems_fold(ready: Workspace, name: str, cause: str) -> None:
    """faults.md 38"""
    path = all_over(ready, "top") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("ours\n")
    assert cause in refused(ready)


def test_two_sources_for_one_file(ready: Workspace) -> None:
    path = all_over(ready, "top") / OURS
    path.parent.mkdir(parents=True)
    path.write_text("ours\n")
    message = refused(ready)
    assert f"[overlay] {path}: goes to {OURS}, and so does " in message


# -- odd names and kinds


def test_odd_names_in_the_overlay(ready: Workspace) -> None:
    """faults.md 46: laid into the tree, unknown to `git status`, and taken away again."""
    names = ["two words.py", "昇腾.py", 'it\'s "quoted".py', "#!*?[x].py", " edge ", "back\\slash"]
    paths = [source(ready, name) for name in names]
    raw = Path(os.fsdecode(os.fsencode(paths[0].parent) + b"/\xff\xfe.py"))
    raw.write_text("ours\n")
    ready.gen()
    for path in (*paths, raw):
        assert (ready.tree / "torch" / "npu" / path.name).read_text() == "ours\n"
    assert ready.status() == ""
    assert ready.gen().stderr.count("up to date") == 4
    for path in (*paths, raw):
        path.unlink()
    ready.gen()
    assert os.listdir(ready.tree / "torch" / "npu") == ["__init__.py"]  # noqa: PTH208


def test_line_break_in_a_name(ready: Workspace) -> None:
    """faults.md 46"""
    source(ready, "line\nbreak.py")
    assert "refused: a NUL or line break in the path" in refused(ready)


@pytest.mark.parametrize("name", [".git/hooks/post-checkout", ".GIT/config", "git~1/config"])
def test_git_folder_in_the_overlay(ready: Workspace, name: str) -> None:
    source(ready, name)
    assert "refused: a `.git` component in the path" in refused(ready)


def test_link_in_the_overlay(ready: Workspace) -> None:
    path = source(ready, "a.py").with_name("link.py")
    path.symlink_to("/etc/passwd")
    message = refused(ready)
    assert f"[overlay] {path}: a symbolic link in the overlay" in message


def test_linked_folder_in_the_overlay(ready: Workspace) -> None:
    path = ready.sources / "npu" / "python" / "linked"
    path.symlink_to(ready.base)
    assert f"[overlay] {path}: a symbolic link in the overlay" in refused(ready)


def test_overlay_folder_is_missing(ready: Workspace) -> None:
    shutil.rmtree(ready.sources / "npu" / "runtime")
    message = refused(ready)
    assert f"[overlay] {ready.sources / 'npu' / 'runtime'}: the overlay folder does not" in message
    assert str(ready.patches / "version.yaml") in message


def test_overlay_that_leaves_the_tree(ready: Workspace) -> None:
    ready.edit_version(lambda data: data["overlay"].append({"from": "npu/python", "to": "../x"}))
    message = refused(ready, code=3)
    assert "`overlay[2].to` is refused: `..` in the path" in message


def test_leftovers_of_python_are_not_sources(ready: Workspace, reference: Reference) -> None:
    source(ready, "__pycache__/a.cpython-311.pyc")
    source(ready, "b.pyc")
    assert ready.gen().stderr.count("up to date") == 4
    reference.check(ready)


# -- people's edits


def test_overlay_file_edited_in_the_tree(ready: Workspace) -> None:
    """faults.md 36: refused; with --force a copy is kept."""
    (ready.tree / OURS).write_text("mine\n")
    message = refused(ready, code=9)
    assert f"[overlay] {ready.tree}: " in message
    assert OURS in message
    ready.gen("--force")
    (kept,) = (ready.state / "backup").rglob("__init__.py")
    assert kept.read_text() == "mine\n"
    expected = (ready.sources / "npu" / "python" / "__init__.py").read_text()
    assert (ready.tree / OURS).read_text() == expected


def test_file_of_a_person_where_ours_goes(ready: Workspace) -> None:
    """faults.md 36"""
    (ready.tree / "torch" / "npu" / "new.py").write_text("mine\n")
    source(ready, "new.py")
    assert "torch/npu/new.py" in refused(ready, code=9)


def test_removed_overlay_file(ready: Workspace) -> None:
    """faults.md 45: it goes, with folders that become empty; an edited one stays."""
    paths = [source(ready, name) for name in ("deep/er/a.py", "b.py")]
    ready.gen()
    assert (ready.tree / "torch" / "npu" / "deep" / "er" / "a.py").exists()
    for path in paths:
        path.unlink()
    (ready.tree / "torch" / "npu" / "b.py").write_text("mine\n")
    assert "torch/npu/b.py" in refused(ready, code=9)
    (ready.tree / "torch" / "npu" / "b.py").write_text("ours\n")
    ready.gen()
    assert [p.name for p in (ready.tree / "torch" / "npu").iterdir()] == ["__init__.py"]
    assert ready.status() == ""


def test_changed_overlay_file_is_the_only_one_written(ready: Workspace) -> None:
    source(ready, "other.py")
    ready.gen()
    before = ready.snapshot(ready.tree)
    source(ready, "other.py", "changed\n")
    assert "[overlay] 4 files: 1 written, 0 removed" in ready.gen().stderr
    after = ready.snapshot(ready.tree)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {p for p in changed if not p.startswith(".git/") and after[p][0] != "folder"} == {
        "torch/npu/other.py"
    }


def test_folder_became_a_link(ready: Workspace) -> None:
    """Nothing is written through it."""
    outside = ready.base / "outside"
    shutil.move(str(ready.tree / "torch" / "npu"), outside)
    (ready.tree / "torch" / "npu").symlink_to(outside)
    source(ready, "new.py")
    message = ready.fails(code=9)
    assert f"[overlay] {ready.tree / 'torch' / 'npu'}: a folder was replaced" in message
    assert not (outside / "new.py").exists()


def test_rendered_file_edited(ready: Workspace) -> None:
    """faults.md 36"""
    (ready.rendered / "env.sh").write_text("mine\n")
    message = refused(ready, code=9)
    assert f"[codegen] {ready.rendered}: " in message
    assert "env.sh" in message
    ready.gen("--force")
    (kept,) = (ready.rendered / "backup").rglob("env.sh")
    assert kept.read_text() == "mine\n"
    assert "ASCENDTORCH_VERSION" in (ready.rendered / "env.sh").read_text()


# -- templates


def template(workspace: Workspace, text: str, name: str = "notes.txt.j2") -> Path:
    path = workspace.root / "templates" / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("fine\n{{ vresion }}\n", 2, "'vresion' is undefined"),
        ("{% if version %}\nfine\n", 2, "Unexpected end of template"),
        ("{{ ''.__class__.__mro__ }}\n", 1, "unsafe"),
        ("{% include '../patch/catalog.yaml' %}\n", 1, "no such template"),
        ("\n\n{{ layout + 1 }}\n", 3, "can only concatenate str"),
        ("{{ 'a\\nb' | sh }}\n", 1, "a line break in a value for the shell"),
    ],
)
def test_wrong_template(ready: Workspace, text: str, line: int, cause: str) -> None:
    """faults.md 39, 40: the second of two; the first, changed as well, is not written either."""
    path = template(ready, text)
    template(ready, "changed {{ version }}\n", "env.sh.j2")
    message = refused(ready, code=8)
    assert "[codegen] " in message
    assert cause in message
    if "include" not in text:
        assert f"{path}:{line}: " in message


def test_template_is_missing(ready: Workspace) -> None:
    path = ready.root / "templates" / "notes.txt.j2"
    path.unlink()
    message = refused(ready, code=8)
    assert f"[codegen] {path}: no such template" in message
    assert "version.yaml" in message


def test_values_are_never_templates(ready: Workspace) -> None:
    """Nor do they reach the shell unquoted."""
    hostile = "{{ 7 * 7 }}'; touch evil; '$(touch evil)"

    def change(data: dict[str, Any]) -> None:
        data["templates"][0]["values"] = {"task_queue": hostile}

    ready.edit_version(change)
    template(ready, "export X={{ task_queue | sh }}\n", "env.sh.j2")
    ready.gen()
    expected = hostile.replace("'", "'\"'\"'")
    assert (ready.rendered / "env.sh").read_text() == f"export X='{expected}'\n"


@pytest.mark.parametrize("output", ["manifest.json", "codegen.json"])
def test_output_that_is_ours(ready: Workspace, output: str) -> None:
    ready.edit_version(lambda data: data["templates"][1].update(output=output))
    message = refused(ready, code=8)
    where = ready.patches / "version.yaml"
    assert f"[codegen] {where}: {output} is a file that ascendtorch itself writes" in message


def test_output_is_no_longer_generated(ready: Workspace) -> None:
    """faults.md 45: it goes; an edited one stays until somebody decides."""
    ready.edit_version(lambda data: data["templates"].pop())
    notes = ready.rendered / "docs" / "notes.txt"
    text = notes.read_text()
    notes.write_text("mine\n")
    assert "docs/notes.txt" in refused(ready, code=9)
    notes.write_text(text)
    ready.gen()
    assert not (ready.rendered / "docs").exists()
    assert (ready.rendered / "env.sh").exists()


def test_output_that_leaves_the_build_folder(ready: Workspace) -> None:
    ready.edit_version(lambda data: data["templates"][1].update(output="../../gen.sh"))
    assert "`templates[1].output` is refused: `..` in the path" in refused(ready, code=3)


# -- kills

KILL = """
import os, pathlib, signal
from ascendtorch.stages import recorded
real, count, publish = pathlib.Path.replace, [None], recorded.publish
def replace(self, target):
    result = real(self, target)
    if count[0] is not None:
        count[0] += 1
        if count[0] == {number}:
            os.kill(os.getpid(), signal.SIGKILL)
    return result
def begun(*args, **options):
    if options["stage"] == "{stage}":
        count[0] = 0
    return publish(*args, **options)
pathlib.Path.replace, recorded.publish = replace, begun
"""


@pytest.mark.parametrize("stage", ["overlay", "codegen"])
def test_killed_and_changed_again(ready: Workspace, stage: str) -> None:
    """What a run that was killed has written is ours, even when the sources go on changing."""

    def change(text: str) -> None:
        for name in ("a.py", "b.py", "c.py"):
            source(ready, name, f"{text} {name}\n")
        for name in ("env.sh.j2", "notes.txt.j2"):
            template(ready, f"{text} {{{{ version }}}}\n", name)

    change("one")
    ready.gen()
    for number in (1, 2, 3):
        change(f"killed {number}")
        done = ready.gen(prelude=KILL.format(stage=stage, number=number), check=False)
        assert done.code == -signal.SIGKILL
        later = {"overlay": "codegen", "codegen": None}[stage]
        if later:
            assert f"the stage {stage} has not run" in ready.fails("--only", later, code=14)
    change("last")
    (ready.sources / "npu" / "python" / "b.py").unlink()
    ready.gen()
    assert (ready.tree / "torch" / "npu" / "a.py").read_text() == "last a.py\n"
    assert not (ready.tree / "torch" / "npu" / "b.py").exists()
    assert (ready.rendered / "env.sh").read_text() == f"last {VERSION}\n"
    assert ready.status() == ""
    assert not list(ready.rendered.rglob(".ascendtorch-*"))
    assert not list(ready.tree.glob("torch/**/.ascendtorch-*"))


def test_killed_where_upstream_files_move(ready: Workspace, upstream: Upstream) -> None:
    """A stage does not go on from a patch stage that was cut off."""
    ready.add_patch("0005-more.patch", upstream.make_patch({"README.md": "# other\n"}))
    prelude = """
import os, signal
from ascendtorch.stages import promote
promote._set_index = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
"""
    assert ready.gen(prelude=prelude, check=False).code == -signal.SIGKILL
    assert "the stage patch has not run" in ready.fails("--only", "overlay", code=14)
    ready.gen()
    assert ready.status() == ""
