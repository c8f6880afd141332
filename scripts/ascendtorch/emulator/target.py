"""The Python that will run a program, and the torch it has: what the operators are built for."""

from __future__ import annotations

import json
import mmap
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import process
from ascendtorch.errors import ToolError

STAGE = "emulate"
_SECONDS = 30.0
_PYTHON = re.compile(r"python(\d+(\.\d+)?t?)?")

#: Run by the candidate itself; must be valid in Python 3.6. Only looks for packages: importing
#: torch takes seconds, and loads the device backends that are installed beside it.
_PROBE = """
import importlib.util, json, os, sys
sys.path[:] = [entry for entry in sys.path if entry]
def folder(name):
    spec = importlib.util.find_spec(name)
    return os.path.dirname(spec.origin) if spec is not None and spec.origin else None
print(json.dumps({
    "executable": sys.executable,
    "torch": folder("torch"),
    "torch_npu": folder("torch_npu"),
}))
"""

#: How the constructor of c10::Error, which takes a string, is named in libc10.so.
_ERROR = re.compile(rb"_ZN3c105ErrorC[12][^\0]*")


@dataclass(frozen=True)
class Torch:
    """An installed torch, as far as it matters for what is compiled against it.

    Attributes:
        folder: the package, with ``include/`` and ``lib/`` in it.
        version: with its local part, such as ``2.13.0+cpu``.
        cxx11_abi: which of libstdc++'s two strings it was compiled with.
        standard: the C++ standard that its headers ask for, such as ``20``.
        sizes: bytes of the libraries that are linked, to tell builds of one version apart.
    """

    folder: Path
    version: str
    cxx11_abi: bool
    standard: str
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """A Python that starts, and what is installed in it."""

    python: Path
    torch: Path | None
    torch_npu: Path | None


def find_program(name: str, environ: Mapping[str, str]) -> Path:
    """Return the program that a shell would run for `name`.

    Raises:
        ToolError: there is none.
    """
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        raise ToolError(
            f"there is no program {name!r}",
            stage=STAGE,
            remedy="give a program on PATH or its path, for example: "
            "ascendtorch emulate -- python prog.py",
        )
    return Path(found)


def choose_python(
    asked: str | None, program: Path | None, environ: Mapping[str, str]
) -> Path | None:
    """Return the Python whose torch the operators are for; None when there is no Python.

    That is the one asked for, else the program itself, else the interpreter a script names in its
    first line, else what ``python`` or ``python3`` on PATH is.
    """
    if asked is not None:
        folder = Path(asked)
        if folder.is_dir():
            return find_program(str(folder / "bin" / "python"), environ)
        return find_program(asked, environ)
    if program is not None:
        found = program if _PYTHON.fullmatch(program.name) else _interpreter(program, environ)
        if found is not None:
            return found
    for name in ("python", "python3"):
        default = shutil.which(name, path=environ.get("PATH", os.defpath))
        if default is not None:
            return Path(default)
    return None


def _interpreter(script: Path, environ: Mapping[str, str]) -> Path | None:
    """Return the Python that the first line of a script names, if it names one."""
    try:
        with script.open("rb") as stream:
            line = stream.readline(256)
    except OSError:
        return None
    if not line.startswith(b"#!"):
        return None
    words = os.fsdecode(line[2:]).split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or not _PYTHON.fullmatch(Path(words[0]).name):
        return None
    found = shutil.which(words[0], path=environ.get("PATH", os.defpath))
    return None if found is None else Path(found)


def probe_target(python: Path, environ: Mapping[str, str]) -> Target:
    """Ask a Python where its torch and torch_npu lie, without importing them.

    Raises:
        ToolError: it does not start.
    """
    try:
        done = process.run([str(python), "-c", _PROBE], env=environ, timeout=_SECONDS, check=False)
        if done.returncode != 0:
            said = done.error_text.splitlines()
            raise ValueError(said[-1] if said else process.describe_exit(done.returncode))
        # Start-up files of its site may have printed before.
        said_json = json.loads(done.text.strip().rpartition("\n")[2])
        places = [said_json[name] for name in ("torch", "torch_npu")]
        torch, torch_npu = (Path(place) if place else None for place in places)
        return Target(Path(said_json["executable"]), torch, torch_npu)
    except (OSError, process.TimedOutError, ValueError, TypeError, LookupError) as error:
        raise ToolError(
            f"this Python does not start: {error}",
            stage=STAGE,
            path=python,
            remedy="name one that starts with --python",
        ) from error


def read_torch(folder: Path) -> Torch:
    """Read version and ABI of an installed torch from its files.

    Raises:
        ToolError: it has no headers or libraries to compile against, or is no torch at all.
    """
    libraries = [folder / "lib" / name for name in ("libc10.so", "libtorch_cpu.so")]
    try:
        version = re.search(r"__version__ = '([^']+)'", (folder / "version.py").read_text("utf-8"))
        config = (folder / "share/cmake/Torch/TorchConfig.cmake").read_text("utf-8")
        if version is None or not (folder / "include/ATen/ATen.h").is_file():
            raise OSError("its version or its headers are missing")
        return Torch(
            folder=folder.resolve(),
            version=version[1],
            cxx11_abi=_has_cxx11_abi(libraries[0]),
            standard=read_standard(config),
            sizes=tuple(library.stat().st_size for library in libraries),
        )
    except (OSError, ValueError) as error:
        raise ToolError(
            f"nothing can be compiled against this torch: {error}",
            stage=STAGE,
            path=folder,
            remedy="install torch from its official wheel into this Python (pip install torch), "
            "or name another Python with --python",
        ) from error


def read_standard(config: str) -> str:
    """Return the C++ standard that torch's own CMake file asks for; 14 where it asks for none."""
    found = re.search(r"\bCXX_STANDARD (\d+)", config)
    return found[1] if found else "14"


def _has_cxx11_abi(libc10: Path) -> bool:
    with (
        libc10.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as all_,
    ):
        names = _ERROR.findall(all_)
    if not names:
        raise ValueError(f"{libc10.name} has no c10::Error")
    return any(b"__cxx11" in name for name in names)
