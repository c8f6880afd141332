"""Each verdict of `patch matrix` confirmed by git itself, in scratch indexes."""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.gitbench import environment

#: The kinds of verdict, from good to bad.
_ORDER = ("clean", "offset", "upstream", "merge", "renamed", "deleted", "conflict", "unknown")


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
            module = module_of(path, repositories)
            done = bench.git(module, "pin", "apply", "--cached", depth_of(module), "-", stdin=body)
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
                bodies = sections(folder / verdict["patch"])
                _confirm_patch(bench, verdict, bodies, repositories)
                for file in verdict["files"]:
                    _confirm_file(bench, file, bodies[file["path"]], repositories)
                    module = module_of(file["path"], repositories)
                    confirm_fate(bench, module, file, pins[module], links[module])
                count += 1
    return count


def module_of(path: str, repositories: Mapping[str, Path]) -> str:
    """Return the module that a path lies in."""
    return max((m for m in repositories if m and path.startswith(m + "/")), key=len, default="")


def depth_of(module: str) -> str:
    """Return what has git apply take a module's name off its paths."""
    return f"-p{len(Path(module).parts) + 1}"


def inner_of(path: str, module: str) -> str:
    """Return a path as it is inside its module."""
    return path[len(module) + 1 :] if module else path


def _confirm_patch(
    bench: Bench,
    verdict: Mapping[str, Any],
    bodies: Mapping[str, bytes],
    repositories: Mapping[str, Path],
) -> None:
    """The patch as a whole, on what the release and the patches before it that fit make."""
    where, kind = (verdict["patch"], verdict["tag"]), verdict["verdict"]
    kinds = [file["verdict"] for file in verdict["files"]]
    assert [file["path"] for file in verdict["files"]] == list(bodies), where
    if "upstream" in kinds and set(kinds) != {"upstream"}:
        kinds.append("merge")
    assert kind == max(kinds, key=_ORDER.index), where
    whole: dict[str, bytes] = {}
    for file in verdict["files"]:
        module, body = module_of(file["path"], repositories), bodies[file["path"]]
        if file["moved_to"] is not None:
            body = body.replace(file["path"].encode(), file["moved_to"].encode())
        whole[module] = whole.get(module, b"") + body
    plain, merged, moved = True, True, [0]
    for module, body in whole.items():
        apply = ("apply", "--cached", "-v", "--whitespace=nowarn", depth_of(module))
        strict = bench.git(module, "tag", *apply, "--check", "-", stdin=body)
        plain = plain and strict.returncode == 0
        moved += [int(n) for n in re.findall(rb"offset (-?\d+) line", strict.stderr)]
        bench.copy(module, "tag", "whole")
        three_way = bench.git(module, "whole", *apply, "--3way", "-", stdin=body)
        assert b"lacks the necessary blob" not in three_way.stderr, where
        merged = merged and three_way.returncode == 0
    offset = max(moved, key=abs)
    if kind in ("clean", "offset"):
        assert plain, where
        assert offset == verdict["offset"], where
        assert (offset != 0) == (kind == "offset"), where
    else:
        assert not plain or offset or "renamed" in kinds, where
    if "upstream" not in kinds:
        assert merged == (kind not in ("deleted", "conflict")), where


def confirm_fate(
    bench: Bench, module: str, file: Mapping[str, Any], pin: str, release: str
) -> None:
    """Where a target went, and the commit that took it there, by git's own history."""
    inner = inner_of(file["path"], module)
    if file["moved_to"] is not None:
        told = bench.git(module, "pin", "diff", "--name-status", "-M", "-l0", pin, release).stdout
        line = f"\t{inner}\t{inner_of(file['moved_to'], module)}\n".encode()
        assert re.search(rb"^R\d+" + re.escape(line), told, re.MULTILINE), file
    if file["commit"] is None:
        return
    oid = file["commit"]["hash"]
    shown = bench.git(
        module, "pin", "show", "--format=%H%n%s", "--name-status", "--no-renames", oid
    )
    head, _, names = shown.stdout.decode().partition("\n\n")
    assert head == f"{oid}\n{file['commit']['subject']}"
    added = f"A\t{inner}" in names.splitlines()
    assert added or f"D\t{inner}" in names.splitlines(), (file["path"], names)
    there, lacking = (pin, release) if added else (release, pin)
    ancestor = ("merge-base", "--is-ancestor", oid)
    assert bench.git(module, "pin", *ancestor, there).returncode == 0, file
    assert bench.git(module, "pin", *ancestor, lacking).returncode == 1, file


def _confirm_file(
    bench: Bench, file: Mapping[str, Any], body: bytes, repositories: Mapping[str, Path]
) -> None:
    kind, path = file["verdict"], file["path"]
    module = module_of(path, repositories)
    inner = inner_of(path, module)
    if file["moved_to"] is not None:
        assert not bench.entry(module, "tag", inner), f"{path} is there under its own name"
        body = body.replace(path.encode(), file["moved_to"].encode())
        inner = inner_of(file["moved_to"], module)
    added = b"\nnew file mode " in body.partition(b"\n@@")[0]
    there = bench.entry(module, "tag", inner)
    apply = ("apply", "--cached", "-v", "--whitespace=nowarn", depth_of(module))
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
        ours = (work / "ours").read_bytes()
        conflict, same = merged.returncode > 0, merged.stdout == ours
        if said["state"] == "upstream" and conflict:
            # Lines around it changed too, so that a merge cannot see that its result is there.
            kept = [line[1:] for line in hunk.splitlines()[1:] if line[:1] in (b" ", b"+")]
            assert b"\n".join(kept) in ours, said
            continue
        assert conflict == (said["state"] == "conflict"), (file["path"], said)
        assert (same and not conflict) == (said["state"] == "upstream"), said
        if conflict:
            confirm_place(said, ours, merged.stdout)


def confirm_place(said: Mapping[str, Any], ours: bytes, marked: bytes) -> None:
    """What a conflict is said to meet is the release's text, where git's merge has the conflict."""
    lines, there = _texts(ours), said["there"]
    first = said["line"] - 1
    assert first >= 0, said
    assert lines[first : first + len(there)] == there, said
    sides = re.split(r"^<<<<<<< .*\n|^>>>>>>> .*\n?", marked.decode("utf-8", "replace"), flags=re.M)
    # Lines of the release that are not in git's conflict: those before it, and those after it.
    before = _alike(lines, sides[0].split("\n")[:-1])
    after = _alike(lines[::-1], sides[-1].split("\n")[::-1])
    if first < len(lines) - after + 1 and first + len(there) >= before:
        return
    wanted = [line[1:] for line in said["wanted"] if line[:1] in ("-", " ", "")]
    ratio = difflib.SequenceMatcher(None, there, wanted).ratio()
    assert ratio >= 0.8, said  # the text itself, at another place of the file


def _alike(lines: list[str], others: list[str]) -> int:
    pairs = enumerate(zip(lines, others))
    return next((n for n, (a, b) in pairs if a != b), min(len(lines), len(others)))


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")
