"""Moving files that a change adds to our own sources, with the rule that lays them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ascendtorch.edge.files import write_if_changed
from ascendtorch.errors import OverlayError, SpecError
from ascendtorch.series.parts import owner_of
from ascendtorch.spec.version import OverlayRule, VersionSpec
from ascendtorch.stages.overlay import check_collisions, collect
from ascendtorch.upkeep.flat import Entry

STAGE = "overlay"
_SKIPPED = ("__pycache__", ".DS_Store")


@dataclass(frozen=True)
class OwnFiles:
    """Files for the overlay, by path in the tree, and the version.yaml that lays them.

    Attributes:
        folder: where they go, below ``pytorch_src``.
        settings: the new version.yaml; None where it lays them already.
    """

    folder: str
    files: dict[str, tuple[bytes, bool]]
    settings: bytes | None

    def write(self, sources: Path) -> None:
        """Write the files; those that are there already stay."""
        for path, (data, executable) in self.files.items():
            write_if_changed(sources / self.folder / path, data, executable=executable)

    def entries(self) -> dict[str, Entry]:
        """Return what the files are as git's objects."""
        return {
            path: Entry("100755" if executable else "100644", _object_id(data))
            for path, (data, executable) in self.files.items()
        }


def _object_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def movable(added: Iterable[str], spec: VersionSpec) -> list[str]:
    """Return which new files the overlay can hold: not those of submodules, nor what it skips."""
    known = tuple(module.path for module in spec.submodules)
    return [
        path
        for path in added
        if not owner_of(path, known)
        and not path.endswith(".pyc")
        and not any(part in _SKIPPED for part in path.split("/"))
    ]


def plan_own_files(
    spec: VersionSpec,
    sources: Path,
    files: Mapping[str, tuple[bytes, bool]],
    upstream: Iterable[str],
    modules: Iterable[str],
) -> OwnFiles:
    """Decide where files go, and check that the overlay stage will take them.

    Args:
        files: content and executable bit by path in the tree.
        upstream: the files of the tree without them.

    Raises:
        OverlayError: one collides with what is there.
        SpecError: version.yaml cannot take the rule.
    """
    rule = OverlayRule(spec.version, ".")
    settings = None
    if rule not in spec.overlay:
        settings = with_rule(spec.folder / "version.yaml", rule)
    folder = sources / rule.source
    for path in sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else ():
        inner = path.relative_to(folder).as_posix()
        same = inner in files and path.read_bytes() == files[inner][0]
        if (settings is not None or inner in files) and not same:
            raise OverlayError(
                "this file would be laid over the tree, and the import does not bring it",
                stage=STAGE,
                path=path,
                remedy="move it away, or import without --split",
            )
    others = [path for path in collect(spec, sources) if path not in files]
    check_collisions([*others, *files], list(upstream), list(modules), folder)
    return OwnFiles(rule.source, dict(files), settings)


def with_rule(path: Path, rule: OverlayRule) -> bytes:
    """Return a version.yaml with one more overlay rule, all else as it is, comments too.

    Raises:
        SpecError: its `overlay` is not a list.
    """
    text = path.read_text("utf-8")
    line = f'- {{from: "{rule.source}", to: "{rule.target}"}}'
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in pairs if key.value == "overlay"), None)
    if node is None:
        gap = "" if text.endswith("\n\n") else "\n"
        new = f"{text}{gap}overlay:\n  {line}\n"
    elif not isinstance(node, yaml.SequenceNode):
        raise SpecError(
            "`overlay` is not a list",
            stage=STAGE,
            path=f"{path}:{node.start_mark.line + 1}",
            remedy=f"write it as one, with the rule {line[2:]}",
        )
    elif node.flow_style:
        end = node.end_mark.index - 1
        comma = ", " if node.value else ""
        new = text[:end].rstrip().rstrip(",") + comma + line[2:] + text[end:]
    else:
        lines = text.split("\n")
        at = max(_end_line(item, lines) for item in node.value)
        lines.insert(at, " " * node.start_mark.column + line)
        new = "\n".join(lines)
    return new.encode("utf-8")


def _end_line(node: yaml.Node, lines: list[str]) -> int:
    """Return the number of the line behind a node."""
    end = node.end_mark
    # A block ends where the next thing starts; blank lines and comments before that are not its.
    at: int = end.line + (1 if end.column > 0 and lines[end.line][: end.column].strip() else 0)
    while at > 0 and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1
    return at
