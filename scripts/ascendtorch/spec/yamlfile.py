"""YAML read strictly: no duplicate keys, no surprise types, every value knows its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Union, cast

import yaml

from ascendtorch.errors import SpecError

#: Larger than any file of ours; a bigger one is a mistake or an attack.
MAX_BYTES = 4 << 20

#: Deeper than any file of ours; the parser's recursion would end the process at some thousands.
MAX_DEPTH = 50

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Node = Union[yaml.ScalarNode, yaml.SequenceNode, yaml.MappingNode]


def load_node(path: Path, *, stage: str = "spec") -> Node:
    """Parse one document into YAML nodes, which carry line numbers; `reader` gives them types.

    Raises:
        SpecError: unreadable, too large, too deep, not UTF-8, not YAML, empty, aliased, or more
            than one document.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"cannot be read: {error.strerror}",
            stage=stage,
            path=path,
            remedy="check the path and its permissions",
        ) from error
    if len(raw) > MAX_BYTES:
        raise SpecError(
            f"{len(raw)} bytes; at most {MAX_BYTES} are read",
            stage=stage,
            path=path,
            remedy="this is not one of our data files; name the right one",
        )
    try:
        text = raw.decode("utf-8")
        _check_events(text, path, stage)
        node = cast("Node | None", yaml.compose(text, Loader=_Loader))
    except UnicodeDecodeError as error:
        raise SpecError(
            f"not UTF-8: {error.reason} at byte {error.start}",
            stage=stage,
            path=path,
            remedy="save the file as UTF-8",
        ) from error
    except yaml.YAMLError as error:
        raise SpecError(
            f"not valid YAML: {_one_line(error)}",
            stage=stage,
            path=_at(path, getattr(error, "problem_mark", None)),
            remedy="correct the syntax at that line",
        ) from error
    if node is None:
        raise SpecError(
            "the file is empty", stage=stage, path=path, remedy="restore it from version control"
        )
    return node


def _check_events(text: str, path: Path, stage: str) -> None:
    """Refuse what is dangerous to compose, event by event and so without recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            # Aliases are how a small file becomes a huge value; nothing of ours needs them.
            raise SpecError(
                "an alias (*name) is not allowed",
                stage=stage,
                path=_at(path, event.start_mark),
                remedy="write the value out",
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise SpecError(
                f"nested more than {MAX_DEPTH} levels deep",
                stage=stage,
                path=_at(path, event.start_mark),
                remedy="this is not one of our data files; name the right one",
            )


def _at(path: Path, mark: Any) -> str:
    return f"{path}:{mark.line + 1}" if mark is not None else str(path)


def _one_line(error: yaml.YAMLError) -> str:
    said = [getattr(error, "context", None), getattr(error, "problem", None)]
    return " ".join(": ".join(filter(None, said)).split()) or " ".join(str(error).split())
