"""Activations with weights, thresholds or gates, and softmax's relatives."""

from __future__ import annotations

from typing import Any

import emu
import pytest
import torch
from emu import In, expect, run_op
from nn_support import FLOATS, compare, grads, private, private_out, refused, to_5hd
from torch.nn import functional

F16, F32, F64 = torch.float16, torch.float32, torch.float64
SHAPES = [(3, 5), (2, 17, 3), (), (0, 4), (6,)]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(11)


class TestPRelu:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", [(3, 5), (2, 17, 3), (2, 5, 3, 4), (6,), ()])
    @pytest.mark.parametrize("per_channel", [False, True])
    def test_both(self, dtype: torch.dtype, shape: Any, per_channel: bool) -> None:
        if per_channel and len(shape) < 2:
            shape = (1, 6)
        x = torch.randn(shape).to(dtype)
        weight = torch.randn(shape[1] if per_channel else 1).to(dtype)

        def apply(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
            return functional.prelu(x, weight)

        expect("PRelu", [x, weight], apply(x.double(), weight.double()).to(dtype))
        if dtype == torch.bfloat16:
            return
        grad = torch.randn(shape).to(dtype)
        wanted = [t.to(dtype) for t in grads(apply, grad, x, weight)]
        close = 1e-4 if dtype == F32 else 5e-3
        expect("PReluGrad", [grad, x, weight], wanted, tolerance=close)

    def test_channels_last(self) -> None:
        x, weight = torch.randn(2, 3, 4, 5), torch.randn(5)
        want = torch.where(x > 0, x, x * weight)
        inputs = [In(x, format="NHWC"), weight]
        outputs = [emu.Out(F32, x.shape, format="NHWC")]
        (result,) = run_op("PRelu", inputs, outputs)
        compare(result, want)

    def test_private_layout(self) -> None:
        x, weight = torch.randn(1, 17, 2, 3).half(), torch.randn(17).half()
        want = functional.prelu(x.float(), weight.float()).half()
        inputs = [private(to_5hd(x), "NC1HWC0", x.shape), weight]
        (result,) = run_op("PRelu", inputs, [private_out(to_5hd(want), "NC1HWC0", x.shape)])
        compare(result, to_5hd(want))

    def test_refusals(self) -> None:
        x = torch.ones(2, 3, 4)
        text = refused(emu.INPUT_NOT_MATCH, "PRelu", [x, torch.ones(4)], [(F32, x.shape)])
        assert "input weight has shape [4]; [1] or one value per channel of x, shape" in text


class TestShrink:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("attrs", [{}, {"lambd": 0.25}, {"lambd": 0.0}])
    def test_all(self, dtype: torch.dtype, shape: Any, attrs: dict[str, float]) -> None:
        x = torch.randn(shape).to(dtype)
        x.flatten()[:1] = 0.5
        limit = attrs.get("lambd", 0.5)
        grad = torch.randn(shape).to(dtype)
        wide = x.double()
        expect("HardShrink", [x], functional.hardshrink(wide, limit).to(dtype), attrs)
        expect("SoftShrink", [x], functional.softshrink(wide, limit).to(dtype), attrs)
        want = torch.where(wide.abs() <= limit, 0, grad.double()).to(dtype)
        expect("HardShrinkGrad", [grad, x], want, attrs)
        expect("SoftShrinkGrad", [grad, x], want, attrs)

    def test_nan_is_passed_on(self) -> None:
        x, grad = torch.tensor([float("nan"), 2.0]), torch.tensor([3.0, 4.0])
        expect("SoftShrink", [x], torch.tensor([float("nan"), 1.5]))
        expect("SoftShrinkGrad", [grad, x], grad)


class TestThreshold:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_flags(self, dtype: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).to(dtype)
        expect("Threshold", [x], (x > 0).to(dtype))
        expect("Threshold", [x], (x > 0.5).to(dtype), {"threshold": 0.5})

    def test_nan_is_not_above(self) -> None:
        x = torch.tensor([float("nan"), float("inf"), float("-inf")])
        expect("Threshold", [x], torch.tensor([0.0, 1.0, 0.0]))

    @pytest.mark.parametrize("dtype", [*FLOATS, F64, torch.int8, torch.int32, torch.int64])
    def test_replacement(self, dtype: torch.dtype) -> None:
        x = torch.randn(3, 17).mul(5).to(dtype)
        want = torch.where(x > 1, x, torch.tensor(-2.0).to(dtype))
        expect("ThresholdV2D", [x], want, {"threshold": 1.0, "value": -2.0})
        if dtype == F64:
            return
        one, two = torch.tensor([1]).to(dtype), torch.tensor([-2]).to(dtype)
        expect("ThresholdV2", [x, one, two], want)
        expect("ThresholdV2", [x, one], torch.where(x > 1, x, 0 * one))
        expect("ThresholdV2", [x[0, 0], one], torch.where(x > 1, x, 0 * one)[0, 0])

    def test_large_integers_are_exact(self) -> None:
        x = torch.tensor([2**60, 2**60 + 1])
        expect("ThresholdV2", [x, x[:1]], torch.tensor([0, 2**60 + 1]))

    @pytest.mark.parametrize("dtype", [F16, torch.bfloat16, torch.int32])
    def test_gradient(self, dtype: torch.dtype) -> None:
        x, grad = torch.randn(4, 5).mul(5).to(dtype), torch.randn(4, 5).mul(5).to(dtype)
        want = torch.where(x > 1, grad, torch.zeros_like(grad))
        expect("ThresholdGradV2D", [grad, x], want, {"threshold": 1.0})

    def test_one_threshold(self) -> None:
        x = torch.ones(3)
        text = refused(emu.INPUT_NOT_MATCH, "ThresholdV2", [x, x], [(F32, [3])])
        assert "input threshold has shape [3]; one element is expected" in text


class TestGates:
    @pytest.mark.parametrize("dtype", [F32, F16, torch.bfloat16])
    @pytest.mark.parametrize(
        ("shape", "dim"), [((3, 34), -1), ((4, 5, 2), 0), ((8,), 0), ((2, 0), 1)]
    )
    def test_all(self, dtype: torch.dtype, shape: Any, dim: int) -> None:
        x = torch.randn(shape).to(dtype)

        def swiglu(x: torch.Tensor) -> torch.Tensor:
            first, second = x.chunk(2, dim) if x.numel() else (x, x)
            return functional.silu(first) * second

        def glu(x: torch.Tensor) -> torch.Tensor:
            return functional.glu(x, dim)

        for op, apply in (("SwiGlu", swiglu), ("GLU", glu)):
            if op == "GLU" and dtype == torch.bfloat16:
                continue
            y = apply(x.double())
            expect(op, [x], y.to(dtype), {"dim": dim})
            grad = torch.randn(y.shape).to(dtype)
            (want,) = grads(apply, grad, x)
            expect(op + "Grad", [grad, x], want.to(dtype), {"dim": dim})

    def test_refusals(self) -> None:
        x = torch.ones(2, 3)
        text = refused(emu.ATTR_NOT_MATCH, "GLU", [x], [(F32, [2, 1])])
        assert "[dim] is -1; it must name an axis of input x, shape [2, 3], whose size is" in text
        refused(emu.ATTR_NOT_MATCH, "GLU", [x], [(F32, [2, 1])], {"dim": 2})
        text = refused(emu.INPUT_NOT_MATCH, "SwiGluGrad", [x, x], [(F32, [2, 3])], {"dim": 0})
        assert "input y_grad has shape [2, 3]; half of x, [1, 3], is expected" in text


class TestOthers:
    @pytest.mark.parametrize("dtype", [F32, F16])
    def test_celu(self, dtype: torch.dtype) -> None:
        x = torch.randn(3, 17).mul(4).to(dtype)
        expect("Celu", [x], functional.celu(x.double()).to(dtype))
        attrs = {"alpha1": 0.5, "alpha2": 2.0, "alpha3": 3.0}
        wide = x.double()
        want = torch.where(wide >= 0, 3 * wide, 0.5 * (torch.exp(wide / 2) - 1)).to(dtype)
        expect("Celu", [x], want, attrs)

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_log_sigmoid_gradient(self, dtype: torch.dtype) -> None:
        x, grad = torch.randn(3, 17).mul(9).to(dtype), torch.randn(3, 17).to(dtype)
        (want,) = grads(functional.logsigmoid, grad, x)
        expect("LogSigmoidGrad", [grad, x], want.to(dtype))


def joined(x: torch.Tensor, axes: list[int], function: Any) -> torch.Tensor:
    """A function of the last axis applied to several axes as if they were one."""
    kept = [axis for axis in range(x.dim()) if axis not in axes]
    order = kept + axes
    moved = x.permute(order)
    flat = moved.flatten(len(kept))
    result = function(flat).reshape(moved.shape)
    return result.permute([order.index(axis) for axis in range(x.dim())])


class TestSoftmax:
    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    @pytest.mark.parametrize(
        ("shape", "axes"), [((3, 5), [-1]), ((2, 17, 3), [1]), ((), [-1]), ((0, 4), [1]),
                            ((2, 3, 4), [0, 2]), ((4, 5), [0, 1])]
    )  # fmt: skip
    def test_log_softmax(self, dtype: torch.dtype, shape: Any, axes: list[int]) -> None:
        x = torch.randn(shape).mul(4).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            if x.dim() == 0:
                return x.log_softmax(0)
            positive = [axis % x.dim() for axis in axes]
            return joined(x, positive, lambda flat: flat.log_softmax(-1))

        y = apply(x.double())
        expect("LogSoftmaxV2", [x], y.to(dtype), {"axes": axes})
        if dtype == F64:
            return
        grad = torch.randn(shape).to(dtype)
        rounded = y.to(dtype)
        total = grad.double().sum(axes, keepdim=True) if x.dim() else grad.double()
        want = grad.double() - rounded.double().exp() * total
        expect("LogSoftmaxGrad", [grad, rounded], want.to(dtype), {"axis": axes})
        softmax = y.exp().to(dtype)
        inner = softmax.double() * grad.double()
        total = inner.sum(axes, keepdim=True) if x.dim() else inner
        want = inner - softmax.double() * total
        expect("SoftmaxGrad", [softmax, grad], want.to(dtype), {"axes": axes})

    def test_gradients_against_autograd(self) -> None:
        x, grad = torch.randn(3, 7), torch.randn(3, 7)
        (want,) = grads(lambda x: x.softmax(-1), grad, x)
        expect("SoftmaxGrad", [x.softmax(-1), grad], want.float())
        (want,) = grads(lambda x: x.log_softmax(-1), grad, x)
        expect("LogSoftmaxGrad", [grad, x.log_softmax(-1)], want.float())

    def test_large_values(self) -> None:
        x = torch.tensor([[1000.0, 0.0]])
        expect("LogSoftmaxV2", [x], torch.tensor([[0.0, -1000.0]]), {"axes": [0, 1]})

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_confusion(self, dtype: torch.dtype) -> None:
        x, grad = torch.randn(2, 3, 17).to(dtype), torch.randn(2, 3, 17).to(dtype)
        wide = grad.double()
        want = wide - (wide * x.double()).sum(-1, keepdim=True)
        expect("ConfusionSoftmaxGrad", [grad, x], want.to(dtype))

    def test_axis_that_does_not_exist(self) -> None:
        x = torch.ones(2, 3)
        text = refused(emu.ATTR_NOT_MATCH, "LogSoftmaxV2", [x], [(F32, [2, 3])], {"axes": [2]})
        assert "attribute [axes] is 2; -2 to 1 are allowed for 2 dims" in text
