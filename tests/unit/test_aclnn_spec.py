"""The aclnn spec: what is refused, with its line, and what is rendered from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ascendtorch.emulator.aclnn import OUTPUTS, main, render, write
from ascendtorch.emulator.aclnn_kinds import KINDS
from ascendtorch.emulator.aclnn_spec import Function, load_spec
from ascendtorch.errors import CodegenError, SpecError

TEMPLATES = Path(__file__).parents[2] / "templates" / "emulator"

SMALL = """\
schema: 1
types:
  some: [float, bf16]
  scalar: [double]
functions:
  - types: some
    shape: broadcast
    inplace: true
    parameters:
      - {name: self, kind: tensor}
      - {name: alpha, kind: scalar}
      - {name: out, kind: out}
    compute:
      Twice: at::mul(self, alpha)
"""


def _function(folder: Path, text: str, name: str) -> Function:
    return next(f for f in load_spec(_spec(folder, text)).functions if f.name == name)


def _spec(folder: Path, text: str) -> Path:
    path = folder / "aclnn.yaml"
    path.write_text(text, "utf-8")
    return path


def _copy_templates(folder: Path, spec: str) -> Path:
    for template, _ in OUTPUTS:
        (folder / template).write_bytes((TEMPLATES / template).read_bytes())
    _spec(folder, spec)
    return folder


def test_a_family_gives_each_function_and_its_inplace_variant(tmp_path: Path) -> None:
    spec = load_spec(_spec(tmp_path, SMALL))
    assert spec.types == {"some": ("ACL_FLOAT", "ACL_BF16"), "scalar": ("ACL_DOUBLE",)}
    assert [function.name for function in spec.functions] == ["aclnnInplaceTwice", "aclnnTwice"]
    inplace = spec.functions[0]
    assert [p.name for p in inplace.parameters] == ["selfRef", "alpha"]
    assert inplace.parameters[0].kind is KINDS["inout"]
    assert [p.name for p in inplace.outputs] == ["selfRef"]
    assert inplace.variables == (
        ("const at::Tensor", "self", "a.in(0)"),
        ("const at::Scalar", "alpha", "a.in(1).item()"),
    )


def test_only_mentioned_parameters_become_variables(tmp_path: Path) -> None:
    text = SMALL.replace("at::mul(self, alpha)", "at::relu(self)")
    assert [name for _, name, _ in _function(tmp_path, text, "aclnnTwice").variables] == ["self"]
    # Whole names only.
    text = SMALL.replace("at::mul(self, alpha)", "myself(alpha_)")
    assert _function(tmp_path, text, "aclnnTwice").variables == ()


def test_optional_parameters_may_be_missing_in_the_body(tmp_path: Path) -> None:
    text = SMALL.replace("kind: scalar}", "kind: scalar, optional: true}").replace(
        "kind: tensor}", "kind: tensor, optional: true}"
    )
    values = [value for _, _, value in _function(tmp_path, text, "aclnnTwice").variables]
    assert values[0] == "a.in_or_none(0)"
    assert values[1].startswith("a.has(1) ? ")


def test_an_expression_that_mentions_out_writes_to_it(tmp_path: Path) -> None:
    text = SMALL.replace("    inplace: true\n", "").replace("at::mul(self", "at::mul_out(out, self")
    assert _function(tmp_path, text, "aclnnTwice").writes
    assert not _function(tmp_path, SMALL, "aclnnTwice").writes


@pytest.mark.parametrize(
    ("change", "to", "line", "part"),
    [
        ("schema: 1", "schema: 9", 1, "knows up to 1"),
        ("bf16]", "bf17]", 3, "did you mean `bf16`"),
        ("  scalar: [double]", "  scalar: [double]\n  more: [int8]", 5, "used by no function"),
        ("  - types: some", "  - tipes: some", 6, "did you mean `types`"),
        ("  - types: some", "  - types: sone", 6, "did you mean `some`"),
        ("  - types: some\n    shape", "  - shape", 9, "has no types"),
        ("shape: broadcast", "shape: like other", 7, "`functions[0].shape` is 'like other'"),
        ("shape: broadcast", "shape: a(b)", 7, "is not `like NAME`"),
        ("kind: tensor", "kind: tenser", 10, "did you mean `tensor`"),
        ("name: self", "name: 2self", 10, "not a C identifier"),
        ("name: alpha", "name: self", 10, "has `self` twice"),
        ("name: alpha", "name: executor", 10, "which the rendered code uses itself"),
        ("kind: out}", "kind: tensor}", 10, "has no output"),
        ("kind: out}", "kind: outs}\n      - {name: b, kind: out}", 10, "leave `outs` alone"),
        ("tensor}", "tensors}\n      - {name: b, kind: tensors}", 10, "two lists of inputs"),
        ("kind: out}", "kind: out, optional: true}", 12, "only these can be left out"),
        ("kind: scalar}", "kind: scalar, dynamic: true}", 11, "is for outputs"),
        ("kind: scalar}", "kind: int, types: some}", 11, "does not go with the kind `int`"),
        ("name: out,", "name: y,", 8, "needs a tensor as the first parameter"),
        ("Twice:", "twice:", 14, "not a function's name"),
        ("at::mul(self, alpha)", "''", 14, "is empty"),
        ("Twice: at", "Twice: 1\n      Once: at", 14, "must be text"),
        ("      Twice: at::mul(self, alpha)\n", "      {}\n", 14, "is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, change: str, to: str, line: int, part: str
) -> None:
    assert change in SMALL
    path = _spec(tmp_path, SMALL.replace(change, to))
    with pytest.raises(SpecError) as refusal:
        load_spec(path)
    assert part in f"{refusal.value.cause}\n{refusal.value.remedy}"
    assert refusal.value.path == f"{path}:{line}"


def test_a_function_given_twice_names_the_first_place(tmp_path: Path) -> None:
    family = (
        SMALL[SMALL.index("  - types") :]
        .replace("Twice", "InplaceTwice")
        .replace("    inplace: true\n", "")
    )
    path = _spec(tmp_path, SMALL + family)
    with pytest.raises(SpecError, match=r"aclnnInplaceTwice a second time \(first at line 14\)"):
        load_spec(path)


def test_the_same_spec_gives_the_same_bytes_and_writes_only_changes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert {path.name for path in write(TEMPLATES, out)} == {
        "opapi.cpp",
        "aclnn_ops.cpp",
        "aclnn_ops.h",
    }
    assert write(TEMPLATES, out) == []
    assert render(TEMPLATES) == {name: (out / name).read_bytes() for _, name in OUTPUTS}
    (out / "opapi.cpp").write_text("old", "utf-8")
    assert write(TEMPLATES, out) == [out / "opapi.cpp"]


def test_every_function_is_in_all_three_files() -> None:
    files = {name: data.decode() for name, data in render(TEMPLATES).items()}
    names = {function.name for function in load_spec(TEMPLATES / "aclnn.yaml").functions}
    header = files["include/aclnnop/aclnn_ops.h"]
    assert set(re.findall(r"(aclnn\w+)GetWorkspaceSize\(", header)) == names
    assert set(re.findall(r"aclnnStatus (aclnn\w+)\(void", files["opapi.cpp"])) == names
    assert set(re.findall(r"EMU_OP\((\w+)\)", files["aclnn_ops.cpp"])) == names


def test_the_first_twenty_are_there() -> None:
    names = {function.name for function in load_spec(TEMPLATES / "aclnn.yaml").functions}
    wanted = (
        "Add Sub Mul Div Matmul Relu Softmax ReduceSum Mean Cast InplaceFillScalar InplaceCopy Cat "
        "EqTensor GtTensor GtScalar Exp Sqrt Neg Permute Embedding"
    )
    assert {f"aclnn{name}" for name in wanted.split()} <= names


def test_prototypes_are_rendered_as_published(tmp_path: Path) -> None:
    header = " ".join(render(TEMPLATES)["include/aclnnop/aclnn_ops.h"].decode().split())
    assert (
        "aclnnStatus aclnnAddGetWorkspaceSize( const aclTensor *self, const aclTensor *other, "
        "const aclScalar *alpha, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor)"
    ) in header
    assert (
        "aclnnStatus aclnnReduceSumGetWorkspaceSize( const aclTensor *self, const aclIntArray "
        "*dims, bool keepDims, aclDataType dtype, aclTensor *out, uint64_t *workspaceSize, "
    ) in header
    assert "aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize," in header


def test_the_command_reports_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = _copy_templates(tmp_path, SMALL)
    arguments = ["--templates", str(good), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    _spec(good, SMALL.replace("kind: out", "kind: oout"))
    assert main(arguments) == SpecError.exit_code
    assert "aclnn.yaml:12" in capsys.readouterr().err
    _spec(good, SMALL)
    (good / "opapi.cpp.j2").write_text("{{ missing }}", "utf-8")
    assert main(arguments) == CodegenError.exit_code
    assert "opapi.cpp.j2:1" in capsys.readouterr().err
