"""Typed access to YAML nodes that refuses what it does not know and says file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import yaml

from ascendtorch.errors import SpecError
from ascendtorch.spec.suggest import did_you_mean
from ascendtorch.spec.yamlfile import Node, load_node

_STR_TAG = "tag:yaml.org,2002:str"
_INT_TAG = "tag:yaml.org,2002:int"
_BOOL_TAG = "tag:yaml.org,2002:bool"
_NULL_TAG = "tag:yaml.org,2002:null"


class Value:
    """One YAML value together with where it stands (``file:line`` and key path)."""

    def __init__(self, node: Node, path: Path, name: str, stage: str) -> None:
        self._node = node
        self._path = path
        self.name = name
        self._stage = stage

    @classmethod
    def load(cls, path: Path, *, stage: str = "spec") -> Value:
        """Read a file; see `load_node` for what is refused."""
        return cls(load_node(path, stage=stage), path, "", stage)

    @property
    def where(self) -> str:
        """File and line, as an editor takes it."""
        return f"{self._path}:{self.line}"

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return int(self._node.start_mark.line) + 1

    def fail(self, cause: str, remedy: str) -> NoReturn:
        """Raise a `SpecError` about this value."""
        label = f"`{self.name}` " if self.name else ""
        raise SpecError(f"{label}{cause}", stage=self._stage, path=self.where, remedy=remedy)

    def _child(self, node: Node, name: str) -> Value:
        return Value(node, self._path, name, self._stage)

    def text(self) -> str:
        """A string. Numbers and booleans must be quoted: 1.10 would become 1.1, yes true."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag != _STR_TAG:
            self.fail(f"must be text, not {self._kind()}", "put it in quotes")
        return str(self._node.value)

    def matching(self, pattern: str, what: str) -> str:
        """A string of which the whole matches `pattern`."""
        text = self.text()
        if re.fullmatch(pattern, text) is None:
            self.fail(f"is {text!r}, which is not {what}", f"write {what}")
        return text

    def integer(self) -> int:
        """A whole number in plain digits: YAML also takes 010 (8), 1:30 (90) and 1_000."""
        if (
            not isinstance(self._node, yaml.ScalarNode)
            or self._node.tag != _INT_TAG
            or re.fullmatch(r"0|[1-9][0-9]*", self._node.value) is None
        ):
            self.fail(f"must be a whole number, not {self._kind()}", "write plain digits")
        return int(self._node.value)

    def boolean(self) -> bool:
        """``true`` or ``false``, and none of YAML's other words for them (yes, off, ...)."""
        if (
            not isinstance(self._node, yaml.ScalarNode)
            or self._node.tag != _BOOL_TAG
            or self._node.value not in ("true", "false")
        ):
            self.fail(
                f"must be true or false, not {self._kind()}",
                "write true or false, or put it in quotes where text is meant",
            )
        return str(self._node.value) == "true"

    def optional_text(self) -> str | None:
        """A string or null."""
        if isinstance(self._node, yaml.ScalarNode) and self._node.tag == _NULL_TAG:
            return None
        return self.text()

    def scalar(self) -> str | bool:
        """A string, or ``true`` or ``false``."""
        if isinstance(self._node, yaml.ScalarNode) and self._node.tag == _BOOL_TAG:
            return self.boolean()
        return self.text()

    def plain(self) -> str:
        """The text of a string, number, truth value or null, as it is written."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.fail(f"must be one value, not {self._kind()}", "write one value")
        return str(self._node.value)

    def is_list(self) -> bool:
        """Whether the value is a sequence."""
        return isinstance(self._node, yaml.SequenceNode)

    def items(self) -> list[Value]:
        """The items of a sequence."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.fail(f"must be a list, not {self._kind()}", "write a list")
        return [
            self._child(node, f"{self.name}[{number}]")
            for number, node in enumerate(self._node.value)
        ]

    def mapping(self) -> dict[str, Value]:
        """The entries of a mapping with text keys; duplicates are refused."""
        if not isinstance(self._node, yaml.MappingNode):
            self.fail(f"must be a mapping, not {self._kind()}", "write `key: value` lines")
        entries: dict[str, Value] = {}
        for key_node, node in self._node.value:
            key_value = self._child(key_node, self.name)
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != _STR_TAG:
                key_value.fail("has a key that is not text", "put the key in quotes")
            key = str(key_node.value)
            if key in entries:
                key_value.fail(
                    f"has the key `{key}` twice (first at line {entries[key].line})",
                    "keep one of the two",
                )
            entries[key] = self._child(node, f"{self.name}.{key}" if self.name else key)
        return entries

    def fields(self, *known: str, optional: tuple[str, ...] = ()) -> dict[str, Value]:
        """The entries of a mapping with exactly these keys.

        Raises:
            SpecError: a key is missing or unknown (with a "did you mean").
        """
        entries = self.mapping()
        allowed = [*known, *optional]
        for key, value in entries.items():
            if key not in allowed:
                value.fail("is an unknown key" + did_you_mean(key, allowed), "correct or remove it")
        for key in known:
            if key not in entries:
                self.fail(f"lacks the key `{key}`", f"add `{key}`")
        return entries

    def texts(self) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(item.text() for item in self.items())

    def text_map(self) -> dict[str, str]:
        """A mapping from text to text."""
        return {key: value.text() for key, value in self.mapping().items()}

    def one_of(self, *choices: str) -> str:
        """A string out of a fixed set."""
        text = self.text()
        if text not in choices:
            self.fail(f"is {text!r}" + did_you_mean(text, list(choices)), "choose one of them")
        return text

    def _kind(self) -> str:
        if isinstance(self._node, yaml.MappingNode):
            return "a mapping"
        if isinstance(self._node, yaml.SequenceNode):
            return "a list"
        return f"{self._node.tag.rpartition(':')[2]} ({self._node.value})"

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items())


def check_schema(value: Value, newest: int) -> None:
    """Refuse a data file that is written for a newer tool."""
    written = value.integer()
    if written > newest:
        value.fail(f"is {written}, and this ascendtorch knows up to {newest}", "update ascendtorch")
