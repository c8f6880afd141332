"""Each stop of `patch rebase` compared with git's own merge of the same patch, without a tree."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.confirming import (
    Bench,
    confirm_fate,
    confirm_hunks,
    depth_of,
    inner_of,
    module_of,
    sections,
)
from support.gitbench import environment


class Merges:
    """The series of a release carried to another one by `git merge-tree`, patch by patch.

    Args:
        pins: commit of each module that the series is made for.
        links: commit of each module at the other release; empty where it has none.
    """

    def __init__(
        self,
        bench: Bench,
        folder: Path,
        repositories: Mapping[str, Path],
        pins: Mapping[str, str],
        links: Mapping[str, str],
    ) -> None:
        self.bench = bench
        self.folder = folder
        self.repositories = repositories
        self.pins, self.links = pins, links
        self.trees = {}
        for module in repositories:
            assert bench.git(module, "pin", "read-tree", pins[module]).returncode == 0
            self.trees[module] = self._said(module, "rev-parse", f"{links[module]}^{{tree}}")

    def _said(self, module: str, *arguments: str) -> str:
        done = self.bench.git(module, "pin", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def carry(self, name: str) -> dict[str, dict[str, str]]:
        """Merge a patch; return its conflicts: the object of each of git's stages, by path.

        Without a conflict the result is what the next patch meets, else the patch is left out.
        """
        bodies: dict[str, bytes] = {}
        for path, body in sections(self.folder / name).items():
            module = module_of(path, self.repositories)
            bodies[module] = bodies.get(module, b"") + body
        found: dict[str, dict[str, str]] = {}
        results = {}
        for module, body in bodies.items():
            before = self._said(module, "write-tree")
            apply = ("apply", "--cached", "--whitespace=nowarn", depth_of(module), "-")
            assert self.bench.git(module, "pin", *apply, stdin=body).returncode == 0
            after = self._said(module, "write-tree")
            results[module], lost = self._merge(module, before, after)
            prefix = f"{module}/" if module else ""
            found.update({prefix + path: stages for path, stages in lost.items()})
        if not found:
            self.trees.update(results)
        return found

    def _merge(self, module: str, before: str, after: str) -> tuple[str, dict[str, dict[str, str]]]:
        commit = ("commit-tree", "-m", "x")
        base = self._said(module, *commit, before)
        ours = self._said(module, *commit, "-p", base, self.trees[module])
        theirs = self._said(module, *commit, "-p", base, after)
        plain = ("-c", "merge.directoryRenames=false", "merge-tree", "--write-tree", "-z")
        done = self.bench.git(module, "pin", *plain, "--no-messages", ours, theirs)
        assert done.returncode in (0, 1), done.stderr
        tree, *listed = filter(None, done.stdout.decode().split("\0"))
        lost: dict[str, dict[str, str]] = {}
        for line in listed:
            head, _, path = line.partition("\t")
            _, oid, stage = head.split()
            lost.setdefault(path, {})[stage] = oid
        return tree, lost


def confirm_stop(merges: Merges, report: Mapping[str, Any]) -> int:
    """Compare a stop with git's merge; return how many hunks it speaks of."""
    told = merges.carry(report["patch"])
    said = {
        file["moved_to"] or file["path"]: file
        for file in report["files"]
        if file["verdict"] in ("conflict", "deleted")
    }
    assert set(said) == set(told), report["patch"]
    bodies = sections(merges.folder / report["patch"])
    hunks = 0
    for target, file in said.items():
        module, stages = module_of(target, merges.repositories), told[target]
        assert ("2" in stages) == (file["verdict"] == "conflict"), target
        if file["verdict"] == "conflict":
            marked = _laid_out(merges, module, stages, report["onto"]["tag"])
            assert Path(file["work"]).read_bytes() == marked, target
            tree, bench = merges.trees[module], merges.bench
            assert bench.git(module, "tag", "read-tree", tree).returncode == 0
            confirm_hunks(bench, module, inner_of(target, module), file, bodies[file["path"]])
        confirm_fate(merges.bench, module, file, merges.pins[module], merges.links[module])
        _confirm_history(merges, module, file)
        hunks += len(file["hunks"])
    return hunks


def confirm_series(merges: Merges, made: Path) -> None:
    """Apply a rebased series exactly to its release: it makes what git merged."""
    bench = merges.bench
    for module, commit in merges.links.items():
        assert bench.git(module, "new", "read-tree", commit).returncode == 0
    for name in (made / "series").read_text("utf-8").split("\n"):
        for path, body in sections(made / name).items() if name.endswith(".patch") else ():
            module = module_of(path, merges.repositories)
            apply = ("apply", "--cached", "-v", "--whitespace=nowarn", depth_of(module), "-")
            applied = bench.git(module, "new", *apply, stdin=body)
            assert applied.returncode == 0, applied.stderr
            assert b"offset" not in applied.stderr, applied.stderr
    for module, tree in merges.trees.items():
        assert bench.git(module, "new", "write-tree").stdout.decode().strip() == tree


def _laid_out(merges: Merges, module: str, stages: Mapping[str, str], tag: str) -> bytes:
    """Return the conflict as `git merge-file` lays it out, from the texts that git merged.

    merge-tree compares lines by another algorithm, so that its markers may stand elsewhere.
    """
    work = merges.bench.scratch / "merge"
    work.mkdir(exist_ok=True)
    for name, stage in (("base", "1"), ("ours", "2"), ("after", "3")):
        blob = merges.bench.git(module, "pin", "cat-file", "blob", stages[stage])
        (work / name).write_bytes(blob.stdout)
    labels = ("-L", tag, "-L", "before the patch", "-L", "the patch")
    merged = subprocess.run(
        ["git", "merge-file", "-p", "-q", *labels, "ours", "base", "after"],
        cwd=work,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert 0 < merged.returncode < 128, stages
    return merged.stdout


def _confirm_history(merges: Merges, module: str, file: Mapping[str, Any]) -> None:
    bench, inner = merges.bench, inner_of(file["path"], module)
    span = f"{merges.pins[module]}..{merges.links[module]}"
    between = set(bench.git(module, "pin", "rev-list", span, "--", inner).stdout.decode().split())
    assert {commit["hash"] for commit in file["changed_by"]} <= between, file["path"]
    for hunk in file["hunks"]:
        about = {line[1:].strip() for line in hunk["wanted"] if line[:1] in ("-", " ")}
        if hunk["by"] is not None:
            assert hunk["by"]["hash"] in between, hunk
            shown = bench.git(module, "pin", "show", "-U0", hunk["by"]["hash"], "--", inner).stdout
            taken = re.findall(r"^-(.*)", shown.decode("utf-8", "replace"), re.MULTILINE)
            assert about & {line.strip() for line in taken}, (file["path"], hunk)
        for place in hunk["elsewhere"]:
            name = f"{merges.links[module]}:{inner_of(place, module)}"
            text = bench.git(module, "pin", "cat-file", "blob", name).stdout
            assert any(line.encode() in text for line in about if len(line) > 1), (place, hunk)
        added = {line[1:].strip() for line in hunk["wanted"] if line.startswith("+")}
        there = {line.strip() for line in hunk["there"]}
        assert set(hunk["there_already"]) <= added & there, hunk
