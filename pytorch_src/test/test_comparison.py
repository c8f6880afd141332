"""Comparisons: promotion, numbers, NaN, in-place forms."""

import torch
from npu_testing import NpuTestCase, run_tests
from test_add import TYPES, sample

FUNCTIONS = ("eq", "ne", "lt", "le", "gt", "ge")


class TestComparison(NpuTestCase):
    def setUp(self):
        torch.manual_seed(7)

    def test_types(self):
        for name in FUNCTIONS:
            for dtype in TYPES:
                with self.subTest(name=name, dtype=dtype):
                    x = sample(dtype)
                    self.check(getattr(torch, name), x, x.flip(0))
                    self.check(lambda p, n=name: getattr(torch, n)(p, 1), x)
            self.check(getattr(torch, name), torch.arange(4), torch.tensor([0.5, 1.0, 2.5, 3.0]))
            self.check(lambda p, n=name: getattr(torch, n)(p, 1.5), torch.arange(4))

    def test_large_integers_are_exact(self):
        x = torch.tensor([2**53, 2**53 + 1, -(2**53) - 1])
        for name in FUNCTIONS:
            self.check(getattr(torch, name), x, torch.full_like(x, 2**53))
            self.check(lambda p, n=name: getattr(torch, n)(p, 2**53 + 1), x)

    def test_nan(self):
        x = torch.tensor([float("nan"), 1.0, float("inf")])
        for name in FUNCTIONS:
            self.check(getattr(torch, name), x, x)

    def test_in_place_and_out(self):
        x, y = torch.randn(3, 4), torch.randn(4)
        self.check(lambda p, q: p.gt_(q), x, y)
        self.check(lambda p: p.le_(0), x)
        self.check(lambda p, q, out: torch.lt(p, q, out=out), x, y,
                   torch.empty(3, 4, dtype=torch.bool))  # fmt: skip
        self.check(lambda p, out: torch.ge(p, 0, out=out), x, torch.empty(3, 4))

    def test_python_operators(self):
        x = torch.randn(3, 4)
        self.check(lambda p: (p > 0) & (p < 1) | (p == 2), x)
        self.check(lambda p: ~(p > 0), x)
        self.check(lambda p: p > 0.5, x)


if __name__ == "__main__":
    run_tests()
