"""Typed access to YAML: nothing is converted behind one's back, and every refusal has a place."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.spec.reader import Value, check_schema

Load = Callable[[str], Value]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str) -> Value:
        path = tmp_path / "data.yaml"
        path.write_text(text, "utf-8")
        return Value.load(path)

    return read


@pytest.mark.parametrize(
    "text",
    """
    1.10 | 3 | 0x10 | 1.0e+3 | yes | no | on | true | null | ~ | 2021-07-29 | [a] | {a: b}
    | !!python/object/apply:os.system [id] | !!python/name:os.system x
    """.replace("\n", " ").split(" | "),
)
def test_text_is_never_made_from_something_else(load: Load, text: str) -> None:
    """faults.md 42: unquoted, 1.10 would become 1.1, and yes true."""
    with pytest.raises(SpecError, match="`key` must be text, not ") as caught:
        load(f"key: {text}\n").mapping()["key"].text()
    assert caught.value.remedy == "put it in quotes"


@pytest.mark.parametrize("text", ["1.10", "yes", "null", "", "# no comment", "a: b", "é"])
def test_quoted_text_stays_as_it_is(load: Load, text: str) -> None:
    """faults.md 42."""
    assert load(f'"{text}"').text() == text


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("120", 120)])
def test_integer(load: Load, text: str, value: int) -> None:
    assert load(text).integer() == value


@pytest.mark.parametrize(
    "text", ["010", "0x10", "1_000", "1:30", "-1", "+1", "1.0", '"1"', "!!int abc", "yes", "[1]"]
)
def test_integer_refuses_other_spellings(load: Load, text: str) -> None:
    """faults.md 42: in YAML, 010 is 8 and 1:30 is 90."""
    with pytest.raises(SpecError, match="must be a whole number"):
        load(text).integer()


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_boolean(load: Load, text: str, value: bool) -> None:
    assert load(text).boolean() is value
    assert load(text).scalar() is value


@pytest.mark.parametrize("text", ["yes", "No", "on", "OFF", "True", "1", '"true"', "!!bool maybe"])
def test_boolean_refuses_other_spellings(load: Load, text: str) -> None:
    """faults.md 42."""
    with pytest.raises(SpecError, match="must be true or false"):
        load(text).boolean()


@pytest.mark.parametrize("text", ["NO", "1", "1.10"])
def test_scalar_is_text_or_a_plain_boolean(load: Load, text: str) -> None:
    """faults.md 42: a country code is no boolean."""
    with pytest.raises(SpecError, match="must be"):
        load(text).scalar()
    assert load(f'"{text}"').scalar() == text


def test_optional_text(load: Load) -> None:
    assert load("null").optional_text() is None
    assert load('"null"').optional_text() == "null"
    with pytest.raises(SpecError, match="must be text, not int"):
        load("1").optional_text()


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("a: x\nb: y\na: z\n", "a", (3, 1)),
        ("a: x\n'a': x\n", "a", (2, 1)),
        ("a: {b: x,\n  c: y,\n  b: z}\n", "b", (3, 1)),
    ],
)
def test_duplicate_keys(load: Load, text: str, key: str, lines: tuple[int, int]) -> None:
    """faults.md 41: PyYAML alone keeps the last one silently."""
    with pytest.raises(SpecError) as caught:
        load(text).mapping()["a"].mapping()
    assert f"has the key `{key}` twice (first at line {lines[1]})" in caught.value.cause
    assert (caught.value.path or "").endswith(f"data.yaml:{lines[0]}")


@pytest.mark.parametrize("key", ["1.8", "on", "null", "[a]", "<<"])
def test_keys_are_text(load: Load, key: str) -> None:
    """faults.md 42: `on:` would be the key true."""
    with pytest.raises(SpecError, match="a key that is not text"):
        load(f"{key}: {{b: c}}\n").mapping()


def test_unknown_and_missing_keys(load: Load) -> None:
    """faults.md 43."""
    with pytest.raises(SpecError, match="`verison` is an unknown key; did you mean `version`\\?"):
        load("verison: x\n").fields("version", optional=("note",))
    with pytest.raises(SpecError, match="`zzz` is an unknown key; known: note, version"):
        load("version: x\nzzz: x\n").fields("version", optional=("note",))
    with pytest.raises(SpecError, match="lacks the key `version`"):
        load("note: x\n").fields("version", optional=("note",))
    with pytest.raises(SpecError, match="`x` is an unknown key; known: none"):
        load("x: y\n").fields()


def test_a_refusal_names_file_line_and_key_path(load: Load, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load("a:\n  b:\n    - x\n    - 1\n").mapping()["a"].mapping()["b"].texts()
    assert caught.value.path == f"{tmp_path / 'data.yaml'}:4"
    assert caught.value.cause == "`a.b[1]` must be text, not int (1)"


@pytest.mark.parametrize(
    ("text", "kind"), [("{a: b}", "a mapping"), ("x", "str"), ("null", "null")]
)
def test_lists(load: Load, text: str, kind: str) -> None:
    """faults.md 42."""
    assert load("[a, b]").texts() == ("a", "b")
    with pytest.raises(SpecError, match=f"must be a list, not {kind}"):
        load(text).texts()


def test_mappings(load: Load) -> None:
    """faults.md 42."""
    assert load("{a: b, c: d}").text_map() == {"a": "b", "c": "d"}
    with pytest.raises(SpecError, match="must be a mapping, not a list"):
        load("[a]").text_map()


def test_matching_takes_the_whole_text(load: Load) -> None:
    assert load('"3.8"').matching(r"3\.\d+", "a Python") == "3.8"
    with pytest.raises(SpecError, match=r"is '3.8\\n', which is not a Python"):
        load('"3.8\\n"').matching(r"3\.\d+", "a Python")


def test_one_of(load: Load) -> None:
    assert load("plugin").one_of("in-tree", "plugin") == "plugin"
    with pytest.raises(SpecError, match="is 'plug-in'; did you mean `plugin`"):
        load("plug-in").one_of("in-tree", "plugin")


def test_a_file_for_a_newer_tool(load: Load) -> None:
    """faults.md 57."""
    check_schema(load("1"), 1)
    with pytest.raises(SpecError, match="is 2, and this ascendtorch knows up to 1"):
        check_schema(load("2"), 1)
