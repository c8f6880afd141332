"""Multiplication, powers and the like."""

import torch
from npu_testing import NpuTestCase, run_tests
from test_add import TYPES, sample


class TestMul(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_every_pair_of_types(self):
        for a in TYPES:
            for b in TYPES:
                with self.subTest(a=a, b=b):
                    self.check(torch.mul, sample(a), sample(b))

    def test_numbers_and_gradients(self):
        x, y = torch.randn(3, 4).requires_grad_(), torch.randn(4).requires_grad_()
        self.check(torch.mul, x, y)
        self.check(lambda p: p * 3, x)
        self.check(lambda p: 2.5 * p, x)
        self.check(lambda p: p * 2.5, torch.arange(4))
        self.check(lambda p, q: p.mul_(q), torch.randn(3, 4), torch.randn(4))
        self.check(lambda p, q, out: torch.mul(p, q, out=out),
                   torch.randn(3, 4), torch.randn(3, 4), torch.empty(3, 4))  # fmt: skip

    def test_pow(self):
        x = (torch.rand(3, 4) + 0.5).requires_grad_()
        y = torch.randn(3, 4).requires_grad_()
        self.check(torch.pow, x, y)
        for exponent in (0, 1, 2, 3, 0.5, -1, -2.5):
            with self.subTest(exponent):
                self.check(lambda p, e=exponent: p**e, x)
        self.check(lambda p: 2.0**p, y)
        self.check(lambda p: p**2, torch.arange(5))
        self.check(lambda p: p.pow_(2), torch.randn(3))
        self.check(torch.square, torch.randn(3).requires_grad_())

    def test_extremes(self):
        x, y = torch.randn(3, 4).requires_grad_(), torch.randn(3, 4).requires_grad_()
        self.check(torch.maximum, x, y)
        self.check(torch.minimum, x, y)
        for dtype in TYPES:
            with self.subTest(dtype):
                self.check(torch.maximum, sample(dtype), sample(dtype))
                self.check(torch.minimum, sample(dtype), sample(dtype))
        nan = torch.tensor([float("nan"), 1.0])
        self.check(torch.maximum, nan, torch.tensor([0.0, float("nan")]))

    def test_others(self):
        x, y = torch.randn(3, 4).requires_grad_(), torch.randn(3, 4).requires_grad_()
        self.check(torch.atan2, x, y)
        self.check(torch.logaddexp, x, y)
        self.check(torch.xlogy, torch.rand(3, 4), torch.rand(3, 4))
        self.check(torch.xlogy, torch.tensor([0.0, 1.0]), torch.tensor([0.0, 2.0]))
        self.check(torch.atan2, torch.arange(3), torch.arange(3) + 1)


if __name__ == "__main__":
    run_tests()
