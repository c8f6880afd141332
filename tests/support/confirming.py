"""Each verdict of `patch matrix` confirmed by git itself, in scratch indexes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.gitbench import environment


class Bench:
    """Scratch indexes, and a place for new objects, over repositories that are not written.

    Args:
        repositories: git folder by module; the release is ``""``.
    """

    def __init__(self, repositories: Mapping[str, Path], scratch: Path) -> None:
        self._repositories = repositories
        self.scratch = scratch
        (scratch / "objects").mkdir(parents=True)

    def git(
        self, module: str, index: str, *arguments: str, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git on a module with an index of the given name."""
        folder = self._repositories[module]
        return subprocess.run(
            ["git", *arguments],
            cwd=self.scratch,
            env=environment(
                GIT_DIR=str(folder),
                GIT_INDEX_FILE=str(self.scratch / f"{index}-{module.replace('/', '-')}"),
                GIT_OBJECT_DIRECTORY=str(self.scratch / "objects"),
                GIT_ALTERNATE_OBJECT_DIRECTORIES=str(folder / "objects"),
            ),
            input=stdin or b"",
            capture_output=True,
            check=False,
        )

    def entry(self, module: str, index: str, path: str) -> str:
        """What an index says of a path."""
        listed = self.git(module, index, "ls-files", "-s", "--", f":(literal){path}")
        return listed.stdout.decode().strip()

    def copy(self, module: str, source: str, target: str) -> None:
        """Copy an index."""
        name = module.replace("/", "-")
        shutil.copyfile(self.scratch / f"{source}-{name}", self.scratch / f"{target}-{name}")


def sections(patch: Path) -> dict[str, bytes]:
    """The sections of a patch file by the path they are about."""
    found = {}
    for body in re.split(rb"^(?=diff --git )", patch.read_bytes(), flags=re.MULTILINE)[1:]:
        names = re.search(rb"^diff --git a/(\S+) b/(\S+)$", body, re.MULTILINE)
        assert names is not None
        found[names[2].decode()] = body
    return found


def confirm(
    matrix: Mapping[str, Any],
    folder: Path,
    repositories: Mapping[str, Path],
    pins: Mapping[str, str],
    scratch: Path,
) -> int:
    """Compare each verdict with what git does; return how many were compared."""
    bench = Bench(repositories, scratch)
    names = [patch["name"] for patch in matrix["patches"]]
    for module in repositories:
        assert bench.git(module, "pin", "read-tree", pins[module]).returncode == 0
    for name in names:  # so that a merge finds the texts that later patches start from
        for path, body in sections(folder / name).items():
            module = _module(path, repositories)
            done = bench.git(module, "pin", "apply", "--cached", _depth(module), "-", stdin=body)
            assert done.returncode == 0, done.stderr
    count = 0
    for tag in matrix["tags"]:
        links = {"": tag["commit"]}
        for module in filter(None, repositories):
            listed = bench.git("", "pin", "ls-tree", tag["commit"], "--", module).stdout.split()
            links[module] = listed[2].decode() if listed[:1] == [b"160000"] else ""
        for module, commit in links.items():
            bench.git(
                module, "tag", *(("read-tree", commit) if commit else ("read-tree", "--empty"))
            )
        for verdict in matrix["verdicts"]:
            if verdict["tag"] == tag["tag"]:
                for file in verdict["files"]:
                    body = sections(folder / verdict["patch"])[file["path"]]
                    _confirm_file(bench, file, body, repositories)
                count += 1
    return count


def _module(path: str, repositories: Mapping[str, Path]) -> str:
    return max((m for m in repositories if m and path.startswith(m + "/")), key=len, default="")


def _depth(module: str) -> str:
    return f"-p{len(Path(module).parts) + 1}"


def _confirm_file(
    bench: Bench, file: Mapping[str, Any], body: bytes, repositories: Mapping[str, Path]
) -> None:
    kind, path = file["verdict"], file["path"]
    module = _module(path, repositories)
    inner = path[len(module) + 1 :] if module else path
    if file["moved_to"] is not None:
        assert not bench.entry(module, "tag", inner), f"{path} is there under its own name"
        body = body.replace(path.encode(), file["moved_to"].encode())
        inner = file["moved_to"][len(module) + 1 :] if module else file["moved_to"]
    added = b"\nnew file mode " in body.partition(b"\n@@")[0]
    there = bench.entry(module, "tag", inner)
    apply = ("apply", "--cached", "-v", "--whitespace=nowarn", _depth(module))
    plain = bench.git(module, "tag", *apply, "--check", "-", stdin=body)
    moved = [int(n) for n in re.findall(rb"offset (-?\d+) line", plain.stderr)]
    bench.copy(module, "tag", "try")
    three_way = bench.git(module, "try", *apply, "--3way", "-", stdin=body)
    merged = three_way.returncode == 0
    result = bench.entry(module, "try", inner)
    if kind == "clean":
        assert plain.returncode == 0, (path, plain.stderr)
        assert not moved, path
    elif kind == "offset":
        assert plain.returncode == 0, (path, plain.stderr)
        assert max(moved, key=abs) == file["offset"], path
        assert merged, path
    elif kind == "upstream":
        assert plain.returncode != 0 or moved, path
        back = bench.git(module, "tag", *apply, "--check", "--reverse", "-", stdin=body)
        assert (merged and result == there) or back.returncode == 0, path
    elif kind == "merge":
        assert plain.returncode != 0 or moved, path
        assert merged, (path, three_way.stderr)
        assert result != there, path
    elif kind == "renamed":
        assert merged, (path, three_way.stderr)
        assert result != there, path
    elif kind == "deleted":
        assert not added, path
        assert not there, path
        assert plain.returncode != 0, path
    elif kind == "conflict":
        assert plain.returncode != 0 or moved, path
        assert not merged, path
        confirm_hunks(bench, module, inner, file, body)
    else:
        raise AssertionError(f"{path}: {kind}")
    if kind in ("clean", "offset", "merge", "renamed"):
        bench.copy(module, "try", "tag")


def confirm_hunks(
    bench: Bench, module: str, inner: str, file: Mapping[str, Any], body: bytes
) -> None:
    """Each hunk alone, put on the text it was made for and merged into the release's."""
    head, *hunks = re.split(rb"^(?=@@ -)", body, flags=re.MULTILINE)
    assert len(hunks) == len(file["hunks"])
    base = re.search(rb"^index ([0-9a-f]{40})\.\.", head, re.MULTILINE)
    assert base is not None
    work = bench.scratch / "hunks"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    texts = {"base": base[1].decode(), "ours": bench.entry(module, "tag", inner).split()[1]}
    for name, oid in texts.items():
        (work / name).write_bytes(bench.git(module, "tag", "cat-file", "blob", oid).stdout)
    for said, hunk in zip(file["hunks"], hunks):
        target = work / "alone"
        shutil.copyfile(work / "base", target)
        alone = b"--- a/alone\n+++ b/alone\n" + hunk
        subprocess.run(
            ["git", "apply", "-"],
            cwd=work,
            env=environment(GIT_CEILING_DIRECTORIES=str(bench.scratch)),
            input=alone,
            check=True,
        )
        merged = subprocess.run(
            ["git", "merge-file", "-p", "-q", "ours", "base", "alone"],
            cwd=work,
            capture_output=True,
            check=False,
        )
        conflict, same = merged.returncode > 0, merged.stdout == (work / "ours").read_bytes()
        if said["state"] == "upstream" and conflict:
            # Lines around it changed too, so that a merge cannot see that its result is there.
            kept = [line[1:] for line in hunk.splitlines()[1:] if line[:1] in (b" ", b"+")]
            assert b"\n".join(kept) in (work / "ours").read_bytes(), said
            continue
        assert conflict == (said["state"] == "conflict"), (file["path"], said)
        assert (same and not conflict) == (said["state"] == "upstream"), said
