"""The table of AscendCL's operators says what docs/emulator.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascendtorch.errors import SpecError
from ascendtorch.opspec.operators import DOCUMENT, TABLE, load_operators, render_table

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "templates" / "kernels" / TABLE


def test_the_table_is_that_of_the_emulator() -> None:
    """If not: python -m ascendtorch.opspec.operators."""
    assert PLACE.read_bytes() == render_table((ROOT / DOCUMENT).read_text("utf-8"))


def test_parameters_and_attributes() -> None:
    operators = load_operators(PLACE)
    assert len(operators) > 500
    assert not any(name.startswith("aclnn") for name in operators)
    axpy = operators["Axpy"]
    assert [parameter.name for parameter in axpy.inputs] == ["x1", "x2"]
    assert axpy.inputs[1].types == axpy.inputs[0].types
    assert axpy.attributes == {"alpha": ("float", True)}
    assert operators["Elu"].attributes["alpha"] == ("float", False)
    assert operators["AddN"].inputs[0].dynamic
    assert operators["DynamicRNN"].inputs[3].optional
    # An output with the name and type of an input.
    assert operators["ApplyAdaMax"].outputs[0].types == ("float32", "float16", "float64",
                                                         "bfloat16")  # fmt: skip


@pytest.mark.parametrize("content", [None, "{", "[]", '{"Abs": {}}'])
def test_a_damaged_table_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / TABLE
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(SpecError, match=r"cannot be read") as caught:
        load_operators(path)
    assert "ascendtorch.opspec.operators" in str(caught.value.remedy)
