"""A legacy mega-patch: `diff -Nur` of a tree and a copy of it, edited all over by a fixed rule."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Where the edits go: folder, pattern, how many files.
PLACES = (
    ("aten/src/ATen", "*.cpp", 12),
    ("aten/src/ATen/native", "*.cpp", 14),
    ("c10/core", "*.h", 10),
    ("c10/util", "*.h", 4),
    ("torch/csrc/autograd", "*.cpp", 10),
    ("torch/csrc/jit", "*.cpp", 6),
    ("torch/nn/modules", "*.py", 8),
    ("torch/optim", "*.py", 4),
    ("tools/autograd", "*.py", 3),
    ("third_party/gloo/gloo", "*.cc", 2),
)
REMOVED, COUNT = 3, 99
#: Bytes of the whole.
SIZE = 240_000


@dataclass(frozen=True)
class MegaPatch:
    """The diff, and what it makes: by path the new content, or None for a file that goes."""

    path: Path
    files: dict[str, bytes | None]


def make(tree: Path, folder: Path) -> MegaPatch:
    """Write the diff of a tree of PyTorch below `folder`."""
    chosen = [path for place in PLACES for path in _choose(tree, *place)]
    chosen += ["CMakeLists.txt", "setup.py", "cmake/Dependencies.cmake"]
    chosen += ["torch/__init__.py", "torch/tensor.py"]
    old = {path: (tree / path).read_bytes() for path in chosen}
    new: dict[str, bytes | None] = {
        path: _edited(path, data, number) for number, (path, data) in enumerate(old.items())
    }
    gone = [p.relative_to(tree).as_posix() for p in sorted((tree / "benchmarks").rglob("*.py"))]
    for path in gone[:REMOVED]:
        old[path], new[path] = (tree / path).read_bytes(), None
    room = SIZE - len(diff(folder, old, new))
    count = COUNT - len(new)
    for number in range(count):
        new[f"aten/src/ATen/npu/NPUFile{number}.cpp"] = _source(number, room // count)
    path = folder / "mega.patch"
    path.write_bytes(diff(folder, old, new))
    return MegaPatch(path, new)


def _choose(tree: Path, folder: str, pattern: str, count: int) -> list[str]:
    found = (path for path in sorted((tree / folder).rglob(pattern)) if path.stat().st_size > 600)
    names = [path.relative_to(tree).as_posix() for path in found]
    step = max(1, len(names) // count)
    return names[::step][:count]


def _edited(path: str, data: bytes, number: int) -> bytes:
    mark = b"#" if path.endswith((".py", ".txt", ".cmake")) else b"//"
    lines = data.split(b"\n")
    for at in range(len(lines) - 2, 1, -max(9, len(lines) // 5)):
        if at % 3 == 0:
            del lines[at]
        elif at % 3 == 1:
            lines[at] += b"  " + mark + b" npu_site_%d" % (number // 3)
        else:
            lines.insert(at, mark + b" line %d for the NPU" % at)
    return b"\n".join(lines) if number % 5 else b"\n".join(lines).rstrip(b"\n")


def _source(number: int, size: int) -> bytes:
    line = b"static int npu_value_%d_%%d() { return %%d; }\n" % number
    text = b""
    while len(text) < size - size // 50 - 180:
        text += line % (len(text), len(text) % 97)
    return text


def diff(folder: Path, old: dict[str, bytes], new: dict[str, bytes | None]) -> bytes:
    """Write both states of some files below a folder; return what `diff -Nur` says of them."""
    for side, files in (("a", old), ("b", new)):
        for path, data in files.items():
            if data is not None:
                place = folder / side / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
    done = subprocess.run(["diff", "-Nur", "a", "b"], cwd=folder, capture_output=True, check=False)
    return done.stdout
