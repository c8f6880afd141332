"""Operators of two tensors, element by element, with broadcasting."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import EmuError, Out, expect, run_op
from tables import (
    BOOL,
    COMPLEX,
    FLOATING,
    FLOATS,
    INTS,
    NUMBER,
    PAIRS,
    REAL,
    WIDE_UNSIGNED,
    Reference,
    Tensor,
    by_bits,
    dtypes_of,
    exact,
    sample,
)  # fmt: skip

WORDS = [*FLOATING, torch.int32, torch.int64]


def divided(a: Tensor, b: Tensor) -> Tensor:
    return (
        a / b if a.is_floating_point() or a.is_complex() else torch.div(a, b, rounding_mode="trunc")
    )


TABLE: list[tuple[str, list[torch.dtype], str, Reference]] = [
    ("Add", [*NUMBER, *BOOL], "any", torch.add),
    ("AddV2", NUMBER, "any", torch.add),
    ("Sub", NUMBER, "any", torch.sub),
    ("Mul", [*NUMBER, *BOOL], "any", torch.mul),
    ("RealDiv", [*FLOATING, *COMPLEX], "positive", torch.div),
    ("Div", NUMBER, "positive", divided),
    ("FloorDiv", REAL, "positive", lambda a, b: torch.div(a, b, rounding_mode="floor")),
    ("TruncateDiv", REAL, "positive", lambda a, b: torch.div(a, b, rounding_mode="trunc")),
    ("FloorMod", WORDS, "positive", torch.remainder),
    ("Mod", [*WORDS, torch.int8, torch.uint8], "positive", torch.fmod),
    ("TruncateMod", WORDS, "positive", torch.fmod),
    ("DivNoNan", [*FLOATING, torch.int8, torch.uint8, torch.int32], "positive", divided),
    ("MulNoNan", NUMBER, "any", torch.mul),
    ("Xdivy", [*FLOATING, *COMPLEX], "positive", torch.div),
    ("Xlogy", [*FLOATING, *COMPLEX], "positive", lambda a, b: a * torch.log(b)),
    ("Pow", NUMBER, "positive", torch.pow),
    ("Maximum", WORDS, "any", torch.maximum),
    ("Minimum", WORDS, "any", torch.minimum),
    ("SquaredDifference", [*WORDS, *COMPLEX], "any", lambda a, b: (a - b) * (a - b)),
    ("Atan2", FLOATING, "any", torch.atan2),
    ("LogAddExp", FLOATS, "any", torch.logaddexp),
    ("BitwiseAnd", [*INTS, *WIDE_UNSIGNED], "any", by_bits(torch.bitwise_and)),
    ("BitwiseOr", [*INTS, *WIDE_UNSIGNED], "any", by_bits(torch.bitwise_or)),
    ("BitwiseXor", [*INTS, *WIDE_UNSIGNED], "any", by_bits(torch.bitwise_xor)),
]
ROWS = {op: (dtypes, domain, reference) for op, dtypes, domain, reference in TABLE}
CASES = [(op, dtype) for op, dtypes, _, _ in TABLE for dtype in dtypes]

COMPARE: dict[str, tuple[list[torch.dtype], Reference]] = {
    "Equal": ([*NUMBER, *BOOL], torch.eq),
    "NotEqual": (REAL, torch.ne),
    "Greater": (REAL, torch.gt),
    "GreaterEqual": (REAL, torch.ge),
    "Less": (REAL, torch.lt),
    "LessEqual": (REAL, torch.le),
    "LogicalAnd": (BOOL, torch.logical_and),
    "LogicalOr": (BOOL, torch.logical_or),
}


def second(op: str, shape: tuple[int, ...], dtype: torch.dtype, domain: str) -> Tensor:
    """The right-hand side: no zero that integers would be divided by, small exponents."""
    if op == "Pow":
        y = sample(shape, dtype, "small")
        return y % 4 if dtype in INTS else y
    y = sample(shape, dtype, domain)
    whole = not (dtype.is_floating_point or dtype.is_complex)
    return torch.where(y == 0, 3, y).to(dtype) if whole and domain == "positive" else y


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_against_torch(op: str, dtype: torch.dtype) -> None:
    _, domain, reference = ROWS[op]
    for left, right in PAIRS:
        x = sample(left, dtype, "positive" if op in ("Pow", "Xlogy") else "any")
        y = second(op, right, dtype, domain)
        if op in ("FloorDiv", "TruncateDiv", "FloorMod", "Mod", "TruncateMod"):
            # Quotients near a whole number: the smallest rounding would change the result.
            x, y = (
                x.round() if dtype.is_floating_point else x,
                y.ceil() if (dtype.is_floating_point) else y,
            )
        expect(op, [x, y], reference(exact(x), exact(y)).to(dtype))


@pytest.mark.parametrize("op", list(ROWS))
def test_every_dtype_is_tested(op: str, operators: emu.Direct) -> None:
    assert set(ROWS[op][0]) == dtypes_of(operators, op, "x1")


@pytest.mark.parametrize(
    ("op", "dtype"), [(op, dtype) for op, (dtypes, _) in COMPARE.items() for dtype in dtypes]
)
def test_comparison(op: str, dtype: torch.dtype) -> None:
    reference = COMPARE[op][1]
    for left, right in PAIRS:
        x, y = sample(left, dtype), sample(right, dtype)
        if left == right:
            x = torch.where(torch.rand(left) > 0.5, x, y)
        expect(op, [x, y], reference(x, y))


@pytest.mark.parametrize("op", list(COMPARE))
def test_every_dtype_is_compared(op: str, operators: emu.Direct) -> None:
    assert set(COMPARE[op][0]) == dtypes_of(operators, op, "x1")


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_signs_of_quotients_and_remainders(dtype: torch.dtype) -> None:
    x, y = torch.tensor([7, -7, 7, -7]).to(dtype), torch.tensor([2, 2, -2, -2]).to(dtype)
    for op, want in [
        ("FloorDiv", [3, -4, -4, 3]),
        ("TruncateDiv", [3, -3, -3, 3]),
        ("Div", [3, -3, -3, 3]),
        ("FloorMod", [1, 1, -1, -1]),
        ("Mod", [1, -1, 1, -1]),
        ("TruncateMod", [1, -1, 1, -1]),
    ]:
        expect(op, [x, y], torch.tensor(want).to(dtype))


def test_zeros() -> None:
    x, zero = torch.tensor([3, -4, 0]), torch.zeros(3, dtype=torch.int64)
    expect("FloorMod", [x, zero], x)
    f = torch.tensor([3.0, float("inf"), float("nan"), 0.0])
    expect("DivNoNan", [f, torch.zeros(4)], torch.zeros(4))
    expect("DivNoNan", [f.int(), torch.zeros(4).int()], torch.zeros(4).int())
    expect("MulNoNan", [f, torch.zeros(4)], torch.zeros(4))
    expect("Xdivy", [torch.zeros(4), torch.zeros(4)], torch.zeros(4))
    expect("Xlogy", [torch.zeros(4), torch.tensor([0.0, -1, 1, 2])], torch.zeros(4))


def test_maximum_keeps_nan() -> None:
    x, y = torch.tensor([float("nan"), 1.0]), torch.tensor([0.0, float("nan")])
    expect("Maximum", [x, y], torch.full((2,), float("nan")))


@pytest.mark.parametrize("op", ["Mul", "Pow"])
@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        (torch.float16, torch.float32, torch.float32),
        (torch.int32, torch.float16, torch.float16),
        (torch.int8, torch.int64, torch.int64),
        (torch.bfloat16, torch.float16, torch.float32),
    ],
)
def test_promotion(op: str, left: torch.dtype, right: torch.dtype, both: torch.dtype) -> None:
    x, y = torch.tensor([1, 2, 3]).to(left), torch.tensor(2).to(right)
    want = x.double() * 2 if op == "Mul" else x.double() ** 2
    expect(op, [x, y], want.to(both))


def test_promotion_to_another_type() -> None:
    x, y = torch.ones(2, dtype=torch.float16), torch.ones(2)
    with pytest.raises(EmuError) as caught:
        run_op("Mul", [x, y], [(torch.float16, [2])])
    assert caught.value.code == emu.OUTPUT_NOT_MATCH
    assert "output y has data type DT_FLOAT16" in caught.value.text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.uint8])
def test_approximately_equal(dtype: torch.dtype) -> None:
    x = torch.tensor([1, 2, 3, 0]).to(dtype)
    y = torch.tensor([1, 3, 3, 1]).to(dtype)
    expect("ApproximateEqual", [x, y], torch.tensor([True, False, True, False]))
    expect("ApproximateEqual", [x, y], torch.ones(4).bool(), {"tolerance": 1.5})


@pytest.mark.parametrize("dtype", INTS)
def test_shifts(dtype: torch.dtype) -> None:
    x, y = sample((3, 4), dtype, "positive"), torch.tensor([0, 1, 2, 3]).to(dtype)
    expect("LeftShift", [x, y], (x.long() << y.long()).to(dtype))
    expect("RightShift", [x, y], (x.long() >> y.long()).to(dtype))


@pytest.mark.parametrize("dtype", WIDE_UNSIGNED)
def test_shift_of_wide_unsigned(dtype: torch.dtype) -> None:
    x, y = torch.tensor([1, 200]).to(dtype), torch.tensor([3, 1]).to(dtype)
    expect("LeftShift", [x, y], torch.tensor([8, 400]).to(dtype))


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32])
def test_axpy(dtype: torch.dtype) -> None:
    x, y = sample((2, 3), dtype), sample((3,), dtype)
    want = (exact(x) + 2 * exact(y)).to(dtype)
    expect("Axpy", [x, y], want, {"alpha": 2.0})
    expect("AxpyV2", [x, y, torch.tensor([2]).to(dtype)], want)
    expect("AxpyV2", [x, y, torch.tensor(2).to(dtype)], want)


def test_axpy_takes_one_factor() -> None:
    x = torch.ones(2)
    with pytest.raises(EmuError) as caught:
        run_op("AxpyV2", [x, x, x], [(torch.float32, [2])])
    assert caught.value.text == "Op [AxpyV2]: input alpha must have one element"


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int16, torch.int32])
def test_with_a_number(dtype: torch.dtype) -> None:
    x = sample((4, 17), dtype)
    expect("Adds", [x], (exact(x) + 2).to(dtype), {"value": 2.0})
    expect("Muls", [x], (exact(x) * 3).to(dtype), {"value": 3.0})


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64])
def test_muls(dtype: torch.dtype) -> None:
    x = sample((4, 17), dtype)
    expect("Muls", [x], x * 3, {"value": 3.0})


def test_result_over_an_input_that_broadcasts() -> None:
    """The output is the memory of an input that every element of it reads."""
    x, y = sample((3,), torch.float32), sample((3,), torch.float32)
    (result,) = run_op("Sub", [x, y], [Out(torch.float32, [3], inplace=1)])
    assert result.equal(x - y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(3, 5), (5,), (1,)])
def test_add_over_its_first_input(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x1 = sample((3, 5), dtype, "any")
    x2 = sample(shape, dtype, "any")
    (y,) = run_op("Add", [x1, x2], [Out(dtype, (3, 5), inplace=0)])
    assert y.equal(torch.add(x1, x2))
