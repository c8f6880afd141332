"""The environment in which the shipped tests run: the official wheel, ours, and numpy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascendtorch.edge import files, process
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.emulator.target import Target, choose_python, probe_target
from ascendtorch.errors import StateError, ToolError
from ascendtorch.plugin.results import OfficialWheel
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts
from ascendtorch.toolchain.environment import clean_environ, ensure_environment
from ascendtorch.toolchain.python import PythonInfo

STAGE = "test"
_SCHEMA = 1
_STAMP = "ascendtorch-plugin.json"


def named_python(asked: str, environ: Mapping[str, str]) -> Path:
    """Return the Python that was asked for, which must have both packages.

    Raises:
        ToolError: it does not start, or lacks torch or torch_npu.
    """
    chosen = choose_python(asked, None, environ)
    found = probe_target(chosen or Path(asked), environ)
    lacking = [name for name, place in _packages(found) if place is None]
    if lacking:
        raise ToolError(
            f"this Python has no {' and no '.join(lacking)}",
            stage=STAGE,
            path=found.python,
            remedy="install the wheel into it (pip install dist/torch_npu-*.whl), or leave "
            "--python out: the wheel that was built last is then tested in an environment of its "
            "own",
        )
    return found.python


def _packages(found: Target) -> tuple[tuple[str, Path | None], ...]:
    return (("torch", found.torch), ("torch_npu", found.torch_npu))


def built_wheel(folder: Path, dist: Path, version: str) -> Path:
    """Return the wheel that was built last.

    Args:
        folder: the build folder of the Python that it is for.

    Raises:
        StateError: there is none.
    """
    receipt = receipts.load(folder, "wheel")
    path = None if receipt is None else dist / str(receipt["wheel"])
    if path is None or not path.is_file():
        raise StateError(
            f"there is no wheel of {version} to test",
            stage=STAGE,
            path=dist,
            remedy=f"build one: bash gen.sh -v {version} && bash build.sh; or name an environment "
            "that has one with --python",
        )
    return path


def ensure_test_environment(
    folder: Path,
    python: PythonInfo,
    official: OfficialWheel,
    wheel: Path,
    environ: Mapping[str, str],
    *,
    offline: bool,
    reporter: Reporter,
) -> Path:
    """Return the Python of an environment with both wheels; `wheel` is installed where it changed.

    Raises:
        ToolError: it cannot be made; pip's last words are in the message.
    """
    requirements = official.spec.test_requirements[python.short]
    pinned = f"{official.spec.upstream.name} @ {official.path.as_uri()}#sha256={official.sha256}"
    executable = ensure_environment(
        folder,
        python,
        (*requirements, pinned),
        environ,
        offline=offline,
        reporter=reporter,
        # Wheels for GPUs need libraries that only pip can choose.
        dependencies=not official.path.name.partition("-")[2].partition("-")[0].endswith("+cpu"),
        what="test environment",
    )
    stamp = folder / _STAMP
    wanted = {"schema": _SCHEMA, "sha256": sha256_file(wheel)}
    with host_errors(STAGE, folder):
        try:
            if files.read_json(stamp, schema=_SCHEMA, stage=STAGE) == wanted:
                return executable
        except StateError:
            pass
        reporter.say(STAGE, f"installing {wheel.name} into {folder}")
        pip = [str(executable), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        done = process.run(
            [*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheel)],
            env=clean_environ(environ),
            check=False,
        )
        if done.returncode != 0:
            raise ToolError(
                f"pip cannot install the wheel: {done.error_text}",
                stage=STAGE,
                path=wheel,
                remedy=f"remove {folder} and run the same command again",
            )
        files.write_json(stamp, wanted)
    return executable
