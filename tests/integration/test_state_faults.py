"""Receipts and journals that are damaged, missing or from the future: never a crash or a loss."""

from __future__ import annotations

import json
import shutil

import pytest

from support.upstream import GLOO
from support.workspace import Reference, Workspace

STAGES = ["fetch", "patch", "overlay", "codegen"]


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        *((stage, "{") for stage in STAGES),
        *(("patch", text) for text in ("", "[]", '{"schema": "x"}', "\x00\xff")),
    ],
)
def test_damaged(ready: Workspace, reference: Reference, stage: str, text: str) -> None:
    """faults.md 52: the remedy that the message names does it."""
    path = ready.state / f"{stage}.json"
    if stage == "codegen":
        path = ready.rendered / "codegen.json"
    path.write_bytes(text.encode("latin-1"))
    message = ready.fails(code=14)
    assert f"[{stage}] {path}: the state file is damaged" in message
    assert "remedy: delete this file" in message
    path.unlink()
    ready.gen()
    reference.check(ready)
    assert ready.gen().stderr.count("up to date") == 4


@pytest.mark.parametrize("stage", STAGES)
def test_from_a_newer_tool(ready: Workspace, stage: str) -> None:
    """faults.md 57"""
    path = ready.state / f"{stage}.json"
    if stage == "codegen":
        path = ready.rendered / "codegen.json"
    newer = json.dumps({**json.loads(path.read_text()), "schema": 99})
    path.write_text(newer)
    message = ready.fails(code=14)
    assert f"[{stage}] {path}: written by a newer ascendtorch (schema 99" in message
    assert "remedy: update ascendtorch" in message
    assert path.read_text() == newer


@pytest.mark.parametrize("stage", STAGES)
def test_missing_keys(ready: Workspace, reference: Reference, stage: str) -> None:
    """faults.md 52"""
    path = ready.state / f"{stage}.json"
    if stage == "codegen":
        path = ready.rendered / "codegen.json"
    path.write_text('{"schema": 1}')
    message = ready.fails(code=14)
    assert str(path) in message
    assert "remedy: delete this file" in message
    path.unlink()
    ready.gen()
    reference.check(ready)


def test_all_receipts_are_lost(ready: Workspace, reference: Reference) -> None:
    """faults.md 52: the tree is recognised, and a person's work in it is kept."""
    (ready.tree / "README.md").write_text("mine\n")
    shutil.rmtree(ready.state)
    ready.gen("--offline")
    assert (ready.tree / "README.md").read_text() == "mine\n"
    ready.git("checkout", "README.md")
    reference.check(ready)


def test_receipts_are_lost_of_a_partial_tree(workspace: Workspace, reference: Reference) -> None:
    """faults.md 52: only the submodules that are there count as there."""
    workspace.gen("--submodules", "needed")
    shutil.rmtree(workspace.state)
    done = workspace.gen()
    assert "fetching 1 pinned commits" in done.stderr
    reference.check(workspace)


def test_receipts_are_lost_with_commits_on_top(ready: Workspace) -> None:
    """faults.md 36, 52"""
    (ready.tree / GLOO / "mine.txt").write_text("mine\n")
    ready.git("add", "mine.txt", module=GLOO)
    ready.git("commit", "--quiet", "-m", "mine", module=GLOO)
    mine = ready.head(GLOO)
    shutil.rmtree(ready.state)
    assert "there are commits of yours" in ready.fails(code=9)
    assert ready.head(GLOO) == mine


def test_person_cleans_up(ready: Workspace) -> None:
    """`git gc` packs references and objects, and drops what no reference names."""
    for module in ("", GLOO):
        ready.git("reflog", "expire", "--expire=now", "--all", module=module)
        ready.git("gc", "--quiet", "--prune=now", module=module)
    assert ready.gen().stderr.count("up to date") == 4
    path = ready.patches / ready.series[0]
    path.write_bytes(path.read_bytes().replace(b"+#include <array>", b"+#include <array> // x"))
    ready.gen()
    assert ready.status() == ""
    shutil.rmtree(ready.state)
    ready.gen("--offline")
    assert ready.status() == ""


def test_damaged_journal(ready: Workspace) -> None:
    """faults.md 52"""
    path = ready.state / "promote.json"
    path.write_text("{")
    message = ready.fails(code=14)
    assert f"[patch] {path}: the state file is damaged" in message
    path.unlink()
    assert ready.gen().stderr.count("up to date") == 4
