"""The miniature upstream: a release with submodules, one of them nested, and patches for it.

`tests/fixtures/minitorch/upstream` holds its files as they are; those that no editor may touch
(other encodings, line ends, modes, binary data) are made here.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support import gitbench
from support.gitbench import Blob, Content

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "minitorch"
HOST = "https://example.invalid"
GLOO, FMT, TBB = "third_party/gloo", "third_party/gloo/third_party/fmt", "third_party/tbb"
VERSION, OLD_VERSION = "1.8.1", "1.5.0"

#: Repository of each module of 1.8.1; the release itself is the empty path.
REPOSITORIES = {"": "pytorch", GLOO: "gloo", FMT: "fmt", TBB: "tbb"}

ODD_FILES: dict[str, Content] = {
    "tools/build.bat": "@echo off\r\npython setup.py bdist_wheel\r\nexit /b %errorlevel%\r\n",
    "docs/AUTHORS.txt": "Who wrote this:\n\nAndré\nJürgen\nZoë\n".encode("latin-1"),
    "docs/说明 1.txt": "第一行\n第二行\n第三行\n",
    'docs/it\'s "quoted".txt': "one\ntwo\nthree\n",
    ".dockerignore": Blob(b".gitignore", "120000"),
    # Large and not compressible, so that a transfer can stop in the middle.
    "test/data/weights.bin": random.Random(0).getrandbits(8 * 100_000).to_bytes(100_000, "big"),
}

NPU_BLOCK = """if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/torch/csrc/npu/CMakeLists.txt)
  add_subdirectory(torch/csrc/npu)
endif()

"""
SMOKE = """\"\"\"Says whether the NPU module of an installed package works.\"\"\"

import torch

print(torch.npu.device_count())
"""


@dataclass(frozen=True)
class Edit:
    """One patch of the standard series: replacements by path, in one module."""

    name: str
    module: str
    subject: str
    reason: str
    replace: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    add: Mapping[str, Content] = field(default_factory=dict)


EDITS = (
    Edit(
        "0001-gloo-include-array.patch",
        GLOO,
        "gloo: include <array> where it is used",
        "device.cc declares a std::array and includes nothing that defines it.",
        {
            "gloo/transport/tcp/device.cc": (
                "#include <cstring>",
                "#include <array>\n#include <cstring>",
            )
        },
    ),
    Edit(
        "0002-fmt-include-cstdint.patch",
        FMT,
        "fmt: include <cstdint> where it is used",
        "core.h returns a std::uint32_t and includes nothing that defines it.",
        {"include/fmt/core.h": ("#pragma once\n", "#pragma once\n\n#include <cstdint>\n")},
    ),
    Edit(
        "0003-build-take-in-the-npu-sources.patch",
        "",
        "build: take in the NPU sources",
        "They lie in folders of their own; the build and the package have to know them.",
        {
            "CMakeLists.txt": ("install(TARGETS c10", NPU_BLOCK + "install(TARGETS c10"),
            "torch/__init__.py": (
                "from torch import distributed  # noqa: E402",
                "from torch import distributed, npu  # noqa: E402",
            ),
        },
    ),
    Edit(
        "0004-tools-add-a-smoke-test.patch",
        "",
        "tools: add a smoke test",
        "One command that says whether a wheel works.",
        add={"tools/npu_smoke.py": SMOKE},
    ),
)
OLD_EDIT = Edit(
    "0001-readme-name-the-adaptation.patch",
    "",
    "readme: name the adaptation",
    "People should see what they have got.",
    {"README.md": ("# torch\n", "# torch for Ascend\n")},
)


@dataclass(frozen=True)
class Upstream:
    """Bare repositories by name below `mirror`, the pins, and the standard series.

    Attributes:
        bench: copies of the repositories that also hold the patched commits.
        pins: the commit of every module of 1.8.1, by path.
        old_pins: the same for 1.5.0.
        patches: the standard series: content by file name.
        finals: the commit of every module after the standard series, in the bench.
    """

    mirror: Path
    bench: Path
    pins: dict[str, str]
    old_pins: dict[str, str]
    patches: dict[str, bytes]
    old_patches: dict[str, bytes]
    finals: dict[str, str]

    def make_patch(
        self,
        files: Mapping[str, Content],
        *,
        module: str = "",
        subject: str = "change something",
        reason: str = "A test needs it.",
        on: str | None = None,
    ) -> bytes:
        """Commit a change and export it.

        Args:
            on: the commit it builds on; by default the module after the standard series.
        """
        return self.make_commit(files, module=module, subject=subject, reason=reason, on=on)[0]

    def make_commit(
        self,
        files: Mapping[str, Content],
        *,
        module: str = "",
        subject: str = "change something",
        reason: str = "A test needs it.",
        on: str | None = None,
    ) -> tuple[bytes, str]:
        """The same, and the commit, so that another patch can build on it."""
        repository = self.bench / f"{REPOSITORIES[module]}.git"
        oid = gitbench.commit(
            repository,
            files,
            f"{subject}\n\n{reason}\n",
            parent=on or self.finals[module],
            author="ascendtorch",
            address="ascendtorch@invalid",
        )
        return gitbench.format_patch(repository, oid, module), oid

    def content(self, path: str, *, module: str = "", at: str | None = None) -> bytes:
        """A file's content at the pin, or at another commit of the bench."""
        repository = self.bench / f"{REPOSITORIES[module]}.git"
        return gitbench.content(repository, at or self.pins[module], path)


def _files(name: str) -> dict[str, Content]:
    folder = FIXTURES / "upstream" / name
    return {
        path.relative_to(folder).as_posix(): Blob(
            path.read_bytes(), "100755" if path.suffix == ".sh" else "100644"
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _gitmodules(modules: Mapping[str, str]) -> str:
    return "".join(
        f'[submodule "{path}"]\n\tpath = {path}\n\turl = {HOST}/{name}.git\n'
        for path, name in modules.items()
    )


def make_upstream(base: Path) -> Upstream:
    """Make the repositories, the pins and the standard series below `base`."""
    mirror = base / "mirror"
    repos = {name: gitbench.init(mirror / f"{name}.git") for name in REPOSITORIES.values()}
    tbb = gitbench.commit(repos["tbb"], _files("tbb"), "tbb\n")
    fmt = gitbench.commit(repos["fmt"], _files("fmt"), "fmt\n")
    old_gloo = gitbench.commit(repos["gloo"], _files("gloo"), "gloo\n")
    gloo = gitbench.commit(
        repos["gloo"],
        {".gitmodules": _gitmodules({"third_party/fmt": "fmt"})},
        "gloo: use fmt\n",
        parent=old_gloo,
        links={"third_party/fmt": fmt},
    )
    old = gitbench.commit(
        repos["pytorch"],
        {
            **_files("pytorch"),
            ".gitmodules": _gitmodules({GLOO: "gloo"}),
            "version.txt": "1.5.0a0\n",
        },
        "Release 1.5.0\n",
        links={GLOO: old_gloo},
    )
    release = gitbench.commit(
        repos["pytorch"],
        {
            **_files("pytorch"),
            **ODD_FILES,
            ".gitmodules": _gitmodules({GLOO: "gloo", TBB: "tbb"}),
        },
        "Release 1.8.1\n",
        parent=old,
        links={GLOO: gloo, TBB: tbb},
    )
    tip = gitbench.commit(
        repos["pytorch"], {"README.md": "# torch, next\n"}, "Go on\n", parent=release
    )
    tips = {"pytorch": tip, "gloo": gloo, "fmt": fmt, "tbb": tbb}
    for name, oid in tips.items():
        gitbench.git(repos[name], "update-ref", "refs/heads/master", oid)
    gitbench.git(repos["pytorch"], "tag", f"v{OLD_VERSION}", old)
    gitbench.git(repos["pytorch"], "tag", "-a", "-m", "1.8.1", f"v{VERSION}", release)
    pins = {"": release, GLOO: gloo, FMT: fmt, TBB: tbb}
    old_pins = {"": old, GLOO: old_gloo}
    bench = base / "bench"
    shutil.copytree(mirror, bench)
    finals = dict(pins)
    draft = Upstream(mirror, bench, pins, old_pins, {}, {}, finals)
    patches = {}
    for edit in EDITS:
        patches[edit.name], finals[edit.module] = _edit(draft, edit, finals[edit.module])
    old_patches = {OLD_EDIT.name: _edit(draft, OLD_EDIT, old)[0]}
    return Upstream(mirror, bench, pins, old_pins, patches, old_patches, finals)


def _edit(upstream: Upstream, edit: Edit, on: str) -> tuple[bytes, str]:
    files: dict[str, Content] = dict(edit.add)
    for path, (old, new) in edit.replace.items():
        before = upstream.content(path, module=edit.module, at=on)
        if before.count(old.encode()) != 1:
            raise AssertionError(f"{edit.name}: {old!r} is not in {path} exactly once")
        files[path] = before.replace(old.encode(), new.encode())
    return upstream.make_commit(
        files, module=edit.module, subject=edit.subject, reason=edit.reason, on=on
    )
