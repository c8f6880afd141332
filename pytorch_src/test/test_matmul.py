"""Products of matrices and vectors on the NPU, beside the CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from npu_testing import NpuTestCase, fallback_mode, run_tests


def randn(*sizes, dtype=torch.float32):
    """Random numbers that ask for a gradient."""
    return torch.randn(*sizes).to(dtype).requires_grad_()


class TestMatmul(NpuTestCase):
    """mm, bmm, addmm and their relatives."""

    def test_matrix_products(self):
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            with self.subTest(dtype=dtype):
                self.check(torch.mm, randn(3, 4, dtype=dtype), randn(4, 5, dtype=dtype))
                self.check(torch.bmm, randn(2, 3, 4, dtype=dtype), randn(2, 4, 5, dtype=dtype))

    def test_integers(self):
        a, b = torch.randint(-9, 9, (3, 4)).int(), torch.randint(-9, 9, (4, 5)).int()
        self.check(torch.mm, a, b)

    def test_transposed_and_strided(self):
        self.check(lambda a, b: torch.mm(a.t(), b), randn(4, 3), randn(4, 5))
        self.check(lambda a, b: torch.mm(a, b.t()), randn(3, 4), randn(5, 4))
        self.check(lambda a, b: torch.mm(a[:, ::2], b[::2]), randn(3, 8), randn(8, 5))
        self.check(lambda a, b: torch.bmm(a.transpose(1, 2), b), randn(2, 4, 3), randn(2, 4, 5))

    def test_linear(self):
        self.check(F.linear, randn(3, 4), randn(5, 4), randn(5))
        self.check(F.linear, randn(2, 3, 4), randn(5, 4), randn(5))
        self.check(F.linear, randn(2, 3, 4), randn(5, 4))

    def test_matmul_of_every_rank(self):
        for a, b in (
            ((4,), (4,)),
            ((3, 4), (4,)),
            ((4,), (4, 5)),
            ((2, 3, 4), (4, 5)),
            ((2, 1, 3, 4), (3, 4, 5)),
        ):
            with self.subTest(a=a, b=b):
                self.check(torch.matmul, randn(*a), randn(*b))

    def test_added_products(self):
        def scaled(function):
            return lambda c, a, b: function(c, a, b, beta=0.5, alpha=2)

        for function in (torch.addmm, scaled(torch.addmm)):
            for shape in ((3, 5), (5,), (3, 1), (1,)):
                self.check(function, randn(*shape), randn(3, 4), randn(4, 5))
        for function in (torch.baddbmm, scaled(torch.baddbmm)):
            self.check(function, randn(2, 3, 5), randn(2, 3, 4), randn(2, 4, 5))
        for function in (torch.addbmm, scaled(torch.addbmm)):
            self.check(function, randn(3, 5), randn(2, 3, 4), randn(2, 4, 5))
        for function in (torch.addmv, scaled(torch.addmv)):
            self.check(function, randn(3), randn(3, 4), randn(4))

    def test_beta_of_zero_ignores_what_is_added(self):
        nan = torch.full((3, 5), float("nan"))
        self.check(lambda c, a, b: torch.addmm(c, a, b, beta=0), nan, randn(3, 4), randn(4, 5))

    def test_in_place_and_out(self):
        def into(a, b, out):
            return torch.mm(a, b, out=out)

        a, b = torch.randn(3, 4), torch.randn(4, 5)
        self.check(into, a, b, torch.empty(3, 5))
        self.check(into, a, b, torch.empty(5, 3).t())
        self.check(lambda c, a, b: c.addmm_(a, b, beta=0.5), torch.randn(3, 5), a, b)
        self.check(lambda c, a, b: c.baddbmm_(a, b), torch.randn(1, 3, 5), a[None], b[None])

    def test_vectors(self):
        self.check(torch.mv, randn(3, 4), randn(4))
        self.check(torch.dot, randn(4), randn(4))
        self.check(torch.vdot, randn(4), randn(4))
        self.check(torch.dot, torch.empty(0), torch.empty(0))

    def test_nothing_to_add_up(self):
        self.check(torch.mm, torch.empty(3, 0), torch.empty(0, 5))
        self.check(torch.addmm, torch.randn(3, 5), torch.empty(3, 0), torch.empty(0, 5))
        self.check(torch.mm, torch.empty(0, 3), torch.randn(3, 5))

    def test_double_goes_to_the_cpu(self):
        a, b = torch.randn(3, 4).double(), torch.randn(4, 5).double()
        self.check(torch.mm, a, b, fallback=True)
        with fallback_mode("error"), self.assertRaisesRegex(RuntimeError, "does not take Double"):
            torch.mm(a.npu(), b.npu())

    def test_shapes_that_do_not_fit(self):
        a, b = torch.ones(3, 4).npu(), torch.ones(3, 4).npu()
        with self.assertRaisesRegex(RuntimeError, r"\[3, 4\] and \[3, 4\] cannot be multiplied"):
            torch.mm(a, b)
        with self.assertRaisesRegex(RuntimeError, "same dtype"):
            torch.mm(a, b.t().half())


if __name__ == "__main__":
    run_tests()
