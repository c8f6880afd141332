"""version.yaml and catalog.yaml for another release: the text as it is, the pins replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ascendtorch.errors import SpecError
from ascendtorch.spec.yamlfile import Node, load_node
from ascendtorch.upkeep.pinning import Pin

STAGE = "rebase"
_LOOKS_LIKE_A_NUMBER = re.compile(r"[0-9]+(e[0-9]+)?")
_NEW = "# New in {tag}. Which flags compile it is not known yet, so it is always fetched."


class _Text:
    """A file's lines, and edits of them that are made from the end to the start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = load_node(path, stage=STAGE)
        self.lines = path.read_text("utf-8").split("\n")
        self._edits: list[tuple[int, int, int, list[str]]] = []

    def set(self, node: Node, value: str) -> None:
        """Replace a scalar, keeping its quotes."""
        if not isinstance(node, yaml.ScalarNode) or node.start_mark.line != node.end_mark.line:
            self.fail(node, "is not plain text on one line")
        line, quote = node.start_mark.line, node.style if node.style in ("'", '"') else ""
        if not quote and _LOOKS_LIKE_A_NUMBER.fullmatch(value):
            quote = '"'
        # Edits within a line: the rightmost first.
        text = f"{quote}{value}{quote}"
        start, end = node.start_mark.column, node.end_mark.column
        self._edits.append((line, start, end, [text]))

    def cut(self, first: int, last: int) -> None:
        """Take lines out: from `first` up to, but not including, `last`."""
        for line in range(first, last):
            self._edits.append((line, -1, -1, []))

    def insert(self, before: int, lines: list[str]) -> None:
        """Put lines before a line."""
        self._edits.append((before, -2, -2, lines))

    def result(self) -> str:
        """Return the text with all edits made."""
        lines: list[str | None] = [*self.lines]
        inserts: dict[int, list[str]] = {}
        for line, start, end, new in sorted(self._edits, key=lambda e: (e[0], e[1]), reverse=True):
            if start == -2:
                inserts[line] = [*inserts.get(line, []), *new]
            elif start == -1:
                lines[line] = None
            elif lines[line] is not None:
                text = str(lines[line])
                lines[line] = text[:start] + new[0] + text[end:]
        out: list[str] = []
        for number, kept in enumerate(lines):
            out += inserts.get(number, [])
            out += [] if kept is None else [kept]
        return "\n".join(out + inserts.get(len(lines), []))

    def above(self, line: int) -> int:
        """Return the first line of the comment that stands directly above a line."""
        while line > 0 and self.lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line

    def fail(self, node: Node, what: str) -> NoReturn:
        """Refuse a file that cannot be edited as text."""
        raise SpecError(
            what,
            stage=STAGE,
            path=f"{self.path}:{node.start_mark.line + 1}",
            remedy="write it in YAML's block style, as patch/1.8.1/version.yaml is",
        )

    def block(self, node: Node) -> dict[str, tuple[Any, Any]]:
        """Return the entries of a mapping in block style: key and value nodes by key."""
        if not isinstance(node, yaml.MappingNode) or (node.flow_style and node.value):
            self.fail(node, "is not a mapping in block style")
        return {str(key.value): (key, value) for key, value in node.value}


def _last_line(node: Any) -> int:
    """Return the last line of a value; a block's own end mark lies behind what follows it."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def repinned_version(
    path: Path, old: str, new: str, tag: str, commit: str, pins: Sequence[Pin]
) -> str:
    """Return the text of a version.yaml for another release.

    Raises:
        SpecError: the file is written in a way that cannot be edited as text.
    """
    text = _Text(path)
    root = _entries(text.root)
    upstream = _entries(root["upstream"])
    text.set(root["version"], new)
    text.set(upstream["tag"], tag)
    text.set(upstream["commit"], commit)
    wheel = _entries(root["wheel"])["version"]
    if str(wheel.value).startswith(old):
        text.set(wheel, new + str(wheel.value)[len(old) :])
    _submodules(text, root["submodules"], tag, pins)
    first, _, rest = text.result().partition("\n")
    return (first.replace(old, new) if first.startswith("#") else first) + "\n" + rest


def _entries(node: Any) -> dict[str, Any]:
    return {str(key.value): value for key, value in node.value}


def _submodules(text: _Text, node: Node, tag: str, pins: Sequence[Pin]) -> None:
    there = text.block(node)
    wanted = {pin.path: pin for pin in pins}
    lines = {path: text.above(key.start_mark.line) for path, (key, _) in there.items()}
    end = _last_line(node) + 1
    starts = sorted(lines.values())
    for path, (_, value) in there.items():
        if path not in wanted:
            following = [start for start in starts if start > lines[path]]
            text.cut(lines[path], following[0] if following else end)
            continue
        entry = _entries(value)
        if entry["commit"].value != wanted[path].commit:
            text.set(entry["commit"], wanted[path].commit)
        if entry["url"].value != wanted[path].url:
            text.set(entry["url"], wanted[path].url)
    indent = " " * (next(iter(there.values()))[0].start_mark.column if there else 2)
    if not there and wanted:
        text.fail(node, "`submodules` is empty, and the release has some")
    for pin in pins:
        if pin.path in there:
            continue
        behind = [lines[path] for path in there if path > pin.path]
        block = [
            indent + _NEW.format(tag=tag),
            f"{indent}{_key(pin.path)}:",
            f"{indent}  url: {_key(pin.url)}",
            f"{indent}  commit: {_key(pin.commit)}",
            f"{indent}  needed: always",
        ]
        text.insert(min(behind, default=end), block)


def _key(value: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_./:+~@-]*[A-Za-z/_-][A-Za-z0-9_./+~@-]*", value)
    if plain is not None and _LOOKS_LIKE_A_NUMBER.fullmatch(value) is None:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def extended_catalog(path: Path, old: str, new: str) -> str | None:
    """Return the text of catalog.yaml with one more version, like the old one; None if it is there.

    Raises:
        SpecError: the file is written in a way that cannot be edited as text.
    """
    text = _Text(path)
    versions = text.block(_entries(text.root)["versions"])
    if new in versions:
        return None
    key, value = versions[old]
    first, last = key.start_mark.line, _last_line(value) + 1
    head = text.lines[first]
    head = head[: key.start_mark.column] + f'"{new}"' + head[key.end_mark.column :]
    text.insert(last, [head, *text.lines[first + 1 : last]])
    return text.result()
