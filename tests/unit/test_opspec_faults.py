"""Faults of the op spec: each is refused with file, line and remedy, and nothing is rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.opspec.render import render
from ascendtorch.opspec.schema import Argument, Overload, Schema

TEMPLATES = Path(__file__).parents[2] / "templates" / "kernels"
SELF = Argument("self", "const at::Tensor &", "Tensor", None)
OTHER = Argument("other", "const at::Tensor &", "Tensor", None)
ALPHA = Argument("alpha", "const at::Scalar &", "Scalar", "1")
DIM = Argument("dim", "at::IntArrayRef", "int[1]", None)
KEEP = Argument("keepdim", "bool", "bool", "False")
TARGET = Argument("self", "at::Tensor &", "Tensor", None)
OUT = Argument("out", "at::Tensor &", "Tensor", None)


def overload(name: str, kind: str, *arguments: Argument, implicit: bool = False) -> Overload:
    return Overload(
        name=name,
        base=name.partition(".")[0],
        ident=name.replace(".", "_"),
        schema=f"{name}(...)",
        kind=kind,
        returns="at::Tensor" if kind == "functional" else "at::Tensor &",
        arguments=arguments,
        implicit=implicit,
        composite=implicit,
        generated=False,
    )


OVERLOADS = (
    overload("abs", "functional", SELF),
    overload("abs_", "inplace", TARGET),
    overload("abs.out", "out", SELF, OUT),
    overload("add.Tensor", "functional", SELF, OTHER, ALPHA),
    overload("mul", "functional", SELF, OTHER),
    overload("square", "functional", SELF, implicit=True),
    overload("amax", "functional", SELF, DIM, KEEP),
)
SCHEMA = Schema("2.13.0", {entry.name: entry for entry in OVERLOADS})

ABS = """
  - op: abs
    category: unary
    acl: Abs
"""
ADD = """
  - op: add
    category: binary
    cases:
      - when: alpha == 1
        acl: Add
      - acl: Axpy
        dtypes: [float32]
        attrs: {alpha: -alpha}
"""


def write(folder: Path, text: str, name: str = "some.yaml") -> Path:
    spec = folder / "ops"
    spec.mkdir(exist_ok=True)
    (spec / name).write_text("schema: 1\noperators:" + text, "utf-8")
    return spec


def rendered(folder: Path, text: str) -> str:
    return render(write(folder, text), TEMPLATES, SCHEMA)["ops_some.cpp"].decode()


def test_an_entry_covers_all_its_overloads(tmp_path: Path) -> None:
    text = rendered(tmp_path, ABS)
    for name in ("abs", "abs_", "abs.out"):
        assert f'm.impl("{name}", TORCH_FN(npu::kernels::{name.replace(".", "_")}));' in text
    assert text.count('OpCommand command("Abs");') == 3


def test_cases_and_expressions_become_cpp(tmp_path: Path) -> None:
    text = rendered(tmp_path, ADD)
    assert "if (equals(alpha, 1) && e.plan(" in text
    assert 'command.attr("alpha", to_double(-to_double(alpha)));' in text


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    spec = write(tmp_path, ABS + ADD)
    assert render(spec, TEMPLATES, SCHEMA) == render(spec, TEMPLATES, SCHEMA)


def test_one_entry_changes_one_file(tmp_path: Path) -> None:
    write(tmp_path, ABS, "one.yaml")
    spec = write(tmp_path, ADD, "two.yaml")
    before = render(spec, TEMPLATES, SCHEMA)
    write(tmp_path, ADD.replace("-alpha", "alpha"), "two.yaml")
    after = render(spec, TEMPLATES, SCHEMA)
    assert [name for name in before if before[name] != after[name]] == ["ops_two.cpp"]


def test_handwritten_kernels_are_declared_and_registered(tmp_path: Path) -> None:
    entry = """
  - op: mul
    category: handwritten
    source: kernels/product.cpp
    overloads: [mul]
    acl: [Mul]
"""
    text = render(write(tmp_path, entry), TEMPLATES, SCHEMA)["register_product.cpp"].decode()
    assert "at::Tensor mul(const at::Tensor & self, const at::Tensor & other);" in text
    assert 'm.impl("mul", TORCH_FN(npu::kernels::mul));' in text


def test_a_release_can_differ(tmp_path: Path) -> None:
    entry = ABS + '    versions: {"2.13.0": {dtypes: [float16]}, "1.8.1": {skip: true}}\n'
    assert "{bit(at::kHalf), {}}" in rendered(tmp_path, entry)
    older = Schema("1.8.1", SCHEMA.overloads)
    assert render(write(tmp_path, entry), TEMPLATES, older) == {}


FAULTS = {
    "unknown key": (ABS + "    colour: red\n", 6, "unknown key"),
    "near miss": (ABS + "    atrs: {}\n", 6, "did you mean `attrs`"),
    "unknown category": (ABS.replace("unary", "unnary"), 4, "did you mean `unary`"),
    "no category": ("\n  - op: abs\n    acl: Abs\n", 3, "lacks the key `category`"),
    "unknown function": (ABS.replace("op: abs", "op: absolut"), 3, "does not have"),
    "unknown operator": (ABS.replace("Abs", "Abss"), 5, "AscendCL does not have"),
    "no operator": (ABS.replace("    acl: Abs\n", ""), 3, "must say `acl` or `value`"),
    "unknown overload": (ABS + "    overloads: [abs.outt]\n", 6, "did you mean `abs.out`"),
    "foreign overload": (ABS + "    overloads: [mul]\n", 6, "no overload of `abs`"),
    "no overloads": (ABS + "    overloads: []\n", 6, "is empty"),
    "two entries": (ABS + ABS, 7, "so has"),
    "unknown attribute": (ABS + "    attrs: {base: 2}\n", 6, "no attribute of Abs"),
    "missing attribute": (ADD.replace("        attrs: {alpha: -alpha}\n", ""), 8, "lacks Axpy's"),
    "unknown argument": (ADD.replace("-alpha", "beta"), 10, "no argument `beta`"),
    "wrong kind": (ADD.replace("-alpha", "self"), 10, "is a tensor"),
    "no expression": (ADD.replace("-alpha", '"2 *"'), 10, "no expression"),
    "forbidden call": (ADD.replace("-alpha", "open(alpha)"), 10, "no function `open`"),
    "forbidden kind": (ADD.replace("-alpha", "alpha.real"), 10, "not allowed"),
    "condition": (ADD.replace("alpha == 1", "alpha"), 6, "write a condition"),
    "too many inputs": (ABS + "    inputs: [self, self]\n", 6, "Abs 2 inputs"),
    "unused argument": (
        ADD.split("    cases", maxsplit=1)[0] + "    acl: Add\n",
        3,
        "`alpha` of add.Tensor",
    ),
    "type it has not": (ABS + "    dtypes: [bool]\n", 6, "does not take"),
    "unknown type": (ABS + "    dtypes: [float23]\n", 6, "did you mean"),
    "inexact": (ABS + "    widen: {bool: bfloat16}\n", 6, "does not hold it exactly"),
    "lost gradient": (
        "\n  - op: square\n    category: unary\n    overloads: [square]\n    acl: Square\n",
        3,
        "autograd: none",
    ),
    "no axes": ("\n  - op: amax\n    category: reduction\n    acl: Abs\n", 5, "no axes"),
    "no release": (ABS + "    versions: {next: {}}\n", 6, "no release"),
    "no such value": (ABS + "    value: nothing(self)\n", 3, "not both"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults(tmp_path: Path, fault: str) -> None:
    """faults.md 44: functions and overloads that the release does not have are among them."""
    text, line, words = FAULTS[fault]
    spec = write(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        render(spec, TEMPLATES, SCHEMA)
    said = caught.value
    assert str(said.path).startswith(f"{spec / 'some.yaml'}:")
    assert words in f"{said.cause} {said.remedy}"
    assert said.path == f"{spec / 'some.yaml'}:{line}"
    assert said.remedy


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    with pytest.raises(SpecError, match=r"no file of the op spec"):
        render(tmp_path / "ops", TEMPLATES, SCHEMA)
