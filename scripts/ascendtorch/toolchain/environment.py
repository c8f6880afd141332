"""The build's own Python environment: pinned requirements, nothing of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ascendtorch.edge import files, process
from ascendtorch.edge.files import sha256_bytes
from ascendtorch.errors import StateError, ToolError
from ascendtorch.report.reporter import Reporter
from ascendtorch.toolchain.python import PythonInfo

STAGE = "build"
_SCHEMA = 1
_STAMP = "ascendtorch-ready.json"


def environment_digest(python: PythonInfo, requirements: tuple[str, ...]) -> str:
    """Return a digest of what an environment is made of."""
    parts = [str(python.executable), python.version, *sorted(requirements)]
    return sha256_bytes("\n".join(parts).encode())


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Drop what would let another Python environment leak into the build."""
    dropped = (
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV",
        "PIP_TARGET",
        "PIP_USER",
        "PIP_PREFIX",
        "PIP_REQUIRE_VIRTUALENV",
        "__PYVENV_LAUNCHER__",
    )
    return {
        name: value
        for name, value in environ.items()
        if name not in dropped and not (name.startswith("PYTHON") and name != "PYTHONUNBUFFERED")
    }


def ensure_environment(
    folder: Path,
    python: PythonInfo,
    requirements: tuple[str, ...],
    environ: Mapping[str, str],
    *,
    offline: bool,
    reporter: Reporter,
    dependencies: bool = False,
    wheels: Sequence[Path] = (),
    complete: bool = True,
    what: str = "build environment",
) -> Path:
    """Return the environment's Python, making the environment when it is missing or outdated.

    A stamp written last marks it as whole; one without, or with other contents, or at another
    place (environments cannot be moved) is made anew.

    Args:
        dependencies: let pip choose what the requirements need and do not list.
        wheels: folders in which pip looks too, beside those of its own settings.
        complete: refuse requirements that need what none of them is.
        what: the environment, for messages.

    Raises:
        ToolError: it cannot be made; pip's last words are in the message.
    """
    executable = folder / "bin" / "python"
    stamp = folder / _STAMP
    wanted = {
        "schema": _SCHEMA,
        "digest": environment_digest(python, requirements),
        "folder": str(folder),
    }
    try:
        if files.read_json(stamp, schema=_SCHEMA, stage=STAGE) == wanted and executable.exists():
            return executable
    except StateError:
        pass
    reporter.say(STAGE, f"making the {what} for Python {python.version} in {folder}")
    files.remove_tree(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    env = clean_environ(environ)
    _step(
        [str(python.executable), "-m", "venv", str(folder)],
        env,
        folder,
        reporter,
        "install the venv module of that Python (Debian: apt-get install python3-venv)",
    )
    pip = [str(executable), "-m", "pip", "--disable-pip-version-check"]
    # Every requirement is pinned, transitive ones too; pip shall not choose any itself.
    install = [
        *pip,
        "install",
        *(["--no-deps"] * (not dependencies)),
        "--prefer-binary",
        *(["--no-index"] * offline),
        *(f"--find-links={path}" for path in wheels),
        *requirements,
    ]
    _step(
        install,
        env,
        folder,
        reporter,
        "check the network and pip's index (PIP_INDEX_URL), or give a folder of wheels "
        "(PIP_FIND_LINKS), or a bundle (ascendtorch bundle use)",
    )
    if complete:
        _step(
            [*pip, "check"],
            env,
            folder,
            reporter,
            "the pinned requirements contradict each other: correct them in version.yaml",
        )
    _shadow_cmake3(folder)
    files.write_json(stamp, wanted)
    return executable


def _shadow_cmake3(folder: Path) -> None:
    """Give our CMake its other name too: upstream prefers a ``cmake3`` wherever it finds one."""
    script, alias = folder / "bin" / "cmake", folder / "bin" / "cmake3"
    if script.exists() and not alias.exists():
        alias.symlink_to("cmake")


def _step(
    argv: list[str], env: Mapping[str, str], folder: Path, reporter: Reporter, remedy: str
) -> None:
    said: list[str] = []
    with reporter.progress(STAGE, "environment") as advance:

        def listen(line: str) -> None:
            said.append(line)
            advance(0, 0, line.strip())

        code = process.stream(argv, env=env, on_line=listen)
    if code != 0:
        telling = [line for line in said if line.strip()][-4:]
        raise ToolError(
            f"`{' '.join(argv[1:5])} ...` ended with {process.describe_exit(code)}: "
            + " | ".join(telling),
            stage=STAGE,
            path=folder,
            remedy=remedy,
        )
