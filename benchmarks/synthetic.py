"""A small workspace around a made-up upstream: many files, and a patch series of known size."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import running

VERSION = "1.0.0"
_URL = "https://example.invalid/upstream"
_LINES = 100
_CHANGED = (slice(8, 16), slice(40, 47), slice(74, 81))


@dataclass(frozen=True)
class Workspace:
    """The workspace, and what its series does.

    Attributes:
        root: what ``ASCENDTORCH_ROOT`` is set to.
        env: the environment in which the tool works on it.
        released: path in the tree -> its content before the series, for the files it changes.
        patched: the same after the series.
        parts: the diff, one section a file.
    """

    root: Path
    env: dict[str, str]
    released: dict[str, bytes]
    patched: dict[str, bytes]
    parts: tuple[bytes, ...]

    @property
    def tree(self) -> Path:
        """Where the tool makes the tree."""
        return self.root / "pytorch"

    def reset(self) -> None:
        """Give the fetched tree as new: without the files, commits and notes of the patch stage.

        Objects that an earlier run made would save the next one work, so they go too. The rest of
        the files stays where it is.
        """
        kept = self.root / "released.git"
        if not kept.exists():
            self.gen("--only", "fetch", "--quiet")
            shutil.copytree(self.tree / ".git", kept)
        shutil.rmtree(self.tree / ".git")
        shutil.copytree(kept, self.tree / ".git")
        for path, content in self.released.items():
            (self.tree / path).write_bytes(content)
        running.call(["git", "-C", str(self.tree), "update-index", "-q", "--refresh"], self.env)

    def write_series(self, count: int) -> Path:
        """Divide the whole diff into `count` patches; return their folder."""
        folder = self.root / "patch" / VERSION
        for old in folder.glob("*.patch"):
            old.unlink()
        each = -(-len(self.parts) // count)
        names: list[str] = []
        for start in range(0, len(self.parts), each):
            names.append(f"{len(names) + 1:04d}-made-up.patch")
            body = b"".join(self.parts[start : start + each])
            (folder / names[-1]).write_bytes(_header(len(names)) + body)
        (folder / "series").write_text("".join(f"{name}\n" for name in names))
        return folder

    def gen(self, *options: str) -> None:
        """Run ``ascendtorch gen`` in it."""
        mirrors = str(self.root / "mirrors.yaml")
        running.call(running.tool("gen", "-v", VERSION, "--mirrors", mirrors, *options), self.env)


def make(root: Path, *, files: int = 8000, patched: int = 100) -> Workspace:
    """Make a workspace whose upstream has `files` files, with a series that changes `patched`."""
    env = running.environment(
        root, ASCENDTORCH_ROOT=str(root), ASCENDTORCH_CACHE=str(root / "cache")
    )
    if files < patched:
        raise running.BenchmarkError(f"{files} files are less than the {patched} to patch")
    before = {_path(n): _content(n) for n in range(files)}
    chosen = [_path(n * (files // patched)) for n in range(patched)]
    after = {path: _changed(before[path]) for path in chosen}
    upstream = root / "upstream.git"
    git = ["git", f"--git-dir={upstream}"]
    running.call([*git, "init", "--quiet", "--bare", str(upstream)], env)
    stream = _commit("v1", before) + _commit("changed", after, parent="v1")
    running.call([*git, "fast-import", "--quiet"], env, stdin=stream)
    commit = running.call([*git, "rev-parse", "refs/tags/v1"], env).decode().strip()
    diff = running.call([*git, "diff-tree", "-p", "--full-index", "v1", "changed"], env)
    parts = tuple(b"diff --git " + part for part in diff.split(b"diff --git ")[1:])
    if len(parts) != patched:
        raise running.BenchmarkError(f"the series touches {len(parts)} files, not {patched}")
    _write_data(root, commit, upstream)
    return Workspace(root, env, {path: before[path] for path in chosen}, after, parts)


def _path(number: int) -> str:
    return f"part{number % 40:02d}/group{number % 400 // 40}/file{number:05d}.cc"


def _content(number: int) -> bytes:
    lines = (f"int value_{number:05d}_{line:03d} = {number * line};" for line in range(_LINES))
    return "".join(f"{line}\n" for line in lines).encode()


def _changed(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    for part in _CHANGED:
        lines[part] = [b"static " + line for line in lines[part]]
    return b"".join(lines)


def _commit(tag: str, files: dict[str, bytes], parent: str | None = None) -> bytes:
    """Return a commit for ``git fast-import``."""
    chunks = [
        f"commit refs/tags/{tag}\ncommitter A <a@invalid> 1600000000 +0000\ndata 0\n".encode()
    ]
    if parent is not None:
        chunks.append(f"from refs/tags/{parent}\n".encode())
    for path, content in files.items():
        chunks.append(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    return b"".join(chunks)


def _header(number: int) -> bytes:
    return (
        f"From {'0' * 40} Mon Sep 17 00:00:00 2001\n"
        "From: ascendtorch <ascendtorch@invalid>\n"
        "Date: Fri, 20 Nov 2026 00:00:00 +0000\n"
        f"Subject: [PATCH] made-up change {number}\n\nFor the benchmark.\n---\n\n"
    ).encode()


def _write_data(root: Path, commit: str, upstream: Path) -> None:
    # JSON is YAML, and quotes what must be quoted.
    version = {
        "schema": 1,
        "version": VERSION,
        "layout": "in-tree",
        "upstream": {"url": _URL, "tag": "v1", "commit": commit},
        "pythons": ["3.8"],
        "tools": {},
        "flags": {},
        "profiles": {"full": {}},
        "wheel": {"name": "upstream", "version": VERSION, "build_number": "1"},
        "requirements": {"3.8": []},
        "submodules": {},
        "overlay": [{"from": "npu", "to": "npu"}],
        "templates": [{"template": "note.j2", "output": "note.txt"}],
    }
    known = {"layout": "in-tree", "pythons": ["3.8"], "gcc": "", "cmake": "", "wheel": ""}
    lists: dict[str, list[str]] = {"releases": [], "branches": [], "phases": []}
    catalog = {"schema": 1, "default": VERSION, **lists, "versions": {VERSION: known}}
    contents = {
        f"patch/{VERSION}/version.yaml": json.dumps(version),
        "patch/catalog.yaml": json.dumps(catalog),
        "mirrors.yaml": json.dumps([{"from": _URL, "to": upstream.as_uri()}]),
        "templates/note.j2": "made for {{ version }}\n",
        **{f"pytorch_src/npu/file{n:03d}.cpp": f"int overlay_{n};\n" for n in range(100)},
    }
    for name, text in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
