"""Entries of the op spec that differ between releases; functions computed by their `out` form."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.opspec.render import render
from ascendtorch.opspec.schema import Argument, Overload, Schema

TEMPLATES = Path(__file__).parents[2] / "templates" / "kernels"
SELF = Argument("self", "const at::Tensor &", "Tensor", None)
TARGET = Argument("self", "at::Tensor &", "Tensor", None)
SIZE = Argument("size", "at::IntArrayRef", "int[2]", None)
SCALE = Argument("scale", "at::Scalar", "Scalar", None)
LOW = Argument("low", "c10::optional<at::Scalar>", "Scalar?", None)
OUT = Argument("out", "at::Tensor &", "Tensor", None)
INDICES = Argument("indices", "at::Tensor &", "Tensor", None)
PAIR = "std::tuple<at::Tensor, at::Tensor>"


def overload(name: str, kind: str, *arguments: Argument, returns: str = "") -> Overload:
    return Overload(
        name=name,
        base=name.partition(".")[0],
        ident=name.replace(".", "_"),
        schema=f"{name}(...)",
        kind=kind,
        returns=returns or ("at::Tensor" if kind == "functional" else "at::Tensor &"),
        arguments=arguments,
        implicit=False,
        composite=False,
        generated=False,
    )


def schema(version: str, *overloads: Overload) -> Schema:
    return Schema(version, {entry.name: entry for entry in overloads})


OLD = schema(
    "1.8.1",
    overload("abs", "functional", SELF),
    overload("gelu", "functional", SELF),
    overload("pool", "functional", SELF, SIZE),
    overload("pool_", "inplace", TARGET, SIZE),
    overload("pool.out", "out", SELF, SIZE, OUT),
    overload("best", "functional", SELF, SIZE, returns=PAIR),
    overload("best.out", "out", SELF, SIZE, OUT, INDICES),
    overload("odd", "functional", SELF, SCALE),
    overload("clip", "functional", SELF, LOW),
    overload("odd.out", "out", SELF, SIZE, OUT),
)
NEW = schema(
    "2.13.0",
    *OLD.overloads.values(),
    overload("mish", "functional", SELF),
    overload("gelu.out", "out", SELF, OUT),
)


def rendered(folder: Path, text: str, release: Schema) -> dict[str, str]:
    (folder / "some.yaml").write_text("schema: 1\noperators:\n" + text, "utf-8")
    found = render(folder, TEMPLATES, release)
    return {name: data.decode() for name, data in found.items()}


def handwritten(op: str, *lines: str) -> str:
    head = (f"  - op: {op}", "    category: handwritten", "    source: kernels/some.cpp")
    return "\n".join([*head, *(f"    {line}" for line in lines)]) + "\n"


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("from: 2.0.0", False, True),
        ("until: 2.0.0", True, False),
        ("from: 1.8.1", True, True),
        ("until: 2.13.0", True, False),
        ("from: 1.9.0\n    until: 2.0.0", False, False),
    ],
)
def test_an_entry_can_be_for_some_releases(tmp_path: Path, key: str, old: bool, new: bool) -> None:
    text = f"  - op: abs\n    category: unary\n    acl: Abs\n    {key}\n"
    assert bool(rendered(tmp_path, text, OLD)) == old
    assert bool(rendered(tmp_path, text, NEW)) == new


def test_a_function_of_newer_releases(tmp_path: Path) -> None:
    text = "  - op: mish\n    category: unary\n    acl: Mish\n    from: 2.0.0\n"
    assert rendered(tmp_path, text, OLD) == {}
    assert list(rendered(tmp_path, text, NEW)) == ["ops_some.cpp"]


def test_a_release_without_an_overload(tmp_path: Path) -> None:
    lines = ("overloads: [gelu, gelu.out]", "versions: {1.8.1: {without: [gelu.out]}}")
    text = handwritten("gelu", *lines)
    assert "gelu_out" not in rendered(tmp_path, text, OLD)["register_some.cpp"]
    assert "gelu_out" in rendered(tmp_path, text, NEW)["register_some.cpp"]


def test_what_a_release_is_said_to_have_holds_for_its_patches(tmp_path: Path) -> None:
    own = "1.8.3: {overloads: [gelu]}"
    said = "1.8.1: {without: [gelu.out]}"
    text = handwritten("gelu", "overloads: [gelu, gelu.out]", f"versions: {{{own}, {said}}}")
    has_out = {}
    for version in ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.9.0"):
        release = replace(NEW, version=version)
        has_out[version] = "gelu_out" in rendered(tmp_path, text, release)["register_some.cpp"]
    without = {"1.8.1": False, "1.8.2": False, "1.8.3": False}
    assert has_out == {"1.8.0": True, **without, "1.9.0": True}
    with pytest.raises(SpecError, match=r"1\.8\.0"):
        rendered(tmp_path, text, replace(OLD, version="1.8.0"))


def test_a_release_with_other_overloads(tmp_path: Path) -> None:
    lines = ("overloads: [gelu.out]", "versions: {1.8.1: {overloads: [gelu]}}")
    text = rendered(tmp_path, handwritten("gelu", *lines), OLD)["register_some.cpp"]
    assert 'm.impl("gelu", ' in text
    assert "gelu_out" not in text


def test_functions_by_their_form_with_a_result(tmp_path: Path) -> None:
    lines = ("overloads: [pool.out]", "delegates: [pool, pool_]")
    text = rendered(tmp_path, handwritten("pool", *lines), OLD)["register_some.cpp"]
    assert text.count("pool_out(const at::Tensor & self") == 1
    assert (
        "at::Tensor pool(const at::Tensor & self, at::IntArrayRef size) {\n"
        "  at::Tensor out = at::empty({0}, self.options());\n"
        "  pool_out(self, size, out);\n"
        "  return out;\n"
        "}\n"
    ) in text
    assert "  return pool_out(self, size, self);\n" in text
    for name in ("pool", "pool_", "pool.out"):
        assert f'm.impl("{name}", ' in text


def test_two_results(tmp_path: Path) -> None:
    lines = ("overloads: [best.out]", "delegates: [best]")
    text = rendered(tmp_path, handwritten("best", *lines), OLD)["register_some.cpp"]
    assert "at::Tensor indices = at::empty({0}, self.options().dtype(at::kLong));" in text
    assert "  best_out(self, size, out, indices);\n" in text
    assert "  return std::make_tuple(out, indices);\n" in text


def test_a_bound_that_need_not_be_given(tmp_path: Path) -> None:
    text = """
  - op: clip
    category: ternary
    overloads: [clip]
    operands: [self]
    cases:
      - when: given(low)
        acl: Maximum
        inputs: [self, low]
"""
    found = rendered(tmp_path, text, OLD)["ops_some.cpp"]
    assert "if (is_given(low) && e.plan(" in found
    assert "    e.number(command, to_scalar(low));\n" in found


def test_an_unexplained_absence_names_what_is_there(tmp_path: Path) -> None:
    text = handwritten("gelu", "overloads: [gelu, gelu.out]")
    with pytest.raises(SpecError) as caught:
        rendered(tmp_path, text, OLD)
    assert "'gelu.out', an overload that PyTorch 1.8.1 does not have" in caught.value.cause
    assert "\n    gelu(...)" in caught.value.cause
    assert '`versions: {"1.8.1": {without: [gelu.out]}}`' in str(caught.value.remedy)


FAULTS = {
    "no release": ("from: two", r"not a release such as 1.8.1"),
    "not listed": ("versions: {1.8.1: {without: [pool_]}}", r"`pool.out`"),
    "no form": ("delegates: [abs]", r"no overload of `pool`"),
    "unknown key of a release": ("versions: {9.9.9: {wihtout: []}}", r"did you mean `without`"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_releases(tmp_path: Path, fault: str) -> None:
    line, words = FAULTS[fault]
    with pytest.raises(SpecError, match=words) as caught:
        rendered(tmp_path, handwritten("pool", "overloads: [pool.out]", line), OLD)
    assert str(caught.value.path) == f"{tmp_path / 'some.yaml'}:7"


def test_a_function_that_its_form_does_not_compute(tmp_path: Path) -> None:
    text = handwritten("odd", "overloads: [odd.out]", "delegates: [odd]")
    with pytest.raises(SpecError, match=r"none of odd.out takes what it takes"):
        rendered(tmp_path, text, OLD)
