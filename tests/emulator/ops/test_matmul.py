"""Products of matrices and vectors."""

from __future__ import annotations

from typing import Any

import emu
import pytest
import torch
from emu import EmuError, In, Out, expect, run_op
from layouts import pack
from tables import FLOATS, Tensor, exact, sample

MATRIX = [*FLOATS, torch.int32]
SIZES = [(3, 5, 7), (17, 33, 16), (1, 1, 1), (4, 0, 2), (0, 3, 2)]


def matrices(
    rows: int, inner: int, columns: int, turn: tuple[bool, bool], dtype: torch.dtype,
    batch: tuple[tuple[int, ...], tuple[int, ...]] = ((), ()),
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """x1 and x2 as given, and their product in more digits."""
    a = sample((*batch[0], rows, inner), dtype, "unit")
    b = sample((*batch[1], inner, columns), dtype, "unit")
    product = exact(a) @ exact(b)
    given = [x.transpose(-2, -1).contiguous() if t else x for x, t in zip((a, b), turn)]
    return given[0], given[1], product


TURNS = [(False, False), (True, False), (False, True), (True, True)]


@pytest.mark.parametrize("dtype", MATRIX)
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("op", ["MatMul", "MatMulV2"])
def test_matrices(op: str, turn: tuple[bool, bool], dtype: torch.dtype) -> None:
    attrs = {"transpose_x1": turn[0], "transpose_x2": turn[1]}
    for rows, inner, columns in SIZES:
        a, b, product = matrices(rows, inner, columns, turn, dtype)
        expect(op, [a, b], product.to(dtype), attrs)
        bias = sample((columns,), dtype)
        close = {torch.bfloat16: 4e-2, torch.float16: 4e-3}.get(dtype)  # rounded twice
        expect(op, [a, b, bias], (product + exact(bias)).to(dtype), attrs, tolerance=close)


@pytest.mark.parametrize("dtype", MATRIX)
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("op", ["BatchMatMul", "BatchMatMulV2"])
@pytest.mark.parametrize(
    "batch", [((), ()), ((2,), (2,)), ((2, 3), (2, 3)), ((4,), (1,)), ((3, 1), (2,)), ((), (5,))]
)
def test_batches(
    op: str, turn: tuple[bool, bool], dtype: torch.dtype,
    batch: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:  # fmt: skip
    attrs = {"adj_x1": turn[0], "adj_x2": turn[1]}
    a, b, product = matrices(5, 17, 3, turn, dtype, batch)
    expect(op, [a, b], product.to(dtype), attrs)
    if op == "BatchMatMulV2" and dtype is torch.float32:
        bias = sample((3,), dtype)
        expect(op, [a, b, bias], (product + exact(bias)).to(dtype), attrs)


@pytest.mark.parametrize(
    ("given", "result"),
    [(torch.float16, torch.float32), (torch.bfloat16, torch.float32), (torch.int8, torch.int32)],
)
def test_results_in_the_type_of_sums(given: torch.dtype, result: torch.dtype) -> None:
    a, b = sample((5, 40), given), sample((40, 3), given)
    want = (a.double() @ b.double()).to(result)
    expect("MatMulV2", [a, b], want)
    expect("BatchMatMulV2", [a, b], want)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_private_layouts(dtype: torch.dtype) -> None:
    a, b = sample((33, 17), dtype, "unit"), sample((17, 20), dtype, "unit")
    want = (exact(a) @ exact(b)).to(dtype)
    left = In(pack(a, "FRACTAL_NZ", "ND"), "", False, "FRACTAL_NZ", a.shape, "ND")
    right = In(pack(b, "FRACTAL_NZ", "ND"), "", False, "FRACTAL_NZ", b.shape, "ND")
    packed = pack(want, "FRACTAL_NZ", "ND")
    out = Out(dtype, packed.shape, "FRACTAL_NZ", want.shape, "ND")
    (result,) = run_op("MatMul", [left, right], [out])
    torch.testing.assert_close(result, packed, rtol=2e-3, atol=2e-3)
    expect("MatMul", [left, b], want)
    expect("BatchMatMul", [a, right], want)


def test_result_over_an_input() -> None:
    a, b = sample((4, 4), torch.float32), sample((4, 4), torch.float32)
    (result,) = run_op("MatMul", [a, b], [Out(torch.float32, [4, 4], inplace=0)])
    torch.testing.assert_close(result, a @ b)


X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "code", "text"),
    [
        ("MatMul", [X, X], {}, emu.INPUT_NOT_MATCH,
         "x1 [2, 3] and x2 [2, 3] cannot be multiplied: 3 columns on the left, 2 rows on the "
         "right"),
        ("MatMul", [X, X], {"transpose_x1": True, "transpose_x2": True}, emu.INPUT_NOT_MATCH,
         "x1 [2, 3] (transposed) and x2 [2, 3] (transposed) cannot be multiplied"),
        ("MatMul", [X[None], X], {}, emu.INPUT_NOT_MATCH,
         "input x1 has shape [1, 2, 3]; 2 dims are needed"),
        ("BatchMatMul", [X[0], X], {}, emu.INPUT_NOT_MATCH, "2 dims or more are needed"),
        ("BatchMatMul", [torch.ones(2, 2, 2), torch.ones(3, 2, 2)], {}, emu.INPUT_NOT_MATCH,
         "the batches of x1 [2, 2, 2] and x2 [3, 2, 2] do not broadcast"),
        ("MatMul", [X, X, torch.ones(3)], {"transpose_x2": True}, emu.INPUT_NOT_MATCH,
         "input bias has shape [3], which cannot be added to [2, 2]"),
        ("MatMulV2", [X, X], {"offset_x": 1}, emu.ATTR_NOT_MATCH, "the emulator knows 0 only"),
        ("MatMulV2", [X, X, None, torch.ones(2).to(torch.int8)], {}, emu.INPUT_NOT_MATCH,
         "input offset_w is reserved"),
        ("MatMul", [X.half(), X.half()], {}, emu.OUTPUT_NOT_MATCH,
         "output y has data type DT_INT32, which inputs of DT_FLOAT16 do not give"),
        ("Dot", [X, X], {}, emu.INPUT_NOT_MATCH, "input input_x has shape [2, 3]; 1 dim is needed"),
    ],
)  # fmt: skip
def test_refused(op: str, inputs: Any, attrs: dict[str, Any], code: int, text: str) -> None:
    half = inputs[0].dtype is torch.float16
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, [(torch.int32 if half else torch.float32, [2, 2])], attrs)
    assert caught.value.code == code
    assert text in caught.value.text


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int8, torch.int32, torch.uint8])
@pytest.mark.parametrize("size", [0, 1, 17])
def test_dot(dtype: torch.dtype, size: int) -> None:
    a, b = sample((size,), dtype), sample((size,), dtype)
    want = (exact(a) * exact(b)).sum(0, keepdim=True).to(dtype)
    expect("Dot", [a, b], want, tolerance=2e-2 if dtype in FLOATS else None)
