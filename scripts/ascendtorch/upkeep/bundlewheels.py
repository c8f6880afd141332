"""Wheels of a bundle: downloaded by pip for any Python, and held against the pins."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from ascendtorch.edge import process
from ascendtorch.errors import FetchError, ToolError
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.toolchain.environment import clean_environ
from ascendtorch.upkeep.bundlefile import STAGE

#: glibc 2.x that wheels may ask for, the oldest first, so that a bundle fits most machines.
_GLIBC = (17, 28, 39)
#: Names that some platforms had before they were named by glibc's version.
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
#: What pip needs to install the tool in place, beside what the tool imports.
_INSTALLERS = ("pip>=21.3", "setuptools>=64", "wheel")


def platforms(arch: str, glibc: int) -> tuple[str, ...]:
    """Return the platform tags of wheels that glibc 2.`glibc` runs, the newest first."""
    found = []
    for minor in range(glibc, 4, -1):
        found.append(f"manylinux_2_{minor}_{arch}")
        if minor in _OLD_NAMES:
            found.append(f"{_OLD_NAMES[minor]}_{arch}")
    return (*found, f"linux_{arch}")


def download(
    requirements: Sequence[str],
    python: str,
    arch: str,
    target: Path,
    *,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> list[Path]:
    """Have pip download the wheels of pinned requirements; that Python need not be here.

    Raises:
        FetchError: there is no wheel of one of them, or pip cannot get it.
    """
    if not requirements:
        return []
    digits = python.replace(".", "")
    abi = f"cp{digits}m" if Version(python) < Version("3.8") else f"cp{digits}"
    said: list[str] = []
    for glibc in _GLIBC:
        said.clear()
        code = _pip(
            [
                *("--no-deps", "--python-version", python, "--implementation", "cp"),
                *("--abi", abi),
                *(word for tag in platforms(arch, glibc) for word in ("--platform", tag)),
                *requirements,
            ],
            target,
            options,
            environ,
            said,
            reporter,
            len(requirements),
        )
        if code == 0:
            found = sorted(target.glob("*.whl"))
            lacking = missing(requirements, [path.name for path in found])
            if not lacking:
                return found
            said.append(f"ERROR: pip brought no wheel of {', '.join(lacking)}")
        if not any("No matching distribution" in line for line in said):
            break
    raise _failure(said, f"the build requirements for Python {python} on {arch}", target, options)


def download_tool(
    target: Path, *, options: FetchOptions, environ: Mapping[str, str], reporter: Reporter
) -> list[Path]:
    """Have pip download what this tool's own environment is made of, for the Python that runs it.

    Raises:
        ToolError: the tool was not installed, so that what it needs is not known.
        FetchError: pip cannot get it.
    """
    try:
        named = metadata.requires("ascendtorch") or []
    except metadata.PackageNotFoundError as error:
        raise ToolError(
            "this tool runs without being installed, so that its own requirements are not known",
            stage=STAGE,
            remedy="run .venv/bin/ascendtorch, which gen.sh makes, or give --without-tool",
        ) from error
    parsed = [Requirement(text) for text in named]
    wanted = [
        f"{item.name}{item.specifier}"
        for item in parsed
        if item.marker is None or item.marker.evaluate({"extra": ""})
    ]
    said: list[str] = []
    # With what they need themselves, which pip alone knows.
    code = _pip([*wanted, *_INSTALLERS], target, options, environ, said, reporter, 0)
    if code != 0:
        raise _failure(said, "what the tool itself needs", target, options)
    return sorted(target.glob("*.whl"))


def _pip(
    words: Sequence[str],
    target: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    said: list[str],
    reporter: Reporter,
    total: int,
) -> int:
    target.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"),
        *("download", "--only-binary", ":all:", "--progress-bar", "off"),
        *("--retries", str(options.tries - 1), "--timeout", f"{options.stall_seconds:g}"),
        *(["--no-index"] * options.offline),
        *("-d", str(target)),
        *words,
    ]
    # Beside its goal, so that a full /tmp is no obstacle.
    env = {**clean_environ(environ), "TMPDIR": str(target.parent)}
    done: list[str] = []
    with reporter.progress(STAGE, "wheels") as advance:

        def listen(line: str) -> None:
            said.append(line)
            word, _, what = line.strip().partition(" ")
            if word == "Saved":
                done.append(what)
                advance(len(done), total, Path(what).name)

        return process.stream(command, env=env, on_line=listen)


def _failure(said: list[str], what: str, target: Path, options: FetchOptions) -> FetchError:
    errors = [line.strip() for line in said if line.startswith("ERROR")] or said[-3:]
    return FetchError(
        f"pip cannot get {what}: {' | '.join(errors)}",
        stage=STAGE,
        path=target,
        remedy="name a folder that has these wheels with PIP_FIND_LINKS"
        + ("" if options.offline else ", or check the network and pip's index (PIP_INDEX_URL)"),
    )


def identity(file: str) -> tuple[str, str] | None:
    """Return name and version of the distribution that a wheel's file name says it is."""
    try:
        name, version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return None
    return name, str(version)


def pinned(requirements: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return pinned requirements by name and version."""
    found: dict[tuple[str, str], str] = {}
    for text in requirements:
        requirement = Requirement(text)
        (pin,) = requirement.specifier
        found[canonicalize_name(requirement.name), str(Version(pin.version))] = text
    return found


def missing(requirements: Iterable[str], files: Iterable[str]) -> list[str]:
    """Return the requirements of which there is no wheel among some file names."""
    there = {identity(file) for file in files}
    return [text for key, text in pinned(requirements).items() if key not in there]


def running_python() -> str:
    """Return the Python that runs this tool, such as ``3.11``."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"
