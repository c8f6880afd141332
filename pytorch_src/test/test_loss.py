"""Losses, their reductions and their gradients."""

import warnings
from functools import partial

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, has, run_tests

REDUCTIONS = ("none", "mean", "sum")


class TestLoss(NpuTestCase):
    """A prediction and a target."""

    def setUp(self):
        torch.manual_seed(0)
        warnings.simplefilter("ignore")  # kl_div's "mean" is said to change one day
        self.x = torch.randn(6, 5, requires_grad=True)
        self.y = torch.randn(6, 5, requires_grad=True)
        self.classes = torch.tensor([0, 4, 2, -100, 3, 1])
        self.weights = torch.rand(5)

    def test_elementwise(self):
        for r in REDUCTIONS:
            for loss in (
                lambda a, b, r=r: F.mse_loss(a, b, reduction=r),
                lambda a, b, r=r: F.l1_loss(a, b, reduction=r),
                lambda a, b, r=r: F.smooth_l1_loss(a, b, reduction=r, beta=0.5),
                lambda a, b, r=r: F.smooth_l1_loss(a, b, reduction=r, beta=0.0),
                lambda a, b, r=r: F.kl_div(a.log_softmax(1), b.softmax(1), reduction=r),
            ):
                self.check(loss, self.x, self.y)
            if has("torch.nn.functional.huber_loss"):
                self.check(lambda a, b, r=r: F.huber_loss(a, b, reduction=r, delta=0.7),
                           self.x, self.y)  # fmt: skip
            self.check(lambda a, b, r=r: F.soft_margin_loss(a, b.sign(), reduction=r),
                       self.x, self.y.detach())  # fmt: skip

    def test_half(self):
        x = self.x.detach().half().requires_grad_()
        y = self.y.detach().half()
        for r in REDUCTIONS:
            self.check(lambda a, b, r=r: F.mse_loss(a, b, reduction=r), x, y, tolerance=4e-3)
            self.check(lambda a, b, r=r: F.smooth_l1_loss(a, b, reduction=r), x, y, tolerance=4e-3)
        self.check(F.nll_loss, x, self.classes, tolerance=4e-3)

    def test_double(self):
        x = self.x.detach().double().requires_grad_()
        y = self.y.detach().double()
        self.check(F.mse_loss, x, y, fallback=True)
        self.check(F.nll_loss, x, self.classes, fallback=True)

    def test_binary(self):
        y, w = self.y.detach(), self.weights
        for r in REDUCTIONS:
            self.check(lambda a, b, r=r: F.binary_cross_entropy(a.sigmoid(), b.sigmoid(),
                       reduction=r), self.x, y)  # fmt: skip
            self.check(lambda a, b, w, r=r: F.binary_cross_entropy(a.sigmoid(), b.sigmoid(),
                       weight=w, reduction=r), self.x, y, w)  # fmt: skip
            self.check(lambda a, b, r=r: F.binary_cross_entropy_with_logits(a, b.sigmoid(),
                       reduction=r), self.x, y)  # fmt: skip
            self.check(lambda a, b, w, r=r: F.binary_cross_entropy_with_logits(a, b.sigmoid(),
                       weight=w, pos_weight=w + 1, reduction=r), self.x, y, w)  # fmt: skip

    def test_classes(self):
        x, t, w = self.x, self.classes, self.weights
        for r in REDUCTIONS:
            self.check(lambda a, t, r=r: F.cross_entropy(a, t, reduction=r), x, t)
            self.check(lambda a, t, w, r=r: F.cross_entropy(a, t, weight=w, reduction=r), x, t, w)
            self.check(lambda a, t, r=r: F.cross_entropy(a, t, reduction=r, ignore_index=2),
                       x, t.clamp_min(0))  # fmt: skip
            loss = partial(F.cross_entropy, reduction=r)
            self.check_newer(
                "cross_entropy(label_smoothing=)", partial(loss, label_smoothing=0.1), x, t
            )
            self.check_newer(
                "cross_entropy(label_smoothing=)",
                lambda a, t, w, f=loss: f(a, t, weight=w, label_smoothing=0.1),
                x,
                t,
                w,
            )
            self.check_newer("cross_entropy of shares", loss, x, self.y.detach().softmax(1))
            one = torch.randn(5, requires_grad=True)
            self.check_newer("cross_entropy of one", loss, one, torch.tensor(3))

    def test_images(self):
        x = torch.randn(2, 5, 3, 4, requires_grad=True)
        t = torch.randint(0, 5, (2, 3, 4))
        for r in REDUCTIONS:
            self.check(lambda a, t, w, r=r: F.cross_entropy(a, t, weight=w, reduction=r,
                       ignore_index=1), x, t, self.weights)  # fmt: skip
            self.check(lambda a, t, r=r: F.nll_loss(a, t, reduction=r), x, t)

    def test_composed(self):
        x, y = self.x, self.y.detach()
        signs = torch.tensor([1, -1, 1, -1, 1, 1])
        self.check(lambda a, b: F.triplet_margin_loss(a, b, b.flip(0)), x, y)
        self.check(F.cosine_embedding_loss, x, y, signs)
        self.check(lambda a, b, s: F.margin_ranking_loss(a[:, 0], b[:, 0], s), x, y, signs)
        self.check(lambda a, s: F.hinge_embedding_loss(a[:, 0], s), x, signs)
        self.check(lambda a, b: F.poisson_nll_loss(a, b.abs()), x, y)
        self.check(lambda a, b: F.gaussian_nll_loss(a, b, b.abs()), x, y)

    def test_refused(self):
        x = self.x.detach().npu()
        with self.assertRaises(RuntimeError):
            F.nll_loss(x, torch.tensor([0, 1, 2, 3, 4, 9]).npu())
            torch.npu.synchronize()
        with self.assertRaisesRegex(RuntimeError, "negative"):
            F.smooth_l1_loss(x, x, beta=-1.0)
        with self.assertRaisesRegex(RuntimeError, "weight tensor"):
            F.nll_loss(x, self.classes.npu(), weight=x[0, :2])


if __name__ == "__main__":
    run_tests()
