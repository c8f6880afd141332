"""Compiler launchers: ccache and its kin in front of every compiler call."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from ascendtorch.errors import ToolError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.suggest import did_you_mean
from ascendtorch.toolchain.tools import probe_tool

STAGE = "build"
#: Taken without being asked for, in this order.
AUTOMATIC = ("ccache", "sccache")
KNOWN = (*AUTOMATIC, "distcc", "icecc")


@dataclass(frozen=True)
class Launcher:
    """A launcher, and the environment it wants."""

    name: str
    path: Path | None
    environment: dict[str, str]


NONE = Launcher("none", None, {})


def choose_launcher(
    asked: str, environ: Mapping[str, str], base: Path, reporter: Reporter
) -> Launcher:
    """Return the launcher to use.

    Args:
        asked: ``auto``, ``none``, a known name, or the path of a program.
        base: the workspace; ccache then treats paths in it as relative, so that another checkout
            hits the same entries.

    Raises:
        ToolError: the named one is not there.
    """
    if asked == "none":
        return NONE
    for name in AUTOMATIC if asked == "auto" else (asked,):
        found = which(name, path=environ.get("PATH"))
        if found is None:
            continue
        info = probe_tool(Path(found).name, environ) if Path(found).name in KNOWN else None
        if info is not None and info.problem is not None:
            reporter.warn(STAGE, f"going on without {name}: {info.problem}")
            return NONE
        launcher = Launcher(
            Path(found).name, Path(found), _settings(Path(found).name, environ, base)
        )
        problem = _cache_problem(launcher, environ)
        if problem is None:
            return launcher
        reporter.warn(STAGE, f"going on without {name}: {problem}")
        return NONE
    if asked == "auto":
        return NONE
    raise ToolError(
        f"no launcher {asked!r}{did_you_mean(asked, ['auto', 'none', *KNOWN])}",
        stage=STAGE,
        path=asked,
        remedy="install it, or build without (--launcher none)",
    )


def _settings(name: str, environ: Mapping[str, str], base: Path) -> dict[str, str]:
    if name != "ccache":
        return {}
    ours = {"CCACHE_BASEDIR": str(base), "CCACHE_NOHASHDIR": "1", "CCACHE_MAXSIZE": "10G"}
    return {key: value for key, value in ours.items() if key not in environ}


def cache_folder(name: str, environ: Mapping[str, str]) -> Path | None:
    """Return where a compiler cache keeps its entries, where that is known."""
    home = Path(environ.get("HOME") or "/nonexistent")
    if name == "ccache":
        if environ.get("CCACHE_DIR"):
            return Path(environ["CCACHE_DIR"])
        legacy = home / ".ccache"
        xdg = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "ccache"
        return legacy if legacy.is_dir() else xdg
    if name == "sccache":
        return Path(environ.get("SCCACHE_DIR") or home / ".cache" / "sccache")
    return None


def _cache_problem(launcher: Launcher, environ: Mapping[str, str]) -> str | None:
    folder = cache_folder(launcher.name, environ)
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 65536)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return f"its cache {folder} cannot be written ({error.strerror})"
    return None
