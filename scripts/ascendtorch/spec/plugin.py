"""``version.yaml`` of the plugin layout: the official wheel by hash, and how ours is built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from ascendtorch.spec.reader import Value
from ascendtorch.spec.release import (
    COMMON,
    PLUGIN,
    KernelRule,
    ReleaseSpec,
    read_flag_sets,
    read_flags,
    read_kernels,
    read_profiles,
    read_pythons,
    read_requirements,
    read_templates,
    read_tools,
    read_version,
    read_wheel,
)


@dataclass(frozen=True)
class PinnedWheel:
    """One file that is accepted as the official wheel."""

    file: str
    sha256: str

    @property
    def version(self) -> str:
        """Its version with the local part, such as ``2.13.0+cpu``."""
        return str(parse_wheel_filename(self.file)[1])

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags in its name, such as ``manylinux_2_28_x86_64``."""
        return tuple(sorted({tag.platform for tag in parse_wheel_filename(self.file)[3]}))

    def suits(self, arch: str) -> bool:
        """Whether it is for that machine, as ``uname -m`` says it."""
        return any(platform.endswith(f"_{arch}") for platform in self.platforms)


@dataclass(frozen=True)
class Official:
    """Upstream's own distribution: any of these files, by Python."""

    name: str
    version: str
    wheels: dict[str, tuple[PinnedWheel, ...]]


@dataclass(frozen=True)
class PluginSpec(ReleaseSpec):
    """A version of the plugin layout.

    Attributes:
        test_requirements: what an environment needs beside both wheels to run the shipped tests.
    """

    upstream: Official
    kernels: KernelRule
    test_requirements: dict[str, tuple[str, ...]]


def load_plugin(folder: Path) -> PluginSpec:
    """Read ``version.yaml`` in `folder`, of a version that is built beside the official wheel.

    Raises:
        SpecError: with file and line of the first thing that is wrong.
    """
    root = Value.load(folder / "version.yaml")
    fields = root.fields(
        *COMMON, "kernels", "test_requirements", optional=("arch_flags", "templates")
    )
    layout = fields["layout"].one_of(PLUGIN)
    version = read_version(fields, folder)
    pythons = read_pythons(fields["pythons"])
    return PluginSpec(
        version=version,
        layout=layout,
        upstream=_official(fields["upstream"], version, pythons),
        pythons=pythons,
        tools=read_tools(fields["tools"]),
        flags=read_flags(fields["flags"]),
        arch_flags=read_flag_sets(fields.get("arch_flags")),
        profiles=read_profiles(fields["profiles"]),
        wheel=read_wheel(fields["wheel"]),
        requirements=read_requirements(fields["requirements"], pythons),
        test_requirements=read_requirements(fields["test_requirements"], pythons),
        templates=read_templates(fields.get("templates")),
        kernels=read_kernels(fields["kernels"]),
        folder=folder,
    )


def _official(value: Value, version: str, pythons: tuple[str, ...]) -> Official:
    fields = value.fields("name", "version", "wheels")
    name = fields["name"].matching(r"[A-Za-z0-9_]+", "a distribution name")
    if fields["version"].text() != version:
        fields["version"].fail(f"is not {version}, the version of this file", "make them agree")
    wheels = {}
    for python, entries in fields["wheels"].fields(*pythons).items():
        wheels[python] = tuple(_wheel(entry, name, version, python) for entry in entries.items())
        if not wheels[python]:
            entries.fail("is empty", "pin at least one wheel: its file name and sha256")
    return Official(name, version, wheels)


def _wheel(value: Value, name: str, version: str, python: str) -> PinnedWheel:
    fields = value.fields("file", "sha256")
    file = fields["file"].text()
    try:
        found, release, _, tags = parse_wheel_filename(file)
    except InvalidWheelFilename as error:
        fields["file"].fail(f"is no name of a wheel: {error}", "write the file name as published")
    if found != name or Version(release.public) != Version(version):
        fields["file"].fail(f"is {file!r}, no wheel of {name} {version}", "correct the file name")
    tag = f"cp{python.replace('.', '')}"
    if tag not in {item.interpreter for item in tags}:
        fields["file"].fail(f"is {file!r}, no wheel for Python {python}", "correct the file name")
    digest = fields["sha256"].matching(r"[0-9a-f]{64}", "a sha256 of 64 hexadecimal digits")
    return PinnedWheel(file, digest)
