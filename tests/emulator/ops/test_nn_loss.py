"""Losses and their gradients, against ATen and autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import emu
import pytest
import torch
from emu import expect, run_op
from nn_support import FLOATS, compare, grads, refused
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

F16, F32, F64 = torch.float16, torch.float32, torch.float64
REDUCTIONS = ["none", "mean", "sum"]
SHAPES = [(3, 5), (2, 17, 3), (6,), ()]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(13)


def close_for(dtype: torch.dtype) -> float | None:
    return 1e-4 if dtype == F32 else None


def check(
    forward: str, backward: str, apply: Callable[..., torch.Tensor], x: torch.Tensor,
    target: torch.Tensor, attrs: dict[str, Any], more: list[Any] | None = None,
    order: str = "xtg",
) -> None:  # fmt: skip
    """A loss and its gradient. `order` of the gradient's inputs: x, target, gradient."""
    dtype, more = x.dtype, more or []
    wide = [None if t is None else t.double() for t in more]
    y = apply(x.double(), target.double(), *wide)
    expect(forward, [x, target, *more], y.to(dtype), attrs, close_for(dtype))
    if attrs.get("reduction", "none") != "none":  # a caller may declare one element as [1]
        expect(forward, [x, target, *more], y.to(dtype).reshape(1), attrs, close_for(dtype))
    grad = torch.randn(y.shape).to(dtype)
    (want,) = grads(lambda x: apply(x, target.double(), *wide), grad, x)
    places = {"x": x, "t": target, "g": grad}
    inputs = [places[place] for place in order]
    expect(backward, [*inputs, *more], want.to(dtype), attrs, close_for(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
class TestElementwise:
    def test_mse(self, dtype: torch.dtype, shape: Any, reduction: str) -> None:
        x, target = torch.randn(2, *shape).to(dtype)
        attrs = {"reduction": reduction}

        def apply(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return functional.mse_loss(x, target, reduction=reduction)

        check("MseLoss", "MseLossGrad", apply, x, target, attrs)

    def test_l1(self, dtype: torch.dtype, shape: Any, reduction: str) -> None:
        x, target = torch.randn(2, *shape).to(dtype)

        def apply(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return functional.l1_loss(x, target, reduction=reduction)

        y = apply(x.double(), target.double())
        attrs = {"reduction": reduction, "p": 1}
        expect("LpLoss", [x, target], y.to(dtype), attrs, close_for(dtype))
        grad = torch.randn(y.shape).to(dtype)
        (want,) = grads(lambda x: apply(x, target.double()), grad, x)
        attrs = {"reduction": reduction}
        expect("L1LossGrad", [grad, x, target], want.to(dtype), attrs, close_for(dtype))

    @pytest.mark.parametrize("sigma", [1.0, 0.25])
    def test_smooth_l1(self, dtype: torch.dtype, shape: Any, reduction: str, sigma: float) -> None:
        x, target = torch.randn(2, *shape).to(dtype)
        attrs = {"reduction": reduction, "sigma": sigma}

        def apply(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return functional.smooth_l1_loss(x, target, reduction=reduction, beta=sigma)

        check("SmoothL1LossV2", "SmoothL1LossGradV2", apply, x, target, attrs)
        if reduction == "none":
            check("SmoothL1Loss", "SmoothL1LossGrad", apply, x, target, {"sigma": sigma})

    def test_soft_margin(self, dtype: torch.dtype, shape: Any, reduction: str) -> None:
        x = torch.randn(shape).to(dtype)
        target = torch.randn(shape).sign().to(dtype)
        attrs = {"reduction": reduction}

        def apply(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return functional.soft_margin_loss(x, target, reduction=reduction)

        check("SoftMarginLoss", "SoftMarginLossGrad", apply, x, target, attrs)

    @pytest.mark.parametrize("weighted", [False, True])
    def test_binary_cross_entropy(
        self, dtype: torch.dtype, shape: Any, reduction: str, weighted: bool
    ) -> None:
        x = torch.rand(shape).mul(0.9).add(0.05).to(dtype)
        target = torch.rand(shape).round().to(dtype)
        more = [torch.rand(shape).to(dtype)] if weighted else []
        attrs = {"reduction": reduction}

        def apply(x: torch.Tensor, target: torch.Tensor, weight: Any = None) -> torch.Tensor:
            return functional.binary_cross_entropy(x, target, weight, reduction=reduction)

        check("BinaryCrossEntropy", "BinaryCrossEntropyGrad", apply, x, target, attrs, more)

    @pytest.mark.parametrize("weights", ["", "w", "p", "wp"])
    def test_with_logits(
        self, dtype: torch.dtype, shape: Any, reduction: str, weights: str
    ) -> None:
        x = torch.randn(shape).mul(4).to(dtype)
        target = torch.rand(shape).to(dtype)
        last = shape[-1:]
        weight = torch.rand(shape).to(dtype) if "w" in weights else None
        positive = torch.rand(last).mul(3).to(dtype) if "p" in weights else None
        attrs = {"reduction": reduction}

        def apply(
            x: torch.Tensor, target: torch.Tensor, weight: Any = None, positive: Any = None
        ) -> torch.Tensor:
            return functional.binary_cross_entropy_with_logits(
                x, target, weight, reduction=reduction, pos_weight=positive
            )

        op = "SigmoidCrossEntropyWithLogits"
        check(op + "V2", op + "GradV2", apply, x, target, attrs, [weight, positive])
        if reduction == "none" and not weights:
            check(op, op + "Grad", apply, x, target, {})


class TestSpecialValues:
    def test_logits_far_out(self) -> None:
        x = torch.tensor([1000.0, -1000.0, 1000.0, -1000.0])
        target = torch.tensor([1.0, 0.0, 0.0, 1.0])
        want = torch.tensor([0.0, 0.0, 1000.0, 1000.0])
        expect("SigmoidCrossEntropyWithLogits", [x, target], want)
        attrs = {"reduction": "none"}
        expect("SigmoidCrossEntropyWithLogitsV2", [x, target, None, None], want, attrs)

    def test_smooth_l1_without_a_square(self) -> None:
        x, zero = torch.tensor([0.0, 2.0, -3.0]), torch.zeros(3)
        attrs = {"sigma": 0.0, "reduction": "none"}
        expect("SmoothL1LossV2", [x, zero], x.abs(), attrs)
        expect("SmoothL1LossGradV2", [x, zero, torch.ones(3)], x.sign(), attrs)

    def test_one_gradient_for_all(self) -> None:
        x, target = torch.randn(4, 3), torch.zeros(4, 3)
        grad = torch.tensor(3.0)
        expect("MseLossGrad", [x, target, grad], x * 2 * 3 / 12)
        expect("MseLossGrad", [x, target, grad.reshape(1)], x * 2 * 3, {"reduction": "sum"})

    def test_refusals(self) -> None:
        x = torch.ones(2, 3)
        text = refused(emu.INPUT_NOT_MATCH, "MseLoss", [x, x[0]], [(F32, [])])
        assert "input predict has shape [2, 3], input label has [3]; they must be the same" in text
        text = refused(emu.ATTR_NOT_MATCH, "MseLoss", [x, x], [(F32, [])], {"reduction": "max"})
        assert '[reduction] is "max"; allowed are "none", "mean", "sum"' in text
        text = refused(emu.INPUT_NOT_MATCH, "MseLossGrad", [x, x, x[:, 0]], [(F32, [2, 3])])
        assert "input dout has shape [2]; it must broadcast to [2, 3]" in text
        text = refused(emu.ATTR_NOT_MATCH, "LpLoss", [x, x], [(F32, [])], {"p": 2})
        assert "[p] is 2; CANN computes only 1" in text
        text = refused(emu.OUTPUT_NOT_MATCH, "MseLoss", [x, x], [(F32, [2, 3])])
        assert "output y has shape [2, 3]; from the inputs follows []" in text
        attrs = {"sigma": -1.0}
        text = refused(emu.ATTR_NOT_MATCH, "SmoothL1Loss", [x, x], [(F32, [2, 3])], attrs)
        assert "[sigma] is -1; 0 or more is allowed" in text
        refused(emu.AICORE_EXCEPTION, "BinaryCrossEntropy", [2 * x, x], [(F32, [])])


class TestDivergence:
    @pytest.mark.parametrize("dtype", [*FLOATS, F64])
    @pytest.mark.parametrize("reduction", ["sum", "batchmean"])
    @pytest.mark.parametrize("shape", [(3, 5), (2, 17, 3), (6,)])
    def test_forward(self, dtype: torch.dtype, reduction: str, shape: Any) -> None:
        x = torch.randn(shape).log_softmax(-1).to(dtype)
        target = torch.randn(shape).softmax(-1).to(dtype)
        target.flatten()[:1] = 0
        want = functional.kl_div(x.double(), target.double(), reduction=reduction)
        expect("KLDiv", [x, target], want.to(dtype), {"reduction": reduction}, close_for(dtype))

    @pytest.mark.parametrize("dtype", FLOATS)
    @pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
    @pytest.mark.parametrize("log_target", [False, True])
    def test_gradient(self, dtype: torch.dtype, reduction: str, log_target: bool) -> None:
        x = torch.randn(4, 5).to(dtype)
        target = torch.randn(4, 5).softmax(-1)
        target = (target.log() if log_target else target).to(dtype)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.kl_div(x, target.double(), reduction=reduction, log_target=log_target)

        grad = torch.randn(apply(x.double()).shape).to(dtype)
        (want,) = grads(apply, grad, x)
        attrs = {"reduction": reduction, "log_target": log_target}
        expect("KlDivLossGrad", [grad, x, target], want.to(dtype), attrs)


class TestClasses:
    @pytest.mark.parametrize("dtype", [F32, torch.bfloat16])
    @pytest.mark.parametrize("index", [torch.int32, torch.int64])
    @pytest.mark.parametrize("reduction", REDUCTIONS)
    @pytest.mark.parametrize("weighted", [False, True])
    def test_nll(
        self, dtype: torch.dtype, index: torch.dtype, reduction: str, weighted: bool
    ) -> None:
        x = torch.randn(6, 17).to(dtype)
        target = torch.tensor([0, 16, 3, -100, 3, 7]).to(index)
        weight = torch.rand(17).to(dtype)
        used = weight.double() if weighted else torch.ones(17, dtype=F64)

        def apply(x: torch.Tensor) -> torch.Tensor:
            return functional.nll_loss(x, target.long(), used, reduction=reduction)

        total = used[target[target >= 0].long()].sum().to(dtype)
        y = apply(x.double())
        attrs = {"reduction": reduction}
        inputs = [x, target, weight] if weighted else [x, target]
        expect("NLLLoss", inputs, [y.to(dtype), total], attrs, close_for(dtype))
        expect("NLLLoss", inputs, [y.to(dtype), total.reshape(1)], attrs, close_for(dtype))
        grad = torch.randn(y.shape).to(dtype)
        (want,) = grads(apply, grad, x)
        inputs = [x, grad, target, used.to(dtype), total]
        within = 2e-2 if dtype == torch.bfloat16 else None
        expect("NLLLossGrad", inputs, want.to(dtype), attrs, within)

    def test_nll_of_one_sample(self) -> None:
        x = torch.randn(4)
        target = torch.tensor(2)
        expect("NLLLoss", [x, target], [-x[2], torch.tensor(1.0)])
        want = torch.tensor([0.0, 0.0, -3.0, 0.0])
        inputs = [x, torch.tensor(3.0), target, torch.ones(4), torch.tensor(1.0)]
        expect("NLLLossGrad", inputs, want)

    def test_nll_leaves_out_another_index(self) -> None:
        x = torch.tensor([[float("-inf"), -1.0], [-2.0, -3.0]])
        target = torch.tensor([0, 1])
        wanted = [torch.tensor(3.0), torch.tensor(1.0)]
        expect("NLLLoss", [x, target], wanted, {"ignore_index": 0})

    def test_nll_label_out_of_range(self) -> None:
        x, target = torch.ones(2, 3), torch.tensor([1, 3])
        out = [(F32, []), (F32, [])]
        text = refused(emu.AICORE_EXCEPTION, "NLLLoss", [x, target], out)
        assert "input target has values from 1 to 3; 0 to 2 are allowed" in text

    def test_nll_shapes(self) -> None:
        x, target = torch.ones(2, 3), torch.tensor([1, 2, 0])
        out = [(F32, []), (F32, [])]
        text = refused(emu.INPUT_NOT_MATCH, "NLLLoss", [x, target], out)
        assert "input x has shape [2, 3], input target has [3]; [N, C] and [N], or [C]" in text
        inputs = [x, target[:2], torch.ones(2)]
        text = refused(emu.INPUT_NOT_MATCH, "NLLLoss", inputs, out)
        assert "input weight has shape [2]; one value per class, [3], is expected" in text

    @pytest.mark.parametrize("dtype", [F32, F16, F64])
    @pytest.mark.parametrize("shape", [(6, 17), (1, 1), (0, 3)])
    def test_softmax_cross_entropy(self, dtype: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).mul(3).to(dtype)
        labels = torch.rand(shape).softmax(-1).to(dtype)
        wide = x.double().log_softmax(1)
        loss = -(labels.double() * wide).sum(1)
        backprop = wide.exp() - labels.double()
        wanted = [loss.to(dtype), backprop.to(dtype)]
        expect("SoftmaxCrossEntropyWithLogits", [x, labels], wanted)

    def test_softmax_cross_entropy_of_impossible_classes(self) -> None:
        x = torch.tensor([[0.0, float("-inf")]])
        wanted = [torch.tensor([0.0]), torch.tensor([[0.0, 0.0]])]
        expect("SoftmaxCrossEntropyWithLogits", [x, torch.tensor([[1.0, 0.0]])], wanted)

    @pytest.mark.parametrize("dtype", [F32, F16, F64])
    @pytest.mark.parametrize("index", [torch.int32, torch.int64])
    @pytest.mark.parametrize("shape", [(6, 17), (2, 3, 5), (0, 3), (4,)])
    def test_sparse(self, dtype: torch.dtype, index: torch.dtype, shape: Any) -> None:
        x = torch.randn(shape).mul(3).to(dtype)
        labels = torch.randint(0, shape[-1], shape[:-1]).to(index)
        wide = x.double().log_softmax(-1)
        loss = -wide.gather(-1, labels.long().unsqueeze(-1)).squeeze(-1)
        backprop = wide.exp() - functional.one_hot(labels.long(), shape[-1])
        wanted = [loss.to(dtype), backprop.to(dtype)]
        expect("SparseSoftmaxCrossEntropyWithLogits", [x, labels], wanted)

    def test_sparse_label_out_of_range(self) -> None:
        x, labels = torch.ones(2, 3), torch.tensor([-1, 0])
        out = [(F32, [2]), (F32, [2, 3])]
        op = "SparseSoftmaxCrossEntropyWithLogits"
        text = refused(emu.AICORE_EXCEPTION, op, [x, labels], out)
        assert "input labels has values from -1 to 0; 0 to 2 are allowed" in text

    @pytest.mark.parametrize("dtype", [F32, F16, F64, torch.int32])
    @pytest.mark.parametrize("reduction", REDUCTIONS)
    def test_cosine_embedding(self, dtype: torch.dtype, reduction: str) -> None:
        x1, x2 = torch.randn(2, 5, 17).mul(4).to(dtype)
        target = torch.tensor([1, -1, -1, 1, 0]).to(dtype)
        wide1, wide2 = x1.double(), x2.double()
        cosine = functional.cosine_similarity(wide1, wide2)
        losses = torch.where(target == 1, 1 - cosine, (cosine - 0.1).clamp_min(0))
        losses[4] = 0  # neither alike nor unlike
        want = losses if reduction == "none" else getattr(losses, reduction)().reshape(1)
        attrs = {"margin": 0.1, "reduction": reduction}
        expect("CosineEmbeddingLoss", [x1, x2, target], want.float(), attrs, 1e-4)

    def test_cosine_embedding_broadcasts(self) -> None:
        x1, x2 = torch.randn(4, 3), torch.randn(1, 3)
        want = functional.cosine_embedding_loss(x1, x2.expand(4, 3), torch.ones(4))
        expect("CosineEmbeddingLoss", [x1, x2, torch.ones(1)], want, tolerance=1e-5)


class TestCtc:
    @pytest.mark.parametrize("dtype", [F32, F64])
    @pytest.mark.parametrize("joined", [False, True])
    @pytest.mark.parametrize("rounded", [False, True])
    def test_both(self, dtype: torch.dtype, joined: bool, rounded: bool) -> None:
        steps, batch, classes = 12, 3, 6
        log_probs = torch.randn(steps, batch, classes).log_softmax(-1).to(dtype)
        input_lengths = torch.tensor([12, 10, 7])
        target_lengths = torch.tensor([4, 2, 3], dtype=torch.int32)
        targets = torch.randint(1, classes, (batch, 4), dtype=torch.int32)
        given = targets
        if joined:
            rows = zip(targets, target_lengths.tolist())
            given = torch.cat([row[:length] for row, length in rows])
        want, alpha = torch.ops.aten._ctc_loss(
            log_probs, given.long(), input_lengths.tolist(), target_lengths.tolist()
        )
        places = 16 if rounded else 9
        inputs = [log_probs, given, input_lengths, target_lengths]
        outputs = [(dtype, [batch]), (dtype, [batch, steps, places])]
        loss, log_alpha = run_op("CTCLossV2", inputs, outputs)
        compare(loss, want)
        for sample, length in enumerate(target_lengths.tolist()):
            used = (sample, slice(0, input_lengths[sample].item()), slice(0, 2 * length + 1))
            compare(log_alpha[used], alpha[used])
        grad = torch.randn(batch).to(dtype)

        def apply(log_probs: torch.Tensor) -> torch.Tensor:
            return functional.ctc_loss(
                log_probs, targets.long(), input_lengths, target_lengths, reduction="none"
            )

        # PyTorch's gradient is that of logits before log_softmax.
        source = log_probs.double().requires_grad_()
        (reference,) = torch.autograd.grad(apply(source), source, grad.double())
        inputs = [grad, *inputs, loss, log_alpha]
        within = 1e-4 if dtype == F32 else None
        expect("CTCLossV2Grad", inputs, reference.to(dtype), tolerance=within)

    def test_refusals(self) -> None:
        log_probs = torch.randn(3, 2, 4)
        lengths = torch.tensor([3, 3])
        targets = torch.ones(2, 1, dtype=torch.int64)
        ones = torch.tensor([1, 1])
        out = [(F32, [2]), (F32, [2, 3, 5])]
        inputs = [log_probs, targets, lengths, ones]
        text = refused(emu.AICORE_EXCEPTION, "CTCLossV2", inputs, out)
        assert "log_alpha has shape [2, 3, 5]; 3 or 8 places in its last dim are expected" in text
        inputs = [log_probs, targets, lengths[:1], ones]
        text = refused(emu.INPUT_NOT_MATCH, "CTCLossV2", inputs, out)
        assert "input input_lengths has shape [1]; one length per sample, [2], is expected" in text
