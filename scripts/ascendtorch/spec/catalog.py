"""``patch/catalog.yaml``: the published compatibility matrix, and what is supported of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.errors import VersionError
from ascendtorch.spec.reader import Value, check_schema
from ascendtorch.spec.suggest import did_you_mean

SCHEMA = 1
_FILE = "patch/catalog.yaml"


@dataclass(frozen=True)
class Release:
    """One row of the matrix: an AscendPyTorch release for one PyTorch and one CANN."""

    ascend: str
    cann: str
    pytorch: str
    base: str
    branch: str
    image: str | None
    note: str | None
    beta: bool


@dataclass(frozen=True)
class Branch:
    """The maintenance state of a release branch; dates are ISO 8601."""

    name: str
    status: str
    launched: str
    next: str | None


@dataclass(frozen=True)
class Phase:
    """A phase of maintenance and how long it lasts."""

    name: str
    duration: str | None


@dataclass(frozen=True)
class KnownVersion:
    """A PyTorch version the project knows, whether or not it has a patch set yet."""

    version: str
    layout: str
    pythons: tuple[str, ...]
    gcc: str
    cmake: str
    wheel: str


@dataclass(frozen=True)
class Catalog:
    """The whole catalogue; `supported` are the versions that have a patch set."""

    default: str
    releases: tuple[Release, ...]
    branches: tuple[Branch, ...]
    phases: tuple[Phase, ...]
    versions: dict[str, KnownVersion]
    supported: tuple[str, ...]

    def require(self, version: str) -> None:
        """Refuse a version that cannot be generated.

        Raises:
            VersionError: unknown, or known and without a patch set; both list those that have one.
        """
        if version in self.supported:
            return
        have = ", ".join(self.supported) or "none"
        base = next((row.base for row in self.releases if row.pytorch == version), version)
        if base != version and base in self.supported:
            raise VersionError(
                f"{version} is a published release of {base}",
                stage="plan",
                path=_FILE,
                remedy=f"ask for the PyTorch version itself: -v {base}",
            )
        if base in self.versions:
            raise VersionError(
                f"PyTorch {base} is known but has no patch set yet; versions that have one: {have}",
                stage="plan",
                path=f"patch/{base}",
                remedy=f"choose one of them with -v (for example -v {self.supported[-1]})"
                if self.supported
                else 'add one (README, "Adding a version")',
            )
        raise VersionError(
            f"unknown PyTorch version {version!r}{did_you_mean(version, list(self.versions))}; "
            f"versions with a patch set: {have}",
            stage="plan",
            path=_FILE,
            remedy="`ascendtorch versions` prints the whole catalogue",
        )


def load_catalog(folder: Path) -> Catalog:
    """Read ``catalog.yaml`` in the patch folder and look which versions have a patch set."""
    root = Value.load(folder / "catalog.yaml")
    fields = root.fields("schema", "default", "releases", "branches", "phases", "versions")
    check_schema(fields["schema"], SCHEMA)
    versions = {name: _known(name, value) for name, value in fields["versions"].mapping().items()}
    if fields["default"].text() not in versions:
        fields["default"].fail("is not among `versions`", "name a known version")
    return Catalog(
        default=fields["default"].text(),
        releases=tuple(_release(item, versions) for item in fields["releases"]),
        branches=tuple(_branch(item) for item in fields["branches"]),
        phases=tuple(_phase(item) for item in fields["phases"]),
        versions=versions,
        supported=tuple(
            name
            for name in sorted(versions, key=_order)
            if (folder / name / "version.yaml").is_file()
        ),
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _known(name: str, value: Value) -> KnownVersion:
    if re.fullmatch(r"\d+\.\d+\.\d+", name) is None:
        value.fail("is not a version", 'write a release such as "1.8.1"')
    fields = value.fields("layout", "pythons", "gcc", "cmake", "wheel")
    return KnownVersion(
        name,
        fields["layout"].one_of("in-tree", "plugin"),
        fields["pythons"].texts(),
        fields["gcc"].text(),
        fields["cmake"].text(),
        fields["wheel"].text(),
    )


def _release(value: Value, versions: dict[str, KnownVersion]) -> Release:
    fields = value.fields("ascend", "cann", "pytorch", "base", "branch", "image", "note", "beta")
    if fields["base"].text() not in versions:
        fields["base"].fail("is not among `versions`", "add it there, or correct it")
    return Release(
        fields["ascend"].text(),
        fields["cann"].text(),
        fields["pytorch"].text(),
        fields["base"].text(),
        fields["branch"].text(),
        fields["image"].optional_text(),
        fields["note"].optional_text(),
        fields["beta"].boolean(),
    )


def _branch(value: Value) -> Branch:
    fields = value.fields("name", "status", "launched", "next")
    return Branch(
        fields["name"].text(),
        fields["status"].text(),
        fields["launched"].matching(r"\d{4}-\d\d-\d\d", "a date in quotes, YYYY-MM-DD"),
        fields["next"].optional_text(),
    )


def _phase(value: Value) -> Phase:
    fields = value.fields("name", "duration")
    return Phase(fields["name"].text(), fields["duration"].optional_text())
