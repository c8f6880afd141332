"""What a build of the emulator is made of, and the names that follow from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import sha256_bytes
from ascendtorch.emulator.target import Torch

#: What is compiled or rendered, below the root of the sources.
SOURCES = (
    "pytorch_src/npu/acl/include",
    "pytorch_src/npu/emulator",
    "templates/emulator",
    "scripts/ascendtorch/emulator/aclnn.py",
    "scripts/ascendtorch/emulator/aclnn_kinds.py",
    "scripts/ascendtorch/emulator/aclnn_spec.py",
)
#: Read by CMake from the environment.
FLAGS = ("CXXFLAGS", "LDFLAGS")
_SKIPPED = ("__pycache__",)


@dataclass(frozen=True)
class Recipe:
    """Everything that shapes the libraries.

    Attributes:
        root: the checkout; CMake remembers where its sources lie.
        sources: digest of the emulator's sources, templates and renderer.
        compiler: path and version of the C++ compiler.
        flags: the environment variables among `FLAGS` that are set.
        torch: what the operators are built for; None for a runtime without operators.
    """

    root: Path
    sources: str
    compiler: str
    flags: tuple[tuple[str, str], ...]
    torch: Torch | None

    @property
    def configuration(self) -> str:
        """Names the folder of objects, which a changed source does not make worthless."""
        return _digest(self._parts())

    @property
    def key(self) -> str:
        """Names the finished libraries."""
        return _digest([*self._parts(), self.sources])

    @property
    def torch_link(self) -> Path | None:
        """A name for torch that is the same wherever the same torch lies.

        A compiler cache then knows what was compiled for another environment or checkout.
        """
        if self.torch is None:
            return None
        content = [self.torch.version, self.torch.sizes, self.torch.cxx11_abi]
        return self.root / "build" / "emulator" / f"torch-{_digest(content)}"

    def definitions(self) -> dict[str, str]:
        """Return the cache entries that CMake gets."""
        if self.torch is None:
            return {"TORCH_DIR": ""}
        return {
            "TORCH_DIR": str(self.torch_link),
            "EMU_TORCH_CXX11_ABI": str(int(self.torch.cxx11_abi)),
            "EMU_TORCH_CXX_STANDARD": self.torch.standard,
        }

    def _parts(self) -> list[object]:
        torch = self.torch
        return [
            str(self.root),
            self.compiler,
            self.flags,
            torch and [str(torch.folder), torch.version, torch.sizes],
            sorted(self.definitions().items()),
        ]


def _digest(parts: object) -> str:
    return sha256_bytes(json.dumps(parts).encode())[:16]


def flags_of(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the flags that CMake would take from the environment."""
    return tuple((name, environ[name]) for name in FLAGS if environ.get(name))


def digest_sources(root: Path, sources: Iterable[str] = SOURCES) -> str:
    """Return a digest of names and contents of all sources; files of editors do not count."""
    digest = hashlib.sha256()
    for source in sources:
        top = root / source
        files = [top] if top.is_file() else sorted(top.rglob("*"))
        for path in files:
            parts = path.relative_to(root).parts
            if path.is_file() and not any(map(_is_skipped, parts)):
                digest.update(f"{'/'.join(parts)}\0{path.stat().st_size}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_skipped(name: str) -> bool:
    return name in _SKIPPED or name.startswith(".") or name.endswith("~")
