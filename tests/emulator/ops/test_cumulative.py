"""Running sums, products and extremes."""

from __future__ import annotations

from typing import Callable

import emu
import pytest
import torch
from emu import EmuError, expect, host, run_op
from tables import NUMBER, REAL, Tensor, dtypes_of, exact, sample

CASES: list[tuple[tuple[int, ...], int]] = [
    ((3, 17), 1), ((2, 3, 5), -2), ((7,), 0), ((), 0), ((0, 3), 0),
]  # fmt: skip


def scanned(
    x: Tensor, axis: int, scan: Callable[[Tensor, int], Tensor], exclusive: bool, reverse: bool,
    start: float,
) -> Tensor:  # fmt: skip
    if x.dim() == 0:
        return scanned(x[None], 0, scan, exclusive, reverse, start)[0]
    x = x.flip(axis) if reverse else x
    y = scan(x, axis)
    if exclusive and x.shape[axis]:
        first = torch.full_like(y.narrow(axis, 0, 1), start)
        y = torch.cat([first, y.narrow(axis, 0, x.shape[axis] - 1)], axis)
    return y.flip(axis) if reverse else y


@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("op", "start"), [("Cumsum", 0.0), ("Cumprod", 1.0)])
def test_sum_and_product(
    op: str, start: float, dtype: torch.dtype, exclusive: bool, reverse: bool,
    operators: emu.Direct,
) -> None:  # fmt: skip
    attrs = {"exclusive": exclusive, "reverse": reverse}
    by_attribute = dtype in dtypes_of(operators, op + "D", "x")
    for shape, axis in CASES:
        x = sample(shape, dtype, "unit")
        if op == "Cumprod" and not (dtype.is_floating_point or dtype.is_complex):
            x = x % 2 + 1
        scan = torch.cumsum if op == "Cumsum" else torch.cumprod
        reference = lambda t, axis: scan(t, axis, dtype=t.dtype)  # noqa: B023, E731
        want = scanned(exact(x), axis, reference, exclusive, reverse, start).to(dtype)
        expect(op, [x, host(axis)], want, attrs)
        if by_attribute:
            expect(op + "D", [x], want, {"axis": axis, **attrs})


@pytest.mark.parametrize("op", ["Cumsum", "Cumprod"])
def test_every_dtype_is_tested(op: str, operators: emu.Direct) -> None:
    assert set(NUMBER) == dtypes_of(operators, op, "x")
    assert dtypes_of(operators, op + "D", "x") <= set(NUMBER)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("exclusive", [False, True])
def test_log_sum_exp(dtype: torch.dtype, exclusive: bool) -> None:
    x = sample((3, 5), dtype)
    want = scanned(exact(x), 1, torch.logcumsumexp, exclusive, False, float("-inf")).to(dtype)
    attrs = {"exclusive": exclusive}
    expect("CumulativeLogsumexp", [x, host(1, "int32")], want, attrs, tolerance=5e-3)
    expect("CumulativeLogsumexp", [x, host(1, "int16")], want, attrs, tolerance=5e-3)


@pytest.mark.parametrize("dtype", REAL)
@pytest.mark.parametrize("index", [torch.int32, torch.int64])
def test_extremes(dtype: torch.dtype, index: torch.dtype) -> None:
    for shape, axis in CASES:
        x = sample(shape, dtype)
        value, where = torch.cummax(x, axis)
        expect("Cummax", [x], [value, where.to(index)], {"dim": axis})
        value, where = torch.cummin(x, axis)
        expect("Cummin", [x], [value, where.to(index)], {"axis": axis})


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "text"),
    [
        ("Cumsum", [torch.ones(2), host(1)], {}, "input axis is 1; -1 to 0 are allowed"),
        ("CumsumD", [torch.ones(2)], {"axis": -2}, "attribute [axis] is -2"),
        ("Cummax", [torch.ones(2)], {"dim": 1}, "attribute [dim] is 1"),
    ],
)
def test_axis_that_is_not_there(
    op: str, inputs: list[Tensor], attrs: dict[str, int], text: str
) -> None:
    outputs = [(torch.float32, [2])] + ([(torch.int64, [2])] if op == "Cummax" else [])
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, outputs, attrs)
    assert caught.value.code == emu.ATTR_NOT_MATCH
    assert text in caught.value.text
