"""Long commands whose whole output goes to a log, with their progress shown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ascendtorch.edge import process
from ascendtorch.report.ninja import BuildProgress
from ascendtorch.report.reporter import Reporter
from ascendtorch.toolchain.environment import clean_environ


def new_log(folder: Path) -> Path:
    """Return the place for a log of now, and have ``latest.log`` beside it name it."""
    log = folder / f"build-{time.strftime('%Y%m%d-%H%M%S')}.log"
    folder.mkdir(parents=True, exist_ok=True)
    latest = folder / "latest.log"
    latest.unlink(missing_ok=True)
    latest.symlink_to(log.name)
    return log


def compile_environment(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for CMake and ninja.

    One language everywhere: messages are read by patterns, and ccache keys on the locale.
    """
    clean = {
        name: value
        for name, value in clean_environ(environ).items()
        if not (name.startswith("LC_") or name == "LANGUAGE")
    }
    # Without the first two ccache lets everything pass that uses a precompiled header; without the
    # others a header that CMake wrote just before is too new for it.
    sloppiness = "pch_defines,time_macros,include_file_mtime,include_file_ctime"
    clean.setdefault("CCACHE_SLOPPINESS", sloppiness)
    return {**clean, **extra, "LANG": "C.UTF-8", "NINJA_STATUS": "[%f/%t] "}


def run_logged(
    commands: Sequence[Sequence[str]],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    stage: str,
    reporter: Reporter,
) -> tuple[int, list[str]]:
    """Run commands one after another until one fails; return the exit code and all lines."""
    progress = BuildProgress()
    lines: list[str] = []
    with (
        log.open("w", encoding="utf-8", errors="replace", buffering=1) as stream,
        reporter.progress(stage, "compiling") as advance,
    ):

        def listen(line: str) -> None:
            stream.write(line + "\n")
            lines.append(line)
            step = progress.feed(line)
            if step is not None:
                advance(step.done, step.total, step.text)

        for command in commands:
            code = process.stream(command, cwd=cwd, env=env, on_line=listen)
            if code != 0:
                return code, lines
    return 0, lines
