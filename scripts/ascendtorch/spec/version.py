"""``patch/<version>/version.yaml``: the pin of one upstream release and how it is built."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.edge.gitenv import is_safe_url
from ascendtorch.spec.reader import Value, check_schema
from ascendtorch.spec.suggest import did_you_mean

SCHEMA = 1
_FLAG = r"[A-Z][A-Z0-9_]*"


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
class ToolRange:
    """Versions of a tool that work: from `minimum` (inclusive) to `below` (exclusive)."""

    minimum: str | None
    below: str | None
    why: str | None


@dataclass(frozen=True)
class OverlayRule:
    """A folder of ours below ``pytorch_src`` and where it goes in the tree."""

    source: str
    target: str


@dataclass(frozen=True)
class TemplateRule:
    """A template and the file it renders, below the build folder of the version."""

    template: str
    output: str
    values: dict[str, str | bool]


@dataclass(frozen=True)
class WheelSpec:
    """What the wheel must be called."""

    name: str
    version: str
    build_number: str

    @property
    def full_version(self) -> str:
        """The version as upstream's setup.py puts it together: ``.postN`` from build 2 on."""
        suffix = f".post{self.build_number}" if int(self.build_number) > 1 else ""
        return self.version + suffix


@dataclass(frozen=True)
class VersionSpec:
    """Everything that is fixed for one supported version."""

    version: str
    layout: str
    upstream: Upstream
    pythons: tuple[str, ...]
    tools: dict[str, ToolRange]
    flags: dict[str, str]
    upstream_flags: dict[str, str]
    arch_flags: dict[str, dict[str, str]]
    profiles: dict[str, dict[str, str]]
    wheel: WheelSpec
    requirements: dict[str, tuple[str, ...]]
    submodules: tuple[Submodule, ...]
    overlay: tuple[OverlayRule, ...]
    templates: tuple[TemplateRule, ...]
    folder: Path

    @property
    def series_file(self) -> Path:
        """The file that orders the patches."""
        return self.folder / "series"


def is_on(value: str) -> bool:
    """Read a flag as CMake does: everything but an explicit "off" word is on."""
    return value.upper() not in ("0", "OFF", "NO", "FALSE", "N", "")


def load_version(folder: Path) -> VersionSpec:
    """Read ``version.yaml`` in `folder`.

    Raises:
        SpecError: with file and line of the first thing that is wrong.
    """
    root = Value.load(folder / "version.yaml")
    fields = root.fields(
        "schema",
        "version",
        "layout",
        "upstream",
        "pythons",
        "tools",
        "flags",
        "profiles",
        "wheel",
        "requirements",
        "submodules",
        optional=("upstream_flags", "arch_flags", "overlay", "templates"),
    )
    check_schema(fields["schema"], SCHEMA)
    version = fields["version"].matching(r"\d+\.\d+\.\d+", 'a release such as "1.8.1"')
    if version != folder.name:
        fields["version"].fail(f"is {version!r} in the folder {folder.name!r}", "make them agree")
    flags = _flags(fields["flags"])
    upstream_flags = _flags(fields["upstream_flags"]) if "upstream_flags" in fields else {}
    pythons = tuple(v.matching(r"3\.\d+", 'a Python such as "3.8"') for v in fields["pythons"])
    if not pythons:
        fields["pythons"].fail("is empty", "list at least one Python")
    spec = VersionSpec(
        version=version,
        layout=fields["layout"].one_of("in-tree", "plugin"),
        upstream=_upstream(fields["upstream"]),
        pythons=pythons,
        tools={name: _tool(value) for name, value in fields["tools"].mapping().items()},
        flags=flags,
        upstream_flags=upstream_flags,
        arch_flags=_flag_sets(fields.get("arch_flags")),
        profiles=_flag_sets(fields["profiles"]),
        wheel=_wheel(fields["wheel"]),
        requirements=_requirements(fields["requirements"], pythons),
        submodules=_submodules(fields["submodules"], {**upstream_flags, **flags}),
        overlay=_overlay(fields.get("overlay")),
        templates=_templates(fields.get("templates")),
        folder=folder,
    )
    if "full" not in spec.profiles:
        fields["profiles"].fail("lacks the default profile `full`", "add `full: {}`")
    return spec


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


def _flags(value: Value) -> dict[str, str]:
    for name, entry in value.mapping().items():
        _flag_name(entry, name)
    return value.text_map()


def _flag_name(value: Value, name: str) -> None:
    if re.fullmatch(_FLAG, name) is None:
        value.fail(f"is not a flag name: {name!r}", "write it in capitals, as upstream does")


def _flag_sets(value: Value | None) -> dict[str, dict[str, str]]:
    return {} if value is None else {k: _flags(v) for k, v in value.mapping().items()}


def _tool(value: Value) -> ToolRange:
    fields = value.fields(optional=("min", "below", "why"))
    number = r"\d+(\.\d+)*"
    return ToolRange(
        fields["min"].matching(number, "a version number") if "min" in fields else None,
        fields["below"].matching(number, "a version number") if "below" in fields else None,
        fields["why"].text() if "why" in fields else None,
    )


def _wheel(value: Value) -> WheelSpec:
    fields = value.fields("name", "version", "build_number")
    return WheelSpec(
        fields["name"].matching(r"[A-Za-z0-9_]+", "a distribution name"),
        fields["version"].matching(r"[0-9][A-Za-z0-9.+]*", "a version"),
        fields["build_number"].matching(r"\d+", 'a number in quotes, such as "1"'),
    )


def _requirements(value: Value, pythons: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    lists = value.fields(*pythons)
    found = {}
    for python, entries in lists.items():
        for entry in entries:
            try:
                pins = list(Requirement(entry.text()).specifier)
            except InvalidRequirement as error:
                entry.fail(f"is not a requirement: {error}", "write name==version")
            if len(pins) != 1 or pins[0].operator != "==" or pins[0].version.endswith("*"):
                entry.fail(f"is not pinned: {entry.text()!r}", "write name==version")
        found[python] = entries.texts()
    return found


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
        fields = item.fields("from", "to")
        rules.append(OverlayRule(_inside(fields["from"]), _inside(fields["to"], top=True)))
    return tuple(rules)


def _templates(value: Value | None) -> tuple[TemplateRule, ...]:
    rules: dict[str, TemplateRule] = {}
    for item in value or ():
        fields = item.fields("template", "output", optional=("values",))
        values = fields["values"].mapping() if "values" in fields else {}
        output = _inside(fields["output"])
        if output in rules:
            fields["output"].fail(f"is {output!r} a second time", "keep one of the two rules")
        rules[output] = TemplateRule(
            _inside(fields["template"]),
            output,
            {name: value.scalar() for name, value in values.items()},
        )
    return tuple(rules.values())


def _inside(value: Value, *, top: bool = False) -> str:
    text = value.text()
    if top and text == ".":
        return text
    plain = text[:-1] if text.endswith("/") else text
    reason = unsafe_reason(plain)
    if reason is not None:
        value.fail(f"is refused: {reason}", "write a path relative to its folder")
    return plain
