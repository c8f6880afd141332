"""Python interpreters to build for: whether one really starts, and what it lacks.

A name on PATH proves nothing: the shims of pyenv, for one, exist for every version that is
installed anywhere and start only the ones that are chosen. So each candidate is asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import process
from ascendtorch.errors import ToolError
from ascendtorch.toolchain.places import candidates

STAGE = "build"
_ROOT = Path("/")
_SECONDS = 30.0

#: Run by the candidate itself; must be valid in Python 3.6, and say no in 2.7.
_PROBE = """
import importlib.util, json, os, platform, struct, sys, sysconfig
def has(name):
    return importlib.util.find_spec(name) is not None
include = sysconfig.get_path("include")
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "implementation": platform.python_implementation(),
    "abiflags": sys.abiflags,
    "bits": struct.calcsize("P") * 8,
    "include": include,
    "has_headers": os.path.isfile(os.path.join(include, "Python.h")),
    "has_venv": has("venv") and has("ensurepip"),
    "lacks": [name for name in ("zlib", "_ssl", "_ctypes") if not has(name)],
}))
"""


@dataclass(frozen=True)
class PythonInfo:
    """An interpreter that starts.

    Attributes:
        executable: the interpreter as it names itself, which a shim or a link may hide.
        version: all three numbers, such as ``3.8.18``; `short` is ``3.8``.
        tag: interpreter and ABI tag of its wheels, such as ``cp38-cp38`` or ``cp37-cp37m``.
        include: where ``Python.h`` belongs; `has_headers` says whether it is there.
        has_venv: it can make a virtual environment with pip in it.
        lacks: modules that were left out when it was compiled: ``zlib``, ``_ssl``, ``_ctypes``.
    """

    executable: Path
    version: str
    short: str
    tag: str
    include: Path
    has_headers: bool
    has_venv: bool
    lacks: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing that a build needs."""
        return self.has_headers and self.has_venv and not self.lacks


def parse_probe(text: str) -> PythonInfo:
    """Read what a candidate printed; start-up files of its site may have printed before.

    Raises:
        ValueError: it is no answer, or that of an interpreter PyTorch cannot be built for.
    """
    try:
        said = json.loads(text.strip().rpartition("\n")[2])
        numbers = str(said["version"]).split(".")
        short, digits = ".".join(numbers[:2]), "".join(numbers[:2])
        info = PythonInfo(
            executable=Path(said["executable"]),
            version=said["version"],
            short=short,
            tag=f"cp{digits}-cp{digits}{said['abiflags']}",
            include=Path(said["include"]),
            has_headers=said["has_headers"],
            has_venv=said["has_venv"],
            lacks=tuple(said["lacks"]),
        )
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError("it does not answer as a Python does") from error
    if said["implementation"] != "CPython":
        raise ValueError(f"it is {said['implementation']}, and PyTorch needs CPython")
    if said["bits"] != 64:
        raise ValueError(f"it has {said['bits']} bits, and PyTorch needs 64")
    return info


def probe_python(executable: Path, environ: Mapping[str, str]) -> PythonInfo:
    """Start an interpreter and ask what it is.

    Raises:
        ValueError: it does not start, or PyTorch cannot be built for it; the text says why.
    """
    try:
        # -I: neither PYTHON* variables nor the current folder may change the answer.
        done = process.run(
            [str(executable), "-I", "-c", _PROBE], env=environ, timeout=_SECONDS, check=False
        )
    except process.TimedOutError as error:
        raise ValueError(f"it does not answer within {_SECONDS:g} s") from error
    except OSError as error:
        raise ValueError(f"it does not start: {error.strerror}") from error
    if done.returncode != 0:
        lines = done.error_text.splitlines()
        # The first line of a shim tells; of a traceback the last one does.
        said = lines[-1 if lines[0].startswith("Traceback") else 0] if lines else ""
        ended = process.describe_exit(done.returncode)
        raise ValueError(f"it does not start ({ended}){': ' + said if said else ''}")
    return parse_probe(done.text)


def find_python(wanted: str, environ: Mapping[str, str], root: Path = _ROOT) -> PythonInfo:
    """Return the interpreter that ``--python`` asks for.

    Of several, the first that has all a build needs; else the first that starts, for the caller
    to say what it lacks.

    Args:
        wanted: a version (``3.8``, ``3.8.18``), or the path of an interpreter or of its folder.
        root: prefix of the system's folders.

    Raises:
        ToolError: there is none; the message says what was looked at and why it was refused.
    """
    version = re.fullmatch(r"(?:python)?((3\.\d+)(?:\.\d+)?)", wanted)
    if version is None:
        return _named(wanted, environ)
    exact, short = version[1], version[2]
    looked: list[str] = []
    incomplete: PythonInfo | None = None
    for path in candidates(short, environ, root):
        try:
            info = probe_python(path, environ)
        except ValueError as error:
            looked.append(f"{path}: {error}")
            continue
        if exact not in (info.short, info.version):
            looked.append(f"{path}: it is {info.version}")
        elif info.is_complete:
            return info
        else:
            incomplete = incomplete or info
    if incomplete is not None:
        return incomplete
    shown = "".join(f"\n    {line}" for line in looked) or " nothing of that name"
    raise ToolError(
        f"no Python {exact} starts here; looked at (PATH, pyenv, conda, /opt/python, /usr):{shown}",
        stage=STAGE,
        remedy=how_to_get(exact),
    )


def _named(wanted: str, environ: Mapping[str, str]) -> PythonInfo:
    path = _path_of(wanted, environ)
    try:
        if path is None or re.fullmatch(r"[\d.]+", wanted):
            raise ValueError("there is no such interpreter")
        return probe_python(path, environ)
    except ValueError as error:
        raise ToolError(
            f"--python={wanted} cannot be used: {error}",
            stage=STAGE,
            path=path,
            remedy="give a version, such as --python=3.8, or the path of an interpreter that "
            "starts: python3 -c 'import sys; print(sys.executable)' prints it",
        ) from error


def _path_of(wanted: str, environ: Mapping[str, str]) -> Path | None:
    home = environ.get("HOME", "")
    # bash leaves the tilde of `--python=~/x` alone.
    text = home + wanted[1:] if wanted.startswith("~/") else wanted
    # A folder is a virtual environment or an installation.
    folder = text.rstrip("/")
    for choice in (text, *((f"{folder}/bin/python3", f"{folder}/bin/python") if folder else ())):
        found = shutil.which(choice, path=environ.get("PATH", os.defpath))
        if found is not None:
            return Path(found).absolute()
    return None


def find_first(
    versions: Sequence[str], environ: Mapping[str, str], root: Path = _ROOT
) -> PythonInfo:
    """Return an interpreter of the first of these versions that is here and lacks nothing.

    Where all lack something, the first that starts.

    Raises:
        ToolError: none starts.
    """
    incomplete: PythonInfo | None = None
    failures: list[str] = []
    for version in versions:
        try:
            info = find_python(version, environ, root)
        except ToolError as error:
            failures.append(error.cause)
            continue
        if info.is_complete:
            return info
        incomplete = incomplete or info
    if incomplete is not None:
        return incomplete
    raise ToolError(
        "\n  ".join(failures) or "no Python version is named",
        stage=STAGE,
        remedy=how_to_get(versions[-1]) if versions else None,
    )


def how_to_get(version: str) -> str:
    """Return how to install an interpreter with its headers and its venv module."""
    short = ".".join(version.split(".")[:2])
    digits = short.replace(".", "")
    return (
        f"install it with headers and venv, one of: apt-get install python{short}-dev "
        f"python{short}-venv (on Ubuntu add the PPA deadsnakes for other versions than its own); "
        f"dnf or yum install python{digits}-devel; pyenv install {version}; "
        f"conda create -n py{digits} python={version}; or give the path of one with --python"
    )
