"""Normalisation and its gradients, against ATen and autograd."""

from __future__ import annotations

from typing import Any, ClassVar

import emu
import pytest
import torch
from emu import In, Typed, expect, run_op
from nn_support import (
    FLOATS,
    compare,
    expect_in,
    grads,
    private,
    private_out,
    refused,
    to_5hd,
)
from torch.nn import functional

F16, F32 = torch.float16, torch.float32
EPS = 1e-3


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(5)


def batch_sums(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    flat = x.float().transpose(0, 1).flatten(1)
    return flat.sum(1), flat.square().sum(1)


def params(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(count), torch.randn(count)


def tolerance(dtype: torch.dtype, wide: float = 1e-4) -> float | None:
    return wide if dtype == F32 else None


SHAPES = [(4, 3, 5, 6), (2, 17, 3, 3), (8, 5), (3, 2, 7), (2, 3, 2, 3, 4)]


class TestBatchNorm:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_training_step(self, dtype: torch.dtype, shape: Any) -> None:
        """The steps in their order do what PyTorch does in one."""
        channels = shape[1]
        x = torch.randn(shape).mul(2).add(0.5).to(dtype)
        scale, offset = params(channels)
        mean, variance = torch.randn(channels), torch.rand(channels)
        new_mean, new_variance = mean.clone().double(), variance.clone().double()

        def apply(x: torch.Tensor, scale: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
            stats = (None, None) if x.requires_grad else (new_mean, new_variance)
            return functional.batch_norm(x, *stats, scale, offset, True, 0.1, EPS)

        y = apply(x.double(), scale.double(), offset.double())
        one = (torch.float32, [channels])
        sums = run_op("BNTrainingReduce", [x], [one, one])
        for got, want in zip(sums, batch_sums(x)):
            compare(got, want, 1e-4)
        got = run_op(
            "BNTrainingUpdate", [x, *sums, scale, offset, mean, variance],
            [(dtype, shape), one, one, one, one], {"factor": 0.1, "epsilon": EPS},
        )  # fmt: skip
        flat = x.double().transpose(0, 1).flatten(1)
        biased = flat.var(1, unbiased=False).float()
        wanted = [y.to(dtype), new_mean.float(), new_variance.float(), flat.mean(1).float(), biased]
        for result, want in zip(got, wanted):
            compare(result, want, tolerance(result.dtype))
        batch_mean, batch_variance = got[3:]

        grad = torch.randn(shape).to(dtype)
        x_grad, scale_grad, offset_grad = grads(apply, grad, x, scale, offset)
        diffs = run_op(
            "BNTrainingUpdateGrad", [grad, x, batch_mean, batch_variance], [one, one],
            {"epsilon": EPS},
        )  # fmt: skip
        compare(diffs[0], scale_grad.float(), 1e-3)
        compare(diffs[1], offset_grad.float(), 1e-4)
        inputs = [grad, x, *diffs, scale, batch_mean, batch_variance]
        want = x_grad.to(dtype)
        expect("BNTrainingReduceGrad", inputs, want, {"epsilon": EPS}, tolerance(dtype, 1e-3))

    @pytest.mark.parametrize("dtype", FLOATS)
    def test_updates_without_an_average(self, dtype: torch.dtype) -> None:
        x = torch.randn(4, 3, 5, 6).to(dtype)
        scale, offset = params(3)
        y = functional.batch_norm(x.double(), None, None, scale.double(), offset.double(), True,
                                  eps=EPS).to(dtype)  # fmt: skip
        flat = x.double().transpose(0, 1).flatten(1)
        mean, biased, unbiased = flat.mean(1), flat.var(1, unbiased=False), flat.var(1)
        inputs = [x, *batch_sums(x), scale, offset]
        attrs = {"epsilon": EPS}
        wanted = [y, mean.float(), biased.float()]
        expect("BNTrainingUpdateV2", inputs, wanted, attrs, tolerance(dtype))
        wanted = [y, mean.float(), unbiased.float(), mean.float(), biased.float()]
        expect("BNTrainingUpdateV3", inputs, wanted, attrs, tolerance(dtype))

    def test_single_element_has_no_unbiased_variance(self) -> None:
        x = torch.tensor([[[[3.0]]]])
        one, zero = torch.ones(1), torch.zeros(1)
        inputs = [x, torch.tensor([3.0]), torch.tensor([9.0]), one, zero, one, one]
        wanted = [0 * x, torch.tensor([2.0]), torch.tensor([0.5]), torch.tensor([3.0]), zero]
        expect("BNTrainingUpdate", inputs, wanted, {"factor": 0.5, "epsilon": 1.0})

    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_inference(self, dtype: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).to(dtype)
        scale, offset = params(shape[1])
        mean, variance = torch.randn(shape[1]), torch.rand(shape[1])

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.batch_norm(
                x, mean.double(), variance.double(), scale.double(), offset.double(), eps=EPS
            )

        attrs = {"epsilon": EPS}
        want = apply(x.double()).to(dtype)
        expect("BNInfer", [x, scale, offset, mean, variance], want, attrs, tolerance(dtype))
        grad = torch.randn(shape).to(dtype)
        (x_grad,) = grads(apply, grad, x)
        want = x_grad.to(dtype)
        expect("BNInferGrad", [grad, scale, variance], want, attrs, tolerance(dtype))

    def test_channels_last(self) -> None:
        x = torch.randn(2, 4, 5, 3)
        flat = x.flatten(0, 2)
        sums = [flat.sum(0), flat.square().sum(0)]
        expect("BNTrainingReduce", [In(x, format="NHWC")], sums, tolerance=1e-4)
        one, zero = torch.ones(3), torch.zeros(3)
        want = functional.batch_norm(flat, None, None, None, None, True).reshape(x.shape)
        inputs = [In(x, format="NHWC"), *sums, one, zero]
        outputs = ["NHWC", "ND", "ND"]
        wanted = [want, flat.mean(0), flat.var(0, unbiased=False)]
        expect_in(outputs, "BNTrainingUpdateV2", inputs, wanted, {"epsilon": 1e-5}, 1e-4)

    def test_values_with_all_dims(self) -> None:
        x = torch.randn(2, 3, 4, 4)
        spread = [t.reshape(1, 3, 1, 1) for t in batch_sums(x)]
        expect("BNTrainingReduce", [x], spread, tolerance=1e-4)
        one = torch.ones(1, 3, 1, 1)
        want = functional.batch_norm(x, None, None, None, None, True)
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        wanted = [want, mean.reshape(1, 3, 1, 1), variance]
        expect("BNTrainingUpdateV2", [x, *spread, one, 0 * one], wanted, {"epsilon": 1e-5}, 1e-4)

    def test_private_layout(self) -> None:
        x = torch.randn(2, 17, 3, 5).half()
        x5 = private(to_5hd(x), "NC1HWC0", x.shape)
        want = [t.reshape(1, 17, 1, 1) for t in batch_sums(x)]
        outputs = [private_out(to_5hd(t), "NC1HWC0", t.shape) for t in want]
        got = run_op("BNTrainingReduce", [x5], outputs)
        for result, reference in zip(got, want):
            compare(result, to_5hd(reference), 1e-4)
        inputs = [x5, *(private(t, "NC1HWC0", (1, 17, 1, 1)) for t in got)]
        scale, offset = (t.reshape(1, 17, 1, 1) for t in params(17))
        inputs += [private(to_5hd(t), "NC1HWC0", t.shape) for t in (scale, offset)]
        y = functional.batch_norm(
            x.float(), None, None, scale.flatten(), offset.flatten(), True
        ).half()
        outputs = [private_out(to_5hd(y), "NC1HWC0", y.shape), *outputs]
        got = run_op("BNTrainingUpdateV2", inputs, outputs, {"epsilon": 1e-5})
        compare(got[0], to_5hd(y))

    def test_refusals(self) -> None:
        x, three, four = torch.ones(2, 3, 4, 4), torch.ones(3), torch.ones(4)
        out = [(F32, x.shape)]
        text = refused(
            emu.INPUT_NOT_MATCH, "BNInfer", [x, three, four, three, three], out, {"epsilon": EPS}
        )
        assert "input offset has shape [4]; one value per channel of x is expected, [3] or" in text
        text = refused(emu.INPUT_NOT_MATCH, "BNTrainingReduce", [four], [(F32, [4])] * 2)
        assert "input x has shape [4]; [N, C, ...] with 2 dims or more is expected" in text
        text = refused(
            emu.INPUT_NOT_MATCH, "BNTrainingUpdateGrad", [x, x[:1], three, three],
            [(F32, [3])] * 2,
        )  # fmt: skip
        assert "input grads has shape [2, 3, 4, 4], input x has [1, 3, 4, 4]" in text
        text = refused(emu.ATTR_NOT_MATCH, "BNInfer", [x, three, three, three, three], out)
        assert "attribute [epsilon] (float) is required" in text


class TestLayerNorm:
    CASES: ClassVar[list[Any]] = [
        ((4, 7), 1),
        ((2, 3, 17), 2),
        ((2, 3, 4, 5), 2),
        ((6,), 0),
        ((2, 1, 5), 1),
    ]

    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize(("shape", "axis"), CASES)
    @pytest.mark.parametrize("wide_params", [False, True])
    def test_training_step(
        self, dtype: torch.dtype, shape: Any, axis: int, wide_params: bool
    ) -> None:
        x = torch.randn(shape).mul(3).add(1).to(dtype)
        inner = shape[axis:]
        kept = F32 if wide_params else dtype
        gamma, beta = torch.randn(inner).to(kept), torch.randn(inner).to(kept)

        def apply(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
            return functional.layer_norm(x, inner, gamma, beta, 1e-5)

        y = apply(x.double(), gamma.double(), beta.double())
        axes = list(range(axis, len(shape)))
        mean = x.double().mean(axes, keepdim=True)
        variance = (x.double() - mean).square().mean(axes, keepdim=True)
        rstd = (variance + 1e-5).rsqrt()
        attrs = {"begin_norm_axis": axis, "begin_params_axis": axis, "epsilon": 1e-5}
        wanted = [y.to(dtype), mean.float(), variance.float()]
        expect("LayerNorm", [x, gamma, beta], wanted, attrs, tolerance(dtype))
        wanted[2] = rstd.float()
        expect("LayerNormV3", [x, gamma, beta], wanted, attrs, tolerance(dtype))

        grad = torch.randn(shape).to(dtype)
        reference = grads(apply, grad, x, gamma, beta)
        wanted = [reference[0].to(dtype), reference[1].to(kept), reference[2].to(kept)]
        # The gradients take a variance that has its epsilon already, and add next to nothing.
        with_epsilon = (variance + 1e-5).float()
        statistics = [with_epsilon, mean.float()]
        close = tolerance(dtype, 1e-3)
        if torch.bfloat16 in (dtype, kept):
            close = 0.05
        expect("LayerNormGrad", [grad, x, *statistics, gamma], wanted, None, close)
        v3 = [grad, x, rstd.float(), mean.float(), gamma]
        expect("LayerNormGradV3", v3, wanted, None, close)
        x_hat = ((x.double() - mean) * rstd).float()
        inputs = [grad, x, *statistics, gamma]
        expect("LayerNormXBackpropV2", inputs, [wanted[0], x_hat], None, close)
        attrs = {"shape_gamma": list(inner)}
        expect("LayerNormBetaGammaBackpropV2", [grad, x_hat], wanted[1:], attrs, close)
        if torch.bfloat16 not in (dtype, kept):
            expect("LayerNormXBackprop", inputs, wanted[0], None, close)
            inputs = [grad, x, *statistics]
            expect("LayerNormBetaGammaBackprop", inputs, wanted[1:], attrs, close)

    def test_params_of_fewer_axes(self) -> None:
        x = torch.randn(2, 3, 4)
        gamma, beta = params(4)
        mean = x.mean((1, 2), keepdim=True)
        variance = x.var((1, 2), unbiased=False, keepdim=True)
        want = (x - mean) * (variance + 1e-5).rsqrt() * gamma + beta
        attrs = {"begin_norm_axis": 1, "begin_params_axis": -1, "epsilon": 1e-5}
        expect("LayerNorm", [x, gamma, beta], [want, mean, variance], attrs)

    def test_default_epsilon(self) -> None:
        x = torch.tensor([[1.0, 1.0002]])
        one = torch.ones(2)
        mean, variance = x.mean(1, keepdim=True), x.var(1, unbiased=False, keepdim=True)
        want = (x - mean) / (variance + 1e-7).sqrt()
        attrs = {"begin_norm_axis": 1, "begin_params_axis": 1}
        expect("LayerNorm", [x, one, 0 * one], [want, mean, variance], attrs, 1e-4)

    def test_refusals(self) -> None:
        x, gamma = torch.ones(2, 3), torch.ones(2)
        outputs = [(F32, [2, 3]), (F32, [2, 1]), (F32, [2, 1])]
        attrs = {"begin_norm_axis": 1, "begin_params_axis": 1}
        text = refused(emu.INPUT_NOT_MATCH, "LayerNorm", [x, gamma, gamma], outputs, attrs)
        assert "input gamma has shape [2]; that of x from axis 1 on, [3], is expected" in text
        attrs["begin_norm_axis"] = 2
        three = torch.ones(3)
        text = refused(emu.ATTR_NOT_MATCH, "LayerNorm", [x, three, three], outputs, attrs)
        assert "[begin_norm_axis] is 2; -2 to 1 are allowed for 2 dims" in text
        text = refused(
            emu.INPUT_NOT_MATCH, "LayerNormGrad", [x, x, gamma, gamma, three],
            [(F32, [2, 3]), (F32, [3]), (F32, [3])],
        )  # fmt: skip
        assert "input mean has shape [2]; the dims of x, [2, 3], or 1 are expected" in text
        text = refused(
            emu.ATTR_NOT_MATCH, "LayerNormBetaGammaBackpropV2", [x, x],
            [(F32, [2]), (F32, [2])], {"shape_gamma": [2]},
        )  # fmt: skip
        assert "[shape_gamma] is [2]; it must broadcast to the shape of dy, [2, 3]" in text


class TestRmsNorm:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize(("shape", "inner"), [((4, 7), 1), ((2, 3, 17), 2), ((5,), 1)])
    def test_training_step(self, dtype: torch.dtype, shape: Any, inner: int) -> None:
        x = torch.randn(shape).to(dtype)
        gamma = torch.randn(shape[-inner:]).to(dtype)
        axes = list(range(len(shape) - inner, len(shape)))

        def apply(x: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
            return x * (x.square().mean(axes, keepdim=True) + 1e-6).rsqrt() * gamma

        y = apply(x.double(), gamma.double()).to(dtype)
        rstd = (x.double().square().mean(axes, keepdim=True) + 1e-6).rsqrt().float()
        expect("RmsNorm", [x, gamma], [y, rstd], tolerance=tolerance(dtype))
        other = torch.randn(shape).to(dtype)
        both = (x.double() + other.double()).to(dtype)
        want = apply(x.double() + other.double(), gamma.double()).to(dtype)
        wide = (x.double() + other.double()).square().mean(axes, keepdim=True)
        wanted = [want, (wide + 1e-6).rsqrt().float(), both]
        expect("AddRmsNorm", [x, other, gamma], wanted, tolerance=tolerance(dtype))
        grad = torch.randn(shape).to(dtype)
        x_grad, gamma_grad = grads(apply, grad, x, gamma)
        wanted = [x_grad.to(dtype), gamma_grad.float()]
        close = tolerance(dtype, 1e-3)
        expect("RmsNormGrad", [grad, x, rstd, gamma], wanted, tolerance=close)
        cut = rstd.reshape(rstd.shape[: len(shape) - inner])
        expect("RmsNormGrad", [grad, x, cut, gamma], wanted, tolerance=close)

    def test_refusals(self) -> None:
        x, gamma = torch.ones(2, 3), torch.ones(2)
        text = refused(emu.INPUT_NOT_MATCH, "RmsNorm", [x, gamma], [(F32, [2, 3]), (F32, [2, 1])])
        assert "input gamma has shape [2]; the last dims of x, [2, 3], are expected" in text


class TestGroupNorm:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("shape", [(2, 6, 4, 5), (3, 6), (1, 6, 7), (2, 6, 2, 2, 3)])
    @pytest.mark.parametrize("groups", [1, 3, 6])
    def test_training_step(self, dtype: torch.dtype, shape: Any, groups: int) -> None:
        x = torch.randn(shape).to(dtype)
        gamma, beta = (t.to(dtype) for t in params(6))
        flat = x.double().reshape(shape[0], groups, -1)
        mean, variance = flat.mean(2), flat.var(2, unbiased=False)
        rstd = (variance + EPS).rsqrt()

        def apply(x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> torch.Tensor:
            # At least two elements in a group, else PyTorch refuses; the formula does not care.
            parts = x.reshape(shape[0], groups, -1)
            centered = parts - parts.mean(2, keepdim=True)
            scaled = centered * (centered.square().mean(2, keepdim=True) + EPS).rsqrt()
            per_channel = [1, 6] + [1] * (len(shape) - 2)
            return scaled.reshape(shape) * gamma.reshape(per_channel) + beta.reshape(per_channel)

        y = apply(x.double(), gamma.double(), beta.double())
        if flat.shape[2] > 1:
            reference = functional.group_norm(
                x.double(), groups, gamma.double(), beta.double(), EPS
            )
            compare(y, reference, 1e-9)
        attrs = {"num_groups": groups, "eps": EPS}
        close = tolerance(dtype)
        inputs = [x, gamma, beta]
        if dtype != torch.bfloat16:
            wanted = [t.to(dtype) for t in (y, mean, variance)]
            expect("GroupNorm", inputs, wanted, attrs, close)
            wanted[2] = rstd.to(dtype)
            expect("GroupNormV2", inputs, wanted, attrs, close)
            flat_wanted = [wanted[0], wanted[1].flatten(), wanted[2].flatten()]
            expect("GroupNormV2", inputs, flat_wanted, attrs, close)
        wanted = [functional.silu(y).to(dtype), mean.float(), rstd.float()]
        expect("GroupNormSilu", inputs, wanted, attrs, close)
        attrs["activate_silu"] = False
        wanted[0] = y.to(dtype)
        expect("GroupNormSilu", inputs, wanted, attrs, close)

        grad = torch.randn(shape).to(dtype)
        wanted = [t.to(dtype) for t in grads(apply, grad, x, gamma, beta)]
        inputs = [grad, mean.float(), rstd.float(), x, gamma]
        attrs = {"num_groups": groups}
        close = tolerance(dtype, 1e-3) or (5e-2 if dtype == torch.bfloat16 else 5e-3)
        expect("GroupNormGrad", inputs, wanted, attrs, close)

    def test_silu_without_parameters(self) -> None:
        x = torch.randn(2, 4, 3)
        want = functional.silu(functional.group_norm(x, 2, eps=1e-5))
        flat = x.reshape(2, 2, -1)
        mean, variance = flat.mean(2), flat.var(2, unbiased=False)
        wanted = [want, mean, (variance + 1e-5).rsqrt()]
        expect("GroupNormSilu", [x, None, None], wanted, {"num_groups": 2})

    def test_gradients_that_are_not_asked_for(self) -> None:
        x, gamma = torch.randn(1, 2, 3), torch.ones(2)
        mean, rstd = torch.zeros(1, 1), torch.ones(1, 1)
        attrs = {"num_groups": 1, "dx_is_require": False, "dgamma_is_require": False}
        wanted = [None, None, x.sum((0, 2))]
        expect("GroupNormGrad", [x, mean, rstd, x, gamma], wanted, attrs)

    def test_refusals(self) -> None:
        x, gamma = torch.ones(2, 4, 3), torch.ones(4)
        outputs = [(F32, x.shape), (F32, [2, 3]), (F32, [2, 3])]
        text = refused(
            emu.ATTR_NOT_MATCH, "GroupNorm", [x, gamma, gamma], outputs, {"num_groups": 3}
        )
        assert "[num_groups] is 3; it must divide the number of channels" in text
        text = refused(
            emu.INPUT_NOT_MATCH, "GroupNorm", [x, gamma[:3], gamma], outputs, {"num_groups": 2}
        )
        assert "input gamma has shape [3]; one value per channel, [4], is expected" in text


class TestInstanceNorm:
    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize(
        ("form", "shape"),
        [("NCHW", (2, 3, 4, 5)), ("NHWC", (2, 4, 5, 3)), ("NCDHW", (1, 3, 2, 2, 5)),
         ("NDHWC", (2, 2, 3, 2, 3)), ("ND", (2, 3, 7))],
    )  # fmt: skip
    def test_forward(self, dtype: torch.dtype, form: str, shape: Any) -> None:
        x = torch.randn(shape).to(dtype)
        gamma, beta = params(3)
        first = x.double() if form in ("ND", "NCHW", "NCDHW") else x.double().movedim(-1, 1)
        want = functional.instance_norm(first, weight=gamma.double(), bias=beta.double(), eps=1e-6)
        axes = list(range(2, x.dim()))
        mean = first.mean(axes, keepdim=True)
        variance = first.var(axes, unbiased=False, keepdim=True)
        wanted = [want, mean, variance]
        if form in ("NHWC", "NDHWC"):
            wanted = [t.movedim(1, -1).contiguous() for t in wanted]
        wanted = [wanted[0].to(dtype), wanted[1].float(), wanted[2].float()]
        attrs = {} if form == "NDHWC" else {"data_format": form}
        expect("InstanceNorm", [x, gamma, beta], wanted, attrs, tolerance(dtype))

    @pytest.mark.parametrize("dtype", [F32, F16])
    def test_in_steps(self, dtype: torch.dtype) -> None:
        x = torch.randn(2, 3, 4, 5).to(dtype)
        wide = x.float()
        sums = [wide.sum((2, 3), keepdim=True), wide.square().sum((2, 3), keepdim=True)]
        expect("INTrainingReduceV2", [x], sums, tolerance=1e-4)
        mean = sums[0] / 20
        variance = sums[1] / 20 - mean.square()
        gamma, beta = torch.randn(2, 3), torch.randn(6)
        want = (wide - mean) * (variance + 1e-5).rsqrt()
        wanted = [want.to(dtype), mean, variance]
        inputs = [x, None, None, mean, variance]
        expect("INInferV2", inputs, wanted, tolerance=tolerance(dtype))
        scaled = want * gamma[:, :, None, None] + beta.reshape(2, 3, 1, 1)
        wanted[0] = scaled.to(dtype)
        inputs[1:3] = [gamma, beta]
        expect("INInferV2", inputs, wanted, tolerance=tolerance(dtype))

    def test_refusals(self) -> None:
        x, values = torch.ones(2, 3, 4), torch.ones(2, 3, 1)
        outputs = [(F32, x.shape), (F32, [2, 3, 1]), (F32, [2, 3, 1])]
        inputs = [x, values, None, values, values]
        text = refused(emu.INPUT_NOT_MATCH, "INInferV2", inputs, outputs)
        assert "inputs mean and variance are needed, gamma and beta go only together" in text
        inputs = [x, None, None, values, torch.ones(3)]
        text = refused(emu.INPUT_NOT_MATCH, "INInferV2", inputs, outputs)
        assert "input variance has shape [3]; one value per sample and channel of x" in text
        gamma = torch.ones(3)
        text = refused(emu.INPUT_NOT_MATCH, "InstanceNorm", [x, gamma, gamma], outputs)
        assert "input x has shape [2, 3, 4]; with data_format NDHWC 5 dims are expected" in text


class TestLengths:
    @pytest.mark.parametrize("dtype", [F32, F16])
    @pytest.mark.parametrize(("shape", "axes"), [((3, 5), [1]), ((2, 17, 3), [1, -1]), ((4,), [0])])
    def test_l2_normalize(self, dtype: torch.dtype, shape: Any, axes: list[int]) -> None:
        x = torch.randn(shape).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return x / x.square().sum(axes, keepdim=True).sqrt().clamp_min(1e-4)

        y = apply(x.double())
        expect("L2Normalize", [x], y.to(dtype), {"axis": axes})
        grad = torch.randn(shape).to(dtype)
        (want,) = grads(apply, grad, x)
        expect("L2NormalizeGrad", [x, y.to(dtype), grad], want.to(dtype), {"dim": axes},
               1e-4 if dtype == F32 else 5e-3)  # fmt: skip

    def test_short_ones(self) -> None:
        x = torch.tensor([[3e-3, 4e-3], [3.0, 4.0]])
        want = torch.tensor([[0.03, 0.04], [0.6, 0.8]])
        expect("L2Normalize", [x], want, {"axis": [1], "eps": 0.1})

    def test_no_axis(self) -> None:
        x = torch.ones(2, 2)
        text = refused(emu.ATTR_NOT_MATCH, "L2Normalize", [x], [(F32, [2, 2])])
        assert "attribute [axis] is []; one axis or more is expected" in text
        attrs = {"axis": Typed("list_int", [2])}
        refused(emu.ATTR_NOT_MATCH, "L2Normalize", [x], [(F32, [2, 2])], attrs)

    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("p", [0.0, 1.0, 2.0, 3.5])
    @pytest.mark.parametrize("dim", [0, -1])
    def test_renorm(self, dtype: torch.dtype, p: float, dim: int) -> None:
        x = torch.randn(4, 3, 5).to(dtype)
        axes = [axis for axis in range(3) if axis != dim % 3]
        wide = x.double()
        lengths = (
            wide.abs().pow(p).sum(axes, keepdim=True).pow(1 / p)
            if p
            else ((wide != 0).sum(axes, keepdim=True).double())
        )
        want = torch.where(lengths > 3, wide / lengths * 3, wide)
        expect("Renorm", [x], want.to(dtype), {"p": p, "dim": dim, "maxnorm": 3.0})
