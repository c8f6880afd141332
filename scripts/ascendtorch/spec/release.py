"""What the ``version.yaml`` of every layout says, and how its parts are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ascendtorch.edge.files import unsafe_reason
from ascendtorch.spec.reader import Value, check_schema

SCHEMA = 1
IN_TREE, PLUGIN = "in-tree", "plugin"
#: Fields of every layout.
COMMON = (
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
)
_FLAG = r"[A-Z][A-Z0-9_]*"


@dataclass(frozen=True)
class ToolRange:
    """Versions of a tool that work: from `minimum` (inclusive) to `below` (exclusive)."""

    minimum: str | None
    below: str | None
    why: str | None


@dataclass(frozen=True)
class TemplateRule:
    """A template and the file it renders, below the build folder of the version."""

    template: str
    output: str
    values: dict[str, str | bool]


@dataclass(frozen=True)
class KernelRule:
    """Where the op spec and its templates lie below ``templates``, and where kernels go.

    Attributes:
        output: in the tree, or of a plugin below the build folder of the version.
    """

    spec: str
    templates: str
    output: str


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
class ReleaseSpec:
    """What is fixed for one supported version, whatever its layout."""

    version: str
    layout: str
    pythons: tuple[str, ...]
    tools: dict[str, ToolRange]
    flags: dict[str, str]
    arch_flags: dict[str, dict[str, str]]
    profiles: dict[str, dict[str, str]]
    wheel: WheelSpec
    requirements: dict[str, tuple[str, ...]]
    templates: tuple[TemplateRule, ...]
    folder: Path


def read_layout(folder: Path) -> str:
    """Return the layout of the version in `folder`.

    Raises:
        SpecError: with file and line of what is wrong.
    """
    root = Value.load(folder / "version.yaml")
    fields = root.mapping()
    if "layout" not in fields:
        root.fail("lacks the key `layout`", "add `layout`")
    return fields["layout"].one_of(IN_TREE, PLUGIN)


def read_version(fields: dict[str, Value], folder: Path) -> str:
    """Check the schema, and that the version is that of its folder."""
    check_schema(fields["schema"], SCHEMA)
    version = fields["version"].matching(r"\d+\.\d+\.\d+", 'a release such as "1.8.1"')
    if version != folder.name:
        fields["version"].fail(f"is {version!r} in the folder {folder.name!r}", "make them agree")
    return version


def read_pythons(value: Value) -> tuple[str, ...]:
    """Read the Pythons that the release is built for."""
    pythons = tuple(v.matching(r"3\.\d+", 'a Python such as "3.8"') for v in value)
    if not pythons:
        value.fail("is empty", "list at least one Python")
    return pythons


def read_profiles(value: Value) -> dict[str, dict[str, str]]:
    """Read the sets of flags by name; the default one must be there."""
    profiles = read_flag_sets(value)
    if "full" not in profiles:
        value.fail("lacks the default profile `full`", "add `full: {}`")
    return profiles


def read_flags(value: Value) -> dict[str, str]:
    """Read flags: names in capitals, values as text."""
    for name, entry in value.mapping().items():
        _flag_name(entry, name)
    return value.text_map()


def _flag_name(value: Value, name: str) -> None:
    if re.fullmatch(_FLAG, name) is None:
        value.fail(f"is not a flag name: {name!r}", "write it in capitals, as upstream does")


def read_flag_sets(value: Value | None) -> dict[str, dict[str, str]]:
    """Read named sets of flags."""
    return {} if value is None else {k: read_flags(v) for k, v in value.mapping().items()}


def read_tools(value: Value) -> dict[str, ToolRange]:
    """Read the versions of tools that work."""
    return {name: _tool(entry) for name, entry in value.mapping().items()}


def _tool(value: Value) -> ToolRange:
    fields = value.fields(optional=("min", "below", "why"))
    number = r"\d+(\.\d+)*"
    return ToolRange(
        fields["min"].matching(number, "a version number") if "min" in fields else None,
        fields["below"].matching(number, "a version number") if "below" in fields else None,
        fields["why"].text() if "why" in fields else None,
    )


def read_wheel(value: Value) -> WheelSpec:
    """Read what the wheel must be called."""
    fields = value.fields("name", "version", "build_number")
    return WheelSpec(
        fields["name"].matching(r"[A-Za-z0-9_]+", "a distribution name"),
        fields["version"].matching(r"[0-9][A-Za-z0-9.+]*", "a version"),
        fields["build_number"].matching(r"\d+", 'a number in quotes, such as "1"'),
    )


def read_requirements(value: Value, pythons: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Read the requirements of each Python: exact pins and nothing else."""
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


def read_templates(value: Value | None) -> tuple[TemplateRule, ...]:
    """Read the rules of what is rendered."""
    rules: dict[str, TemplateRule] = {}
    for item in value or ():
        fields = item.fields("template", "output", optional=("values",))
        values = fields["values"].mapping() if "values" in fields else {}
        output = read_inside(fields["output"])
        if output in rules:
            fields["output"].fail(f"is {output!r} a second time", "keep one of the two rules")
        rules[output] = TemplateRule(
            read_inside(fields["template"]),
            output,
            {name: value.scalar() for name, value in values.items()},
        )
    return tuple(rules.values())


def read_kernels(value: Value) -> KernelRule:
    """Read where kernels come from and go."""
    fields = value.fields("spec", "templates", "output")
    return KernelRule(
        read_inside(fields["spec"]),
        read_inside(fields["templates"]),
        read_inside(fields["output"]),
    )


def read_inside(value: Value, *, top: bool = False) -> str:
    """Read a path that stays inside its folder."""
    text = value.text()
    if top and text == ".":
        return text
    plain = text[:-1] if text.endswith("/") else text
    reason = unsafe_reason(plain)
    if reason is not None:
        value.fail(f"is refused: {reason}", "write a path relative to its folder")
    return plain
