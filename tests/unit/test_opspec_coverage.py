"""What is native, by the spec: of a release and of a program's operators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.opspec.coverage import all_rows, counts, program_rows, read_saved, row_of
from ascendtorch.opspec.schema import Schema, load_schema
from ascendtorch.opspec.spec import OpSpec, load_spec

TEMPLATES = Path(__file__).parents[2] / "templates" / "kernels"


def entry(name: str, kind: str = "functional", **changes: Any) -> dict[str, Any]:
    argument = {"name": "self", "cpp": "const at::Tensor &", "type": "Tensor", "default": None}
    out = {**argument, "name": "out", "cpp": "at::Tensor &"}
    return {
        "name": name,
        "base": name.partition(".")[0],
        "ident": name.replace(".", "_"),
        "schema": name,
        "kind": kind,
        "returns": "at::Tensor",
        "arguments": [argument, out] if kind == "out" else [argument],
        "implicit": False,
        "explicit": False,
        "generated": False,
        "structured": False,
        "delegate": None,
        **changes,
    }


class Source:
    """Operators out of memory, and how often they were read."""

    def __init__(self) -> None:
        self.reads = 0

    def digest(self) -> str:
        return "0" * 64

    def read(self) -> list[dict[str, Any]]:
        self.reads += 1
        return [
            entry("abs"),
            entry("abs.out", "out"),
            entry("exp", delegate="exp.out"),
            entry("exp.out", "out"),
            entry("median"),
            entry("sgn", delegate="sgn.out"),
            entry("square", implicit=True),
        ]


@pytest.fixture
def spec(tmp_path: Path) -> OpSpec:
    folder = tmp_path / "ops"
    folder.mkdir()
    (folder / "some.yaml").write_text(
        "schema: 1\noperators:\n"
        "  - {op: abs, category: unary, acl: Abs, overloads: [abs], dtypes: [float32]}\n"
        "  - {op: exp, category: unary_float, acl: Exp, overloads: [exp.out]}\n",
        "utf-8",
    )
    return load_spec(folder, TEMPLATES, load_schema(Source(), "2.13.0"))


def test_every_overload_has_its_state(spec: OpSpec) -> None:
    assert {row.name: row.state for row in all_rows(spec)} == {
        "abs": "native",
        "abs.out": "fallback",
        "exp": "composite",  # by exp.out, which is native
        "exp.out": "native",
        "median": "fallback",
        "sgn": "fallback",  # by sgn.out, which is not
        "square": "composite",
    }
    row = row_of(spec, "abs")
    assert (row.acl, row.dtypes) == (("Abs",), ("float32",))
    assert counts(all_rows(spec)) == {"native": 2, "composite": 2, "fallback": 3, "missing": 0}


def test_a_program_lists_the_worst_first(spec: OpSpec) -> None:
    called = {
        "aten::abs": 4,
        "aten.median.default": 2,
        "square": 1,
        "torch.ops.aten.exp.out": 3,
        "mine::op": 1,
        "profiler::_record_function_exit": 9,
    }
    rows = program_rows(spec, called)
    assert [(row.name, row.state, row.calls) for row in rows] == [
        ("mine::op", "missing", 1),
        ("median", "fallback", 2),
        ("square", "composite", 1),
        ("abs", "native", 4),
        ("exp.out", "native", 3),
    ]


def test_a_function_without_its_overload_is_what_the_best_of_them_is(spec: OpSpec) -> None:
    called = {"aten::abs.*": 2, "aten::square.*": 1, "aten::median.*": 3, "aten::mine.*": 1}
    rows = program_rows(spec, called)
    assert [(row.name, row.state, row.calls) for row in rows] == [
        ("mine.*", "missing", 1),
        ("median.*", "fallback", 3),
        ("square.*", "composite", 1),
        ("abs.*", "native", 2),
    ]
    assert rows[-1].acl == ("Abs",)


def test_saved_lists(tmp_path: Path) -> None:
    path = tmp_path / "operators"
    path.write_text("aten::abs.*\n\n# a note\naten.exp.out  # another\n", "utf-8")
    assert read_saved(path) == {"aten::abs.*": 0, "aten.exp.out": 0}
    path.write_text(json.dumps({"operators": [{"name": "abs", "calls": 3}]}), "utf-8")
    assert read_saved(path) == {"abs": 3}


@pytest.mark.parametrize("text", ["aten::abs\nwhat is this\n", "{", '{"operators": [1]}', "\xff"])
def test_what_is_no_list(tmp_path: Path, text: str) -> None:
    path = tmp_path / "operators"
    path.write_text(text, "latin-1")
    with pytest.raises(SpecError) as caught:
        read_saved(path)
    assert "aten::add.Tensor" in str(caught.value.remedy)
    assert str(path) in str(caught.value.path)


def test_the_schema_is_read_once(tmp_path: Path) -> None:
    source = Source()
    first = load_schema(source, "2.13.0", tmp_path)
    assert load_schema(source, "2.13.0", tmp_path) == first
    assert source.reads == 1
    (kept,) = tmp_path.glob("schema-*.json")
    kept.write_text("{", "utf-8")
    assert load_schema(source, "2.13.0", tmp_path) == first
    assert source.reads == 2


def test_overloads_know_their_function() -> None:
    schema: Schema = load_schema(Source(), "2.13.0")
    assert [overload.name for overload in schema.named("abs")] == ["abs", "abs.out"]
    assert schema.overloads["abs.out"].suffix == "out"
    assert schema.overloads["abs.out"].parameters == "const at::Tensor & self, at::Tensor & out"
