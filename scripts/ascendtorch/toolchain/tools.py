"""Tools on PATH: which there are, which version they say they are, whether that version works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from ascendtorch.edge import process
from ascendtorch.spec.release import ToolRange

_NUMBER = r"(\d+(?:\.\d+)*)"

#: What a tool's ``--version`` says of itself. Compilers are in `parse_compiler`.
_SAYS = {
    "git": rf"git version {_NUMBER}",
    "cmake": rf"cmake3? version {_NUMBER}",
    "ninja": rf"{_NUMBER}",
    "ccache": rf"ccache version {_NUMBER}",
    "sccache": rf"sccache {_NUMBER}",
    "distcc": rf"distcc {_NUMBER}",
    "icecc": rf"ICECC {_NUMBER}",
    "make": rf"GNU Make {_NUMBER}",
}

#: Names a tool may have. gcc comes before cc: a gcc of one's own in front of PATH often has no cc,
#: and the cc behind it is the old one.
_EXECUTABLES = {
    "gcc": ("gcc", "cc", "clang"),
    "g++": ("g++", "c++", "clang++"),
    "cmake": ("cmake", "cmake3"),
    "ninja": ("ninja", "ninja-build"),
    "make": ("make", "gmake"),
}

#: The environment variable by which a user chooses a compiler.
VARIABLES = {"gcc": "CC", "g++": "CXX"}

_LAUNCHERS = ("ccache", "sccache", "distcc", "icecc")
_CLANG = {"gcc": "clang", "g++": "clang++"}
_C_OF_CXX = {"g++": "gcc", "clang++": "clang"}
_SECONDS = 30.0


@dataclass(frozen=True)
class ToolInfo:
    """A tool that was found.

    Attributes:
        name: what it is: the name asked for, or ``clang``/``clang++`` where that is behind it.
        path: the program; of a compiler behind a launcher (``CC="ccache gcc"``) the compiler.
        version: digits and dots; empty when it could not be learnt, and `problem` says why.
    """

    name: str
    path: Path
    version: str
    problem: str | None = None


def parse_compiler(text: str) -> tuple[str, str] | None:
    """Return family (``gcc`` or ``clang``) and version of what ``--version`` printed."""
    clang = re.search(rf"\bclang version {_NUMBER}", text)
    if clang is not None:
        return "clang", clang[1]
    # What is in brackets is the packager's: `gcc (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0`.
    gcc = re.match(rf"\S+ \((?:[^()]|\([^()]*\))*\) {_NUMBER}", text)
    return ("gcc", gcc[1]) if gcc is not None else None


def parse_version(name: str, text: str) -> str | None:
    """Return the version in the output of ``<name> --version``; None when it is not there."""
    found = re.match(_SAYS[name], text)
    return found[1] if found is not None else None


def probe_tool(name: str, environ: Mapping[str, str]) -> ToolInfo | None:
    """Find a tool as the build would and ask its version.

    Args:
        name: one of git, gcc, g++, cmake, ninja, ccache, sccache, distcc, icecc, make.
        environ: ``PATH``, ``CC`` (for gcc) and ``CXX`` (for g++) are read from it.

    Returns:
        None when there is none. One that is chosen by the environment and is missing, or does not
        start, is returned with its `problem`: silently taking another would hide that.
    """
    variable = VARIABLES.get(name, "")
    chosen = environ.get(variable, "").strip()
    if chosen:
        return _probe_chosen(name, variable, chosen, environ)
    for executable in _EXECUTABLES.get(name, (name,)):
        found = _which(executable, environ)
        if found is not None:
            return _ask(name, [found], Path(found), environ)
    return None


def _probe_chosen(
    name: str, variable: str, chosen: str, environ: Mapping[str, str]
) -> ToolInfo | None:
    try:
        words = [chosen] if _which(chosen, environ) else shlex.split(chosen)
    except ValueError as error:
        return ToolInfo(name, Path(chosen), "", f"{variable}={chosen} cannot be read: {error}")
    behind = [word for word in words if Path(word).name not in _LAUNCHERS] or words
    found = _which(behind[0], environ)
    if found is None or _which(words[0], environ) is None:
        missing = behind[0] if found is None else words[0]
        return ToolInfo(name, Path(missing), "", f"{variable}={chosen}: {missing} cannot be found")
    return _ask(name, words, Path(found), environ)


def _ask(name: str, words: list[str], path: Path, environ: Mapping[str, str]) -> ToolInfo:
    try:
        done = process.run(
            [*words, "--version"],
            env={**environ, "LC_ALL": "C", "LANGUAGE": "C"},
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, process.TimedOutError) as error:
        return ToolInfo(name, path, "", f"{path} does not start: {error}")
    if done.returncode != 0:
        said = next(iter(done.error_text.splitlines()), "")
        ended = process.describe_exit(done.returncode)
        return ToolInfo(name, path, "", f"{path} does not start ({ended}){said and ': '}{said}")
    if name in VARIABLES:
        family, version = parse_compiler(done.text) or ("gcc", None)
        name = _CLANG[name] if family == "clang" else name
    else:
        version = parse_version(name, done.text)
    if version is None:
        return ToolInfo(name, path, "", f"{path} does not say its version as {name} does")
    return ToolInfo(name, path, version)


def _which(executable: str, environ: Mapping[str, str]) -> str | None:
    return shutil.which(executable, path=environ.get("PATH", os.defpath))


def range_for(name: str, ranges: Mapping[str, ToolRange]) -> ToolRange | None:
    """Return the versions of a tool that work; a C++ compiler's default to its C compiler's."""
    return ranges.get(name) or ranges.get(_C_OF_CXX.get(name, name))


def describe_range(wanted: ToolRange | None) -> str:
    """Return a range as people write it, such as ``>= 7.3, < 14``."""
    if wanted is None:
        return "of any version"
    limits = ((">=", wanted.minimum), ("<", wanted.below))
    return ", ".join(f"{sign} {limit}" for sign, limit in limits if limit) or "of any version"


def check_range(info: ToolInfo, wanted: ToolRange | None) -> str | None:
    """Return what is wrong with a tool: broken, too old, too new; None when it will do."""
    if info.problem is not None:
        return info.problem
    if wanted is None:
        return None
    version = Version(info.version)
    why = f" ({wanted.why})" if wanted.why else ""
    if wanted.minimum is not None and version < Version(wanted.minimum):
        return f"{info.name} {info.version} is older than {wanted.minimum}{why}"
    if wanted.below is not None and version >= Version(wanted.below):
        return f"{info.name} {info.version} is too new: it must be below {wanted.below}{why}"
    return None
