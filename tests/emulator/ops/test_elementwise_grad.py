"""Gradients of functions of one tensor, against what autograd gives."""

from __future__ import annotations

from typing import Callable

import emu
import pytest
import torch
from emu import EmuError, expect, run_op
from tables import COMPLEX, FLOATING, FLOATS, REAL, Tensor, dtypes_of, exact, sample

F = torch.nn.functional
Function = Callable[[Tensor], Tensor]

# How the inputs of an operator are made of x, y = function(x) and the gradient dy.
Inputs = Callable[[Tensor, Tensor, Tensor], list[Tensor]]


def dy_x(x: Tensor, y: Tensor, dy: Tensor) -> list[Tensor]:
    return [dy, x]


def dy_y(x: Tensor, y: Tensor, dy: Tensor) -> list[Tensor]:
    return [dy, y]


def y_dy(x: Tensor, y: Tensor, dy: Tensor) -> list[Tensor]:
    return [y, dy]


def x_dy(x: Tensor, y: Tensor, dy: Tensor) -> list[Tensor]:
    return [x, dy]


def dy_x_y(x: Tensor, y: Tensor, dy: Tensor) -> list[Tensor]:
    return [dy, x, y]


HALF_OR_FLOAT = [torch.float32, torch.float16]
TABLE: list[tuple[str, list[torch.dtype], str, Inputs, Function, dict[str, object]]] = [
    ("ReluGrad", FLOATING, "any", dy_x, F.relu, {}),
    ("Relu6Grad", FLOATING, "any", dy_x, F.relu6, {}),
    ("LeakyReluGrad", FLOATING, "any", dy_x, lambda x: F.leaky_relu(x, 0.25),
     {"negative_slope": 0.25}),
    ("EluGrad", FLOATING, "any", dy_y, F.elu, {}),
    ("EluGradV2", FLOATS, "any", dy_x, F.elu, {}),
    ("EluGradV2", FLOATS, "any", dy_x,
     lambda x: 3 * torch.where(x > 0, x, 2 * torch.expm1(0.5 * x)),
     {"alpha": 2.0, "scale": 3.0, "input_scale": 0.5}),
    ("EluGradV2", FLOATS, "any", dy_y,
     lambda x: 3 * torch.where(x > 0, x, 2 * torch.expm1(0.5 * x)),
     {"alpha": 2.0, "scale": 3.0, "input_scale": 0.5, "is_result": True}),
    ("SeluGrad", FLOATING, "any", dy_y, F.selu, {}),
    ("GeluGrad", FLOATS, "any", dy_x_y, F.gelu, {}),
    ("FastGeluGrad", FLOATS, "any", dy_x, lambda x: x * torch.sigmoid(1.702 * x), {}),
    ("SoftplusGrad", FLOATING, "any", dy_x, F.softplus, {}),
    ("SoftplusV2Grad", FLOATS, "any", dy_x, lambda x: F.softplus(x, 2, 3),
     {"beta": 2.0, "threshold": 3.0}),
    ("HardSwishGrad", FLOATS, "any", dy_x, F.hardswish, {}),
    ("HardSigmoidGrad", FLOATS, "any", dy_x, lambda x: (0.2 * x + 0.41).clamp(0, 1),
     {"alpha": 0.2, "beta": 0.41}),
    ("SwishGrad", FLOATS, "any", dy_x_y, lambda x: x * torch.sigmoid(2 * x), {"scale": 2.0}),
    ("MishGrad", HALF_OR_FLOAT, "any", dy_x, F.mish, {}),
    ("SigmoidGrad", FLOATING, "any", y_dy, torch.sigmoid, {}),
    ("TanhGrad", FLOATING, "any", y_dy, torch.tanh, {}),
    ("SqrtGrad", FLOATING, "positive", y_dy, torch.sqrt, {}),
    ("RsqrtGrad", FLOATING, "positive", y_dy, torch.rsqrt, {}),
    ("ReciprocalGrad", FLOATING, "positive", y_dy, torch.reciprocal, {}),
    ("InvGrad", FLOATS, "positive", y_dy, torch.reciprocal, {}),
    ("AbsGrad", FLOATS, "any", x_dy, torch.abs, {}),
]  # fmt: skip
CASES = [(row, dtype) for row in range(len(TABLE)) for dtype in TABLE[row][1]]


@pytest.mark.parametrize(
    ("row", "dtype"), CASES, ids=[f"{TABLE[row][0]}-{row}-{dtype}" for row, dtype in CASES]
)
def test_against_autograd(row: int, dtype: torch.dtype) -> None:
    op, _, domain, inputs, function, attrs = TABLE[row]
    for shape in [(), (0,), (3, 17), (2, 1, 5)]:
        x, dy = sample(shape, dtype, domain), sample(shape, dtype)
        leaf = exact(x).requires_grad_()
        y = function(leaf)
        # What the result was rounded to is what the operator gets.
        given = inputs(x, y.detach().to(dtype), dy)
        (want,) = torch.autograd.grad(y, leaf, exact(dy))
        half = dtype in (torch.float16, torch.bfloat16)
        loose = inputs in (y_dy, dy_y, dy_x_y) and half
        close = {torch.float16: 1e-2, torch.bfloat16: 1e-1}.get(dtype) if loose else None
        expect(op, given, want.to(dtype), attrs, tolerance=close)


def test_every_float_is_tested(operators: emu.Direct) -> None:
    first = {"EluGrad": "grads", "EluGradV2": "grads", "MishGrad": "grad", "SwishGrad": "grad",
             "HardSwishGrad": "grad", "HardSigmoidGrad": "grads", "GeluGrad": "dy",
             "FastGeluGrad": "dy", "SoftplusV2Grad": "input_gradients", "InvGrad": "x"}  # fmt: skip
    for op, dtypes, _, inputs, _, _ in TABLE:
        name = first.get(op, "y" if inputs in (y_dy, x_dy) else "gradients")
        allowed = {dtype for dtype in dtypes_of(operators, op, name) if dtype.is_floating_point}
        assert set(dtypes) == allowed, op


@pytest.mark.parametrize("dtype", REAL)
def test_relu_of_any_type(dtype: torch.dtype) -> None:
    x, dy = sample((4, 5), dtype), sample((4, 5), dtype)
    zero = torch.zeros((), dtype=dtype)
    expect("ReluGrad", [dy, x], torch.where(x > 0, dy, zero))
    expect("Relu6Grad", [dy, x], torch.where((x > 0) & (x < 6), dy, zero))


def test_at_the_corners() -> None:
    x, dy = torch.tensor([-3.0, 0.0, 3.0, 6.0]), torch.ones(4)
    expect("HardSwishGrad", [dy, x], torch.tensor([0.0, 0.5, 1.0, 1.0]))
    expect("ReluGrad", [dy, x], torch.tensor([0.0, 0.0, 1.0, 1.0]))
    expect("Relu6Grad", [dy, x], torch.tensor([0.0, 0.0, 1.0, 0.0]))


@pytest.mark.parametrize("dtype", HALF_OR_FLOAT)
def test_mish_with_what_forward_kept(dtype: torch.dtype) -> None:
    x, dy = sample((3, 4), dtype), sample((3, 4), dtype)
    leaf = exact(x).requires_grad_()
    (want,) = torch.autograd.grad(F.mish(leaf), leaf, exact(dy))
    kept = torch.tanh(F.softplus(exact(x))).to(dtype)
    expect("MishGrad", [dy, x, kept], want.to(dtype), tolerance=1e-2)


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize(
    ("op", "slope"), [("SigmoidGrad", lambda y: y - y * y), ("TanhGrad", lambda y: 1 - y * y)]
)
def test_complex(op: str, slope: Function, dtype: torch.dtype) -> None:
    y, dy = sample((5,), dtype, "unit"), sample((5,), dtype)
    expect(op, [y, dy], dy * slope(y))
    expect(op, [y, dy], dy * slope(y).conj(), {"complex_conj": True})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int32])
@pytest.mark.parametrize(("op", "first"), [("MaximumGrad", torch.ge), ("MinimumGrad", torch.le)])
def test_of_the_larger_or_smaller(
    op: str, first: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype
) -> None:
    x1, x2 = sample((3, 1), dtype), sample((4,), dtype)
    x2[0] = x1[0, 0]  # equal ones go to x1
    dy = torch.randint(-4, 5, (3, 4)).to(dtype)
    taken = first(x1, x2)
    to_first, to_second = torch.where(taken, dy, 0).to(dtype), torch.where(taken, 0, dy).to(dtype)
    want = [to_first.sum(1, keepdim=True).to(dtype), to_second.sum(0).to(dtype)]
    expect(op, [dy, x1, x2], want)
    expect(op, [dy, x1, x2], [None, want[1]], {"grad_x": False})


def test_shapes_must_be_equal() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("ReluGrad", [torch.ones(2, 3), torch.ones(3)], [(torch.float32, [2, 3])])
    assert caught.value.code == emu.INPUT_NOT_MATCH
    assert "input gradients has shape [2, 3], input features has [3]" in caught.value.text
