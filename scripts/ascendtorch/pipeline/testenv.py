"""The environment in which the shipped tests run: the wheel that was built, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import files, process
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.emulator.target import Target, choose_python, probe_target
from ascendtorch.errors import StateError, ToolError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import receipts
from ascendtorch.toolchain.environment import clean_environ, ensure_environment
from ascendtorch.toolchain.python import PythonInfo, find_python
from ascendtorch.workspace import Workspace

STAGE = "test"
_SCHEMA = 1
_STAMP = "ascendtorch-wheel.json"


@dataclass(frozen=True)
class TestedWheel:
    """A wheel that was built here, and the Python that it is tested on.

    Attributes:
        folder: the build folder of that Python.
    """

    path: Path
    python: PythonInfo
    folder: Path


def named_python(spec: VersionSpec | PluginSpec, asked: str, environ: Mapping[str, str]) -> Path:
    """Return the Python that was asked for, which must have what is tested.

    Raises:
        ToolError: it does not start, or lacks a package.
    """
    chosen = choose_python(asked, None, environ)
    found = probe_target(chosen or Path(asked), environ)
    lacking = [name for name, is_there in _packages(spec, found) if not is_there]
    if lacking:
        raise ToolError(
            f"this Python has no {' and no '.join(lacking)}",
            stage=STAGE,
            path=found.python,
            remedy=f"install the wheel into it (pip install dist/{spec.wheel.name}-*.whl), or "
            "leave --python out: the wheel that was built last is then tested in an environment "
            "of its own",
        )
    return found.python


def _packages(spec: VersionSpec | PluginSpec, found: Target) -> tuple[tuple[str, bool], ...]:
    if isinstance(spec, PluginSpec):
        return (("torch", found.torch is not None), ("torch_npu", found.torch_npu is not None))
    return (("torch.npu", found.torch is not None and (found.torch / "npu").is_dir()),)


def built_wheel(
    spec: VersionSpec | PluginSpec, workspace: Workspace, environ: Mapping[str, str]
) -> TestedWheel:
    """Return the wheel that was built last for the first Python that tests can run on.

    Raises:
        StateError: there is none.
        ToolError: that Python is not here any more.
    """
    for short in spec.test_requirements:
        folder = workspace.version_build(spec.version) / f"cp{short.replace('.', '')}"
        receipt = receipts.load(folder, "wheel")
        path = None if receipt is None else workspace.dist / str(receipt["wheel"])
        if path is not None and path.is_file():
            return TestedWheel(path, find_python(short, environ), folder)
    pythons = list(spec.test_requirements)
    raise StateError(
        f"there is no wheel of {spec.version} to test for Python {' or '.join(pythons)}",
        stage=STAGE,
        path=workspace.dist,
        remedy=f"build one: bash gen.sh -v {spec.version} && bash build.sh "
        f"--python={pythons[-1]}; or name an environment that has one with --python",
    )


def ensure_test_environment(
    wheel: TestedWheel,
    requirements: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    offline: bool,
    dependencies: bool,
    wheels: Sequence[Path] = (),
    reporter: Reporter,
) -> Path:
    """Return the Python of an environment with the wheel, which is installed where it changed.

    Args:
        requirements: all else that the tests need.
        dependencies: let pip choose what the requirements need and do not list.
        wheels: folders in which pip looks too.

    Raises:
        ToolError: it cannot be made; pip's last words are in the message.
    """
    folder = wheel.folder / "testenv"
    executable = ensure_environment(
        folder,
        wheel.python,
        requirements,
        environ,
        offline=offline,
        wheels=wheels,
        reporter=reporter,
        dependencies=dependencies,
        # Some of them may need what is installed below.
        complete=False,
        what="test environment",
    )
    stamp = folder / _STAMP
    wanted = {"schema": _SCHEMA, "sha256": sha256_file(wheel.path)}
    with host_errors(STAGE, folder):
        try:
            if files.read_json(stamp, schema=_SCHEMA, stage=STAGE) == wanted:
                return executable
        except StateError:
            pass
        reporter.say(STAGE, f"installing {wheel.path.name} into {folder}")
        install = ("install", "--quiet", "--no-deps", "--no-index", "--force-reinstall")
        _pip(executable, (*install, str(wheel.path)), wheel.path, environ)
        _pip(executable, ("check",), wheel.path, environ)
        files.write_json(stamp, wanted)
    return executable


def _pip(python: Path, arguments: tuple[str, ...], wheel: Path, environ: Mapping[str, str]) -> None:
    done = process.run(
        [str(python), "-m", "pip", "--disable-pip-version-check", *arguments],
        env=clean_environ(environ),
        check=False,
    )
    if done.returncode != 0:
        said = done.error_text or done.text.strip()
        raise ToolError(
            f"`pip {arguments[0]}` refuses the wheel: {said}",
            stage=STAGE,
            path=wheel,
            remedy=f"remove {python.parent.parent} and run the same command again; if it stays, "
            "correct test_requirements in version.yaml",
        )
