"""``patch/<version>/version.yaml`` of the in-tree layout: the pin of a release and its build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.edge.gitenv import is_safe_url
from ascendtorch.spec.reader import Value
from ascendtorch.spec.release import (
    COMMON,
    IN_TREE,
    PLUGIN,
    KernelRule,
    ReleaseSpec,
    read_flag_sets,
    read_flags,
    read_inside,
    read_kernels,
    read_profiles,
    read_pythons,
    read_requirements,
    read_templates,
    read_tools,
    read_version,
    read_wheel,
)
from ascendtorch.spec.suggest import did_you_mean


@dataclass(frozen=True)
class Upstream:
    """Where the release comes from and which commit it is."""

    url: str
    tag: str
    commit: str


@dataclass(frozen=True)
class Submodule:
    """One submodule at its pinned commit.

    `needed` holds flag names of which any one being on asks for it; empty means never,
    and ``always`` stands for itself.
    """

    path: str
    url: str
    commit: str
    needed: tuple[str, ...]

    def is_needed(self, flags: dict[str, str]) -> bool:
        """Whether a build with these flags compiles it."""
        return any(name == "always" or is_on(flags[name]) for name in self.needed)


@dataclass(frozen=True)
class OverlayRule:
    """A folder of ours below ``pytorch_src`` and where it goes in the tree.

    Attributes:
        excepted: files and folders in it that stay behind.
    """

    source: str
    target: str
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class VersionSpec(ReleaseSpec):
    """A version of the in-tree layout: upstream's sources, our series and overlay.

    Attributes:
        kernels: None in a version that has no torch.npu.
        test_requirements: what an environment needs beside the wheel to run the shipped tests; by
            Python, and only for those on which they run.
    """

    upstream: Upstream
    upstream_flags: dict[str, str]
    submodules: tuple[Submodule, ...]
    overlay: tuple[OverlayRule, ...]
    kernels: KernelRule | None
    test_requirements: dict[str, tuple[str, ...]]

    @property
    def series_file(self) -> Path:
        """The file that orders the patches."""
        return self.folder / "series"


def is_on(value: str) -> bool:
    """Read a flag as CMake does: everything but an explicit "off" word is on."""
    return value.upper() not in ("0", "OFF", "NO", "FALSE", "N", "")


def load_version(folder: Path) -> VersionSpec:
    """Read ``version.yaml`` in `folder`, of a version that is made from upstream's sources.

    Raises:
        SpecError: with file and line of the first thing that is wrong.
    """
    root = Value.load(folder / "version.yaml")
    layout = root.mapping().get("layout")
    if layout is not None and layout.one_of(IN_TREE, PLUGIN) == PLUGIN:
        layout.fail(
            "is `plugin`: this version is built beside the official wheel, and has neither a tree "
            "nor a series",
            "choose a version of the in-tree layout with -v; `ascendtorch versions` shows them",
        )
    fields = root.fields(
        *COMMON,
        "submodules",
        optional=(
            "upstream_flags",
            "arch_flags",
            "overlay",
            "kernels",
            "test_requirements",
            "templates",
        ),
    )
    version = read_version(fields, folder)
    flags = read_flags(fields["flags"])
    upstream_flags = read_flags(fields["upstream_flags"]) if "upstream_flags" in fields else {}
    pythons = read_pythons(fields["pythons"])
    return VersionSpec(
        version=version,
        layout=fields["layout"].text(),
        upstream=_upstream(fields["upstream"]),
        pythons=pythons,
        tools=read_tools(fields["tools"]),
        flags=flags,
        upstream_flags=upstream_flags,
        arch_flags=read_flag_sets(fields.get("arch_flags")),
        profiles=read_profiles(fields["profiles"]),
        wheel=read_wheel(fields["wheel"]),
        requirements=read_requirements(fields["requirements"], pythons),
        submodules=_submodules(fields["submodules"], {**upstream_flags, **flags}),
        overlay=_overlay(fields.get("overlay")),
        kernels=read_kernels(fields["kernels"]) if "kernels" in fields else None,
        test_requirements=_test_requirements(fields.get("test_requirements"), pythons),
        templates=read_templates(fields.get("templates")),
        folder=folder,
    )


def _upstream(value: Value) -> Upstream:
    fields = value.fields("url", "tag", "commit")
    return Upstream(
        _url(fields["url"]),
        fields["tag"].matching(r"[A-Za-z0-9][A-Za-z0-9._\-/]*", "a tag name"),
        _commit(fields["commit"]),
    )


def _url(value: Value) -> str:
    url = value.text()
    if not is_safe_url(url) or url.startswith("file:"):
        value.fail(f"is {url!r}", "write an https:// or ssh:// URL (mirrors go to the mirror map)")
    return url


def _commit(value: Value) -> str:
    return value.matching(r"[0-9a-f]{40}", "a full commit hash of 40 hexadecimal digits")


def _submodules(value: Value, flags: dict[str, str]) -> tuple[Submodule, ...]:
    found: list[Submodule] = []
    entries = value.mapping()
    for path, entry in entries.items():
        reason = unsafe_reason(path)
        if reason is not None:
            entry.fail(f"is refused: {reason}", "write a path inside the tree")
        fields = entry.fields("url", "commit", "needed")
        needed = fields["needed"]
        names = needed.texts() if needed.is_list() else (needed.text(),)
        names = () if names == ("never",) else names
        for name in names:
            if name not in flags and name != "always":
                needed.fail(
                    f"names the flag `{name}`, of which no default is known"
                    + did_you_mean(name, [*flags, "always", "never"]),
                    "add its upstream default to `upstream_flags`",
                )
        found.append(Submodule(path, _url(fields["url"]), _commit(fields["commit"]), names))
    return tuple(sorted(found, key=lambda module: module.path))


def _overlay(value: Value | None) -> tuple[OverlayRule, ...]:
    rules = []
    for item in value or ():
        fields = item.fields("from", "to", optional=("except",))
        excepted = tuple(map(read_inside, fields["except"])) if "except" in fields else ()
        source, target = read_inside(fields["from"]), read_inside(fields["to"], top=True)
        rules.append(OverlayRule(source, target, excepted))
    return tuple(rules)


def _test_requirements(value: Value | None, pythons: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    # Packages that the tests need may have left some of the Pythons behind.
    return read_requirements(value, tuple(p for p in pythons if p in value.mapping()))
