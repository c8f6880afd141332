"""Where Python interpreters may lie on a machine."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path("/")

#: Where interpreters of one version lie; {v} is 3.8, {n} is 38. Relative to the home folder ...
_AT_HOME = (
    ".local/share/uv/python/cpython-{v}.*/bin/python{v}",
    ".asdf/installs/python/{v}.*/bin/python{v}",
    ".local/bin/python{v}",
)
#: ... and to the root folder. The guides for Ascend install to /usr/local/python3.7.5.
_IN_SYSTEM = (
    "opt/python/cp{n}-cp{n}*/bin/python{v}",
    "usr/local/bin/python{v}",
    "usr/bin/python{v}",
    "usr/local/python{v}*/bin/python{v}",
    "opt/rh/rh-python{n}/root/usr/bin/python{v}",
)
_CONDAS_AT_HOME = (
    "miniconda3",
    "anaconda3",
    "miniforge3",
    "mambaforge",
    "archiconda3",
    "micromamba",
    ".conda",
)
_CONDAS_IN_SYSTEM = ("opt/conda", "opt/miniconda3", "opt/anaconda3", "opt/miniforge3")


def candidates(short: str, environ: Mapping[str, str], root: Path = _ROOT) -> tuple[Path, ...]:
    """Return the programs that may be Python `short` (such as ``3.8``), the likeliest first.

    Args:
        environ: ``PATH``, ``HOME``, ``PYENV_ROOT`` and conda's variables are read from it.
        root: prefix of the system's folders.
    """
    name = f"python{short}"
    folders = [Path(text) for text in environ.get("PATH", "").split(":") if text.startswith("/")]
    found = [folder / name for folder in folders]
    home = environ.get("HOME")
    pyenv = environ.get("PYENV_ROOT") or (f"{home}/.pyenv" if home else None)
    if pyenv:
        found += _glob(
            Path(pyenv), f"versions/{short}.*/bin/{name}", f"versions/{short}/bin/{name}"
        )
    for conda in _conda_roots(environ, root):
        found += _glob(conda, f"bin/{name}", f"envs/*/bin/{name}")
    fill = {"v": short, "n": short.replace(".", "")}
    if home:
        found += _glob(Path(home), *(pattern.format(**fill) for pattern in _AT_HOME))
    found += _glob(root, *(pattern.format(**fill) for pattern in _IN_SYSTEM))
    if root == _ROOT and short == f"{sys.version_info[0]}.{sys.version_info[1]}":
        found.append(Path(sys.base_prefix) / "bin" / name)
    # An active environment may have no other name for its interpreter.
    found += [folder / "python3" for folder in folders]
    # Parents are resolved (/bin is often /usr/bin), names are not: an environment's Python is a
    # link to the one it was made with, and still another one.
    distinct: dict[Path, Path] = {}
    for path in found:
        if os.access(path, os.X_OK) and path.is_file():
            distinct.setdefault(path.parent.resolve() / path.name, path)
    return tuple(distinct.values())


def _conda_roots(environ: Mapping[str, str], root: Path) -> list[Path]:
    named = [environ.get("CONDA_PREFIX"), environ.get("MAMBA_ROOT_PREFIX")]
    found = [Path(text) for text in named if text]
    if environ.get("CONDA_EXE"):
        found.append(Path(environ["CONDA_EXE"]).parent.parent)
    if environ.get("HOME"):
        found += [Path(environ["HOME"], name) for name in _CONDAS_AT_HOME]
    return found + [root / name for name in _CONDAS_IN_SYSTEM]


def _glob(root: Path, *patterns: str) -> list[Path]:
    """Return what matches, pattern by pattern, each with the newest version first."""

    def key(path: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", str(path))]

    found: list[Path] = []
    for pattern in patterns:
        with contextlib.suppress(OSError):  # somebody else's folder
            found += sorted(root.glob(pattern), key=key, reverse=True)
    return found
