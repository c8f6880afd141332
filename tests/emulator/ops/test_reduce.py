"""Operators that make one element of many."""

from __future__ import annotations

from typing import Any, Callable

import emu
import pytest
import torch
from emu import EmuError, In, expect, host, run_op
from tables import BOOL, FLOATING, FLOATS, NUMBER, REAL, Tensor, dtypes_of, exact, sample

Reduce = Callable[[Tensor, int, bool], Tensor]  # one axis
BYTES = [*FLOATS, torch.int8, torch.uint8, torch.int32]


def whole_mean(x: Tensor, axis: int, keep: bool) -> Tensor:
    if x.is_floating_point() or x.is_complex():
        return x.mean(axis, keep)
    total = x.long().sum(axis, keep)
    return torch.div(total, max(x.shape[axis], 1), rounding_mode="trunc").to(x.dtype)


REDUCE: dict[str, tuple[list[torch.dtype], list[torch.dtype], Reduce]] = {
    "ReduceSum": (NUMBER, FLOATS, lambda x, axis, keep: x.sum(axis, keep, dtype=x.dtype)),
    "ReduceMean": (NUMBER, FLOATS, whole_mean),
    "ReduceMax": (REAL, BYTES, torch.amax),
    "ReduceMin": (REAL, BYTES, torch.amin),
    "ReduceProd": (NUMBER, BYTES, lambda x, axis, keep: x.prod(axis, keep, dtype=x.dtype)),
    "ReduceAll": (BOOL, BOOL, torch.all),
    "ReduceAny": (BOOL, BOOL, torch.any),
}
SHAPES: list[tuple[tuple[int, ...], list[int]]] = [
    ((3, 17), [1]), ((3, 17), [0, 1]), ((2, 3, 5), [-1, 0]), ((2, 3, 5), [1, 1]), ((7,), [0]),
    ((2, 1, 33), [-2]), ((), []), ((), [0]), ((3, 4), []),
]  # fmt: skip


def reduced(x: Tensor, axes: list[int], keep: bool, reduce: Reduce) -> Tensor:
    for axis in sorted({axis % max(x.dim(), 1) for axis in axes}, reverse=True):
        x = reduce(x, axis, keep) if x.dim() else x
    return x


def of_many(op: str, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    return sample(shape, dtype, "unit" if op.startswith("ReduceProd") else "any")


@pytest.mark.parametrize(
    ("op", "dtype"), [(op, dtype) for op, row in REDUCE.items() for dtype in row[0]]
)
def test_reduce(op: str, dtype: torch.dtype) -> None:
    reduce = REDUCE[op][2]
    for shape, axes in SHAPES:
        x = of_many(op, dtype, shape)
        for keep in (False, True):
            if op == "ReduceMean" and not dtype.is_floating_point and len(set(axes)) > 1:
                continue  # means of rounded means
            want = reduced(exact(x), axes, keep, reduce).to(dtype)
            expect(op, [x, host(axes)], want, {"keep_dims": keep})
            expect(op, [x, In(torch.tensor(axes, dtype=torch.int32))], want, {"keep_dims": keep})


@pytest.mark.parametrize(
    ("op", "dtype"), [(op, dtype) for op, row in REDUCE.items() for dtype in row[1]]
)
def test_reduce_d(op: str, dtype: torch.dtype) -> None:
    reduce = REDUCE[op][2]
    for shape, axes in SHAPES:
        if op == "ReduceMean" and axes == []:
            continue
        x = of_many(op, dtype, shape)
        want = reduced(exact(x), axes, True, reduce).to(dtype)
        expect(op + "D", [x], want, {"axes": axes, "keep_dims": True})


@pytest.mark.parametrize("op", list(REDUCE))
def test_every_dtype_is_tested(op: str, operators: emu.Direct) -> None:
    assert set(REDUCE[op][0]) == dtypes_of(operators, op, "x")
    assert set(REDUCE[op][1]) == dtypes_of(operators, op + "D", "x")


def test_mean_of_integers_over_several_axes() -> None:
    x = torch.tensor([[1, 2], [-4, -7]])
    expect("ReduceMean", [x, host([0, 1])], torch.tensor(-2))


def test_sum_of_nothing() -> None:
    expect("ReduceSum", [torch.ones(0, 3), host([0])], torch.zeros(3))
    expect("ReduceProd", [torch.ones(0, 3), host([0])], torch.ones(3))


def test_integers_wrap() -> None:
    x = torch.full((3,), 100, dtype=torch.int8)
    expect("ReduceSum", [x, host([0])], torch.tensor(44, dtype=torch.int8))


def test_what_no_axes_mean() -> None:
    x = sample((2, 3), torch.float32)
    expect("ReduceSum", [x, host([])], x)
    expect("ReduceSum", [x, host([])], x.sum(), {"noop_with_empty_axes": False})
    expect("ReduceMeanD", [x], x.mean(), {"axes": []})
    expect("ReduceMeanD", [x], x, {"axes": [], "noop_with_empty_axes": True})


@pytest.mark.parametrize("axis", [2, -3])
def test_axis_that_is_not_there(axis: int) -> None:
    for op, inputs, attrs, what in (
        ("ReduceSum", [torch.ones(2, 3), host([axis])], {}, "input axes"),
        ("ReduceSumD", [torch.ones(2, 3)], {"axes": [axis]}, "attribute [axes]"),
        ("ReduceSum", [torch.ones(2, 3), torch.tensor([axis])], {}, "input axes"),
    ):
        with pytest.raises(EmuError) as caught:
            run_op(op, inputs, [(torch.float32, [2])], attrs)
        assert f"{what} is {axis}; -2 to 1 are allowed for 2 dims" in caught.value.text


def test_wrong_shape_found_only_with_the_axes() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("ReduceSum", [torch.ones(2, 3), torch.tensor([0])], [(torch.float32, [2])])
    assert caught.value.code == emu.AICORE_EXCEPTION
    assert caught.value.text == (
        "Op [ReduceSum]: output y was given shape [2], but [3] was computed"
    )


@pytest.mark.parametrize(
    ("op", "dtypes", "domain", "reference"),
    [
        ("ReduceLogSum", FLOATING, "positive", lambda x, a, k: x.sum(a, k).log()),
        ("ReduceLogSumExp", FLOATING, "any", lambda x, a, k: x.logsumexp(a, k)),
        ("EuclideanNorm", FLOATING, "any", lambda x, a, k: (x * x).sum(a, k).sqrt()),
        ("ReduceNansum", FLOATS, "any", lambda x, a, k: x.nansum(a, k)),
    ],
)
def test_functions_of_a_sum(
    op: str, dtypes: list[torch.dtype], domain: str, reference: Any
) -> None:
    for dtype in dtypes:
        x = sample((2, 3, 17), dtype, domain)
        if op == "ReduceNansum":
            x[0, 0, 0] = float("nan")
        for axes, keep in (([1], False), ([-1, 0], True)):
            want = reference(exact(x), axes, keep).to(dtype)
            expect(op, [x, host(axes)], want, {"keep_dims": keep})


def test_no_axes_of_functions() -> None:
    x = sample((2, 3), torch.float32, "positive")
    expect("ReduceLogSum", [x, host([])], x.log())
    expect("ReduceLogSumExp", [x, host([])], x)
    expect("EuclideanNorm", [-x, host([])], x)
    expect("ReduceNansum", [torch.full((2,), float("nan")), host([])], torch.zeros(2))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("keep", [True, False])
def test_square_sum(dtype: torch.dtype, keep: bool) -> None:
    x = sample((3, 5, 2), dtype)
    want = exact(x).square().sum([0, 2], keep).to(dtype)
    expect("SquareSumV1", [x], want, {"axis": [0, 2], "keep_dims": keep})


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p", [0, 1, 2, 3, 2**31 - 1, -(2**31)])
def test_norm(dtype: torch.dtype, p: int) -> None:
    x = sample((3, 17), dtype)
    order: float = {2**31 - 1: float("inf"), -(2**31): float("-inf")}.get(p, p)
    for axes, keep in (([1], True), ([], False), ([0, 1], True)):
        over = axes or [0, 1]
        want = torch.linalg.vector_norm(exact(x), order, over, keep).to(dtype)
        attrs = {"axes": axes, "keepdim": keep}
        expect("LpNorm", [x], want, {"p": p, **attrs})
        expect("LpNormV2", [x], want, {"p": float(order), **attrs})


def test_norm_is_at_least_epsilon() -> None:
    expect("LpNorm", [torch.zeros(3)], torch.tensor(0.5), {"epsilon": 0.5})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("unbiased", [True, False])
def test_deviation(dtype: torch.dtype, unbiased: bool) -> None:
    x = sample((3, 17), dtype)
    for dim, keep in (([1], True), ([], False), ([0], False)):
        over = dim or [0, 1]
        std, mean = torch.std_mean(exact(x), over, unbiased=unbiased, keepdim=keep)
        attrs = {"dim": dim, "keepdim": keep, "unbiased": unbiased}
        expect("ReduceStd", [x], [std.to(dtype), mean.to(dtype)], attrs)


@pytest.mark.parametrize("dtype", FLOATS)
def test_deviation_with_the_mean(dtype: torch.dtype) -> None:
    x = sample((3, 17), dtype)
    mean = exact(x).mean(1, keepdim=True).to(dtype).expand(3, 17)
    squares = (exact(x) - exact(mean)).square().sum(1)
    expect("ReduceStdV2Update", [x, mean], (squares / 16).to(dtype), {"dim": [1]})
    attrs = {"dim": [1], "if_std": True, "unbiased": False}
    expect("ReduceStdV2Update", [x, mean], (squares / 17).sqrt().to(dtype), attrs)
    attrs = {"dim": [1], "correction": 3, "keepdim": True}
    expect("ReduceStdV2Update", [x, mean], (squares / 14).to(dtype)[:, None], attrs)


@pytest.mark.parametrize("dtype", REAL)
def test_index_of_the_largest(dtype: torch.dtype) -> None:
    for shape, axis in (((3, 17), 1), ((2, 3, 5), -3), ((7,), 0), ((), 0)):
        x = sample(shape, dtype)
        if dtype in FLOATS:
            x = torch.randperm(x.numel()).reshape(shape).to(dtype)  # no equal ones
        expect("ArgMaxV2", [x, host(axis)], torch.argmax(x, axis))
        want = torch.argmin(x, axis).int()
        expect("ArgMin", [x, host(axis, "int32")], want, {"dtype": torch.int32})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_index_by_attribute(dtype: torch.dtype) -> None:
    x = torch.randperm(12).reshape(3, 4).to(dtype)
    expect("ArgMaxD", [x], torch.argmax(x, 1).int(), {"dimension": 1})
    expect("ArgMinD", [x], torch.argmin(x, 0).int(), {"dimension": -2})


def test_the_first_of_equal_ones() -> None:
    x = torch.tensor([[1, 3, 3], [2, 2, 1]])
    expect("ArgMaxV2", [x, host(1)], torch.tensor([1, 0]))
    values = [torch.tensor([1, 0]), torch.tensor([3, 2])]
    expect("ArgMaxWithValue", [x], values, {"dimension": 1})
    expect("ArgMinWithValue", [x], [torch.tensor([0, 2]), torch.tensor([1, 1])], {"dimension": 1})


def test_output_type_follows_the_attribute() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("ArgMaxV2", [torch.ones(2), host(0)], [(torch.int32, [])])
    assert caught.value.code == emu.OUTPUT_NOT_MATCH
    assert "attribute [dtype] says DT_INT64" in caught.value.text


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32, torch.int64])
@pytest.mark.parametrize("keep", [True, False])
def test_extreme_with_its_index(dtype: torch.dtype, keep: bool) -> None:
    for shape, axis in (((3, 17), 1), ((2, 3, 5), -3), ((7,), 0)):
        x = torch.randperm(torch.Size(shape).numel()).reshape(shape).to(dtype)
        attrs = {"dimension": axis, "keep_dims": keep}
        value, index = x.max(axis, keep)
        expect("ArgMaxWithValue", [x], [index.int(), value], attrs)
        value, index = x.min(axis, keep)
        expect("ArgMinWithValue", [x], [index, value], attrs)
    one = torch.tensor(3).to(dtype)
    expect("ArgMaxWithValue", [one], [torch.tensor(0), one], {"dimension": 0, "keep_dims": keep})
