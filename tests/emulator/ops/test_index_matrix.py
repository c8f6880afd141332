"""Diagonals, triangles, bands; sequences of numbers."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import expect, host, wide
from index_support import BASIC, INDEX, MOVABLE, bits, moved, numbers, refused
from tables import COMPLEX, FLOATING, NUMBER, REAL

TF = [torch.float16, torch.float32, torch.float64, *INDEX, *COMPLEX]
MATRICES = [(4, 4), (3, 5), (5, 3), (2, 3, 17), (0, 3), (2, 0, 4), (1, 1)]


@pytest.mark.parametrize("dtype", BASIC)
def test_triangle_types(dtype: torch.dtype) -> None:
    x = numbers((4, 5), dtype)
    expect("Tril", [x], moved(x, bits(x).tril()))
    expect("Triu", [x], moved(x, bits(x).triu()))


@pytest.mark.parametrize("shape", MATRICES)
@pytest.mark.parametrize("diagonal", [-(2**63), -9, -2, 0, 1, 20, 2**63 - 1])
def test_triangle_shapes(shape: tuple[int, ...], diagonal: int) -> None:
    x = torch.randn(shape)
    near = min(max(diagonal, -20), 20)
    expect("Tril", [x], x.tril(near), {"diagonal": diagonal})
    expect("Triu", [x], x.triu(near), {"diagonal": diagonal})


@pytest.mark.parametrize("dtype", [t for t in [*NUMBER, torch.bool] if t is not torch.bfloat16])
@pytest.mark.parametrize(
    ("lower", "upper"), [(0, 0), (1, 2), (-1, 0), (2, -1), (-1, -1), (9, 2**62)]
)
def test_band(dtype: torch.dtype, lower: int, upper: int) -> None:
    x = numbers((2, 4, 5), dtype)
    row, column = torch.arange(4).reshape(4, 1), torch.arange(5)
    keep = ((lower < 0) | (row - column <= lower)) & ((upper < 0) | (column - row <= upper))
    want = torch.where(keep, x, torch.zeros_like(x))
    expect("MatrixBandPart", [x, host([lower]), torch.tensor(upper)], want)


@pytest.mark.parametrize("dtype", TF)
def test_diag(dtype: torch.dtype) -> None:
    x = numbers((5,), dtype)
    matrix = x.diag()
    expect("Diag", [x], matrix)
    expect("DiagPart", [matrix + 1], x + 1)
    expect("Diag", [x[0]], x[0])
    expect("Diag", [x[:0]], torch.zeros(0, 0, dtype=dtype))


def test_diag_part_of_four_dims() -> None:
    x = torch.randn(2, 3, 2, 3)
    want = torch.stack([torch.stack([x[i, j, i, j] for j in range(3)]) for i in range(2)])
    expect("DiagPart", [x], want)
    text = refused(emu.INPUT_NOT_MATCH, "DiagPart", [x[0]], [(torch.float32, [3])])
    assert "the second half of its dims must equal the first" in text


@pytest.mark.parametrize("dtype", MOVABLE)
@pytest.mark.parametrize("diagonal", [-2, 0, 3])
def test_diagonal_matrix(dtype: torch.dtype, diagonal: int) -> None:
    x = numbers((4,), dtype)
    want = moved(x, bits(x).diag(diagonal))
    expect("DiagV2", [x], want, {"diagonal": diagonal})
    if dtype is not torch.complex128:
        expect("DiagFlat", [x], want, {"diagonal": diagonal})
        want = moved(x, bits(x[:1]).diag(diagonal))
        expect("DiagFlat", [x[0]], want, {"diagonal": diagonal})


def test_diagonal_matrix_of_a_matrix() -> None:
    x = torch.randn(2, 2)
    text = refused(emu.INPUT_NOT_MATCH, "DiagV2", [x], [(torch.float32, [2])])
    assert "input x has shape [2, 2]; at most one dim is expected" in text
    out = [(torch.float32, [2, 2])]
    text = refused(emu.ATTR_NOT_MATCH, "DiagFlat", [x[0]], out, {"diagonal": -(2**63)})
    assert "no matrix is that large" in text


@pytest.mark.parametrize("dtype", BASIC)
def test_matrix_diag(dtype: torch.dtype) -> None:
    x, diagonal = numbers((2, 3, 5), dtype), numbers((2, 3), dtype)
    expect("MatrixDiag", [x], moved(x, bits(x).diag_embed()))
    expect("MatrixDiagPart", [x], moved(x, bits(x).diagonal(0, -2, -1)))
    want = bits(x).clone()
    want.diagonal(0, -2, -1).copy_(bits(diagonal))
    expect("MatrixSetDiag", [x, diagonal], moved(x, want))


@pytest.mark.parametrize("shape", MATRICES)
def test_matrix_diag_part_shapes(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    expect("MatrixDiagPart", [x], x.diagonal(0, -2, -1).contiguous())


def test_matrix_set_diag_refuses() -> None:
    x = torch.randn(2, 3, 5)
    text = refused(emu.INPUT_NOT_MATCH, "MatrixSetDiag", [x, x[0, 0]], [(torch.float32, x.shape)])
    assert "input diagonal has shape [5]; [2, 3] is expected for x of shape [2, 3, 5]" in text
    text = refused(emu.INPUT_NOT_MATCH, "Tril", [x[0, 0]], [(torch.float32, [5])])
    assert "at least 2 dims are expected" in text


@pytest.mark.parametrize("dtype", [*REAL, torch.bool])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal(dtype: torch.dtype, wrap: bool) -> None:
    x = numbers((7, 3), dtype)
    want = x.clone().fill_diagonal_(2, wrap)
    expect("FillDiagonal", [x], want, {"fill_value": 2.0, "wrap": wrap})


@pytest.mark.parametrize("dtype", NUMBER)
def test_eye(dtype: torch.dtype) -> None:
    attrs = {"dtype": emu.dtype_value(dtype)}
    expect("Eye", [], torch.eye(4, dtype=dtype), {"num_rows": 4, **attrs})
    want = torch.eye(3, 5, dtype=dtype).expand(2, 1, 3, 5).contiguous()
    shape = {"num_rows": 3, "num_columns": 5, "batch_shape": [2, 1]}
    expect("Eye", [], want, {**shape, **attrs})


def test_eye_refuses() -> None:
    out = [(torch.float16, [3, 3])]
    text = refused(emu.OUTPUT_NOT_MATCH, "Eye", [], out, {"num_rows": 3})
    assert "output y has data type 1; attribute [dtype] says 0" in text
    refused(emu.ATTR_NOT_MATCH, "Eye", [], [(torch.float32, [0, 0])], {"num_rows": -1})


@pytest.mark.parametrize("dtype", [*NUMBER, torch.bool])
@pytest.mark.parametrize("shape", [(4, 4), (3, 17), (0, 0)])
def test_trace(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x = numbers(shape, dtype)
    integer = not (dtype.is_floating_point or dtype.is_complex)
    want = wide(x).diagonal().sum()
    expect("Trace", [x], want.to(torch.int64 if integer else dtype))


@pytest.mark.parametrize("dtype", [*FLOATING, *INDEX])
@pytest.mark.parametrize(
    ("start", "limit", "delta"), [(0, 10, 1), (3, 20, 4), (5, -7, -3), (2, 2, 1), (0, -5, 1)]
)
def test_range(dtype: torch.dtype, start: int, limit: int, delta: int) -> None:
    count = max(-(-(limit - start) // delta), 0)
    want = torch.tensor([start + k * delta for k in range(count)], dtype=torch.float64).to(dtype)
    inputs = [torch.tensor(value).to(dtype) for value in (start, limit, delta)]
    expect("Range", inputs, want)
    expect("Range", [emu.In(x, host=True) for x in inputs], want)
    if dtype in (torch.float32, torch.int32):
        attrs = {"start": float(start), "limit": float(limit), "delta": float(delta)}
        expect("RangeD", [want * 0], want, attrs)


def test_range_of_fractions_and_large_integers() -> None:
    inputs = [host([0.5], dtype="float32"), host([2.0], "float32"), host([0.25], "float32")]
    expect("Range", inputs, torch.arange(0.5, 2.0, 0.25))
    big = 2**60 + 1
    expect("Range", [host([big]), host([big + 1000]), host([999])], torch.tensor([big, big + 999]))


def test_range_refuses() -> None:
    inputs = [host([0]), host([5]), host([0])]
    text = refused(emu.INPUT_NOT_MATCH, "Range", inputs, [(torch.int64, [5])])
    assert "a sequence of finite length is expected" in text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [1, 2, 17, 100])
def test_lin_space(dtype: torch.dtype, count: int) -> None:
    inputs = [torch.tensor([-1.5]).to(dtype), torch.tensor([4.0]).to(dtype)]
    want = torch.linspace(-1.5, 4.0, count, dtype=dtype)
    expect("LinSpace", [*inputs, torch.tensor([count])], want)
    expect("LinSpace", [*inputs, host([count], dtype="int32")], want)


def test_lin_space_refuses() -> None:
    inputs = [torch.zeros(1), torch.ones(1), host([0])]
    refused(emu.INPUT_NOT_MATCH, "LinSpace", inputs, [(torch.float32, [0])])
