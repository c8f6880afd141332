"""What a run would do, decided from data alone: nothing here reads a disk or starts a process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ascendtorch.errors import SpecError
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.release import ReleaseSpec
from ascendtorch.spec.suggest import did_you_mean
from ascendtorch.spec.version import Submodule, VersionSpec

#: Environment variables that upstream's build takes as flags besides USE_* and BUILD_*.
_OTHER_FLAGS = (
    "DEBUG",
    "REL_WITH_DEB_INFO",
    "BLAS",
    "ATEN_THREADING",
    "MKL_THREADING",
    "ONNX_NAMESPACE",
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
)
#: What CI servers set under names that look like flags; they differ in every run.
_NOT_FLAGS = frozenset(
    f"BUILD_{name}"
    for name in (
        "CAUSE", "DISPLAY_NAME", "ID", "NUMBER", "REPOSITORY_NAME", "REPOSITORY_URI", "TAG",
        "TIMESTAMP", "URL", "USER", "USER_ID",
    )
)  # fmt: skip
#: What a plugin's build takes: definitions, and variables that CMake reads from the environment.
_DEFINITION = re.compile(r"(NPU|CMAKE)_\w+")
_COMPILER_FLAGS = ("CXXFLAGS", "LDFLAGS")
_DEFINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Flag:
    """One build flag, its value and who set it."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Plan:
    """A version together with the choices of one run."""

    spec: VersionSpec
    profile: str
    arch: str
    flags: tuple[Flag, ...]
    submodules: tuple[Submodule, ...]
    skipped: tuple[Submodule, ...]

    @property
    def flag_values(self) -> dict[str, str]:
        """The flags the build gets, without upstream's own defaults."""
        return {flag.name: flag.value for flag in self.flags}

    def as_json(self) -> dict[str, object]:
        """The plan as data, for ``--dry-run --json``."""
        return {
            "version": self.spec.version,
            "layout": self.spec.layout,
            "upstream": {
                "url": self.spec.upstream.url,
                "tag": self.spec.upstream.tag,
                "commit": self.spec.upstream.commit,
            },
            "profile": self.profile,
            "architecture": self.arch,
            "flags": [
                {"name": flag.name, "value": flag.value, "origin": flag.origin}
                for flag in self.flags
            ],
            "submodules": [
                {"path": module.path, "url": module.url, "commit": module.commit}
                for module in self.submodules
            ],
            "skipped": [module.path for module in self.skipped],
        }


@dataclass(frozen=True)
class PluginPlan:
    """A version of the plugin layout together with the choices of one run."""

    spec: PluginSpec
    profile: str
    arch: str
    flags: tuple[Flag, ...]

    @property
    def definitions(self) -> dict[str, str]:
        """What CMake is told with ``-D``."""
        return {f.name: f.value for f in self.flags if f.name not in _COMPILER_FLAGS}

    @property
    def variables(self) -> dict[str, str]:
        """What CMake reads from the environment."""
        return {f.name: f.value for f in self.flags if f.name in _COMPILER_FLAGS}

    def as_json(self) -> dict[str, object]:
        """The plan as data, for ``--dry-run --json``."""
        upstream = self.spec.upstream
        return {
            "version": self.spec.version,
            "layout": self.spec.layout,
            "upstream": {
                "name": upstream.name,
                "version": upstream.version,
                "wheels": {
                    python: {wheel.file: wheel.sha256 for wheel in wheels}
                    for python, wheels in upstream.wheels.items()
                },
            },
            "profile": self.profile,
            "architecture": self.arch,
            "flags": [
                {"name": flag.name, "value": flag.value, "origin": flag.origin}
                for flag in self.flags
            ],
        }


def make_plan(
    spec: VersionSpec,
    *,
    profile: str = "full",
    arch: str,
    defines: Mapping[str, str],
    environ: Mapping[str, str],
    submodules: str = "all",
) -> Plan:
    """Decide flags and submodules.

    Later wins: ``version.yaml``, architecture, profile, environment, ``-D``.

    Args:
        profile: a key of the version's profiles.
        arch: the machine, as ``uname -m`` says it.
        defines: ``-D NAME=VALUE``.
        environ: the caller's environment, of which flags are taken.
        submodules: ``all``, or ``needed`` for those these flags compile.

    Raises:
        SpecError: no such profile.
    """
    flags = _flags(spec, profile, arch, _from_environment(environ), defines)
    values = {**spec.upstream_flags, **{name: flag.value for name, flag in flags.items()}}
    wanted = spec.submodules if submodules == "all" else _needed(spec, values)
    return Plan(
        spec=spec,
        profile=profile,
        arch=arch,
        flags=tuple(flags[name] for name in sorted(flags)),
        submodules=wanted,
        skipped=tuple(module for module in spec.submodules if module not in wanted),
    )


def make_plugin_plan(
    spec: PluginSpec,
    *,
    profile: str = "full",
    arch: str,
    defines: Mapping[str, str],
    environ: Mapping[str, str],
) -> PluginPlan:
    """Decide the flags of a plugin's build: CMake definitions, and what compilers are told.

    Raises:
        SpecError: no such profile; a ``-D`` that is no definition of ours or of CMake's.
    """
    for name in defines:
        if _DEFINITION.fullmatch(name) is None and name not in _COMPILER_FLAGS:
            raise SpecError(
                f"-D {name}: the plugin has no such flag",
                stage="plan",
                remedy="the plugin's are NPU_* and CMAKE_* (pytorch_src/npu/CMakeLists.txt), "
                f"{', '.join(_COMPILER_FLAGS)}; upstream's flags (USE_*, BUILD_*) shaped the "
                "official wheel",
            )
    theirs = {name: environ[name] for name in _COMPILER_FLAGS if environ.get(name)}
    flags = _flags(spec, profile, arch, theirs, defines)
    return PluginPlan(spec, profile, arch, tuple(flags[name] for name in sorted(flags)))


def _flags(
    spec: ReleaseSpec,
    profile: str,
    arch: str,
    environ: Mapping[str, str],
    defines: Mapping[str, str],
) -> dict[str, Flag]:
    if profile not in spec.profiles:
        raise SpecError(
            f"unknown profile {profile!r}{did_you_mean(profile, list(spec.profiles))}",
            stage="plan",
            path=spec.folder / "version.yaml",
            remedy="choose one of them with --profile",
        )
    flags: dict[str, Flag] = {}
    for origin, values in (
        ("version", spec.flags),
        (f"architecture {arch}", spec.arch_flags.get(arch, {})),
        (f"profile {profile}", spec.profiles[profile]),
        ("environment", environ),
        ("-D", defines),
    ):
        flags.update({name: Flag(name, value, origin) for name, value in values.items()})
    return flags


def _needed(spec: VersionSpec, flags: dict[str, str]) -> tuple[Submodule, ...]:
    """Return the submodules these flags compile, each with those it lies in."""
    asked = [module.path for module in spec.submodules if module.is_needed(flags)]
    return tuple(
        module
        for module in spec.submodules
        if module.path in asked or any(path.startswith(module.path + "/") for path in asked)
    )


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in _OTHER_FLAGS or (looks_like_flag(name) and name not in _NOT_FLAGS)
    }


def looks_like_flag(name: str) -> bool:
    """Whether upstream's build would pass an environment variable of this name on to CMake."""
    return re.fullmatch(r"(USE|BUILD|CMAKE)_\w+", name) is not None


def parse_defines(texts: tuple[str, ...]) -> dict[str, str]:
    """Parse ``NAME=VALUE`` arguments.

    Raises:
        SpecError: not of that form.
    """
    defines: dict[str, str] = {}
    for text in texts:
        match = _DEFINE.match(text)
        if match is None or "\n" in text or "\0" in text:
            raise SpecError(
                f"-D {text!r} is not NAME=VALUE",
                stage="plan",
                remedy="write for example -D USE_XNNPACK=0",
            )
        defines[match[1]] = match[2]
    return defines


def missing_submodules(plan: Plan, present: set[str]) -> list[Submodule]:
    """Return the submodules that a build with the plan's flags compiles and the tree lacks."""
    values = {**plan.spec.upstream_flags, **plan.flag_values}
    return [module for module in _needed(plan.spec, values) if module.path not in present]


def job_count(
    *,
    cores: int,
    memory_bytes: int | None,
    per_job_bytes: int = 2 << 30,
    asked: int | None = None,
) -> int:
    """Return how many compile jobs fit: by cores, and by memory at `per_job_bytes` each."""
    if asked is not None:
        return max(1, asked)
    if memory_bytes is None:
        return max(1, cores)
    return max(1, min(cores, memory_bytes // per_job_bytes))
