"""The operators of a PyTorch release: names, signatures, and what computes them by default."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ascendtorch.edge import process
from ascendtorch.edge.files import host_errors, write_json
from ascendtorch.errors import CodegenError

STAGE = "codegen"
_FORMAT = 1
_NATIVE = Path("aten/src/ATen/native")
_FUNCTIONS = "native_functions.yaml"


@dataclass(frozen=True)
class Argument:
    """One argument of an overload.

    Attributes:
        cpp: its type in the C++ signature of a kernel.
        type: its type in the schema, such as ``Tensor`` or ``int[1]?``; empty for what has none.
        default: as the schema writes it; None for an argument that must be given.
    """

    name: str
    cpp: str
    type: str
    default: str | None


@dataclass(frozen=True)
class Overload:
    """One ATen overload, such as ``add.out``.

    Attributes:
        base: ``add``; of an in-place function ``add_``.
        ident: the name as a C++ identifier, such as ``add_out``.
        schema: the text of its schema.
        kind: ``functional``, ``inplace``, ``out``, ``mutable`` or ``scratch``.
        returns: the C++ type a kernel returns.
        implicit: whether ATen computes it by other operators, through which gradients flow too: a
            kernel of a device in its place needs a gradient of its own.
        composite: whether ATen computes it by other operators on any device, in whatever way.
        generated: whether it is not in ``native_functions.yaml`` but made from what is.
        delegate: the ``out`` overload that ATen computes it by, where it is not composite.
    """

    name: str
    base: str
    ident: str
    schema: str
    kind: str
    returns: str
    arguments: tuple[Argument, ...]
    implicit: bool
    composite: bool
    generated: bool
    delegate: str | None = None

    @property
    def root(self) -> str:
        """The function that it belongs to: of ``add_.Tensor`` and ``add.out`` it is ``add``."""
        is_inplace = self.kind == "inplace" and self.base.endswith("_")
        return self.base[:-1] if is_inplace else self.base

    @property
    def suffix(self) -> str:
        """The overload's own name: of ``add_.Tensor`` it is ``Tensor``."""
        return self.name.partition(".")[2]

    @property
    def parameters(self) -> str:
        """The parameter list of a kernel, in C++."""
        return ", ".join(f"{argument.cpp} {argument.name}" for argument in self.arguments)


@dataclass(frozen=True)
class Schema:
    """All overloads of one release, by name."""

    version: str
    overloads: Mapping[str, Overload]

    def named(self, base: str) -> tuple[Overload, ...]:
        """Every overload of a function, such as ``add``, ``add_`` and their ``out`` forms."""
        return tuple(o for o in self.overloads.values() if base in (o.base, o.root))


class SchemaSource(Protocol):
    """Where the operators of a release are read from; each generation of PyTorch has its own."""

    def digest(self) -> str:
        """Return a hash over all that the answer depends on."""

    def read(self) -> list[dict[str, Any]]:
        """Describe every overload, with the keys that `torchgen_dump` prints.

        Raises:
            CodegenError: it cannot be read.
        """


@dataclass(frozen=True)
class TorchgenSource:
    """The torchgen that a wheel of PyTorch 2.x carries.

    Attributes:
        folder: what holds ``torchgen/``: site-packages, or an unpacked wheel.
        python: an interpreter that torchgen runs in, with PyYAML and typing_extensions.
    """

    folder: Path
    python: Path = Path(sys.executable)

    def digest(self) -> str:
        sources = self.folder / "torchgen/packaged/ATen/native"
        code = sorted((self.folder / "torchgen").glob("*.py"))
        code += sorted((self.folder / "torchgen" / "api").rglob("*.py"))
        paths = [_dumper("torchgen"), *(sources / name for name in (_FUNCTIONS, "tags.yaml"))]
        return _digest(
            [*paths, *code], "install torch in that environment anew, or name another one"
        )

    def read(self) -> list[dict[str, Any]]:
        sources = self.folder / "torchgen/packaged/ATen/native"
        return _dump("torchgen", self.folder, sources, self.python)


@dataclass(frozen=True)
class CodegenSource:
    """The ``tools/codegen`` of a source tree of PyTorch 1.x.

    Attributes:
        tree: the root of the tree.
        python: an interpreter that it runs in, with PyYAML and typing_extensions.
    """

    tree: Path
    python: Path = Path(sys.executable)

    def digest(self) -> str:
        paths = [_dumper("codegen"), self.tree / _NATIVE / _FUNCTIONS]
        code = sorted((self.tree / "tools" / "codegen").rglob("*.py"))
        return _digest([*paths, *code], "generate the tree anew with `ascendtorch gen`")

    def read(self) -> list[dict[str, Any]]:
        return _dump("codegen", self.tree, self.tree / _NATIVE, self.python)


def _dumper(generator: str) -> Path:
    return Path(__file__).with_name(f"{generator}_dump.py")


def _digest(paths: Iterable[Path], remedy: str) -> str:
    found = hashlib.sha256(f"{_FORMAT}\n".encode())
    for path in paths:
        try:
            found.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as error:
            raise CodegenError(
                f"cannot be read: {error.strerror}", stage=STAGE, path=path, remedy=remedy
            ) from error
    return found.hexdigest()


def _dump(generator: str, folder: Path, sources: Path, python: Path) -> list[dict[str, Any]]:
    """Run a generator's dumper with `folder` on its path."""
    # -P and the file's own path would put our modules on the generator's path.
    code = f"import runpy; runpy.run_path({str(_dumper(generator))!r}, run_name='__main__')"
    argv = [str(python), "-c", code, str(sources)]
    environ = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = process.run(argv, env=environ, timeout=300)
        overloads: list[dict[str, Any]] = json.loads(done.stdout)
    except (process.ProcessFailedError, process.TimedOutError, OSError, ValueError) as error:
        raise CodegenError(
            f"{generator} cannot read the operators of this PyTorch: {error}",
            stage=STAGE,
            path=folder,
            remedy="the Python that runs it must suit that release and have PyYAML and "
            "typing_extensions",
        ) from error
    return overloads


def load_schema(source: SchemaSource, version: str, cache: Path | None = None) -> Schema:
    """Read the operators of a release, from `cache` where they lie there already.

    Args:
        version: the release's, for messages and exceptions in the spec.
        cache: a folder for what was read, by the hash of what it was read from.

    Raises:
        CodegenError: they cannot be read.
    """
    kept = None if cache is None else cache / f"schema-{source.digest()[:32]}.json"
    described: list[dict[str, Any]] | None = None
    if kept is not None and kept.is_file():
        try:
            described = json.loads(kept.read_bytes())["overloads"]
        except (OSError, ValueError, KeyError, TypeError):
            described = None  # damaged: it is made anew
    if described is None:
        described = source.read()
        if kept is not None:
            with host_errors(STAGE, kept.parent):
                write_json(kept, {"schema": _FORMAT, "overloads": described})
    return Schema(version, {entry["name"]: _overload(entry) for entry in described})


def _overload(entry: Mapping[str, Any]) -> Overload:
    return Overload(
        name=entry["name"],
        base=entry["base"],
        ident=entry["ident"],
        schema=entry["schema"],
        kind=entry["kind"],
        returns=entry["returns"],
        arguments=tuple(
            Argument(a["name"], a["cpp"], a["type"], a["default"]) for a in entry["arguments"]
        ),
        implicit=bool(entry["implicit"]),
        generated=bool(entry["generated"]),
        composite=bool(entry["implicit"] or entry["explicit"] or entry["generated"]),
        delegate=None if entry["kind"] == "out" else entry["delegate"],
    )
